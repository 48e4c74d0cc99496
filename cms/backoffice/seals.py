"""封存 and 签名密钥 in the back office: seals are read only, keys are the system administrator's."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn

from cms.access import get_visible_or_404
from cms.backoffice.viewsets import ScopedCreateView, ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.backoffice.widgets import DayInput
from cms.enums import SIGNING_KEY_MOVES, SigningKeyState
from cms.errors import DomainError
from cms.models import AuditSeal, Organisation, SealChain, SigningKey, User
from cms.seals import jws_of
from cms.services.sealing import unsealed_entries
from cms.services.signing_keys import activate_key, make_key, outside_keys, retire_key, revoke_key
from cms.ui.dates import moment
from cms.ui.states import register_state_colours

register_state_colours(
    SigningKeyState,
    {
        SigningKeyState.MADE: "info",
        SigningKeyState.ACTIVE: "good",
        SigningKeyState.RETIRED: "neutral",
        SigningKeyState.REVOKED: "bad",
    },
)


class SealIndexView(ScopedIndexView):
    """Seals, newest first."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Join the key."""
        rows: QuerySet[Any] = super().get_base_queryset().select_related("key").order_by("-number")
        return rows


class SealInspectView(ScopedInspectView):
    """One seal: what it says, and its signature for who checks it elsewhere."""

    template_name = "cms/history/seal.html"
    page_title = gettext_lazy("封存")

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the seal, its neighbours and how much is not sealed yet."""
        seal: AuditSeal = self.object
        is_last = SealChain.objects.filter(last_number=seal.number).exists()
        context: dict[str, Any] = super().get_context_data(
            seal=seal,
            jws=jws_of(seal),
            flaws=seal.entries.exclude(flaw="").count(),
            is_last=is_last,
            unsealed=unsealed_entries().count() if is_last else 0,
            **kwargs,
        )
        return context


class SealViewSet(ScopedModelViewSet):
    """封存."""

    model = AuditSeal
    name = "audit_seal"
    url_prefix = "seals"
    icon = "lock"
    menu_label = gettext_lazy("记录封存")
    index_view_class = SealIndexView
    inspect_view_class = SealInspectView
    inspect_template_name = "cms/history/seal.html"
    list_display = [
        TitleColumn(
            "number",
            label=gettext_lazy("封存号"),
            get_url=lambda seal: reverse("audit_seal:inspect", args=[seal.pk]),
        ),
        Column("at", label=gettext_lazy("封存时间"), accessor=lambda seal: moment(seal.at)),
        Column("count", label=gettext_lazy("记录数")),
        Column("digest", label=gettext_lazy("摘要"), accessor=lambda seal: f"{seal.digest[:16]}…"),
        Column("key", label=gettext_lazy("签名密钥")),
    ]
    form_fields = ["count"]


class SigningKeyForm(WagtailAdminModelForm):
    """Whose key, and where its private part is."""

    organisation = forms.ModelChoiceField(
        label=gettext_lazy("签发机构"),
        queryset=Organisation.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("本系统（封存操作记录用）"),
    )
    outside = forms.ChoiceField(
        label=gettext_lazy("私钥"),
        required=False,
        help_text=gettext_lazy("环境变量 SIGNING_KEYS 里还没有登记的密钥也列在这里。"),
    )

    class Meta:
        model = SigningKey
        fields = ["organisation"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outside: Any = self.fields["outside"]
        outside.choices = [
            ("", _("新生成一把，加密存在数据库里")),
            *((kid, _("数据库之外的 %(kid)s…") % {"kid": kid[:8]}) for kid in outside_keys()),
        ]


def create_with(*, form: SigningKeyForm, by: User, at: dt.datetime) -> SigningKey:
    """Hand the form's facts to the service."""
    pem = outside_keys().get(form.cleaned_data["outside"], "")
    return make_key(form.cleaned_data["organisation"], by=by, at=at, outside_pem=pem)


class SigningKeyCreateView(ScopedCreateView):
    """Make a key; it signs only once it is taken into use."""

    success_message = gettext_lazy("密钥已生成，启用以后才会用来签名。")

    def get_success_message(self, instance: Any) -> str:
        """Return the message without the key's long name."""
        return str(self.success_message)

    def get_success_url(self) -> str:
        """Lead to the key's page, where it is taken into use."""
        return reverse("signing_key:inspect", args=[self.object.pk])


class RevokeForm(forms.Form):
    """Since when the key is not trusted, and why."""

    since = forms.DateField(
        label=gettext_lazy("从哪天起不可信"),
        widget=DayInput,
        help_text=gettext_lazy("私钥可能从哪天起被别人拿到，就填哪天。以前的封存照样有效。"),
    )
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=200, widget=forms.Textarea({"rows": 3}))


class SigningKeyInspectView(ScopedInspectView):
    """One key, and what may be done with it now."""

    template_name = "cms/history/key.html"
    page_title = gettext_lazy("签名密钥")

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the key and its legal moves."""
        key: SigningKey = self.object
        moves = SIGNING_KEY_MOVES[key.state]
        context: dict[str, Any] = super().get_context_data(
            key=key,
            can_activate=SigningKeyState.ACTIVE in moves,
            can_retire=SigningKeyState.RETIRED in moves,
            can_revoke=SigningKeyState.REVOKED in moves,
            revoke_form=kwargs.pop("revoke_form", None) or RevokeForm(),
            seals=key.seals.count(),
            **kwargs,
        )
        return context


@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponseBase:
    """Activate, retire or revoke a key."""
    user: Any = request.user
    key = get_visible_or_404(SigningKey.objects.all(), user, pk=pk)
    at = timezone.now()
    try:
        if verb == "activate":
            activate_key(key, by=user, at=at)
        elif verb == "retire":
            retire_key(key, by=user, at=at)
        else:
            return _revoke(request, key, at)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("办好了。"))
    return redirect("signing_key:inspect", pk)


def _revoke(request: HttpRequest, key: SigningKey, at: dt.datetime) -> HttpResponse:
    form = RevokeForm(request.POST)
    user: Any = request.user
    if form.is_valid():
        since = timezone.make_aware(dt.datetime.combine(form.cleaned_data["since"], dt.time.min))
        revoke_key(key, since=since, reason=form.cleaned_data["reason"], by=user, at=at)
        messages.success(request, _("密钥已吊销。"))
    else:
        said = [f"{form.fields[name].label}：{errors.as_text()}" for name, errors in form.errors.items()]
        messages.error(request, " ".join(said))
    return redirect("signing_key:inspect", key.pk)


class SigningKeyViewSet(ScopedModelViewSet):
    """签名密钥."""

    model = SigningKey
    name = "signing_key"
    url_prefix = "signing-keys"
    icon = "key"
    menu_label = gettext_lazy("签名密钥")
    add_view_class = SigningKeyCreateView
    inspect_view_class = SigningKeyInspectView
    inspect_template_name = "cms/history/key.html"
    list_select_related = ("organisation",)
    create_with = create_with
    list_display = [
        TitleColumn(
            "kid",
            label=gettext_lazy("密钥编号"),
            accessor=lambda key: f"{key.kid[:8]}…",
            get_url=lambda key: reverse("signing_key:inspect", args=[key.pk]),
        ),
        Column(
            "organisation",
            label=gettext_lazy("签发机构"),
            accessor=lambda key: key.organisation or _("本系统"),
        ),
        Column("get_state_display", label=gettext_lazy("状态")),
        Column("get_store_display", label=gettext_lazy("私钥存放")),
        DateColumn("valid_from", label=gettext_lazy("启用时间")),
        DateColumn("valid_until", label=gettext_lazy("停用时间")),
    ]

    def get_form_class(self, for_update: bool = False) -> type[Any]:
        """Return the form for a new key."""
        return SigningKeyForm

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add what is done to one key."""
        verbs = ("activate", "retire", "revoke")
        return [
            *super().get_urlpatterns(),
            *(path(f"inspect/<int:pk>/{verb}/", act, {"verb": verb}, name=verb) for verb in verbs),
        ]

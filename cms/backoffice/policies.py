"""说明和同意书: every version, what changed in it, and the form of the next; what enrolling asks for."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, TitleColumn

from cms.backoffice.viewsets import ScopedCreateView, ScopedInspectView, ScopedModelViewSet
from cms.backoffice.widgets import DayInput
from cms.enums import PolicyKind
from cms.errors import DomainError
from cms.models import ConsentRule, PolicyText, User
from cms.services.policies import SOURCE_LANGUAGE, changes_between, publish_policy, save_consent_rule


class PolicyForm(WagtailAdminModelForm):
    """The next version of a text, in each language."""

    class Meta:
        model = PolicyText
        fields = ["kind", "valid_from"]
        widgets = {"valid_from": DayInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for language, name in settings.LANGUAGES:
            is_source = language == SOURCE_LANGUAGE
            self.fields[f"title_{language}"] = forms.CharField(
                label=_("标题（%(language)s）") % {"language": name}, max_length=80, required=is_source
            )
            self.fields[f"body_{language}"] = forms.CharField(
                label=_("正文（%(language)s）") % {"language": name},
                required=is_source,
                help_text=_("空一行就是另起一段。写短句，说清楚登记什么、给谁看、怎么撤回。"),
                widget=forms.Textarea(attrs={"rows": 12}),
            )

    def texts(self) -> dict[str, tuple[str, str]]:
        """Return language → title and body, without a language left empty."""
        data = self.cleaned_data
        found = {code: (data[f"title_{code}"], data[f"body_{code}"]) for code, _name in settings.LANGUAGES}
        return {code: words for code, words in found.items() if any(words)}


def publish_with(*, form: PolicyForm, by: User, at: dt.datetime) -> PolicyText:
    """Hand the form to the service."""
    data = form.cleaned_data
    try:
        return publish_policy(data["kind"], form.texts(), valid_from=data["valid_from"], by=by, at=at)[0]
    except DomainError as error:
        if error.field == "body":
            error.field = f"body_{SOURCE_LANGUAGE}"
        raise


class PolicyCreateView(ScopedCreateView):
    """Write the next version; the words of the last one stand in the form."""

    page_title = gettext_lazy("写新的一版")
    submit_button_label = gettext_lazy("发布这一版")
    success_message = gettext_lazy("发布了。到启用那天起，报名前会请大家重新看。")

    def get_initial(self) -> dict[str, Any]:
        """Begin with the last version of the kind in the address."""
        kind = self.request.GET.get("kind", PolicyKind.PRIVACY)
        initial: dict[str, Any] = {"kind": kind, "valid_from": timezone.localdate()}
        rows = list(PolicyText.objects.filter(kind=kind).order_by("-version"))
        for row in rows:
            if row.version == rows[0].version:
                initial |= {f"title_{row.language}": row.title, f"body_{row.language}": row.body}
        return initial

    def get_success_message(self, instance: Any) -> str:
        """Return the message as it is."""
        return str(self.success_message)


class PolicyInspectView(ScopedInspectView):
    """One text: its words, and what changed since the version before."""

    template_name = "cms/policies/inspect.html"
    _show_breadcrumbs = True

    def get_fields(self) -> list[str]:
        """The template shows what matters."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Compare with the version before in the same language."""
        text: PolicyText = self.object
        before = PolicyText.objects.filter(
            kind=text.kind, language=text.language, version=text.version - 1
        ).first()
        context: dict[str, Any] = super().get_context_data(
            text=text,
            changes=changes_between(before, text) if before else [],
            next_url=f"{reverse('policies:add')}?kind={text.kind}",
            **kwargs,
        )
        return context


class PolicyViewSet(ScopedModelViewSet):
    """说明和同意书."""

    model = PolicyText
    name = "policies"
    icon = "doc-full"
    menu_label = gettext_lazy("说明和同意书")
    add_view_class = PolicyCreateView
    inspect_view_class = PolicyInspectView
    inspect_template_name = "cms/policies/inspect.html"
    create_with = publish_with
    list_filter = ["kind", "language"]
    search_fields = ["title", "body"]
    list_display = [
        TitleColumn(
            "title",
            label=gettext_lazy("标题"),
            get_url=lambda text: reverse("policies:inspect", args=[text.pk]),
        ),
        Column("get_kind_display", label=gettext_lazy("文本")),
        Column("version", label=gettext_lazy("第几版")),
        Column("get_language_display", label=gettext_lazy("语言")),
        Column("valid_from", label=gettext_lazy("启用日期")),
    ]

    def get_form_class(self, for_update: bool = False) -> type[WagtailAdminModelForm]:
        """Return the form of a new version."""
        return PolicyForm


def save_rule_with(*, form: WagtailAdminModelForm, by: User, at: dt.datetime) -> ConsentRule:
    """Hand the form to the service."""
    return save_consent_rule(form.instance, by=by, at=at)


class ConsentRuleForm(WagtailAdminModelForm):
    """One rule."""

    class Meta:
        model = ConsentRule
        fields = ["region_code", "kind", "is_required", "document", "valid_from", "valid_until"]
        widgets = {"valid_from": DayInput, "valid_until": DayInput}
        help_texts = {"region_code": gettext_lazy("12 位行政区划代码；全国写 12 个 0。")}


class ConsentRuleViewSet(ScopedModelViewSet):
    """报名前要同意的文本."""

    model = ConsentRule
    name = "consent_rules"
    icon = "check"
    menu_label = gettext_lazy("报名前要同意什么")
    create_with = save_rule_with
    list_filter = ["kind"]
    list_display = [
        Column("get_kind_display", label=gettext_lazy("文本")),
        Column("region_code", label=gettext_lazy("地区")),
        "is_required",
        "document",
        "valid_from",
        "valid_until",
    ]
    inspect_view_fields = ["kind", "region_code", "is_required", "document", "valid_from", "valid_until"]

    def get_form_class(self, for_update: bool = False) -> type[WagtailAdminModelForm]:
        """Return the form of a new rule."""
        return ConsentRuleForm

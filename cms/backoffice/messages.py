"""消息 in the back office: what was sent to whom by which way, what did not arrive, when phones stay quiet."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, TitleColumn

from cms.access import get_visible_or_404
from cms.backoffice.todo import Todo
from cms.backoffice.viewsets import ScopedIndexView, ScopedInspectView, ScopedModelViewSet
from cms.backoffice.widgets import DayInput
from cms.enums import DELIVERY_MOVES, Channel, DeliveryState, RegionLevel
from cms.errors import DomainError
from cms.messaging.kinds import label_of, message_kinds
from cms.messaging.reasons import words_of_reason
from cms.models import Delivery, Message, QuietHours, Region, User
from cms.services.messages import retry_delivery, save_quiet_hours
from cms.ui.dates import moment
from cms.ui.states import register_state_colours

register_state_colours(
    DeliveryState,
    {
        DeliveryState.SENDING: "info",
        DeliveryState.SENT: "good",
        DeliveryState.REFUSED: "bad",
        DeliveryState.UNKNOWN: "warn",
    },
)
# A failure that nobody looked at for so long is no longer work that waits.
RECENT = dt.timedelta(days=14)


def masked_name(delivery: Delivery) -> str:
    """Return the recipient's family name and stars: the log shows ways, not people."""
    name = str(delivery.person.legal_name if delivery.person else delivery.user or "")
    return f"{name[:1]}{'*' * max(1, len(name) - 1)}" if name else "-"


def _kind_choices() -> list[tuple[str, Any]]:
    return [(kind.name, kind.label) for kind in message_kinds]


class StateColumn(Column):
    """A state as our tag."""

    cell_template_name = "cms/messages/state_cell.html"


class DeliveryFilters(WagtailFilterSet):
    """By kind, way and outcome."""

    kind = django_filters.ChoiceFilter(label=gettext_lazy("消息种类"), choices=_kind_choices)

    class Meta:
        model = Delivery
        fields = ["kind", "channel", "state"]


class DeliveryIndexView(ScopedIndexView):
    """The log, newest first."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Keys are ordered by time."""
        rows: QuerySet[Any] = super().get_base_queryset().order_by("-pk")
        return rows


class DeliveryInspectView(ScopedInspectView):
    """One way of one message, and the button that lets it go out again."""

    template_name = "cms/messages/delivery.html"
    page_title = gettext_lazy("发送记录")

    @cached_property
    def may_retry(self) -> bool:
        """Whether the reader may send it again now."""
        user: Any = self.request.user
        delivery: Delivery = self.object
        open_state = DeliveryState.QUEUED in DELIVERY_MOVES[delivery.state]
        return open_state and delivery.channel != Channel.IN_SITE and user.has_perm("cms.change_delivery")

    def get_page_subtitle(self) -> str:
        """Return the kind in words."""
        return str(label_of(self.object.kind))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the row in words to the template."""
        delivery: Delivery = self.object
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {
            **context,
            "delivery": delivery,
            "kind": label_of(delivery.kind),
            "recipient": masked_name(delivery),
            "reason": words_of_reason(delivery.reason),
            "may_retry": self.may_retry,
        }


class DeliveryViewSet(ScopedModelViewSet):
    """发送记录."""

    model = Delivery
    name = "deliveries"
    icon = "mail"
    menu_label = gettext_lazy("发送记录")
    index_view_class = DeliveryIndexView
    inspect_view_class = DeliveryInspectView
    filterset_class = DeliveryFilters
    list_select_related = ("person", "user", "organisation")
    list_display = [
        TitleColumn(
            "queued_at",
            label=gettext_lazy("时间"),
            accessor=lambda delivery: moment(delivery.queued_at),
            get_url=lambda delivery: reverse("deliveries:inspect", args=[delivery.pk]),
        ),
        Column("kind", label=gettext_lazy("消息种类"), accessor=lambda delivery: label_of(delivery.kind)),
        Column("recipient", label=gettext_lazy("给谁"), accessor=masked_name),
        Column("channel", label=gettext_lazy("渠道"), accessor="get_channel_display"),
        StateColumn("state", label=gettext_lazy("状态")),
        Column(
            "reason",
            label=gettext_lazy("原因"),
            accessor=lambda delivery: words_of_reason(delivery.reason),
        ),
        Column("organisation", label=gettext_lazy("机构")),
    ]
    form_fields = ["state"]

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add the one act."""
        return [*super().get_urlpatterns(), path("<uuid:pk>/retry/", retry, name="retry")]


@require_POST
def retry(request: HttpRequest, pk: str) -> HttpResponseRedirect:
    """Send once more what was refused or is unknown."""
    user: Any = request.user
    delivery = get_visible_or_404(Delivery.objects.all(), user, pk=pk)
    if not user.has_perm("cms.change_delivery"):
        raise PermissionDenied
    try:
        retry_delivery(delivery, by=user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("排上了，不在免打扰时段就马上再发一次。"))
    return redirect("deliveries:inspect", pk)


class QuietHoursForm(WagtailAdminModelForm):
    """When phones stay quiet in a region."""

    region = forms.ModelChoiceField(
        Region.objects.filter(level__lte=RegionLevel.COUNTY),
        label=gettext_lazy("地区"),
        help_text=gettext_lazy("内层地区的规定优先。没有规定的地方，21:00 到第二天 8:00 不发。"),
    )
    starts = forms.TimeField(label=gettext_lazy("几点起不发"), widget=forms.TimeInput(attrs={"type": "time"}))
    ends = forms.TimeField(
        label=gettext_lazy("几点起再发"),
        help_text=gettext_lazy("两个时间一样，就是整天都可以发。"),
        widget=forms.TimeInput(attrs={"type": "time"}),
    )

    class Meta:
        model = QuietHours
        fields = ["region", "starts", "ends", "valid_from", "valid_until", "document"]
        widgets = {"valid_from": DayInput(), "valid_until": DayInput()}


def create_quiet_hours(*, form: QuietHoursForm, by: User, at: dt.datetime) -> QuietHours:
    """Hand the form's facts to the service."""
    values = dict(form.cleaned_data)
    return save_quiet_hours(values.pop("region"), **values, by=by, at=at)


class QuietHoursViewSet(ScopedModelViewSet):
    """免打扰时段: everybody in the office reads them, the system administrator adds them."""

    model = QuietHours
    name = "quiet_hours"
    url_prefix = "quiet-hours"
    icon = "time"
    menu_label = gettext_lazy("免打扰时段")
    list_display = [
        Column("region_code", label=gettext_lazy("地区")),
        Column("hours", label=gettext_lazy("时段"), accessor=str),
        "valid_from",
        "valid_until",
        "document",
    ]
    form_fields = ["starts"]
    inspect_view_enabled = False
    create_with = create_quiet_hours

    def get_form_class(self, for_update: bool = False) -> Any:
        """Return our own form: the region is chosen by name."""
        return QuietHoursForm


def unread_messages(user: User) -> Todo | None:
    """Messages to the account itself and to the people it acts for."""
    count = Message.objects.unread_by(user).count()
    return Todo(gettext_lazy("没看的消息"), gettext_lazy("打开看看"), count, reverse("account:messages"))


def failed_deliveries(user: User) -> Todo | None:
    """Texts and e-mails of the last two weeks that did not arrive, for who may send them again."""
    if not user.has_perm("cms.change_delivery"):
        return None
    since = timezone.now() - RECENT
    count = Delivery.objects.visible_to(user).failed().filter(finished_at__gte=since).count()
    address = f"{reverse('deliveries:index')}?state={DeliveryState.REFUSED}"
    return Todo(gettext_lazy("没送到的短信和邮件"), gettext_lazy("看看号码对不对，再发一次"), count, address)

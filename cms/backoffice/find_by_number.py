"""按证件号码查: from a number to the person's page; the number travels in no address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton

from cms.forms.refusals import RefusalForm
from cms.services.finding import find_by_number
from cms.throttling import Throttle
from cms.views.tries import submit

# So many numbers that nobody in sight holds may be tried in an hour: more is guessing.
_tries = Throttle("find_by_number", limit=30, seconds=3600)


class NumberForm(RefusalForm):
    """The number as it stands on the document, of whatever kind."""

    number = forms.CharField(
        label=gettext_lazy("证件号码"),
        max_length=40,
        help_text=gettext_lazy("身份证、通行证、永久居留身份证或护照的完整号码。查到谁会留下记录。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class FindByNumberView(WagtailAdminTemplateMixin, FormView):  # type: ignore[type-arg]  # not subscriptable at run time
    """Ask for a number and lead to its holder."""

    template_name = "cms/people/find_by_number.html"
    page_title = gettext_lazy("按证件号码查")
    header_icon = "search"
    form_class = NumberForm
    request: HttpRequest
    _show_breadcrumbs = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Only for who may look at people."""
        self.user: Any = request.user
        if not self.user.has_perm("cms.view_person"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the person found; else show why not."""
        form = self.get_form()
        found = submit(request, form, _tries, self.find, guesses={"number_unknown"}, who=str(self.user.pk))
        if isinstance(found, HttpResponse):
            return found
        return redirect("people:inspect", found.pk) if found else self.form_invalid(form)

    def find(self, data: dict[str, Any]) -> object:
        """Ask the service."""
        return find_by_number(data["number"], by=self.user, at=timezone.now())

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return the list of people and this one."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("people:index"), "label": _("人员")},
            {"url": "", "label": self.get_page_title()},
        ]


def find_button() -> HeaderButton:
    """Return the button of the list of people that leads here."""
    return HeaderButton(_("按证件号码查"), url=reverse("people:find"), icon_name="search")

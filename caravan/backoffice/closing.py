"""Close a class in the back office: everybody's outstanding things, then one step on."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from caravan.backoffice.frame import find_class, head, user_of
from caravan.closing import closing_report
from caravan.duties import leads_class
from caravan.forms.closing import CloseClassForm


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the report; end teaching or close."""
    training_class = find_class(request, pk)
    if not leads_class(user_of(request), training_class):
        raise PermissionDenied
    form = CloseClassForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.carry_out(training_class, by=user_of(request), at=timezone.now()):
        messages.success(request, _("办好了。"))
        return redirect("caravan_class_close", pk)
    context = {**head(training_class, _("结业")), "report": closing_report(training_class), "form": form}
    return render(request, "caravan/backoffice/close.html", context)


def urls() -> list[URLPattern]:
    """Return the address of this screen, below /admin/."""
    return [path("class-closing/<int:pk>/", close, name="caravan_class_close")]

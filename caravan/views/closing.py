"""The class teacher's way to end teaching and to close the class, on phone or desk."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from caravan.closing import closing_report
from caravan.duties import leads_class
from caravan.forms.closing import CloseClassForm
from caravan.models import TrainingClass
from cms.access import SignedInRequest, get_visible_or_404, role_required
from cms.roles import Role


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.CLASS_TEACHER)
def close(request: SignedInRequest, class_no: str) -> HttpResponse:
    """List what is outstanding person by person; go one step on when asked."""
    rows = TrainingClass.objects.select_related("venue", "organisation")
    training_class = get_visible_or_404(rows, request.user, class_no=class_no)
    if not leads_class(request.user, training_class):
        raise PermissionDenied
    form = CloseClassForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.carry_out(training_class, by=request.user, at=timezone.now()):
        return redirect("caravan:teach_close", class_no=class_no)
    report = closing_report(training_class)
    return render(request, "caravan/results/close.html", {"report": report, "form": form})

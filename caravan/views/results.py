"""The assessor's table of scores: all rows of a page are stored, or none and everything typed stays."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from caravan.assessing import taught_class_no
from caravan.duties import may_enter_results
from caravan.enums import ClassState
from caravan.forms.results import ResultsForm, asked_of
from caravan.models import TrainingClass
from caravan.services.results import record_results
from caravan.standing import PersonStanding, standing_of
from cms.access import SignedInRequest, get_visible_or_404, role_required
from cms.errors import DomainError
from cms.roles import Role


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ASSESSOR)
def enter(request: SignedInRequest, class_no: str) -> HttpResponse:
    """Show the table; store what changed."""
    training_class = get_visible_or_404(
        TrainingClass.objects.select_related("venue"), request.user, class_no=class_no
    )
    if not may_enter_results(request.user, training_class):
        raise PermissionDenied
    conflict = taught_class_no(request.user, training_class.class_no)
    if conflict and request.method == "POST":
        raise PermissionDenied
    people = standing_of(training_class, training_class.enrolments.on_roll().select_related("person"))
    form = ResultsForm(request.POST if request.method == "POST" else None, people=people)
    if request.method == "POST" and form.is_valid() and _save(request, training_class, form):
        return redirect("caravan:results", class_no=class_no)
    context = {
        "training_class": training_class,
        "form": form,
        "columns": _columns(people),
        "rows": [(person, list(form.cells_of(person))) for person in people],
        "conflict": conflict,
        "takes_scores": training_class.state in {ClassState.RUNNING, ClassState.ASSESSING},
    }
    return render(request, "caravan/results/enter.html", context)


def _save(request: SignedInRequest, training_class: TrainingClass, form: ResultsForm) -> bool:
    scores = form.changed_scores()
    try:
        record_results(training_class, scores, by=request.user, at=timezone.now())
    except DomainError as error:
        for refusal in getattr(error, "refusals", [error]):
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.message))
        return False
    messages.success(request, _("存好了，%(n)s 个成绩。") % {"n": len(scores)} if scores else _("没有改动。"))
    return True


def _columns(people: list[PersonStanding]) -> list[tuple[str, str, int]]:
    """Return course, part and pass score of each column, read off the first row."""
    if not people:
        return []
    columns = []
    for course in people[0].courses:
        version = course.class_course.course_version
        for component in asked_of(version):
            needed = getattr(version, str(component).replace("_score", "_pass_score"))
            columns.append((version.title, str(component.label), needed))
    return columns

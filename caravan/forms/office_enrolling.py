"""Choosing whom to enrol from the organisation's people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caravan.enums import ACTIVE
from caravan.models import Enrolment, TrainingClass
from cms.enums import ImportState
from cms.models import Affiliation, DataImport, ImportRow, Person, User
from cms.search.names import KEY, found_by

# One call enrols at most so many; more is several calls.
MOST = 1000


class PeopleFilterForm(forms.Form):
    """Which of the organisation's people to show."""

    roster = forms.ModelChoiceField(
        DataImport.objects.none(), label=_("花名册"), required=False, empty_label=_("不限")
    )
    q = forms.CharField(label=_("姓名或拼音"), required=False, max_length=50)

    def __init__(self, *args: Any, training_class: TrainingClass, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.training_class, self.user = training_class, user
        # Only what went in: of other files nobody can be enrolled, or not everybody yet.
        self.rosters = DataImport.objects.filter(
            organisation=training_class.organisation, state=ImportState.IMPORTED
        ).select_related("file")
        self.fields["roster"].queryset = self.rosters.order_by("-created_at")  # type: ignore[attr-defined]  # a model choice

    def people(self) -> QuerySet[Person]:
        """Return the organiser's people not yet in the class that match; a wrong filter shows nobody."""
        if not self.is_valid():
            return Person.objects.none()
        own = Affiliation.objects.filter(organisation=self.training_class.organisation, person=OuterRef("pk"))
        active = Enrolment.objects.filter(
            training_class=self.training_class, person=OuterRef("pk"), state__in=sorted(ACTIVE)
        )
        rows = Person.objects.visible_to(self.user).filter(Exists(own), ~Exists(active))
        roster = self.cleaned_data["roster"]
        # As the organiser wrote them: who stands first on paper gets the first seat.
        listed = ImportRow.objects.filter(upload=roster, person=OuterRef("pk")).order_by("number")
        if roster:
            rows = rows.filter(Exists(listed)).order_by(Subquery(listed.values("number")[:1]), "pk")
        else:
            rows = rows.order_by("pk")
        return found_by(rows, self.cleaned_data["q"], [KEY])


class EnrolPeopleForm(forms.Form):
    """Whom, and the reason when a rule is set aside."""

    override = forms.CharField(
        label=_("破例原因"), required=False, max_length=200,
        help_text=_("平时空着。写了原因，报名截止、年龄、时间冲突这三条可以放过，名额不能放过。"),
    )  # fmt: skip
    paper = forms.BooleanField(
        label=_("选中的人都在纸上签过字：隐私说明、培训登记同意书"), required=False,
        help_text=_("原件存在本机构。还没有在手机上同意的人，打勾才能报上。"),
    )  # fmt: skip
    signed_on = forms.DateField(
        label=_("签字日期"), required=False, initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Ask for the day on the papers that the box speaks of: no day stands in for it."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("paper") and not data.get("signed_on") and "signed_on" not in self.errors:
            self.add_error("signed_on", _("请填纸上的签字日期。"))
        return data

"""Forms of the back office: fields only; what may be stored is decided by services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm

from cms.backoffice.widgets import DayInput
from cms.documents import find_person
from cms.enums import IdType
from cms.identity import normalise_number
from cms.models import Organisation, Person
from cms.roles import Role
from courses.enums import CertificateKind, TrainingType
from courses.models import Course, CourseVersion, ExternalCertificate, Occupation
from courses.services.external import is_recorded, number_warning
from courses.standards import CourseStandard

_STANDARD_FIELDS = [
    "title",
    "training_type",
    "occupation",
    "work_type",
    "skill_level",
    "total_hours",
    "theory_hours",
    "practice_hours",
    "community_hours",
    "audience",
    "min_attendance_percent",
    "theory_pass_score",
    "practice_pass_score",
    "certificate_kind",
    "counts_as_refresher",
]


class StandardForm(WagtailAdminModelForm):
    """What a course version says."""

    class Meta:
        model = CourseVersion
        fields = _STANDARD_FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["audience"].help_text = _("几类人用分号“；”隔开。")
        if "valid_from" in self.fields:
            self.fields["valid_from"].required = False
            self.fields["valid_from"].help_text = _("不填就从今天起。")

    def clean(self) -> dict[str, Any]:
        """Name the field that is wrong in our words, before the database's constraints are asked."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            for refusal in self.standard().refusals():
                self.add_error(refusal.field, str(refusal.message))
        return data

    def standard(self) -> CourseStandard:
        """Return what was typed as a standard."""
        facts = {name: self.cleaned_data[name] for name in _STANDARD_FIELDS}
        facts["training_type"] = TrainingType(facts["training_type"])
        facts["certificate_kind"] = CertificateKind(facts["certificate_kind"])
        return CourseStandard(**facts)


class CourseForm(StandardForm):
    """A new course with its first version."""

    code = forms.CharField(label=gettext_lazy("课程编号"), max_length=20)
    is_on_caravan = forms.BooleanField(label=gettext_lazy("大篷车可送"), required=False)

    class Meta(StandardForm.Meta):
        fields = [*_STANDARD_FIELDS, "valid_from"]
        widgets = {"valid_from": DayInput}

    field_order = ["code"]


class CourseChangeForm(WagtailAdminModelForm):
    """What may change without a new version."""

    class Meta:
        model = Course
        fields = ["is_on_caravan", "is_retired"]


class VersionForm(StandardForm):
    """The next version of a course, begun as a copy of the last."""

    class Meta(StandardForm.Meta):
        fields = ["course", *_STANDARD_FIELDS, "valid_from"]
        widgets = {"valid_from": DayInput}

    field_order = ["course"]


class OccupationForm(WagtailAdminModelForm):
    """An occupation of the national classification."""

    class Meta:
        model = Occupation
        fields = ["name", "code", "valid_from", "valid_until"]
        widgets = {"valid_from": DayInput, "valid_until": DayInput}


class ExternalCertificateForm(WagtailAdminModelForm):
    """A certificate seen at the desk; the person is found by the document, never picked from a list."""

    id_type = forms.ChoiceField(label=gettext_lazy("证件类型"), choices=IdType.choices)
    id_number = forms.CharField(label=gettext_lazy("证件号码"), max_length=30)
    number_checked = forms.BooleanField(
        label=gettext_lazy("编号我对着证书看过了"),
        required=False,
        help_text=gettext_lazy("编号样子和常见的不一样时要勾。"),
    )

    class Meta:
        model = ExternalCertificate
        fields = [
            "organisation", "kind", "number", "occupation", "work_type", "skill_level", "issuer", "issued_on",
            "register_checked_on", "is_in_register",
        ]  # fmt: skip
        widgets = {"issued_on": DayInput, "register_checked_on": DayInput}

    field_order = ["id_type", "id_number", "organisation", "kind", "number", "number_checked"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = self.for_user.scope()
        if not scope.everything:
            own = scope.organisations(Role.ORG_ADMIN, Role.PLANNER, Role.SUBSIDY_OFFICER)
            self.fields["organisation"].queryset = Organisation.objects.filter(pk__in=own)

    def clean(self) -> dict[str, Any]:
        """Find the person, and ask for a second look at an unusual number."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("id_number"):
            person = find_person(data["id_type"], normalise_number(data["id_number"]))
            # Out of scope looks like absent: nobody learns here who is registered elsewhere.
            if person is None or not Person.objects.visible_to(self.for_user).filter(pk=person.pk).exists():
                self.add_error("id_number", _("没有找到这个证件的人。先把人登记进来，再登记证书。"))
            data["person"] = person
        if data.get("kind") and data.get("number") and not data.get("number_checked"):
            warning = number_warning(data["kind"], data["number"])
            if warning:
                self.add_error("number", warning + _("没看错就勾上“编号我对着证书看过了”。"))
        if data.get("kind") and data.get("number") and is_recorded(data["kind"], data["number"]):
            self.add_error("number", _("这个编号已经登记过了。"))
        return data

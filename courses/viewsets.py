"""课程 in the back office: the catalogue, menus, records, and certificates of others."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.widgets.button import Button, HeaderButton

from cms.backoffice.viewsets import (
    ScopedCreateView,
    ScopedIndexView,
    ScopedInspectView,
    ScopedModelViewSet,
)
from cms.keys import row_keys
from cms.models import User
from cms.ui.figures import hours
from courses import forms
from courses.completion import facts_of, outstanding
from courses.enums import Component, ExternalKind, RecordState
from courses.menu_words import section_rule
from courses.models import Course, CourseVersion, ExternalCertificate, MenuVersion, Occupation, TrainingRecord
from courses.services.components import current_values
from courses.services.external import record_external_certificate
from courses.services.occupations import change_occupation, create_occupation
from courses.services.versions import (
    change_course,
    change_course_version,
    create_course,
    create_course_version,
)
from courses.wording import hours_line, pass_rule


class HoursColumn(Column):
    """学时 without trailing zeros."""

    def get_value(self, instance: Any) -> str:
        """Return the figure in words."""
        return hours(super().get_value(instance))


def create_course_with(*, form: forms.CourseForm, by: User, at: dt.datetime) -> Course:
    """Hand the form to the service."""
    data = form.cleaned_data
    return create_course(
        data["code"],
        form.standard(),
        is_on_caravan=data["is_on_caravan"],
        valid_from=data["valid_from"],
        by=by,
        at=at,
    )


def change_course_with(*, form: forms.CourseChangeForm, by: User, at: dt.datetime) -> Course:
    """Hand the form to the service."""
    data = form.cleaned_data
    return change_course(
        form.instance, is_on_caravan=data["is_on_caravan"], is_retired=data["is_retired"], by=by, at=at
    )


class WordsInspectView(ScopedInspectView):
    """A detail screen that names what is no field by ``labels``."""

    labels: dict[str, Any] = {}

    def get_field_label(self, field_name: str, field: Any) -> str:
        """Return our word for it, else the field's."""
        return str(self.labels.get(field_name) or super().get_field_label(field_name, field))


class CourseInspectView(WordsInspectView):
    """A course with its versions."""

    labels = {"versions": gettext_lazy("版本")}

    @cached_property
    def header_buttons(self) -> list[Button]:
        """Offer a copy of the last version to who may edit."""
        last = self.object.versions.order_by("-number").first()
        if last is None or not self.request.user.has_perm("courses.add_courseversion"):
            return []
        url = f"{reverse('course_version:add')}?from={last.pk}"
        return [HeaderButton(_("新建版本"), url=url, icon_name="plus")]

    def get_versions_display_value(self) -> str:
        """Return the versions in words, newest first (one query)."""
        rows = self.object.versions.order_by("-number")
        return "；".join(_version_line(version) for version in rows) or "-"


def _version_line(version: CourseVersion) -> str:
    words = {
        "number": version.number,
        "total": hours(version.total_hours),
        "line": hours_line(version),
        "from": version.valid_from.isoformat(),
        "until": version.valid_until.isoformat() if version.valid_until else "",
    }
    return _("第 %(number)s 版：%(total)s 学时（%(line)s），%(from)s—%(until)s") % words


class CourseViewSet(ScopedModelViewSet):
    """课程."""

    model = Course
    name = "course"
    icon = "openquote"
    menu_label = pgettext_lazy("menu", "课程")
    create_with = create_course_with
    change_with = change_course_with
    inspect_view_class = CourseInspectView
    list_display = ["title", "code", "is_on_caravan", "is_retired"]
    list_filter = ["is_on_caravan", "is_retired"]
    search_fields = ["code", "title"]
    inspect_view_fields = ["code", "title", "is_on_caravan", "is_retired", "versions"]

    def get_form_class(self, for_update: bool = False) -> type[WagtailAdminModelForm]:
        """Return the form of a new course, or the few facts that may change without a version."""
        return forms.CourseChangeForm if for_update else forms.CourseForm


def create_version_with(*, form: forms.VersionForm, by: User, at: dt.datetime) -> CourseVersion:
    """Hand the form to the service."""
    data = form.cleaned_data
    return create_course_version(data["course"], form.standard(), valid_from=data["valid_from"], by=by, at=at)


def change_version_with(*, form: forms.StandardForm, by: User, at: dt.datetime) -> CourseVersion:
    """Hand the form to the service, which refuses a version in use."""
    return change_course_version(form.instance, form.standard(), by=by, at=at)


class VersionCreateView(ScopedCreateView):
    """A new version; ``?from=<id>`` begins with that version's content."""

    def get_initial(self) -> dict[str, Any]:
        """Return the copied content."""
        source = self.request.GET.get("from", "")
        version = CourseVersion.objects.filter(pk__in=row_keys([source])).first()
        if version is None:
            return {}
        names = [name for name in forms.VersionForm.base_fields if name != "valid_from"]
        return {name: version.serializable_value(name) for name in names}


class VersionIndexView(ScopedIndexView):
    """All versions, the newest of a course first."""

    default_ordering = ["course__code", "-number"]


class VersionInspectView(WordsInspectView):
    """A version and its pass rule in words."""

    labels = {"pass_rule": gettext_lazy("怎么算学完")}

    def get_pass_rule_display_value(self) -> str:
        """Return the rule in words."""
        return "；".join(pass_rule(self.object))


class VersionViewSet(ScopedModelViewSet):
    """课程版本."""

    model = CourseVersion
    name = "course_version"
    icon = "history"
    menu_label = gettext_lazy("课程版本")
    create_with = create_version_with
    change_with = change_version_with
    add_view_class = VersionCreateView
    index_view_class = VersionIndexView
    inspect_view_class = VersionInspectView
    list_select_related = ("course", "occupation", "work_type")
    list_display = [
        "title",
        Column("course.code", label=gettext_lazy("课程编号"), accessor="course.code"),
        "number",
        Column("get_training_type_display", label=gettext_lazy("类型")),
        HoursColumn("total_hours", label=gettext_lazy("学时")),
        "valid_from",
        "valid_until",
    ]
    list_filter = ["training_type", "skill_level", "occupation"]
    search_fields = ["course__code", "title"]
    inspect_view_fields = [
        "course", "number", "title", "training_type", "occupation", "work_type", "skill_level", "total_hours",
        "theory_hours", "practice_hours", "community_hours", "audience", "pass_rule", "certificate_kind",
        "counts_as_refresher", "valid_from", "valid_until",
    ]  # fmt: skip

    def get_form_class(self, for_update: bool = False) -> type[WagtailAdminModelForm]:
        """Return the form of the next version, or of a correction."""
        return forms.StandardForm if for_update else forms.VersionForm


def create_occupation_with(*, form: forms.OccupationForm, by: User, at: dt.datetime) -> Occupation:
    """Hand the form to the service."""
    return create_occupation(**form.cleaned_data, by=by, at=at)


def change_occupation_with(*, form: forms.OccupationForm, by: User, at: dt.datetime) -> Occupation:
    """Hand the form to the service."""
    return change_occupation(form.instance, **form.cleaned_data, by=by, at=at)


class OccupationInspectView(WordsInspectView):
    """An occupation with its work types."""

    labels = {"work_types": gettext_lazy("工种")}


class OccupationViewSet(ScopedModelViewSet):
    """职业."""

    model = Occupation
    name = "occupation"
    icon = "tag"
    menu_label = gettext_lazy("职业")
    create_with = create_occupation_with
    change_with = change_occupation_with
    list_display = ["name", "code", "valid_from", "valid_until"]
    inspect_view_class = OccupationInspectView
    inspect_view_fields = ["name", "code", "work_types", "valid_from", "valid_until"]

    def get_form_class(self, for_update: bool = False) -> type[WagtailAdminModelForm]:
        """Return the one form."""
        return forms.OccupationForm


class MenuInspectView(WordsInspectView):
    """A menu version with its parts."""

    labels = {"sections": gettext_lazy("内容")}

    def get_sections_display_value(self) -> str:
        """Return each part with its rule and courses (three queries)."""
        lines = []
        for section in self.object.sections.prefetch_related("items__course"):
            courses = [item.course for item in section.items.all()]
            rule = section_rule(section.min_picks, section.max_picks, len(courses))
            lines.append(
                f"{section.title}（{rule}）：" + "、".join(f"{one.code} {one.title}" for one in courses)
            )
        return "；".join(lines) or "-"


class MenuIndexView(ScopedIndexView):
    """Menus, the newest version first."""

    default_ordering = ["menu__code", "-number"]


class MenuViewSet(ScopedModelViewSet):
    """套餐: read only here; a new version is loaded from a file."""

    model = MenuVersion
    name = "menu"
    icon = "list-ul"
    menu_label = gettext_lazy("套餐")
    index_view_class = MenuIndexView
    inspect_view_class = MenuInspectView
    list_select_related = ("menu",)
    list_display = [
        "menu",
        Column("menu.code", label=gettext_lazy("套餐编号"), accessor="menu.code"),
        "number",
        HoursColumn("min_hours", label=gettext_lazy("最少学时")),
        HoursColumn("max_hours", label=gettext_lazy("最多学时")),
        "audience",
        "valid_from",
    ]
    inspect_view_fields = ["menu", "number", "audience", "min_hours", "max_hours", "sections", "valid_from"]
    form_fields: list[str] = []


class StateColumn(Column):
    """A state as our tag."""

    cell_template_name = "courses/admin/state_cell.html"


class RecordIndexView(ScopedIndexView):
    """Training records, the newest first."""

    default_ordering = ["-opened_at", "-pk"]


class RecordInspectView(WordsInspectView):
    """A record: what was reached, what is outstanding."""

    labels = {"components": gettext_lazy("学时和成绩"), "outstanding": gettext_lazy("还差")}

    def get_components_display_value(self) -> str:
        """Return the results that hold now (one query)."""
        values = current_values(self.object)
        return "；".join(f"{Component(name).label} {hours(value)}" for name, value in values.items()) or "-"

    def get_outstanding_display_value(self) -> str:
        """Return what an open record still lacks."""
        if self.object.state != RecordState.OPEN:
            return "-"
        missing = outstanding(facts_of(self.object.course_version), current_values(self.object))
        return "；".join(one.text for one in missing) or _("都齐了")


class RecordViewSet(ScopedModelViewSet):
    """培训记录: read only; classes write them."""

    model = TrainingRecord
    name = "training_record"
    icon = "clipboard-list"
    menu_label = gettext_lazy("培训记录")
    index_view_class = RecordIndexView
    inspect_view_class = RecordInspectView
    list_select_related = ("person", "course_version", "organisation")
    list_display = [
        "person",
        "course_version",
        "organisation",
        StateColumn("state", label=gettext_lazy("状态"), sort_key="state"),
        "started_on",
        "completed_on",
    ]
    list_filter = ["state"]
    search_fields = ["person__search_key", "course_version__title"]
    inspect_view_fields = [
        "person", "course_version", "organisation", "source", "state", "started_on", "ended_on", "completed_on",
        "components", "outstanding",
    ]  # fmt: skip
    form_fields: list[str] = []


def record_certificate_with(
    *, form: forms.ExternalCertificateForm, by: User, at: dt.datetime
) -> ExternalCertificate:
    """Hand the form to the service."""
    data = form.cleaned_data
    return record_external_certificate(
        data["person"],
        organisation=data["organisation"],
        kind=ExternalKind(data["kind"]),
        number=data["number"],
        occupation=data["occupation"],
        work_type=data["work_type"],
        skill_level=data["skill_level"],
        issuer=data["issuer"],
        issued_on=data["issued_on"],
        register_checked_on=data["register_checked_on"],
        is_in_register=data["is_in_register"],
        by=by,
        at=at,
    )


class ExternalIndexView(ScopedIndexView):
    """Certificates of others, the newest first."""

    default_ordering = ["-issued_on", "-pk"]


class ExternalCertificateViewSet(ScopedModelViewSet):
    """外部证书."""

    model = ExternalCertificate
    name = "external_certificate"
    icon = "doc-full-inverse"
    menu_label = gettext_lazy("外部证书")
    create_with = record_certificate_with
    inspect_view_class = WordsInspectView
    index_view_class = ExternalIndexView
    list_select_related = ("person", "occupation", "work_type", "organisation")
    list_display = [
        "person",
        Column("get_kind_display", label=gettext_lazy("证书类型")),
        "number",
        "occupation",
        Column("get_skill_level_display", label=gettext_lazy("等级")),
        "issued_on",
        "organisation",
    ]
    list_filter = ["kind", "skill_level"]
    search_fields = ["number", "person__search_key"]
    inspect_view_fields = [
        "person", "organisation", "kind", "number", "occupation", "work_type", "skill_level", "issuer", "issued_on",
        "register_checked_on", "is_in_register", "recorded_at",
    ]  # fmt: skip

    def get_form_class(self, for_update: bool = False) -> type[WagtailAdminModelForm]:
        """Return the one form."""
        return forms.ExternalCertificateForm

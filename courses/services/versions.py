"""Courses and their versions: a version that something was built on never changes."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.errors import DomainError, Refusals
from cms.models import User
from courses.models import Course, CourseVersion
from courses.services.pages import publish_course_page
from courses.standards import CourseStandard, differences, standard_of


@transaction.atomic
def create_course(
    code: str,
    standard: CourseStandard,
    *,
    is_on_caravan: bool,
    valid_from: dt.date | None = None,
    by: User | None,
    at: dt.datetime,
) -> Course:
    """Put a new course with its first version on the menu, and its page on the site if there is one.

    ``valid_from`` defaults to the local day of ``at``. Refusals: ``code_taken`` and those of
    ``CourseStandard.refusals``.
    """
    code = code.strip().upper()
    _refuse(standard)
    if Course.objects.filter(code=code).exists():
        raise DomainError("code_taken", _("编号 %(code)s 已经有课程用了。") % {"code": code}, field="code")
    course = Course.objects.create(code=code, title=standard.title, is_on_caravan=is_on_caravan)
    _store_version(course, 1, standard, valid_from=valid_from or timezone.localdate(at))
    audit.record("course.create", course, by=by, at=at, title=standard.title)
    publish_course_page(course, by=by, at=at)
    return course


@transaction.atomic
def create_course_version(
    course: Course,
    standard: CourseStandard,
    *,
    valid_from: dt.date | None = None,
    by: User | None,
    at: dt.datetime,
) -> CourseVersion:
    """Add the next version; classes and records on older versions keep theirs.

    The version before ends the day before, unless it ended already. Refusals: ``version_same`` when
    nothing differs, ``version_date`` when it would begin before the one before it.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)
    _refuse(standard)
    last = course.versions.select_related("occupation", "work_type").order_by("-number").first()
    start = valid_from or timezone.localdate(at)
    changed: dict[str, tuple[str, str]] = {}
    if last is not None:
        changed = differences(standard_of(last), standard)
        if not changed:
            raise DomainError("version_same", _("和现在的版本一样，不用再建。"))
        if start < last.valid_from:
            raise DomainError("version_date", _("启用日期不能早于上一版的启用日期。"), field="valid_from")
        _end_version(last, start)
    version = _store_version(course, last.number + 1 if last else 1, standard, valid_from=start)
    if course.title != standard.title:
        course.title = standard.title
        course.save(update_fields=["title"])
    audit.record("course.version", course, by=by, at=at, number=version.number, changed=changed)
    publish_course_page(course, by=by, at=at)
    return version


@transaction.atomic
def change_course_version(
    version: CourseVersion, standard: CourseStandard, *, by: User | None, at: dt.datetime
) -> CourseVersion:
    """Correct a version that nothing was built on yet; else ``DomainError`` ``version_in_use``."""
    version = CourseVersion.objects.select_for_update().get(pk=version.pk)
    _refuse(standard)
    if is_used(version):
        raise DomainError(
            "version_in_use", _("这一版已经有班级或培训记录在用，不能再改。请新建一版，从这一版抄过去。")
        )
    changed = differences(standard_of(version), standard)
    CourseVersion.objects.filter(pk=version.pk).update(**standard.values())
    version.refresh_from_db()
    audit.record(
        "course.version_change", version.course, by=by, at=at, number=version.number, changed=changed
    )
    return version


@transaction.atomic
def change_course(
    course: Course, *, is_on_caravan: bool, is_retired: bool, by: User | None, at: dt.datetime
) -> Course:
    """Say whether the caravan brings the course, and whether it is still offered; its page follows."""
    course = Course.objects.select_for_update().get(pk=course.pk)
    course.is_on_caravan, course.is_retired = is_on_caravan, is_retired
    course.save(update_fields=["is_on_caravan", "is_retired"])
    audit.record("course.change", course, by=by, at=at, is_on_caravan=is_on_caravan, is_retired=is_retired)
    publish_course_page(course, by=by, at=at)
    return course


def is_used(version: CourseVersion) -> bool:
    """Say whether anything points at ``version``, in this app or in one above (a query a relation).

    The database's own relations are asked, not a list somebody keeps: a forgotten entry would let a
    standard change under certificates.
    """
    relations = version._meta.related_objects
    return any(
        one.related_model._base_manager.filter(**{one.field.name: version.pk}).exists() for one in relations
    )


def _refuse(standard: CourseStandard) -> None:
    reasons = standard.refusals()
    if reasons:
        raise Refusals(reasons)


def _end_version(version: CourseVersion, next_start: dt.date) -> None:
    """A version's content is frozen; its last day is not content."""
    last_day = max(next_start - dt.timedelta(days=1), version.valid_from)
    if version.valid_until is None or version.valid_until > last_day:
        version.valid_until = last_day
        version.save(update_fields=["valid_until"])


def _store_version(
    course: Course, number: int, standard: CourseStandard, *, valid_from: dt.date
) -> CourseVersion:
    return CourseVersion.objects.create(
        course=course, number=number, valid_from=valid_from, **standard.values()
    )

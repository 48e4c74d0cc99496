"""What this app keeps about somebody: training records and certificates of others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.enums import DataField
from cms.models import Person
from cms.my_data import DataItem, DataSection, Fact, LegalHold, legal_holds, my_data
from courses.enums import RecordState
from courses.models import ExternalCertificate, TrainingRecord

_KEEPS = frozenset({DataField.NAME, DataField.DOCUMENT, DataField.BIRTH, DataField.TRAINING})


def _records(person: Person) -> DataSection:
    rows = TrainingRecord.objects.filter(person=person).select_related("course_version", "organisation")
    items = []
    for row in rows.prefetch_related("components").order_by("-opened_at"):
        results = [
            Fact(part.component, part.get_component_display(), part.value)
            for part in row.components.all()
            if part.superseded_at is None
        ]
        items.append(
            DataItem(
                str(row.course_version),
                [
                    Fact("state", gettext_lazy("状态"), row.get_state_display()),
                    Fact("organisation", gettext_lazy("承办机构"), str(row.organisation)),
                    Fact("started_on", gettext_lazy("开始日期"), row.started_on),
                    Fact("completed_on", gettext_lazy("合格日期"), row.completed_on),
                    *results,
                ],
            )
        )
    return DataSection(gettext_lazy("学习记录"), gettext_lazy("发证、算学时、补贴都凭它。"), items)


def _external(person: Person) -> DataSection:
    rows = ExternalCertificate.objects.filter(person=person).select_related("occupation", "organisation")
    items = [
        DataItem(
            row.get_kind_display(),
            [
                Fact("number", gettext_lazy("证书编号"), row.number),
                Fact("occupation", gettext_lazy("职业"), str(row.occupation)),
                Fact("issuer", gettext_lazy("发证机构"), row.issuer),
                Fact("issued_on", gettext_lazy("发证日期"), row.issued_on),
                Fact("organisation", gettext_lazy("登记机构"), str(row.organisation)),
            ],
        )
        for row in rows.order_by("-issued_on")
    ]
    return DataSection(gettext_lazy("别处发的证书"), gettext_lazy("领技能提升补贴要核对。"), items)


my_data.register("records", _records)
my_data.register("external_certificates", _external)


def _holds(person: Person, on: dt.date) -> Sequence[LegalHold]:
    states = set(TrainingRecord.objects.filter(person=person).values_list("state", flat=True))
    holds = []
    if RecordState.OPEN in states:
        words = _("您还有课没学完。学完，或者退了班，才能删。")
        holds.append(LegalHold("open_record", words, frozenset(DataField), blocks=True))
    if RecordState.COMPLETED in states:
        words = _("您有合格的学习记录。以后补证、查证要凭它，姓名、证件和学习记录要留着。")
        holds.append(LegalHold("completed_record", words, _KEEPS))
    return holds


legal_holds.register("records", _holds)

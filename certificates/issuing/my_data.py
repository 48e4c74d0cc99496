"""What issuing keeps about somebody, and why it must stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.issuing.models import Certificate
from cms.enums import DataField
from cms.models import Person
from cms.my_data import DataItem, DataSection, Fact, LegalHold, legal_holds, my_data

_KEEPS = frozenset({DataField.NAME, DataField.DOCUMENT, DataField.BIRTH, DataField.TRAINING})


def _certificates(person: Person) -> DataSection:
    rows = Certificate.objects.filter(person=person).select_related("organisation")
    items = [
        DataItem(
            row.course_title,
            [
                Fact("number", gettext_lazy("证书编号"), row.number),
                Fact("kind", gettext_lazy("证书种类"), row.get_kind_display()),
                Fact("state", gettext_lazy("状态"), row.get_state_display()),
                Fact("issued_on", gettext_lazy("发证日期"), row.issued_on),
                Fact("reissued_on", gettext_lazy("补发日期"), row.reissued_on),
                Fact("organisation", gettext_lazy("发证机构"), str(row.organisation)),
            ],
        )
        for row in rows.order_by("-issued_on", "-number")
    ]
    return DataSection(gettext_lazy("证书"), gettext_lazy("别人扫码查真假，要查得到。"), items)


def _holds(person: Person, on: dt.date) -> Sequence[LegalHold]:
    count = Certificate.objects.filter(person=person).count()
    if not count:
        return []
    words = _("给您发过 %(count)s 张证书。证书要能查真假，姓名、证件和证书要留着。") % {"count": count}
    return [LegalHold("certificate", words, _KEEPS)]


my_data.register("certificates", _certificates)
legal_holds.register("certificates", _holds)

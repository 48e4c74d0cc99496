"""Finding a person by the number of their document: by its keyed digest, and only in one's own scope."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.documents import find_person
from cms.errors import DomainError
from cms.identity import check_number, guess_id_type, mask_number, normalise_number
from cms.models import Person, User


@transaction.atomic
def find_by_number(typed: str, *, by: User, at: dt.datetime) -> Person:
    """Return the person whom ``by`` may see and who holds this number now; that they were found is on record.

    Refuses what ``check_number`` refuses, and ``number_unknown``, alike for a number nobody holds and for
    somebody out of scope.
    """
    number = normalise_number(typed)
    id_type = guess_id_type(number)
    check_number(id_type, number, timezone.localdate(at))
    holder = find_person(id_type, number)
    person = holder and Person.objects.visible_to(by).filter(pk=holder.pk).first()
    if person is None:
        message = _("您能看到的人里没有这个号码。请对着证件再核一遍；没登记过的可以登记。")
        raise DomainError("number_unknown", message, field="number")
    audit.record("person.find", person, by=by, at=at, number=mask_number(number))
    return person

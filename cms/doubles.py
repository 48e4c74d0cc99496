"""Rows of the register that are likely one human: computed from what both rows openly say.

A number typed at sign-up is dropped and compared with nothing, so it cannot show here either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from cms.enums import IdType
from cms.models import Person, PersonDocument, User

# Who has one of these has it for life: two rows that both have one are two people.
_FOR_LIFE = (IdType.CITIZEN_ID, IdType.HMT_PERMIT)

_PAIRS = """
  SELECT a.id AS one, b.id AS other,
    CASE WHEN a.birth_date = b.birth_date THEN 1 ELSE 0 END AS same_birth,
    CASE WHEN a.phone <> '' AND a.phone = b.phone THEN 1 ELSE 0 END AS same_phone
  FROM ({people}) a JOIN ({people}) b ON a.legal_name = b.legal_name AND a.id < b.id
  WHERE NOT (a.numbered AND b.numbered)
    AND (a.birth_date = b.birth_date
      OR (a.phone <> '' AND a.phone = b.phone)
      OR (NOT (a.documented AND b.documented) AND (a.birth_date IS NULL OR b.birth_date IS NULL)))
    AND NOT EXISTS (
      SELECT 1 FROM cms_doublereview r WHERE r.first_id = a.id AND r.second_id = b.id)
"""


@dataclass(frozen=True)
class Likeness:
    """Two rows of one name, the smaller key first, and what else they share."""

    one: int
    other: int
    same_birth: bool
    same_phone: bool


class LikelyDoubles:
    """The pairs that ``user`` sees both of and nobody has parted; a page of them is one query."""

    def __init__(self, user: User) -> None:
        current = PersonDocument.objects.filter(person=OuterRef("pk"), superseded_at__isnull=True)
        people = Person.objects.visible_to(user).order_by()
        rows = people.annotate(
            documented=Exists(current), numbered=Exists(current.filter(id_type__in=_FOR_LIFE))
        ).values("id", "legal_name", "birth_date", "phone", "documented", "numbered")
        inner, params = rows.query.get_compiler(connection=connection).as_sql()
        self._sql = _PAIRS.format(people=inner)
        self._params = (*params, *params)

    def count(self) -> int:
        """Return how many pairs there are."""
        return int(self._ask(f"SELECT COUNT(*) FROM ({self._sql}) pairs")[0][0])  # noqa: S608  no input in it

    def up_to(self, most: int) -> int:
        """Return how many pairs there are, counted no further than ``most``."""
        counted = f"SELECT COUNT(*) FROM (SELECT 1 FROM ({self._sql}) pairs LIMIT %s) few"  # noqa: S608  see above
        return int(self._ask(counted, most)[0][0])

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Likeness]:
        """Return the pairs of a page, those that share most first."""
        start = part.start or 0
        ordered = f"{self._sql} ORDER BY same_birth DESC, same_phone DESC, a.id, b.id LIMIT %s OFFSET %s"
        rows = self._ask(ordered, part.stop - start, start)
        return [Likeness(one, other, bool(birth), bool(phone)) for one, other, birth, phone in rows]

    def __iter__(self) -> Iterator[Likeness]:
        return iter(self[0 : self.count()])

    def _ask(self, sql: str, *more: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, [*self._params, *more])
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

"""What of the ground follows a merged person, and how each conflict is met (see ``cms.merging``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.education import latest_education
from cms.enums import OPEN_REQUESTS, AccountProof, AccountRelation, ChangeState, DataRequestKind, IdType
from cms.merging import (
    Change,
    Choice,
    Conflict,
    Follower,
    Pair,
    Plan,
    Values,
    follow,
    merge_moves,
    move_rows,
    rows_of,
    stay,
)
from cms.models import (
    Affiliation,
    ChangeProposal,
    Consent,
    DataRequest,
    Delivery,
    DocumentDigest,
    DoubleReview,
    EducationRecord,
    GroupTag,
    HealthCertificate,
    ImportRow,
    InPostPeriod,
    Message,
    Person,
    PersonAccount,
    PersonDocument,
    PersonMerge,
    PersonName,
    PersonSlip,
    RevealRecord,
    SignInCode,
    Undertaking,
)

_KEPT, _MERGED = "kept", "merged"
# A citizen has one number for life, and so has who lives on a permit.
_ONE_FOR_LIFE = frozenset({IdType.CITIZEN_ID, IdType.HMT_PERMIT})
_FILLED = ("ethnicity", "region_code", "address")
_RANK = {AccountRelation.SELF: 0, AccountRelation.FAMILY: 1, AccountRelation.COORDINATOR: 2}


def plan_person(pair: Pair) -> Plan:
    """Fill the blanks of the kept row; what differs has to be looked at, and the kept row's stays."""
    kept, merged = pair.kept, pair.merged
    conflicts = []
    has = [one.documents.filter(superseded_at__isnull=True).exists() for one in (kept, merged)]
    if has == [False, True]:
        text = _("要并掉的这份登记有核验过的证件，留下的没有。请把两份换过来：留下有证件的。")
        conflicts.append(Conflict("document_goes", text))
    differing = [
        str(field.verbose_name)
        for field in Person._meta.fields
        if (name := field.name) in {"legal_name", "sex", "birth_date"}
        and getattr(kept, name)
        and getattr(merged, name)
        and getattr(kept, name) != getattr(merged, name)
    ]
    if differing:
        text = _("两份登记的%(fields)s不一样。请对着证件核实确实是同一个人。") % {
            "fields": "、".join(differing)
        }
        choice = Choice(_KEPT, gettext_lazy("核实过，是同一个人，以留下的为准"))
        conflicts.append(Conflict("facts_differ", text, (choice,)))
    names = [*_FILLED, "sex", "birth_date"]
    if pair.choices.get("accounts") != "end":
        names.append("phone")
    filled: Values = {
        name: (getattr(kept, name), getattr(merged, name))
        for name in names
        if not getattr(kept, name) and getattr(merged, name)
    }
    learned = latest_education([*rows_of(EducationRecord, kept), *rows_of(EducationRecord, merged)])
    if learned and learned != kept.education:
        filled["education"] = (kept.education, learned)
    return Plan([Change(Person, kept.pk, filled)] if filled else [], conflicts)


def plan_documents(pair: Pair) -> Plan:
    """Two different citizen IDs are two humans; of two passports one is the current one."""
    mine, theirs = (
        {row.id_type: row for row in rows_of(PersonDocument, one) if row.superseded_at is None}
        for one in (pair.kept, pair.merged)
    )
    conflicts, also, changes = [], dict[Any, Values](), list[Change]()
    for id_type in sorted(set(mine) & set(theirs)):
        kind = IdType(id_type).label
        if id_type in _ONE_FOR_LIFE:
            text = _("两份登记各有一张在用的%(kind)s，号码不同：不是同一个人，不能合并。") % {"kind": kind}
            conflicts.append(Conflict("two_documents", text))
            continue
        code = f"document_{id_type}"
        text = _("两份登记各有一张在用的%(kind)s。哪一张是现在用的？") % {"kind": kind}
        shown = ((_KEPT, mine[id_type].masked), (_MERGED, theirs[id_type].masked))
        conflicts.append(Conflict(code, text, tuple(Choice(*one) for one in shown)))
        old = mine[id_type] if pair.choices.get(code) == _MERGED else theirs[id_type]
        ended: Values = {"superseded_at": (None, pair.at)}
        if old.person_id == pair.merged.pk:
            also[old.pk] = ended
        else:
            changes.append(Change(PersonDocument, old.pk, ended))
        changes += [
            Change(DocumentDigest, digest.pk, {"is_current": (True, False)})
            for digest in old.digests.filter(is_current=True).order_by("pk")
        ]
    moving = move_rows(PersonDocument, pair, watch=["superseded_at"], also=also)
    return Plan(changes + _without_changed_watch(moving), conflicts)


def _without_changed_watch(changes: Iterable[Change]) -> list[Change]:
    """Watch no field that the merge itself writes: the list of values does."""
    return [
        Change(one.model, one.pk, one.values, {k: v for k, v in one.watched.items() if k not in one.values})
        for one in changes
    ]


def plan_accounts(pair: Pair) -> Plan:
    """Accounts of the merged row go on acting for the kept one, or stop: the office decides, by name."""
    live = {row.user_id: row for row in rows_of(PersonAccount, pair.kept) if row.until is None}
    coming = [row for row in rows_of(PersonAccount, pair.merged) if row.until is None]
    ended: Values = {"until": (None, pair.at)}
    if not coming:
        return Plan(move_rows(PersonAccount, pair))
    names = "、".join(
        f"{row.user}（{row.get_relation_display()}，{row.get_proof_display()}）" for row in coming
    )
    text = _("这些账号现在能替要并掉的登记办事：%(names)s。") % {"names": names}
    conflict = Conflict(
        "accounts",
        text,
        (
            Choice("follow", gettext_lazy("核实过，是同一个人的账号：以后替留下的登记办事")),
            Choice("end", gettext_lazy("不能确定是谁的账号：合并后不再代办")),
        ),
    )
    if pair.choices.get("accounts") == "end":
        stopped = [Change(PersonAccount, row.pk, ended) for row in coming]
        past = [row for row in rows_of(PersonAccount, pair.merged) if row.until is not None]
        return Plan(stopped + move_rows(PersonAccount, pair, rows=past), [conflict], len(coming))
    closing: list[Change] = []
    also: dict[Any, Values] = {}
    documented = pair.kept.documents.filter(superseded_at__isnull=True).exists()
    for row in coming:
        mine = live.get(row.user_id)
        if documented and row.proof == AccountProof.SIGN_UP:
            # Somebody's own word was enough for a row without a document; here the office has checked.
            also[row.pk] = {"proof": (row.proof, AccountProof.OFFICER)}
        if mine is None:
            continue
        if _RANK[AccountRelation(row.relation)] < _RANK[AccountRelation(mine.relation)]:
            closing.append(Change(PersonAccount, mine.pk, ended))
        else:
            also[row.pk] = {**also.get(row.pk, {}), **ended}
    moving = sorted(
        move_rows(PersonAccount, pair, also=also), key=lambda one: ("until" not in one.values, one.pk)
    )
    return Plan(closing + moving, [conflict])


def plan_affiliations(pair: Pair) -> Plan:
    """A reason that both rows have is kept once, from its earliest day, and live if either is."""
    mine = {_reason(row): row for row in rows_of(Affiliation, pair.kept)}
    changes, staying = [], []
    for row in rows_of(Affiliation, pair.merged):
        same = mine.get(_reason(row))
        if same is None:
            continue
        staying.append(row.pk)
        values: Values = {}
        if row.since < same.since:
            values["since"] = (same.since, row.since)
        if same.until is not None and (row.until is None or row.until > same.until):
            values["until"] = (same.until, row.until)
        if values:
            changes.append(Change(Affiliation, same.pk, values))
    return Plan(changes + move_rows(Affiliation, pair, but=staying), [], len(staying))


def _reason(row: Affiliation) -> tuple[Any, ...]:
    return (row.organisation_id, row.kind, row.region_code)


def dated_facts(model: Any, code: str, same: tuple[str, ...], text: Any) -> Any:
    """Return the plan for facts of one kind that may not overlap: ``same`` tells which of them compare."""
    start, end = model.holds

    def overlaps(one: Any, other: Any) -> bool:
        first, last = (getattr(one, start), getattr(one, end)), (getattr(other, start), getattr(other, end))
        return (first[1] is None or last[0] <= first[1]) and (last[1] is None or first[0] <= last[1])

    def plan(pair: Pair) -> Plan:
        mine, theirs = (
            [row for row in rows_of(model, one) if row.superseded_at is None]
            for one in (pair.kept, pair.merged)
        )
        met = [
            (one, other)
            for one in mine
            for other in theirs
            if all(getattr(one, name) == getattr(other, name) for name in same) and overlaps(one, other)
        ]
        if not met:
            return Plan(move_rows(model, pair, watch=["superseded_at"]))
        shown = "、".join(dict.fromkeys(str(one) for one, _other in met))
        conflict = Conflict(code, str(text) % {"what": shown}, _WHICH)
        ended: Values = {"superseded_at": (None, pair.at)}
        if pair.choices.get(code) == _MERGED:
            old = dict.fromkeys(one.pk for one, _other in met)
            closing = [Change(model, pk, ended) for pk in old]
            return Plan(closing + move_rows(model, pair, watch=["superseded_at"]), [conflict])
        also = {other.pk: ended for _one, other in met}
        moving = _without_changed_watch(move_rows(model, pair, watch=["superseded_at"], also=also))
        return Plan(moving, [conflict])

    return plan


_WHICH = (
    Choice(_KEPT, gettext_lazy("以留下的登记为准")),
    Choice(_MERGED, gettext_lazy("以并掉的登记为准")),
)


def plan_consents(pair: Pair) -> Plan:
    """One live consent a wording; who withdrew it in one row withdrew it as a human."""
    mine, theirs = rows_of(Consent, pair.kept), rows_of(Consent, pair.merged)
    changes, staying = [], []
    for row in theirs:
        same = [one for one in mine if one.text_id == row.text_id]
        if row.withdrawn_at is None:
            later = [one for one in same if one.withdrawn_at and one.withdrawn_at >= row.given_at]
            if later or any(one.withdrawn_at is None for one in same):
                staying.append(row.pk)
            continue
        changes += [
            Change(
                Consent,
                one.pk,
                {
                    "withdrawn_at": (None, row.withdrawn_at),
                    "withdrawn_by_id": (None, row.withdrawn_by_id),
                },
            )
            for one in same
            if one.withdrawn_at is None and one.given_at <= row.withdrawn_at
        ]
    changes = list({change.pk: change for change in changes}.values())
    moving = move_rows(Consent, pair, but=staying, watch=["withdrawn_at"])
    return Plan(changes + moving, [], len(staying))


def plan_undertakings(pair: Pair) -> Plan:
    """What both rows signed stays once with each."""
    signed = {row.text_id for row in rows_of(Undertaking, pair.kept)}
    staying = [row.pk for row in rows_of(Undertaking, pair.merged) if row.text_id in signed]
    return Plan(move_rows(Undertaking, pair, but=staying), [], len(staying))


def plan_messages(pair: Pair) -> Plan:
    """What both rows were told stays once with each."""

    def told(row: Message) -> tuple[str, ...]:
        return (row.kind, row.subject_type, row.subject_id, row.occasion)

    mine = {told(row) for row in rows_of(Message, pair.kept)}
    staying = [row.pk for row in rows_of(Message, pair.merged) if told(row) in mine]
    return Plan(move_rows(Message, pair, but=staying), [], len(staying))


def plan_proposals(pair: Pair) -> Plan:
    """A correction that waits is decided first: it was meant for the row that goes."""
    waiting = [row for row in rows_of(ChangeProposal, pair.merged) if row.state == ChangeState.WAITING]
    text = _("要并掉的登记有一项更正在等审核，请先审完。")
    return Plan(move_rows(ChangeProposal, pair), [Conflict("correction_waiting", text)] if waiting else [])


def plan_requests(pair: Pair) -> Plan:
    """What somebody asked about their data follows; a deletion that runs is answered first."""
    running = [
        row
        for person in (pair.kept, pair.merged)
        for row in rows_of(DataRequest, person)
        if row.kind == DataRequestKind.DELETION
        and (row.state in OPEN_REQUESTS or (row.erase_on is not None and row.erased_at is None))
    ]
    text = _("有一份登记正在申请删除个人信息，请先办完这项申请。")
    return Plan(
        move_rows(DataRequest, pair, watch=["state"]),
        [Conflict("deletion_runs", text)] if running else [],
    )


merge_moves.register("cms.person", Follower(Person, plan_person))
follow(PersonAccount, plan_accounts)
follow(PersonDocument, plan_documents)
follow(PersonName)
follow(PersonSlip, watch=["used_at"])
follow(Affiliation, plan_affiliations)
follow(
    InPostPeriod,
    dated_facts(
        InPostPeriod,
        "posts",
        ("organisation_id",),
        gettext_lazy("两份登记在同一家单位的在岗时段重叠：%(what)s。哪一份是对的？"),
    ),
)
follow(
    GroupTag,
    dated_facts(
        GroupTag,
        "groups",
        ("organisation_id", "group"),
        gettext_lazy("两份登记在同一时段有同一种人员类别：%(what)s。哪一份是对的？"),
    ),
)
follow(HealthCertificate, watch=["superseded_at"])
follow(EducationRecord, watch=["superseded_at"])
follow(Consent, plan_consents)
follow(Undertaking, plan_undertakings)
follow(Message, plan_messages)
follow(Delivery)
follow(ChangeProposal, plan_proposals)
follow(DataRequest, plan_requests)
stay(RevealRecord, "who looked at what is a log; one's own page reads both rows")
stay(SignInCode, "it binds whom it was sent for, and lives for minutes")
stay(ImportRow, "an upload stays as it was read; its link leads on")
stay(Person, "a chain of merges is followed to its end", name="merged_into")
stay(PersonMerge, "what was merged into what is history", name="kept")
stay(PersonMerge, "what was merged into what is history", name="merged")
stay(DoubleReview, "what was looked at were these two rows", name="first")
stay(DoubleReview, "what was looked at were these two rows", name="second")

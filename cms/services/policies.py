"""Texts that people are told or agree to: publish a version, find the one in force, show what changed."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.enums import PolicyKind
from cms.errors import DomainError
from cms.models import ConsentRule, PolicyText, User
from cms.querysets import live_on
from cms.regional import rule_for
from cms.scope import NATION

SOURCE_LANGUAGE = settings.LANGUAGE_CODE
_DATA = Path(__file__).resolve().parents[1] / "data" / "policy_texts.json"
# Asked of everybody who opens an account on the phone.
SIGN_UP_KINDS = (PolicyKind.PRIVACY, PolicyKind.TRAINING)

Words = tuple[str, str]


@transaction.atomic
def publish_policy(
    kind: str, texts: Mapping[str, Words], *, valid_from: dt.date, by: User | None, at: dt.datetime
) -> list[PolicyText]:
    """Store the next version of ``kind``; ``texts`` is language → (title, body), Chinese at least.

    Raises ``not_allowed``, ``policy_words`` (Chinese title or body is missing), ``policy_day`` (a day
    before today, or before the version now last: what people agreed to must not change behind them),
    ``policy_same`` (the words are those of the last version).
    """
    if by is not None and not by.scope().everything:
        raise DomainError("not_allowed", _("这些文本由系统管理员维护。"))
    words = {
        language: (title.strip(), tidy(body)) for language, (title, body) in texts.items() if title.strip()
    }
    if not all(words.get(SOURCE_LANGUAGE, ("", ""))) or not all(body for _title, body in words.values()):
        raise DomainError("policy_words", _("标题和正文都要写；中文的一定要有。"), field="body")
    last = list(PolicyText.objects.select_for_update().filter(kind=kind).order_by("-version"))
    if (by is not None and valid_from < timezone.localdate(at)) or (last and valid_from < last[0].valid_from):
        raise DomainError("policy_day", _("启用日期不能早于今天，也不能早于上一版。"), field="valid_from")
    version = last[0].version + 1 if last else 1
    before = {row.language: (row.title, row.body) for row in last if row.version == version - 1}
    if before == words:
        raise DomainError("policy_same", _("和上一版一个字也没有变，不用发布。"), field="body")
    rows = [
        PolicyText(
            kind=kind, version=version, language=language, valid_from=valid_from, title=title, body=body,
            published_at=at, published_by=by,
        )
        for language, (title, body) in words.items()
    ]  # fmt: skip
    for row in rows:
        row.save()
    audit.record(
        "policy.publish", rows[0], by=by, at=at,
        kind=kind, text_version=version, since=valid_from.isoformat(), languages=sorted(words),
    )  # fmt: skip
    return rows


def tidy(body: str) -> str:
    """Return ``body`` with one empty line between paragraphs."""
    lines = body.replace("\r\n", "\n").strip()
    return re.sub(r"\n\s*\n", "\n\n", lines)


def texts_in_force(on: dt.date, language: str, kinds: Collection[str] | None = None) -> dict[str, PolicyText]:
    """Return kind → text in force ``on``, in ``language`` or else in Chinese, in the order of the kinds."""
    rows = PolicyText.objects.filter(valid_from__lte=on)
    newest = dict(rows.order_by().values_list("kind").annotate(newest=Max("version")))
    found: dict[str, PolicyText] = {}
    for row in rows.order_by("pk"):
        if row.version == newest[row.kind] and (kinds is None or row.kind in kinds):
            better = row.language == language or (row.language == SOURCE_LANGUAGE and row.kind not in found)
            if better or row.kind not in found:
                found[row.kind] = row
    return {kind: found[kind] for kind in PolicyKind.values if kind in found}


def required_kinds(region_code: str, on: dt.date) -> list[str]:
    """Return the kinds that ``region_code`` asks for before somebody enrols ``on`` (one query)."""
    rules: dict[str, list[ConsentRule]] = {}
    for rule in ConsentRule.objects.filter(live_on(on)):
        rules.setdefault(rule.kind, []).append(rule)
    found = {kind: rule_for(rows, region_code or NATION, on) for kind, rows in rules.items()}
    required = {kind for kind, rule in found.items() if rule is not None and rule.is_required}
    return [kind for kind in PolicyKind.values if kind in required]


@dataclass(frozen=True)
class Change:
    """One paragraph of a comparison: ``sign`` is same, added or removed."""

    sign: str
    text: str


def changes_between(old: PolicyText | None, new: PolicyText) -> list[Change]:
    """Return the paragraphs of ``new`` and those of ``old`` that went, in reading order."""
    before = [old.title, *old.paragraphs] if old else []
    signs = {" ": "same", "+": "added", "-": "removed"}
    return [
        Change(signs[line[0]], line[2:])
        for line in difflib.ndiff(before, [new.title, *new.paragraphs])
        if line[0] in signs
    ]


@transaction.atomic
def save_consent_rule(rule: ConsentRule, *, by: User | None, at: dt.datetime) -> ConsentRule:
    """Add a rule; an older one of the same region and kind without an end ends the day before.

    Raises ``not_allowed``, ``rule_order``, ``rule_overlap``.
    """
    if by is not None and not by.scope().everything:
        raise DomainError("not_allowed", _("规定由系统管理员维护。"))
    if rule.valid_until is not None and rule.valid_until < rule.valid_from:
        raise DomainError("rule_order", _("停用日期不能早于启用日期。"), field="valid_until")
    rows = list(ConsentRule.objects.select_for_update().filter(region_code=rule.region_code, kind=rule.kind))
    for old in rows:
        if old.valid_until is None and old.valid_from < rule.valid_from:
            old.valid_until = rule.valid_from - dt.timedelta(days=1)
            old.save(update_fields=["valid_until"])
    last = rule.valid_until or dt.date.max
    if any(row.valid_from <= last and (row.valid_until or dt.date.max) >= rule.valid_from for row in rows):
        raise DomainError("rule_overlap", _("和这个地区已有的规定时间重叠。"), field="valid_from")
    rule.save(force_insert=True)
    audit.record(
        "policy.rule", rule, by=by, at=at,
        kind=rule.kind, required=rule.is_required, since=rule.valid_from.isoformat(),
    )  # fmt: skip
    return rule


@transaction.atomic
def load_policies(*, since: dt.date, by: User | None, at: dt.datetime) -> None:
    """Load the standard texts and the national rule that enrolling needs two of them; again is no change."""
    for kind, texts in standard_texts().items():
        if not PolicyText.objects.filter(kind=kind).exists():
            publish_policy(kind, texts, valid_from=since, by=None, at=at)
    for kind in SIGN_UP_KINDS:
        if not ConsentRule.objects.filter(region_code=NATION, kind=kind).exists():
            document = "《中华人民共和国个人信息保护法》第十三条、第十七条"
            rule = ConsentRule(region_code=NATION, kind=kind, valid_from=since, document=document)
            save_consent_rule(rule, by=None, at=at)


def standard_texts() -> dict[str, dict[str, Words]]:
    """Return kind → language → (title, body) as they come with the software."""
    data: dict[str, dict[str, list[str]]] = json.loads(_DATA.read_text(encoding="utf-8"))
    return {
        kind: {language: (words[0], "\n\n".join(words[1:])) for language, words in texts.items()}
        for kind, texts in data.items()
    }

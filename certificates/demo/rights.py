"""Who looked at data, took it out or asked about their own in the demo world, by the services themselves."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory

from django.http import QueryDict

from certificates.demo.class_life import moment
from certificates.demo.story import Story
from cms.enums import AccountRelation, DataField, DataRequestState, ExportFormat, RevealReason
from cms.exporting.declarations import exports
from cms.models import PersonAccount
from cms.services.data_requests import answer_request, ask_correction, ask_deletion
from cms.services.exports import Asked, export_now
from cms.services.reveals import reveal_number


def ask_about_data(story: Story) -> None:
    """Two looks at a number; a correction that is answered, one that waits, and a deletion that waits."""
    cast, at = story.stage.cast, moment(story.day(9))
    owners = {
        link.person_id: link.user
        for link in PersonAccount.objects.filter(
            person__in=story.people, until__isnull=True, relation=AccountRelation.SELF
        ).select_related("user")
    }
    first, second, third = [person for person in story.people if person.pk in owners][:3]
    for person, reason, words in (
        (first, RevealReason.CLAIM, "申报补贴，核对银行卡户名"),
        (second, RevealReason.CERTIFICATE, "补打证书，核对身份证"),
    ):
        document = person.documents.filter(superseded_at__isnull=True).get()
        reveal_number(document, reason=reason, words=words, by=cast["jiaowu"], at=at)
    done = ask_correction(
        first,
        field=DataField.ADDRESS,
        wanted="青山乡红旗村 3 组",
        note="去年分了户",
        by=owners[first.pk],
        at=at,
    )
    answer_request(
        done,
        DataRequestState.ACCEPTED,
        words="地址改好了。",
        by=cast["jiaowu"],
        at=at + dt.timedelta(hours=3),
    )
    ask_correction(
        second, field=DataField.NAME, wanted="名字里的“华”应当是“桦”", note="身份证上是木字旁", by=owners[second.pk],
        at=at + dt.timedelta(days=1),
    )  # fmt: skip
    ask_deletion(third, note="到外省去了，不做家政了", by=owners[third.pk], at=at + dt.timedelta(days=2))
    story.tell("   查看号码 2 次，更正申请 2 件，删除申请 1 件")


def take_out_tables(story: Story) -> None:
    """The school takes the register to the office's archive, the officer the claims to her meeting."""
    for account, slug, form, reason, day in (
        ("jigou", "people", ExportFormat.XLSX, "报县人社局存档", 10),
        ("butie", "claims", ExportFormat.CSV, "月度例会核对", 11),
    ):
        table = exports.get(slug)
        asked = Asked(
            export=table,
            query=QueryDict(""),
            columns=tuple(column.key for column in table.columns),
            format=form,
            reason=reason,
        )
        with TemporaryDirectory() as folder:
            export_now(asked, Path(folder) / slug, by=story.stage.cast[account], at=moment(story.day(day)))
    story.tell("   导出表格 2 份")

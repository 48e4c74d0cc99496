"""Steps f and g: certificates, the refresher clock, claims, the export."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl

from certificates.issuing.enums import CertificateState
from certificates.issuing.models import Certificate
from certificates.subsidies.enums import ClaimState
from certificates.subsidies.models import Claim, ClaimBatch
from cms.enums import JobState
from cms.models import Job
from tests.journeys.journey import CAPACITY, TITLE, Journey
from tests.journeys.screens import fill, follow, go, job_done, on, picture, press, says


def f_issue(story: Journey) -> None:
    """One job with progress; the numbers have no gap."""
    desk = story.screens.at_desk("jiaowu")
    go(desk, "certificate_issuing:index")
    picture(desk, "f1-issuing-desk")
    press(desk, "签发证书")
    picture(desk, "f2-job-desk")
    job_done(desk, "看证书").click()
    picture(desk, "f3-certificates-desk")
    job = Job.objects.get(kind="issue_certificates")
    assert (job.state, job.total) == (JobState.DONE, CAPACITY - 1)
    certificates = Certificate.objects.order_by("number")
    assert [one.number for one in certificates] == [
        f"XH-PX-{story.today.year}-{serial:06d}" for serial in range(1, certificates.count() + 1)
    ]
    assert {one.state for one in certificates} == {CertificateState.ISSUED}
    assert certificates.count() >= CAPACITY - 2


def f_verify_and_revoke(story: Journey) -> None:
    """The holder takes the PDF home; whoever scans it sees the truth, also after a revocation."""
    certificate = Certificate.objects.get(person=story.people[0])
    phone = story.screens.phone_of("slip")
    go(phone, "account:home")
    picture(phone, "f4-me-phone")
    with phone.expect_download() as waiting:
        phone.locator(f'a[href*="{certificate.number}"]').first.click()
    text = _text_of(Path(waiting.value.path()))
    for words in (certificate.number, story.people[0].legal_name, "居家安全与急救", "星河县巾帼家政培训学校"):
        assert words in text, words
    scanned = story.screens.phone_of("scanner")
    go(scanned, "certificates:verify", certificate.token)
    says(scanned, "证书有效", certificate.number)
    assert story.people[0].legal_name not in scanned.content()
    picture(scanned, "f5-verify-phone")
    last = Certificate.objects.order_by("-number")[0]
    desk = story.screens.at_desk("jigou")
    go(desk, "certificate:inspect", last.pk)
    picture(desk, "f6-certificate-desk")
    go(desk, "certificate:revoke", last.pk)
    fill(desk, reason="登记信息有误", note="课程日期登记有误")
    picture(desk, "f7-revoke-desk")
    press(desk, "撤销证书")
    says(desk, "已撤销")
    go(scanned, "certificates:verify", last.token)
    says(scanned, "这张证书已撤销")
    picture(scanned, "f8-revoked-phone")


def _text_of(path: Path) -> str:
    tool = shutil.which("pdftotext")
    assert tool, "pdftotext is needed: install poppler-utils"
    done = subprocess.run([tool, "-raw", str(path), "-"], capture_output=True, text=True, check=True)
    return re.sub(r"\s", "", done.stdout)


def g_ask_the_clock(story: Journey) -> None:
    """Somebody is put in post; the list is asked for a day two years on."""
    worker, desk = story.people[0], story.screens.at_desk("jiaowu")
    go(desk, "people:in_post", worker.pk)
    fill(desk, started_on=story.day(400))
    press(desk, "保存")
    says(desk, "在岗")
    officer = story.screens.at_desk("butie")
    go(officer, "certificates_due:index")
    fill(officer, on=story.today + dt.timedelta(days=400))
    press(officer, "查看")
    says(officer, worker.legal_name, "已逾期")
    picture(officer, "g1-refreshers-desk")


def g_claim(story: Journey) -> None:
    """The school hands in for a class, the officer reviews, a second person approves, the notice runs out."""
    desk = story.screens.at_desk("jiaowu")
    go(desk, "certificates_claim:index")
    follow(desk, "按班申报")
    fill(desk, scheme="职业培训补贴", training_class=TITLE)
    press(desk, "看测算结果")
    says(desk, "张证书，可以提交")
    picture(desk, "g2-proposals-desk")
    press(desk, "提交勾选的申领")
    says(desk, "已提交")
    claims = list(Claim.objects.filter(state=ClaimState.SUBMITTED).order_by("pk"))
    assert claims
    officer, approver = story.screens.at_desk("butie"), story.screens.at_desk("shenpi")
    for claim in claims:
        go(officer, "certificates_claim:inspect", claim.pk)
        press(officer, "开始审核")
        says(officer, "审核中")
        go(approver, "certificates_claim:inspect", claim.pk)
        picture(approver, "g3-claim-desk")
        fill(approver, note="与名单核对无误")
        press(approver, "审核通过")
        says(approver, "公示")
    picture(approver, "g4-approved-desk")
    notice = max(claim.notice_until for claim in Claim.objects.filter(state=ClaimState.NOTICE))
    with on(notice + dt.timedelta(days=1), 9):
        officer = story.screens.at_desk("butie", anew=True)
        for claim in claims:
            go(officer, "certificates_claim:inspect", claim.pk)
            press(officer, "公示结束，转待拨付")
            says(officer, "待拨付")


def g_batch_and_export(story: Journey) -> None:
    """The batch is frozen; its export downloaded twice is the same file."""
    officer = story.screens.at_desk("butie")
    go(officer, "certificates_new_batch")
    fill(officer, scheme="职业培训补贴", region="星河县")
    picture(officer, "g5-new-batch-desk")
    press(officer, "生成批次")
    says(officer, "已生成")
    batch = ClaimBatch.objects.get()
    officer.locator("#id_reason").fill("报财政拨付")
    first = _download(officer, "导出表格")
    go(officer, "certificates_batch:inspect", batch.pk)
    officer.get_by_label("下载事由").fill("复核存档")
    picture(officer, "g6-batch-desk")
    again = _download(officer, "再次下载")
    assert first == again
    assert batch.exports.get().file.sha256 == hashlib.sha256(first).hexdigest()
    sheet = openpyxl.load_workbook(BytesIO(first)).worksheets[0]
    numbers = [
        cell for row in sheet.iter_rows() for cell in row if re.fullmatch(r"\d{17}[\dX]", str(cell.value))
    ]
    assert len(numbers) == batch.row_count
    assert {cell.data_type for cell in numbers} == {"s"}


def _download(page: Any, button: str) -> bytes:
    press(page, button)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="下载文件").click()
    return Path(waiting.value.path()).read_bytes()

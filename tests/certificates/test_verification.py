"""Anyone may check a certificate; nobody may try numbers, and nothing more than needed is told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from certificates.issuing.enums import RevocationReason
from certificates.issuing.models import Certificate
from certificates.issuing.services.issuing import issue_certificate, number_certificate
from certificates.issuing.services.revoking import revoke_certificate
from certificates.issuing.verification import mask_name, verify_by_number
from tests.certificates.issuing_world import AT, World, make_world, stored_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def certificate(world: World) -> Certificate:
    return issue_certificate(world.record(name="王桂花"), by=world.planner, at=AT)


def text_of(response) -> str:
    return str(response.content.decode())


def test_a_valid_certificate_shows_what_is_needed_and_no_more(client: Client, certificate) -> None:
    response = client.get(reverse("certificates:verify", args=[certificate.token]))
    page = text_of(response)
    assert response.status_code == 200
    for shown in (
        "证书有效",
        "王*花",
        "培训合格证书",
        "家务服务员（初级）：保洁、洗涤与家电使用",
        "五级/初级工课程",
        "不是职业技能等级证书",
        "80",
        "星河县巾帼家政培训学校",
        "2026年3月24日",
        "XH-PX-2026-000001",
    ):
        assert shown in page
    assert "王桂花" not in page
    assert certificate.snapshot["document_masked"] not in page
    assert len(response.content) < 60_000


def test_the_answer_is_kept_out_of_search_engines_and_caches(client: Client, certificate) -> None:
    for response in (
        client.get(reverse("certificates:verify", args=[certificate.token])),
        client.get(reverse("certificates:verify", args=["nobody-has-this-token"])),
        client.get(reverse("certificates:verify_form")),
    ):
        assert "noindex" in response.headers["X-Robots-Tag"]
        assert "no-store" in response.headers["Cache-Control"]
        assert not response.cookies


def test_a_revoked_certificate_says_so_with_the_class_of_reason(client: Client, world, certificate) -> None:
    revoke_certificate(
        certificate, reason=RevocationReason.NOT_EARNED, note="张老师说的", by=world.planner, at=AT
    )
    page = text_of(client.get(reverse("certificates:verify", args=[certificate.token])))
    assert "这张证书已撤销" in page
    assert "从 2026年3月24日起无效" in page
    assert "不符合发证条件" in page
    assert "0000-8125530" in page
    assert "证书有效" not in page
    assert "张老师说的" not in page


def test_a_certificate_without_file_is_still_being_made(client: Client, world) -> None:
    certificate = number_certificate(world.record(), by=world.planner, at=AT)
    page = text_of(client.get(reverse("certificates:verify", args=[certificate.token])))
    assert "证书正在制作" in page
    assert "证书有效" not in page


def test_a_token_one_character_off_is_a_calm_404(client: Client, certificate) -> None:
    token = certificate.token[:-1] + ("A" if certificate.token[-1] != "A" else "B")
    response = client.get(reverse("certificates:verify", args=[token]))
    assert response.status_code == 404
    assert "没有查到这张证书" in text_of(response)
    assert client.post(reverse("certificates:verify", args=[certificate.token])).status_code == 405


def test_number_and_name_must_both_match_and_the_answer_is_one(client: Client, world, certificate) -> None:
    address = reverse("certificates:verify_form")
    found = client.post(address, {"number": "ｘｈ-px-2026-000001 ", "name": " 王 桂花"})
    assert "证书有效" in text_of(found)
    wrong_name = text_of(client.post(address, {"number": certificate.number, "name": "王桂枝"}))
    wrong_number = text_of(client.post(address, {"number": "XH-PX-2026-000002", "name": "王桂花"}))
    assert "没有查到" in wrong_name
    assert wrong_name.replace("王桂枝", "").replace(certificate.number, "") == wrong_number.replace(
        "王桂花", ""
    ).replace("XH-PX-2026-000002", "")


def test_empty_fields_are_named_and_what_was_typed_stays(client: Client, certificate) -> None:
    page = text_of(
        client.post(reverse("certificates:verify_form"), {"number": certificate.number, "name": ""})
    )
    assert "持证人姓名" in page
    assert certificate.number in page
    assert "证书有效" not in page
    assert client.get(reverse("certificates:verify_form"), {"number": "XH-PX-2026-000001"}).status_code == 200


def test_no_name_matches_an_unknown_number() -> None:
    assert verify_by_number("XH-PX-2026-000001", "") is None


def test_the_thirty_first_question_of_a_minute_waits(client: Client, certificate) -> None:
    address = reverse("certificates:verify", args=[certificate.token])
    assert {client.get(address).status_code for _ in range(30)} == {200}
    refused = client.get(address)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    form = {"number": certificate.number, "name": "王桂花"}
    assert client.post(reverse("certificates:verify_form"), form).status_code == 429
    assert client.get(address, REMOTE_ADDR="203.0.113.9").status_code == 200
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=61)):
        assert client.get(address).status_code == 200


def test_names_are_masked_between_first_and_last() -> None:
    assert [mask_name(name) for name in ("王花", "王桂花", "欧阳桂花", "王")] == [
        "王*",
        "王*花",
        "欧**花",
        "王*",
    ]


def test_the_holder_downloads_the_same_bytes_each_time(client: Client, world, certificate) -> None:
    client.force_login(world.holder(certificate.person))
    address = reverse("certificates:download", args=[certificate.number])
    first, second = client.get(address), client.get(address)
    assert first.content == second.content == stored_bytes(certificate)
    assert first.headers["Content-Type"] == "application/pdf"
    disposition = first.headers["Content-Disposition"]
    assert 'filename="XH-PX-2026-000001.pdf"' in disposition
    assert "filename*=UTF-8''%E5%9F%B9%E8%AE%AD" in disposition
    assert "no-store" in first.headers["Cache-Control"]


def test_nobody_else_knows_that_the_file_exists(client: Client, world, certificate) -> None:
    address = reverse("certificates:download", args=[certificate.number])
    assert client.get(address).status_code == 302
    client.force_login(world.holder(world.person(), "neighbour"))
    assert client.get(address).status_code == 404
    client.force_login(world.user("elsewhere", organisation=world.other_school))
    assert client.get(address).status_code == 404


def test_a_revoked_certificate_is_no_longer_handed_to_its_holder(client: Client, world, certificate) -> None:
    revoke_certificate(certificate, reason=RevocationReason.FRAUD, note="", by=world.planner, at=AT)
    client.force_login(world.holder(certificate.person))
    assert client.get(reverse("certificates:download", args=[certificate.number])).status_code == 404


def test_a_damaged_file_is_not_handed_out(client: Client, world, certificate) -> None:
    path = Path(certificate.file.content.path)
    path.write_bytes(path.read_bytes() + b" ")
    client.force_login(world.holder(certificate.person))
    client.raise_request_exception = False
    response = client.get(reverse("certificates:download", args=[certificate.number]))
    assert response.status_code == 500
    assert not response.content.startswith(b"%PDF")


def test_a_colleague_of_the_school_uses_the_back_office(client: Client, world, certificate) -> None:
    # The class teacher's organisation sees the certificate; this address is the holder's alone.
    client.force_login(world.planner)
    assert client.get(reverse("certificates:download", args=[certificate.number])).status_code == 404

"""What leaves the machine: the signed request to a text gateway, and one e-mail, against local servers."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from cms.messaging import mail
from cms.messaging.gateways import ConsoleSmsGateway, SmsRefusedError, SmsTroubleError, SmsUnclearError
from cms.messaging.http_gateway import Account, HttpSmsGateway, account_from_settings
from cms.settings.mail import mail_from_url

SECRET = "k" * 32


class FakeGateway(BaseHTTPRequestHandler):
    """Checks the signature as an operator would, then answers what the test asked for."""

    status, body, delay = 200, b'{"code": "OK", "message_id": "M-77"}', 0.0
    seen: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = ["POST", "/v1/messages", self.headers["X-Timestamp"], self.headers["X-Nonce"]]
        text = "\n".join([*parts, hashlib.sha256(body).hexdigest()])
        right = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        fresh = abs(time.time() - int(self.headers["X-Timestamp"])) < 300
        if not (hmac.compare_digest(right, self.headers["X-Signature"]) and fresh):
            return self._answer(401, b'{"code": "BAD_SIGNATURE"}')
        FakeGateway.seen.append({**json.loads(body), "key": self.headers["X-Key-Id"]})
        time.sleep(self.delay)
        return self._answer(self.status, self.body)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(FakeGateway, "seen", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeGateway)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1/messages"
    server.shutdown()
    server.server_close()


def gateway(url: str, secret: str = SECRET) -> HttpSmsGateway:
    return HttpSmsGateway(Account(url, "K1", secret, "星河人社", "T-9", timeout_seconds=1))


def test_a_text_is_signed_and_the_gateways_number_comes_back(url: str) -> None:
    assert gateway(url).send("13900000417", "车来了。" * 200).gateway_id == "M-77"
    [seen] = FakeGateway.seen
    assert (seen["key"], seen["phone"], seen["signature"], seen["template"]) == (
        "K1", "13900000417", "星河人社", "T-9",
    )  # fmt: skip
    assert len(seen["parameters"]["content"]) == 500


def test_a_wrong_secret_is_refused_and_nothing_is_taken(url: str) -> None:
    with pytest.raises(SmsRefusedError) as refused:
        gateway(url, "another").send("13900000417", "x")
    assert refused.value.code == "BAD_SIGNATURE"
    assert not FakeGateway.seen


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (200, b'{"code": "INVALID_PHONE"}', SmsRefusedError, "INVALID_PHONE"),
        (400, b'{"code": "13900000417 is wrong"}', SmsRefusedError, "http_400"),  # never quoted in a log
        (403, b"<html>forbidden</html>", SmsRefusedError, "http_403"),
        (429, b'{"code": "RATE_LIMIT"}', SmsTroubleError, "RATE_LIMIT"),
        (503, b"", SmsTroubleError, "http_503"),
        (500, b'{"code": "INTERNAL"}', SmsUnclearError, "http_500"),
        (302, b"", SmsUnclearError, "http_302"),
        (200, b"not json", SmsUnclearError, "http_200"),
        (200, b"[]", SmsUnclearError, "http_200"),
    ],
)
def test_each_answer_has_its_meaning(
    url: str, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, error: type, code: str
) -> None:
    monkeypatch.setattr(FakeGateway, "status", status)
    monkeypatch.setattr(FakeGateway, "body", body)
    with pytest.raises(SmsRefusedError) as refused:
        gateway(url).send("13900000417", "x")
    assert (type(refused.value), refused.value.code) == (error, code)
    assert "13900000417" not in str(refused.value)


def test_silence_is_unclear_and_a_closed_door_is_not(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeGateway, "delay", 1.3)
    with pytest.raises(SmsUnclearError):
        gateway(url).send("13900000417", "x")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(SmsTroubleError) as refused:
            gateway(closed).send("13900000417", "x")
    assert refused.value.code == "not_reached"


def test_the_account_is_complete_and_goes_over_https(settings: Any) -> None:
    settings.SMS_HTTP_URL, settings.SMS_HTTP_KEY_ID, settings.SMS_HTTP_SECRET = "", "K1", ""
    with pytest.raises(ImproperlyConfigured, match="SMS_HTTP_URL, SMS_HTTP_SECRET"):
        account_from_settings()
    settings.SMS_HTTP_SECRET, settings.SMS_HTTP_URL = SECRET, "http://sms.example.com/"
    with pytest.raises(ImproperlyConfigured, match="https"):
        account_from_settings()
    settings.SMS_HTTP_URL = "https://sms.example.com/"
    assert account_from_settings().key_id == "K1"


def test_the_console_gateway_prints(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleSmsGateway().send("13900000417", "车来了")
    assert capsys.readouterr().err == "SMS 13900000417: 车来了\n"


class MailSink(socketserver.StreamRequestHandler):
    """The least of an SMTP server: takes one mail, or answers the recipient with ``rcpt``."""

    rcpt = b"250 ok"
    mails: list[bytes] = []

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                MailSink.mails.append(b"".join(lines))
                self.wfile.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write((self.rcpt if verb == b"RCPT" else b"250 ok") + b"\r\n")


@pytest.fixture
def sink(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[MailSink]]:
    monkeypatch.setattr(MailSink, "mails", [])
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailSink)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    for name, value in mail_from_url(f"smtp://127.0.0.1:{server.server_address[1]}?tls=0").items():
        setattr(settings, name, value)
    yield MailSink
    server.shutdown()
    server.server_close()


def test_a_mail_arrives_with_its_message_id(sink: type[MailSink]) -> None:
    mail.send("wang@example.com", "证书做好了", "请登录下载。", "0197-abc")
    [raw] = sink.mails
    assert b"Message-ID: <0197-abc@127.0.0.1>" in raw
    assert b"Auto-Submitted: auto-generated" in raw


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (b"550 no such user", mail.MailRefusedError, "smtp_550"),
        (b"450 try later", mail.MailTroubleError, "smtp_450"),
    ],
)
def test_the_servers_answer_decides_whether_to_try_again(
    sink: type[MailSink], monkeypatch: pytest.MonkeyPatch, answer: bytes, error: type, code: str
) -> None:
    monkeypatch.setattr(sink, "rcpt", answer)
    with pytest.raises(error) as refused:
        mail.send("wang@example.com", "s", "b", "0197-abc")
    assert refused.value.code == code


def test_a_server_that_is_away_is_trouble(settings: Any, sink: type[MailSink]) -> None:
    settings.EMAIL_PORT = 1
    with pytest.raises(mail.MailTroubleError):
        mail.send("wang@example.com", "s", "b", "0197-abc")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", {"SENDS_EMAIL": False}),
        ("console:", {"SENDS_EMAIL": True}),
        (
            "smtp://user%40x:p%2Fw@mail.example.com",
            {
                "EMAIL_HOST_USER": "user@x",
                "EMAIL_HOST_PASSWORD": "p/w",
                "EMAIL_PORT": 587,
                "EMAIL_USE_TLS": True,
            },
        ),
        ("smtps://mail.example.com", {"EMAIL_PORT": 465, "EMAIL_USE_SSL": True, "EMAIL_USE_TLS": False}),
    ],
)
def test_one_address_says_how_mail_is_sent(url: str, expected: dict[str, Any]) -> None:
    assert mail_from_url(url).items() >= expected.items()


def test_an_address_that_says_nothing_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        mail_from_url("mail.example.com:25")

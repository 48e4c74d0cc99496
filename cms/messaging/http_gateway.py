"""A text-message gateway reached by one signed JSON request.

Each request carries the account, a moment, a number used once and an HMAC-SHA256 over all of it and the
body, so that a copy of it can neither be changed nor used later.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from cms.messaging.gateways import SmsReceipt, SmsRefusedError, SmsTroubleError, SmsUnclearError

# Connecting is quick or does not happen; an answer may take its time.
CONNECT_SECONDS = 5
MAX_TEXT = 500
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# The gateway's word may quote the phone or the text: only a short code is believed and kept.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
# Answered before anything was taken.
_NOT_TAKEN = {429, 503}


@dataclass(frozen=True)
class Account:
    """The office's account with the gateway, from the environment."""

    url: str
    key_id: str
    secret: str
    signature_name: str
    template_id: str
    timeout_seconds: int


def account_from_settings() -> Account:
    """Read the account; raise ``ImproperlyConfigured`` naming what is missing, or for plain HTTP."""
    account = Account(
        url=settings.SMS_HTTP_URL,
        key_id=settings.SMS_HTTP_KEY_ID,
        secret=settings.SMS_HTTP_SECRET,
        signature_name=settings.SMS_HTTP_SIGNATURE,
        template_id=settings.SMS_HTTP_TEMPLATE,
        timeout_seconds=settings.SMS_HTTP_TIMEOUT,
    )
    names = {
        "SMS_HTTP_URL": account.url,
        "SMS_HTTP_KEY_ID": account.key_id,
        "SMS_HTTP_SECRET": account.secret,
    }
    if missing := [name for name, value in names.items() if not value]:
        raise ImproperlyConfigured(f"{', '.join(missing)} must be set for the text-message gateway.")
    parts = urlsplit(account.url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ImproperlyConfigured("SMS_HTTP_URL must begin with https://: phones and texts go over it.")
    return account


class HttpSmsGateway:
    """Sends by ``POST`` to ``SMS_HTTP_URL``; docs/messages.md shows request and answer."""

    def __init__(self, account: Account | None = None) -> None:
        self.account = account or account_from_settings()

    def send(self, phone: str, text: str) -> SmsReceipt:
        """Hand one text over. Raises ``SmsRefusedError``, ``SmsTroubleError`` or ``SmsUnclearError``."""
        body = json.dumps(
            {
                "phone": phone,
                "signature": self.account.signature_name,
                "template": self.account.template_id,
                "parameters": {"content": text[:MAX_TEXT]},
            },
            ensure_ascii=False,
            sort_keys=True,
        ).encode()
        return _receipt(self._post(body))

    def _post(self, body: bytes) -> requests.Response:
        try:
            return requests.post(
                self.account.url,
                data=body,
                headers=self._headers(body),
                timeout=(CONNECT_SECONDS, self.account.timeout_seconds),
                allow_redirects=False,
            )
        except requests.exceptions.ConnectTimeout as error:
            raise SmsTroubleError("the gateway was not reached in time", "not_reached") from error
        except requests.exceptions.Timeout as error:
            raise SmsUnclearError("the gateway did not answer in time", "no_answer") from error
        except requests.exceptions.ConnectionError as error:
            if _never_connected(error):
                raise SmsTroubleError("the gateway was not reached", "not_reached") from error
            raise SmsUnclearError("the connection broke before the answer", "no_answer") from error

    def _headers(self, body: bytes) -> dict[str, str]:
        moment, nonce = str(int(dt.datetime.now(dt.UTC).timestamp())), secrets.token_hex(16)
        signature = sign(self.account.secret, self.account.url, moment, nonce, body)
        return {
            "Content-Type": "application/json; charset=utf-8",
            "X-Key-Id": self.account.key_id,
            "X-Timestamp": moment,
            "X-Nonce": nonce,
            "X-Signature": signature,
        }


def sign(secret: str, url: str, moment: str, nonce: str, body: bytes) -> str:
    """Return the hexadecimal HMAC-SHA256 over method, path, moment, nonce and the body's SHA-256."""
    path = urlsplit(url).path or "/"
    text = "\n".join(["POST", path, moment, nonce, hashlib.sha256(body).hexdigest()])
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _receipt(response: requests.Response) -> SmsReceipt:
    """Return the receipt of a good answer; raise what any other answer means."""
    answer = _answer_of(response)
    code = _code_of(answer)
    if response.status_code in _NOT_TAKEN:
        raise SmsTroubleError("the gateway is busy", code or f"http_{response.status_code}")
    if response.status_code >= 500 or 300 <= response.status_code < 400 or answer is None:
        raise SmsUnclearError("the gateway's answer cannot be read", f"http_{response.status_code}")
    if response.status_code == 200 and code == "OK":
        return SmsReceipt(str(answer.get("message_id", ""))[:100])
    raise SmsRefusedError("the gateway refused", code or f"http_{response.status_code}")


def _answer_of(response: requests.Response) -> dict[str, Any] | None:
    try:
        answer = response.json()
    except ValueError:
        # A refusal may come from a proxy in front, which speaks no JSON; nothing was taken then.
        return {} if 400 <= response.status_code < 500 else None
    return answer if isinstance(answer, dict) else None


def _code_of(answer: dict[str, Any] | None) -> str:
    code = str((answer or {}).get("code", ""))
    return code if _CODE.fullmatch(code) else ""

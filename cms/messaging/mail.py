"""One e-mail by Django's mail settings; what went wrong is either final or worth another try."""

from __future__ import annotations

import smtplib
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection


class MailRefusedError(Exception):
    """The server will never take it: a wrong address, or it is not wanted."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MailTroubleError(Exception):
    """The server was not reached or is busy: the same may be tried again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def send(address: str, subject: str, body: str, reference: str) -> None:
    """Send one plain e-mail; raise ``MailRefusedError`` or ``MailTroubleError``.

    ``reference`` becomes the Message-ID: a mail that had to be sent twice is shown once by most readers.
    """
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    headers = {"Message-ID": f"<{reference}@{host}>", "Auto-Submitted": "auto-generated"}
    message = EmailMessage(subject, body, to=[address], headers=headers, connection=get_connection())
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        _raise(min((code for code, _words in error.recipients.values()), default=550), error)
    except smtplib.SMTPResponseException as error:
        _raise(error.smtp_code, error)
    except (smtplib.SMTPException, OSError) as error:
        raise MailTroubleError("not_reached") from error
    except ValueError as error:  # a line break in an address: Django refuses to write the header
        raise MailRefusedError("bad_address") from error


def _raise(code: int, error: Exception) -> None:
    # RFC 5321: 4xx passes, 5xx stays.
    if 400 <= code < 500:
        raise MailTroubleError(f"smtp_{code}") from error
    raise MailRefusedError(f"smtp_{code}") from error

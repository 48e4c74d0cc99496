"""What is told about certificates; registered by import."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.issuing.models import Certificate
from cms.messaging import MessageKind, MessageText, register_kind
from cms.models import Message


def _words(message: Message) -> MessageText:
    facts = {"title": message.about["title"], "number": message.about["number"]}
    return MessageText(
        _("证书做好了：%(title)s") % facts,
        _("“%(title)s”的证书做好了，编号 %(number)s。登录网站就能下载，也可以到发证单位领。") % facts,
    )


def _reissued_words(message: Message) -> MessageText:
    facts = {"title": message.about["title"], "number": message.about["number"]}
    return MessageText(
        _("证书补发好了：%(title)s") % facts,
        _(
            "“%(title)s”的证书补发好了，编号还是 %(number)s。登录网站就能下载，也可以到发证单位领。以前的那份请不要再用。"
        )
        % facts,
    )


def _is_good(message: Message, at: dt.datetime) -> bool:
    return Certificate.objects.valid().filter(pk=message.subject_id).exists()


register_kind(
    MessageKind(
        "certificate_ready",
        gettext_lazy("证书做好了"),
        words=_words,
        still_due=_is_good,
        link=lambda message: reverse("account:home"),
    )
)
register_kind(
    MessageKind(
        "certificate_reissued",
        gettext_lazy("证书补发好了"),
        words=_reissued_words,
        still_due=_is_good,
        link=lambda message: reverse("account:home"),
    )
)

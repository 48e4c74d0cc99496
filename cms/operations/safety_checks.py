"""What the doctor asks of settings and secrets."""

from __future__ import annotations

import datetime as dt
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.models import SiteSettings
from cms.operations.checks import DoctorCheck, Finding, doctor_checks, fault, ok, warning

_SECRETS = (
    "SECRET_KEY", "FIELD_KEYS", "LOOKUP_KEYS", "DATABASE_URL", "CELERY_BROKER_URL", "METRICS_TOKEN",
    "BACKUP_PASSPHRASE",
)  # fmt: skip
_SHORT = 32
_KNOWN_WORDS = ("changeme", "change-me", "django-insecure", "secret", "example", "password", "xxxx")
_LOCAL_MAIL = ("console", "locmem", "dummy", "filebased")


def check_keys(at: dt.datetime) -> Iterator[Finding]:
    """Keys are there, are no examples, differ from each other, and their files are for one user alone."""
    faults = [*_weak_keys(), *_open_files()]
    yield from faults
    old = len(settings.FIELD_KEYS) + len(settings.LOOKUP_KEYS) - 2
    if old > 0:
        yield warning(
            _("还留着 %(count)s 把旧密钥。") % {"count": old},
            _("看还有没有用旧密钥的：manage.py rotate_keys --status；都换完了再拿掉。"),
        )
    if not faults:
        yield ok(
            _("密钥齐全：加密 %(field)s 把，查找 %(lookup)s 把。请确认它们另存了一份，丢了就再也打不开号码。")
            % {"field": len(settings.FIELD_KEYS), "lookup": len(settings.LOOKUP_KEYS)}
        )


def _weak_keys() -> Iterator[Finding]:
    advice = _("按 docs/deploy.md 第 2 步（Keys）重新生成。")
    for name, keys in (
        ("SECRET_KEY", [settings.SECRET_KEY]),
        ("FIELD_KEYS", settings.FIELD_KEYS),
        ("LOOKUP_KEYS", settings.LOOKUP_KEYS),
    ):
        if not keys:
            yield fault(_("没有 %(name)s。") % {"name": name}, advice)
        if any(len(key) < _SHORT or any(word in key.lower() for word in _KNOWN_WORDS) for key in keys):
            yield fault(_("%(name)s 太短，或是照抄的例子。") % {"name": name}, advice)
    for key in settings.FIELD_KEYS:
        try:
            Fernet(key)
        except ValueError:
            yield fault(_("FIELD_KEYS 里有一把不是合格的密钥。"), advice)
    if set(settings.FIELD_KEYS) & {*settings.LOOKUP_KEYS, settings.SECRET_KEY}:
        yield fault(_("加密的密钥和查找的密钥是同一把。"), advice)


def _open_files() -> Iterator[Finding]:
    for name in _SECRETS:
        path = os.environ.get(f"{name}_FILE", "").strip()
        if not path or not Path(path).exists():
            continue
        if stat.S_IMODE(Path(path).stat().st_mode) & 0o077:
            yield fault(_("%(name)s 的文件别的用户也能读。") % {"name": name}, f"chmod 600 {path}")


def check_addresses(at: dt.datetime) -> Iterator[Finding]:
    """The address on QR codes is the one people can open, and safely."""
    address = settings.PUBLIC_URL
    if not address.startswith("https://"):
        said = _("对外地址 %(address)s 不是 https。") % {"address": address}
        advice = _("配好证书，把 PUBLIC_URL 改成 https:// 开头；二维码印的就是这个地址。")
        yield fault(said, advice) if settings.IS_OFFICE else warning(said, advice)
    else:
        yield ok(_("对外地址是 %(address)s。") % {"address": address})
    if "*" in settings.ALLOWED_HOSTS:
        yield fault(_("ALLOWED_HOSTS 写了 *，什么域名都认。"), _("只写本单位的域名。"))
    if settings.DEBUG:
        yield fault(_("调试模式开着，出错页会把内情给人看。"), "DEBUG=0")


def check_messages(at: dt.datetime) -> Iterator[Finding]:
    """Whether mail and text messages can be sent, said plainly either way."""
    if not settings.SENDS_EMAIL or any(word in settings.EMAIL_BACKEND for word in _LOCAL_MAIL):
        yield warning(_("没有配邮件：系统不会发邮件。"), _("需要的话，见 docs/operations.md 里邮件的几项。"))
    else:
        yield ok(_("邮件交给 %(host)s。") % {"host": settings.EMAIL_HOST})
    if settings.SMS_GATEWAY:
        yield ok(_("短信网关配好了。"))
    else:
        yield warning(_("没有配短信网关：不发短信，用一次性凭条代替。"), _("需要的话，设 SMS_GATEWAY。"))


def check_static(at: dt.datetime) -> Iterator[Finding]:
    """Stylesheets can be found by the addresses that pages name."""
    if getattr(settings, "WHITENOISE_USE_FINDERS", False):
        yield ok(_("样式和图标直接从程序里取，不用收集。"))
        return
    try:
        staticfiles_storage.url("cms/caravan.css")
        name = staticfiles_storage.stored_name("cms/caravan.css")  # type: ignore[attr-defined]  # the manifest storage has it
        found = (Path(settings.STATIC_ROOT) / name).is_file()
    except ValueError:
        found = False
    if found:
        yield ok(_("样式和图标收集好了。"))
    else:
        yield fault(_("样式和图标没有收集，页面会没有样子。"), "manage.py collectstatic --no-input")


def check_demo(at: dt.datetime) -> Iterator[Finding]:
    """No invented people where real ones are served."""
    if not SiteSettings.objects.filter(show_demo_banner=True).exists():
        yield ok(_("没有演示数据。"))
    elif settings.IS_OFFICE:
        yield fault(
            _("正式环境里装的是演示数据，账号的密码别人也可能知道。"),
            _("换一个空的数据库，用 manage.py setup 开始。"),
        )
    else:
        yield warning(
            _("这是演示数据，办不了真事。"), _("正式使用前换一个空的数据库，用 manage.py setup 开始。")
        )


for _name, _title, _run in (
    ("keys", gettext_lazy("密钥"), check_keys),
    ("addresses", gettext_lazy("对外地址"), check_addresses),
    ("messages", gettext_lazy("邮件和短信"), check_messages),
    ("static", gettext_lazy("样式和图标"), check_static),
    ("demo", gettext_lazy("演示数据"), check_demo),
):
    doctor_checks.register(_name, DoctorCheck(_title, _run))

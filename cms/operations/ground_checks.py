"""What the doctor asks of the ground: database, processes, files, clock."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.enums import HeartbeatKind
from cms.fonts import FOLDER
from cms.operations import heartbeats, probes
from cms.operations.checks import DoctorCheck, Finding, doctor_checks, fault, ok, warning
from cms.roles import Role
from cms.services.memberships import roles_behind

_GIB = 1024**3
_LITTLE_SPACE, _NO_SPACE = 5 * _GIB, _GIB
_CLOCK_TOLERANCE_SECONDS = 5
# A worker may hold a long job for five minutes before it takes the next message.
_ROUND_TRIP_SECONDS = 15 * 60
_BACKUP_DAYS = 2


def check_database(at: dt.datetime) -> Iterator[Finding]:
    """Reachable, and set up so that writers wait for each other instead of failing."""
    try:
        probes.ask_database()
    except DatabaseError as error:
        yield fault(
            _("数据库连不上：%(error)s。") % {"error": type(error).__name__},
            _("看数据库服务开没开，DATABASE_URL 写得对不对。"),
        )
        return
    if connection.vendor == "postgresql":
        yield ok(_("PostgreSQL 连得上，版本 %(version)s。") % {"version": _postgresql_version()})
        yield from _isolation()
        return
    if settings.IS_OFFICE:
        yield warning(_("正式使用的单位用的是 SQLite。"), _("人多时请换 PostgreSQL，见 docs/deploy.md。"))
    with connection.cursor() as cursor:
        mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    if str(mode).lower() == "wal":
        yield ok(_("SQLite 连得上，写前日志（WAL）开着。"))
    else:
        yield fault(
            _("SQLite 没有开写前日志（WAL），现在是 %(mode)s。") % {"mode": mode},
            _("数据库文件要放在本机磁盘上，不要放网络盘。"),
        )


def _postgresql_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])


def _isolation() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW default_transaction_isolation")
        level = str(cursor.fetchone()[0])
    if level != "read committed":
        yield fault(
            _("事务隔离级别是 %(level)s。") % {"level": level},
            _("名额和编号的锁是按 read committed 写的，请改回默认值。"),
        )


def check_migrations(at: dt.datetime) -> Iterator[Finding]:
    """The tables are those of this code."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    unknown = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    if unknown:
        yield warning(
            _("数据库里有这个版本不认识的变更：%(names)s。") % {"names": _names(unknown)},
            _("程序可能比数据库旧。升级程序，或按 docs/deploy.md 的 Rollback 一节办。"),
        )
    if waiting:
        names = {(migration.app_label, migration.name) for migration, _backwards in waiting}
        yield fault(_("还有 %(count)s 项数据库变更没做。") % {"count": len(names)}, "manage.py migrate")
    else:
        yield ok(_("数据库变更都做过了。"))


def _names(keys: set[tuple[str, str]]) -> str:
    return ", ".join(sorted(f"{app}.{name}" for app, name in keys)[:5])


def check_broker(at: dt.datetime) -> Iterator[Finding]:
    """Messages can be handed over."""
    kind = settings.CELERY_BROKER_URL.partition(":")[0]
    try:
        probes.ask_broker()
    except Exception as error:  # noqa: BLE001 - each kind of broker has errors of its own
        yield fault(
            _("消息代理（%(kind)s）连不上：%(error)s。") % {"kind": kind, "error": type(error).__name__},
            _("看它开没开，CELERY_BROKER_URL 写得对不对。连上以前，后台任务只排队。"),
        )
        return
    if kind == "filesystem" and settings.IS_OFFICE:
        yield warning(_("消息代理是文件夹，只够一台机器用。"), _("正式使用请配 Redis 或 RabbitMQ。"))
    yield ok(_("消息代理（%(kind)s）连得上。") % {"kind": kind})


def check_processes(at: dt.datetime) -> Iterator[Finding]:
    """Worker and scheduler were heard of, and messages pass between them."""
    worker = heartbeats.is_alive(HeartbeatKind.WORKER, at)
    beat = heartbeats.is_alive(HeartbeatKind.BEAT, at)
    if worker:
        yield ok(_("后台进程（worker）在工作。"))
    else:
        yield fault(
            _("后台进程（worker）没有音讯%(since)s。") % {"since": _since(HeartbeatKind.WORKER, at)},
            "celery -A cms worker",
        )
    if beat:
        yield ok(_("定时进程（beat）在工作。"))
    else:
        yield fault(
            _("定时进程（beat）没有音讯%(since)s。") % {"since": _since(HeartbeatKind.BEAT, at)},
            "celery -A cms beat",
        )
    age = heartbeats.age_seconds(HeartbeatKind.ROUND_TRIP, at)
    if worker and beat and (age is None or age > _ROUND_TRIP_SECONDS):
        yield fault(
            _("两个进程都活着，可消息送不到。"),
            _("看 CELERY_BROKER_URL 和 CELERY_QUEUE 两边是不是一样，后台进程是不是都被长任务占着。"),
        )


def _since(kind: HeartbeatKind, at: dt.datetime) -> str:
    age = heartbeats.age_seconds(kind, at)
    if age is None:
        return ""
    return _("，最后一次在 %(minutes)s 分钟前") % {"minutes": int(age // 60)}


def check_storage(at: dt.datetime) -> Iterator[Finding]:
    """Both folders can be written, and the private one is not below a public one."""
    public, private = Path(settings.MEDIA_ROOT), Path(settings.PRIVATE_ROOT)
    static = Path(settings.STATIC_ROOT)
    for name, folder in (("MEDIA_ROOT", public), ("PRIVATE_ROOT", private)):
        try:
            probes.write_and_remove(folder)
            yield ok(_("%(name)s 写得进。") % {"name": name})
        except OSError as error:
            yield fault(
                _("%(name)s 写不进：%(error)s。") % {"name": name, "error": error.strerror or error},
                _("把文件夹 %(folder)s 交给运行程序的用户。") % {"folder": folder},
            )
    if any(private.resolve().is_relative_to(one.resolve()) for one in (public, static)):
        yield fault(
            _("私密文件放在公开的文件夹里面。"), _("把 PRIVATE_ROOT 挪到 MEDIA_ROOT 和 STATIC_ROOT 外面。")
        )


def check_disk(at: dt.datetime) -> Iterator[Finding]:
    """There is room for files and for the database."""
    folders = {str(settings.MEDIA_ROOT), str(settings.PRIVATE_ROOT)}
    if connection.vendor == "sqlite":
        folders.add(os.path.dirname(str(connection.settings_dict["NAME"])))
    seen = set()
    for folder in sorted(folders):
        place = next((one for one in (Path(folder), *Path(folder).parents) if one.exists()), Path("/"))
        if place.stat().st_dev in seen:
            continue
        seen.add(place.stat().st_dev)
        free = shutil.disk_usage(place).free
        said = _("%(folder)s 所在的磁盘还剩 %(free).1f GB。") % {"folder": folder, "free": free / _GIB}
        advice = _("清理磁盘，或换大一些的。写满了，谁的操作都存不进去。")
        yield (
            fault(said, advice)
            if free < _NO_SPACE
            else warning(said, advice)
            if free < _LITTLE_SPACE
            else ok(said)
        )


def check_fonts(at: dt.datetime) -> Iterator[Finding]:
    """Each bundled font is byte for byte the one that certificates were designed with."""
    sources = json.loads((FOLDER / "SOURCES.json").read_text(encoding="utf-8"))
    wrong = [one["file"] for one in sources if "sha256" in one and not _is_font(one["file"], one["sha256"])]
    if wrong:
        yield fault(
            _("字体文件缺少或坏了：%(files)s。") % {"files": ", ".join(wrong)},
            _("重新取一份完整的程序；少了字体，证书印不出来。"),
        )
    else:
        yield ok(_("%(count)s 个字体文件都完好。") % {"count": len(sources)})


def _is_font(name: str, sha256: str) -> bool:
    path = FOLDER / name
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def check_clock(at: dt.datetime) -> Iterator[Finding]:
    """The clocks of this machine and of the database agree, and days are those of China."""
    if settings.TIME_ZONE != "Asia/Shanghai" or not settings.USE_TZ:
        yield fault(
            _("时区是 %(zone)s。") % {"zone": settings.TIME_ZONE},
            _("日期规则按北京时间算，请改回 Asia/Shanghai。"),
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            apart = abs((cursor.fetchone()[0] - timezone.now()).total_seconds())
        if apart > _CLOCK_TOLERANCE_SECONDS:
            yield fault(
                _("本机的钟和数据库的钟差 %(seconds)s 秒。") % {"seconds": round(apart)},
                _("两台机器都打开网络校时（NTP）。"),
            )
            return
    local = timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
    yield ok(_("现在是北京时间 %(time)s；不对的话，请打开网络校时（NTP）。") % {"time": local})


def check_roles(at: dt.datetime) -> Iterator[Finding]:
    """The groups say what the code says."""
    behind = roles_behind()
    if behind:
        yield fault(
            _("%(count)s 个角色的权限和程序不一致。") % {"count": len(behind)}, "manage.py sync_roles"
        )
    else:
        yield ok(_("%(count)s 个角色的权限和程序一致。") % {"count": len(Role)})


def check_backup(at: dt.datetime) -> Iterator[Finding]:
    """Somebody made a backup lately."""
    age = heartbeats.age_seconds(HeartbeatKind.BACKUP, at)
    if age is not None and age <= _BACKUP_DAYS * 24 * 3600:
        yield ok(_("最近一次备份在 %(hours)s 小时前。") % {"hours": int(age // 3600)})
        return
    said = (
        _("还没有用 manage.py backup 做过备份。")
        if age is None
        else _("最近一次备份在 %(days)s 天前。") % {"days": int(age // 86400)}
    )
    yield (
        warning(said, _("每天备份一次，放到另一台机器上，见 docs/deploy.md。"))
        if settings.IS_OFFICE
        else ok(said)
    )


for _name, _title, _run in (
    ("database", gettext_lazy("数据库"), check_database),
    ("migrations", gettext_lazy("数据库变更"), check_migrations),
    ("broker", gettext_lazy("消息代理"), check_broker),
    ("processes", gettext_lazy("后台进程"), check_processes),
    ("storage", gettext_lazy("文件夹"), check_storage),
    ("disk", gettext_lazy("磁盘"), check_disk),
    ("fonts", gettext_lazy("字体"), check_fonts),
    ("clock", gettext_lazy("时钟"), check_clock),
    ("roles", gettext_lazy("角色"), check_roles),
    ("backup", gettext_lazy("备份"), check_backup),
):
    doctor_checks.register(_name, DoctorCheck(_title, _run))

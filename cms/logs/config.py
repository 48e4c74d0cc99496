"""``LOGGING`` for all processes: one handler to standard error, lines for people or JSON for machines.

Read by the settings and by the web server's configuration, so nothing here needs Django to be ready.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import MutableMapping
from typing import Any
from zoneinfo import ZoneInfo

from structlog import contextvars, processors, stdlib

from cms.logs.masking import mask_event

Event = MutableMapping[str, Any]

FORMATS = ("line", "json")
_LOCAL = ZoneInfo("Asia/Shanghai")
_FIRST = ("time", "level", "logger", "event")
# One line for every page put into the search index tells an operator nothing.
_QUIET = ("django_tasks", "wagtail", "modelsearch", "fontTools", "pikepdf", "weasyprint.progress")


def logging_config(log_format: str, level: str) -> dict[str, Any]:
    """Return settings for ``logging.config``; ``log_format`` is ``line`` or ``json``."""
    if log_format not in FORMATS:
        raise ValueError(f"LOG_FORMAT={log_format!r} is neither line nor json.")
    render = processors.JSONRenderer(ensure_ascii=False) if log_format == "json" else render_line
    before: list[Any] = [
        contextvars.merge_contextvars,
        stdlib.add_log_level,
        stdlib.add_logger_name,
        stdlib.ExtraAdder(),
        add_time,
        name_the_route,
    ]
    after: list[Any] = [
        stdlib.ProcessorFormatter.remove_processors_meta,
        processors.format_exc_info,
        mask_event,
        order_keys,
        render,
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "events": {"()": stdlib.ProcessorFormatter, "foreign_pre_chain": before, "processors": after}
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "events"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in _QUIET},
            # The access line tells of 4xx; the values of an SQL statement may be anybody's.
            "django.request": {"level": "ERROR"},
            "django.db.backends": {"level": "INFO"},
        },
    }


def add_time(logger: object, name: str, event: Event) -> Event:
    """Add when the record was made, in UTC, and drop what a worker adds to each record of a task."""
    record: logging.LogRecord = event["_record"]
    event["time"] = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
    event.pop("data", None)  # Celery repeats arguments, result and trace beside its message
    return event


def name_the_route(logger: object, name: str, event: Event) -> Event:
    """Django logs a request's path, which may hold a token: write the name of its route instead."""
    request = event.pop("request", None)
    if request is None:
        return event
    path = str(getattr(request, "path", ""))
    match = getattr(request, "resolver_match", None)
    if len(path) > 1:
        event["event"] = str(event["event"]).replace(path, match.view_name if match else "-")
    return event


def order_keys(logger: object, name: str, event: Event) -> Event:
    """Begin with what is read first."""
    return {key: event[key] for key in (*_FIRST, *(key for key in event if key not in _FIRST))}


def render_line(logger: object, name: str, event: Event) -> str:
    """Return a line for a terminal: local time, level, logger, words, then name=value."""
    when = dt.datetime.fromisoformat(event["time"]).astimezone(_LOCAL)
    trace = event.get("exception")
    rest = [f"{key}={value}" for key, value in event.items() if key not in (*_FIRST, "exception")]
    words = [
        when.strftime("%Y-%m-%d %H:%M:%S"), str(event["level"]).upper(), event["logger"], event["event"], *rest,
    ]  # fmt: skip
    line = " ".join(str(word) for word in words)
    return f"{line}\n{trace}" if trace else line

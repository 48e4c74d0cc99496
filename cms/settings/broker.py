"""Celery's settings that depend on the broker's address."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def filesystem_transport(folder: Path) -> dict[str, Any]:
    """Return transport options of the embedded broker: messages are files below ``folder``.

    It loses what a killed worker had fetched; job rows and the sweep make that harmless.
    """
    for name in ("queue", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.1,
    }

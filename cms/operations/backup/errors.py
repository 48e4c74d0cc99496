"""Why a backup or a restore stopped, in words for an operator."""

from __future__ import annotations


class BackupError(Exception):
    """Nothing that was there before is lost; the text says what to do."""

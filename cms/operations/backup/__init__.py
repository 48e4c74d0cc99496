"""Backup and restore: one archive with the database, the files and a manifest; the keys stay apart."""

from cms.operations.backup.errors import BackupError
from cms.operations.backup.making import make_backup
from cms.operations.backup.restoring import restore_backup

__all__ = ["BackupError", "make_backup", "restore_backup"]

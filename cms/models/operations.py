"""Signs of life: which process was seen when. Rows, so that they look the same on every broker."""

from __future__ import annotations

from django.db import models

from cms.enums import HeartbeatKind


class Heartbeat(models.Model):
    """The last sign of life of one process, or the last time that something regular happened."""

    kind = models.CharField(max_length=20, choices=HeartbeatKind)
    name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="cms_heartbeat_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

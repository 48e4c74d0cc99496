"""The audit log: one entry a change, insert only; seals over it; and the free words that may be erased."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.ids import uuid7
from cms.models.signing import SigningKey
from cms.querysets import AuditQuerySet, SealQuerySet


class AuditEntry(models.Model):
    """Who did what to which object, for whom, when. Holds ids, field names and masked values only.

    ``actor_name`` is of entries from before names were looked up; it is no longer written. ``stamp`` is
    the digest keyed with ``LOOKUP_KEYS``: who has the database alone cannot add an entry that fits.

    Triggers refuse update and delete. Nothing points at an entry, so months can be partitioned away;
    ids are plain numbers rather than foreign keys for the same reason.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("时间"), db_index=True)
    action = models.CharField(_("操作"), max_length=60)
    object_type = models.CharField(_("对象类型"), max_length=60)
    object_id = models.CharField(_("对象编号"), max_length=40)
    object_label = models.CharField(_("对象"), max_length=120, blank=True)
    actor_id = models.BigIntegerField(_("操作人编号"), null=True)
    actor_name = models.CharField(_("操作人"), max_length=50, blank=True)
    for_person_id = models.BigIntegerField(_("代谁办理"), null=True)
    organisation_id = models.BigIntegerField(_("机构"), null=True)
    region_code = models.CharField(_("地区"), max_length=12, blank=True)
    data = models.JSONField(_("内容"), default=dict)
    digest = models.CharField(_("摘要"), max_length=64)
    # Nullable: entries of older versions have none, and SQLite rebuilds the table (without its
    # triggers) for a column that is not.
    stamp = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001

    objects = AuditQuerySet["AuditEntry"].as_manager()

    class Meta:
        verbose_name = _("操作记录")
        verbose_name_plural = _("操作记录")
        indexes = [
            models.Index(fields=["object_type", "object_id", "at"], name="cms_audit_object"),
            models.Index(fields=["organisation_id", "at"], name="cms_audit_organisation"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"


class AuditNote(models.Model):
    """What somebody typed (a reason, a remark), encrypted, apart from the entry that it belongs to.

    The entry keeps an HMAC of the text under ``salt``. Erasing blanks text and salt: then nothing tells
    the text any more, not even to who guesses it, and the entry stays as it was.
    """

    entry_id = models.UUIDField(_("操作记录"))
    field = models.CharField(_("栏目"), max_length=20)
    salt = models.CharField(max_length=32, blank=True)
    text_token = models.TextField(_("说明"), blank=True)
    erased_at = models.DateTimeField(_("删除时间"), null=True)

    class Meta:
        verbose_name = _("操作说明")
        verbose_name_plural = _("操作说明")
        constraints = [
            models.UniqueConstraint(fields=["entry_id", "field"], name="cms_note_once"),
        ]


class AuditSeal(models.Model):
    """A signed Merkle root over entries that stood committed, chained to the seal before. Insert only."""

    number = models.BigIntegerField(_("封存号"), primary_key=True)
    previous = models.CharField(_("上一次封存的摘要"), max_length=64, blank=True)
    root = models.CharField(_("默克尔根"), max_length=64)
    count = models.PositiveIntegerField(_("记录数"))
    first_id = models.UUIDField(_("第一条"))
    last_id = models.UUIDField(_("最后一条"))
    at = models.DateTimeField(_("封存时间"), db_index=True)
    key = models.ForeignKey(
        SigningKey, verbose_name=_("签名密钥"), on_delete=models.PROTECT, related_name="seals"
    )
    digest = models.CharField(_("摘要"), max_length=64)
    signature = models.CharField(_("签名"), max_length=120)

    objects = SealQuerySet["AuditSeal"].as_manager()

    class Meta:
        verbose_name = _("封存")
        verbose_name_plural = _("封存")
        ordering = ["-number"]

    def __str__(self) -> str:
        return str(self.number)


class AuditSealEntry(models.Model):
    """Which entry is in which seal, with the digest that was sealed. Insert only; an entry once.

    ``flaw`` says what was wrong with the entry when it was sealed: part of what is signed, so sealing
    never whitewashes.
    """

    entry_id = models.UUIDField(primary_key=True, editable=False)
    seal = models.ForeignKey(AuditSeal, on_delete=models.PROTECT, related_name="entries")
    position = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    flaw = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seal", "position"], name="cms_seal_position"),
        ]


class SealChain(models.Model):
    """The one row that a sealer locks: where the chain ends, and up to when nothing was left unsealed."""

    last_number = models.BigIntegerField(default=0)
    last_digest = models.CharField(max_length=64, blank=True)
    complete_until = models.DateTimeField(null=True)

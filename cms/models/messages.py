"""What people are told: one outbox for all apps, how each message went out, what people chose."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cms.enums import Channel, DeliveryState, MessageState
from cms.ids import uuid7
from cms.models.organisations import Organisation
from cms.models.people import Person
from cms.models.regions import region_code_validator
from cms.querysets import DeliveryQuerySet, MessageQuerySet, QuietHoursQuerySet


class Message(models.Model):
    """One thing told to one person or account: recipient × kind × subject × occasion, once.

    It holds facts, never words: the words are written in the reader's language when they are read or
    sent. ``occasion`` tells two tellings about one subject apart (the new time of a session, the step
    of a reminder). Nothing holds a foreign key to a message; its key is ordered by time.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=40)
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    occasion = models.CharField(max_length=60, blank=True)
    about = models.JSONField(default=dict)
    state = models.CharField(
        _("状态"), max_length=20, choices=MessageState, default=MessageState.QUEUED, editable=False
    )
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )
    region_code = models.CharField(max_length=12, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("登记时间"))
    due_at = models.DateTimeField(_("该发的时间"))
    posted_at = models.DateTimeField(_("发出时间"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    objects = MessageQuerySet["Message"].as_manager()

    class Meta:
        verbose_name = _("消息")
        verbose_name_plural = _("消息")
        ordering = ["-posted_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, user__isnull=True)
                | Q(person__isnull=True, user__isnull=False),
                name="cms_message_one_recipient",
            ),
            models.UniqueConstraint(
                fields=["person", "kind", "subject_type", "subject_id", "occasion"],
                condition=Q(person__isnull=False),
                name="cms_message_person_once",
            ),
            models.UniqueConstraint(
                fields=["user", "kind", "subject_type", "subject_id", "occasion"],
                condition=Q(user__isnull=False),
                name="cms_message_user_once",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state=MessageState.QUEUED), name="cms_message_due"),
            models.Index(fields=["subject_type", "subject_id"], name="cms_message_subject"),
            models.Index(fields=["person", "-posted_at"], name="cms_message_person_inbox"),
            models.Index(fields=["user", "-posted_at"], name="cms_message_user_inbox"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type} {self.subject_id}"


class MessageRead(models.Model):
    """An account has read a message; a helper's reading does not mark it as read for the learner."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages_read")
    message_id = models.UUIDField()
    read_at = models.DateTimeField(_("看过的时间"))

    class Meta:
        verbose_name = _("看过的消息")
        verbose_name_plural = _("看过的消息")
        constraints = [models.UniqueConstraint(fields=["message_id", "user"], name="cms_message_read_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.message_id}"


class Delivery(models.Model):
    """One way of one message to its recipient: the delivery log, and the row that says what is due.

    Recipient, organisation and region are written here too, so that the log is read from one table.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message_id = models.UUIDField(editable=False)
    kind = models.CharField(_("消息种类"), max_length=40)
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="deliveries"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="deliveries"
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="deliveries",
    )
    region_code = models.CharField(_("地区"), max_length=12, blank=True)
    channel = models.CharField(_("渠道"), max_length=10, choices=Channel)
    state = models.CharField(_("状态"), max_length=20, choices=DeliveryState, default=DeliveryState.QUEUED)
    reason = models.CharField(_("原因"), max_length=60, blank=True)
    # Enough to recognise a wrong number, too little to call it.
    address_masked = models.CharField(_("发到"), max_length=80, blank=True)
    gateway_id = models.CharField(_("网关编号"), max_length=100, blank=True)
    tries = models.PositiveSmallIntegerField(_("发送次数"), default=0)
    queued_at = models.DateTimeField(_("登记时间"))
    next_try_at = models.DateTimeField(_("下次发送"), null=True, blank=True)
    attempted_at = models.DateTimeField(_("最近发送"), null=True, blank=True)
    finished_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    objects = DeliveryQuerySet["Delivery"].as_manager()

    class Meta:
        verbose_name = _("发送记录")
        verbose_name_plural = _("发送记录")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["message_id", "channel"], name="cms_delivery_once")]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=[DeliveryState.QUEUED, DeliveryState.SENDING]),
                name="cms_delivery_due",
            ),
            models.Index(fields=["organisation", "state"], name="cms_delivery_organisation"),
            models.Index(fields=["region_code"], name="cms_delivery_region"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.get_channel_display()}"


class MessageChoice(models.Model):
    """An account wants, or does not want, one kind of message by one channel."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="message_choices"
    )
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel)
    is_wanted = models.BooleanField()
    chosen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("消息设置")
        verbose_name_plural = _("消息设置")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="cms_message_choice_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.channel}"


class MessageLanguage(models.Model):
    """The language in which an account is written to; without a row it is Chinese."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="message_language",
    )
    language = models.CharField(max_length=10)

    class Meta:
        verbose_name = _("消息语言")
        verbose_name_plural = _("消息语言")

    def __str__(self) -> str:
        return f"{self.user_id} {self.language}"


class QuietHours(models.Model):
    """When nobody's phone may ring: from ``starts`` in the evening to ``ends`` in the morning, local time."""

    region_code = models.CharField(_("地区"), max_length=12, validators=[region_code_validator])
    starts = models.TimeField(_("几点起不发"))
    ends = models.TimeField(_("几点起再发"))
    document = models.CharField(pgettext_lazy("rule", "依据"), max_length=120, blank=True)
    valid_from = models.DateField(_("启用日期"))
    valid_until = models.DateField(_("停用日期"), null=True, blank=True)

    objects = QuietHoursQuerySet["QuietHours"].as_manager()

    class Meta:
        verbose_name = _("免打扰时段")
        verbose_name_plural = _("免打扰时段")
        ordering = ["region_code", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["region_code", "valid_from"], name="cms_quiet_hours_once")
        ]

    def __str__(self) -> str:
        return f"{self.starts:%H:%M}—{self.ends:%H:%M}"

"""What people are told and agree to: texts with versions, consents, undertakings (domain rows 63, 326, 379)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cms.enums import UNDERTAKINGS, ConsentWay, PolicyKind
from cms.models.organisations import Organisation
from cms.models.people import Person
from cms.models.regions import region_code_validator
from cms.querysets import AgreementQuerySet, PolicyQuerySet


class PolicyText(models.Model):
    """One wording in one language. The database refuses a change: another wording is another version.

    In force is the highest version whose first day has come; its languages say the same.
    """

    kind = models.CharField(_("文本"), max_length=30, choices=PolicyKind)
    version = models.PositiveSmallIntegerField(_("第几版"))
    language = models.CharField(_("语言"), max_length=10, choices=settings.LANGUAGES)
    valid_from = models.DateField(_("启用日期"))
    title = models.CharField(_("标题"), max_length=80)
    body = models.TextField(_("正文"), help_text=_("空一行就是另起一段。"))
    published_at = models.DateTimeField(_("发布时间"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = PolicyQuerySet["PolicyText"].as_manager()

    class Meta:
        verbose_name = _("说明和同意书")
        verbose_name_plural = _("说明和同意书")
        ordering = ["kind", "-version", "-language"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version", "language"], name="cms_policy_version_once")
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new text; raise ``TypeError`` for one that stands already."""
        if not self._state.adding:
            raise TypeError("a text that people agreed to is never changed")
        super().save(*args, **kwargs)

    @property
    def audit_label(self) -> str:
        """Name the text and its version."""
        return f"{self.get_kind_display()} {self.version}"

    @property
    def is_undertaking(self) -> bool:
        """Whether the text is signed once and not withdrawn."""
        return self.kind in UNDERTAKINGS

    @property
    def paragraphs(self) -> list[str]:
        """The body in paragraphs."""
        return [part.strip() for part in self.body.split("\n\n") if part.strip()]


class ConsentRule(models.Model):
    """Whether a region asks for a text before somebody enrols; the narrowest region decides."""

    region_code = models.CharField(_("地区"), max_length=12, validators=[region_code_validator])
    kind = models.CharField(_("文本"), max_length=30, choices=PolicyKind)
    is_required = models.BooleanField(_("报名前要同意"), default=True)
    document = models.CharField(pgettext_lazy("rule", "依据"), max_length=120, blank=True)
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)

    objects = PolicyQuerySet["ConsentRule"].as_manager()

    class Meta:
        verbose_name = _("报名前要同意的文本")
        verbose_name_plural = _("报名前要同意的文本")
        ordering = ["region_code", "kind", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["region_code", "kind", "valid_from"], name="cms_consent_rule_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="cms_consent_rule_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_code} {self.get_kind_display()}"


class Agreement(models.Model):
    """Somebody agreed to a text: which wording, how, by whose hand, when."""

    text = models.ForeignKey(PolicyText, verbose_name=_("文本"), on_delete=models.PROTECT, related_name="+")
    way = models.CharField(_("方式"), max_length=10, choices=ConsentWay)
    # The account that pressed the button or typed the paper in; empty when data was loaded.
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    given_at = models.DateTimeField(_("登记时间"))
    signed_on = models.DateField(_("签字日期"))
    # Who keeps the paper.
    kept_by = models.ForeignKey(
        Organisation,
        verbose_name=_("原件存放单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.text)


class Consent(Agreement):
    """A consent; withdrawn, it stays as what held until then."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="consents")
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = AgreementQuerySet["Consent"].as_manager()

    class Meta:
        verbose_name = _("同意")
        verbose_name_plural = _("同意")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "text"], condition=Q(withdrawn_at__isnull=True), name="cms_consent_once"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")),
                name="cms_consent_withdrawn_after",
            ),
        ]


class Undertaking(Agreement):
    """承诺书: signed once a version; what was promised cannot be taken back."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="undertakings")

    objects = AgreementQuerySet["Undertaking"].as_manager()

    class Meta:
        verbose_name = _("承诺")
        verbose_name_plural = _("承诺")
        constraints = [models.UniqueConstraint(fields=["person", "text"], name="cms_undertaking_once")]

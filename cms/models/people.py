"""People: a human being, with or without an account or a document."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.enums import (
    AccountProof,
    AccountRelation,
    AffiliationKind,
    Education,
    EmploymentModel,
    IdType,
    PersonGroup,
    Sex,
)
from cms.models.organisations import Organisation
from cms.models.regions import region_code_validator
from cms.querysets import PersonFactQuerySet, PersonQuerySet


class Person(models.Model):
    """Somebody who is taught, works or claims. The name stands exactly as on the document."""

    legal_name = models.CharField(_("姓名"), max_length=50)
    name_pinyin = models.CharField(_("姓名拼音"), max_length=200, blank=True, editable=False)
    search_key = models.TextField(blank=True, db_default="", editable=False)  # ``cms.search.names``
    sex = models.CharField(_("性别"), max_length=10, choices=Sex, blank=True)
    birth_date = models.DateField(_("出生日期"), null=True, blank=True)
    ethnicity = models.CharField(_("民族"), max_length=20, blank=True)
    education = models.CharField(_("文化程度"), max_length=30, choices=Education, blank=True)
    phone = models.CharField(
        _("联系电话"), max_length=20, blank=True, help_text=_("一部手机可以几个人共用。")
    )
    region_code = models.CharField(
        _("户籍地区划代码"), max_length=12, blank=True, db_index=True, validators=[region_code_validator]
    )
    address = models.CharField(_("户籍地址"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    # Set while two rows are known to be one human: the other one stands for both (``cms.services.merging``).
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="merged_people"
    )

    objects = PersonQuerySet["Person"].as_manager()

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        permissions = [("merge_person", _("合并重复登记"))]
        indexes = [models.Index(fields=["legal_name"], name="cms_person_name")]

    def __str__(self) -> str:
        return self.legal_name


class PersonName(models.Model):
    """A name somebody had before; snapshots and old rosters still show it."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="former_names")
    name = models.CharField(_("曾用名"), max_length=50)
    until = models.DateField(_("用到"))

    class Meta:
        verbose_name = _("曾用名")
        verbose_name_plural = _("曾用名")

    def __str__(self) -> str:
        return self.name


class PersonDocument(models.Model):
    """An identity document: the number only encrypted, found by its keyed digest, shown masked."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="documents")
    id_type = models.CharField(_("证件类型"), max_length=20, choices=IdType)
    number_token = models.TextField(editable=False)
    masked = models.CharField(_("证件号码"), max_length=30, editable=False)
    # The last four tell people of one name apart on a roll; never shown beside a birth date (design §9).
    last_four = models.CharField(max_length=4, editable=False)
    valid_from = models.DateField(_("有效期起"), null=True, blank=True)
    valid_until = models.DateField(_("有效期止"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("登记时间"))
    superseded_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("证件")
        verbose_name_plural = _("证件")

    def __str__(self) -> str:
        return self.masked


class DocumentDigest(models.Model):
    """The keyed digest by which a document is found and unique, one a key of ``LOOKUP_KEYS``.

    While the key is changed each number has two, so that what is registered under the new key still
    meets what was registered under the old one.
    """

    # No index of its own: a constraint below begins with it.
    document = models.ForeignKey(
        PersonDocument, on_delete=models.CASCADE, related_name="digests", db_index=False
    )
    id_type = models.CharField(max_length=20, choices=IdType)
    digest = models.CharField(max_length=64)
    key_id = models.CharField(max_length=8)
    # False once the document is superseded: the number may then stand on another document again.
    is_current = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("证件检索码")
        verbose_name_plural = _("证件检索码")
        indexes = [models.Index(fields=["key_id", "document"], name="cms_digest_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["digest", "id_type"],
                condition=models.Q(is_current=True),
                name="cms_document_number_once",
            ),
            models.UniqueConstraint(fields=["document", "key_id"], name="cms_digest_once_a_key"),
        ]

    def __str__(self) -> str:
        return self.key_id


class PersonAccount(models.Model):
    """An account may act for a person; every act says who did it for whom."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="person_accounts"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accounts")
    relation = models.CharField(_("关系"), max_length=20, choices=AccountRelation)
    proof = models.CharField(_("凭据"), max_length=20, choices=AccountProof)
    since = models.DateTimeField(_("起"))
    until = models.DateTimeField(_("止"), null=True, blank=True)

    class Meta:
        verbose_name = _("账号代办关系")
        verbose_name_plural = _("账号代办关系")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "person"],
                condition=models.Q(until__isnull=True),
                name="cms_person_account_once",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(until__isnull=True, relation=AccountRelation.SELF),
                name="cms_person_account_one_self",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.person}"


class PersonSlip(models.Model):
    """A one-time slip that lets its bearer bind an account to a person; only the code's digest is kept."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="slips")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="slips")
    code_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="slips_made"
    )
    created_at = models.DateTimeField(_("开具时间"))
    expires_at = models.DateTimeField(_("有效期至"))
    used_at = models.DateTimeField(_("使用时间"), null=True, blank=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="slips_used"
    )

    class Meta:
        verbose_name = _("凭条")
        verbose_name_plural = _("凭条")

    def __str__(self) -> str:
        return f"{self.person} {self.created_at:%Y-%m-%d}"


class Affiliation(models.Model):
    """The only reason why an organisation sees a person; written by the service that made the reason."""

    # No index of its own: the constraint below begins with it.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="affiliations", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="affiliations")
    # Of the organisation or place that gave the reason, so that a region office finds the person too.
    region_code = models.CharField(max_length=12, db_index=True)
    kind = models.CharField(_("由来"), max_length=20, choices=AffiliationKind)
    source = models.CharField(_("来源"), max_length=120, blank=True)
    # The organisation's own words about the person, as its roster has them; nobody else sees them.
    remark = models.CharField(_("备注"), max_length=200, blank=True, db_default="")
    since = models.DateField(_("起"))
    until = models.DateField(_("止"), null=True, blank=True)

    class Meta:
        verbose_name = _("关联机构")
        verbose_name_plural = _("关联机构")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation", "kind", "region_code"], name="cms_affiliation_once"
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("since")),
                name="cms_affiliation_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.organisation}"

    @property
    def source_words(self) -> str:
        """Return the source as people read it: the number of a class without the mark that it is one."""
        return self.source.removeprefix("class:")


class InPostPeriod(models.Model):
    """Somebody works for an employer from a day to a day (both inclusive); superseded, never overwritten."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="in_post_periods")
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("用人单位"), on_delete=models.PROTECT, related_name="in_post_periods"
    )
    region_code = models.CharField(_("工作地区划代码"), max_length=12, db_index=True)
    employment_model = models.CharField(_("用工方式"), max_length=20, choices=EmploymentModel)
    started_on = models.DateField(_("上岗日期"))
    ended_on = models.DateField(_("离岗日期"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("登记时间"))
    superseded_at = models.DateTimeField(null=True, blank=True, editable=False)

    holds = ("started_on", "ended_on")

    objects = PersonFactQuerySet["InPostPeriod"].as_manager()

    class Meta:
        verbose_name = _("在岗时段")
        verbose_name_plural = _("在岗时段")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_on__isnull=True) | models.Q(ended_on__gte=models.F("started_on")),
                name="cms_in_post_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.organisation}"


class GroupTag(models.Model):
    """A person category with its proof; "served" is not "eligible", so unverified tags count for nothing."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="group_tags")
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("登记机构"), on_delete=models.PROTECT, related_name="group_tags"
    )
    region_code = models.CharField(max_length=12, db_index=True)
    group = models.CharField(_("人员类别"), max_length=30, choices=PersonGroup)
    proof_number = models.CharField(_("类别证明编号"), max_length=60, blank=True)
    checked_by = models.CharField(_("核验人或名单"), max_length=100, blank=True)
    checked_on = models.DateField(_("核验日期"), null=True, blank=True)
    valid_from = models.DateField(_("起"))
    valid_until = models.DateField(_("止"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("登记时间"))
    superseded_at = models.DateTimeField(null=True, blank=True, editable=False)

    holds = ("valid_from", "valid_until")

    objects = PersonFactQuerySet["GroupTag"].as_manager()

    class Meta:
        verbose_name = _("人员类别")
        verbose_name_plural = _("人员类别")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_until__gte=models.F("valid_from")),
                name="cms_group_tag_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return self.get_group_display()

    @property
    def is_verified(self) -> bool:
        """Whether somebody or a list confirmed the category."""
        return self.checked_on is not None

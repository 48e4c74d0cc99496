"""What the ground itself keeps about somebody, and why some of it must stay; registered by import."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.enums import DataField
from cms.models import Person, RevealRecord
from cms.my_data import DataItem, DataSection, Fact, LegalHold, legal_holds, my_data
from cms.querysets import live_on
from cms.services.reveals import words_of_reveals


def _about(person: Person) -> DataSection:
    facts = [
        Fact("legal_name", gettext_lazy("姓名"), person.legal_name),
        *(Fact("former_name", gettext_lazy("曾用名"), row.name) for row in person.former_names.all()),
        *(
            Fact("document", row.get_id_type_display(), row.masked)
            for row in person.documents.filter(superseded_at__isnull=True)
        ),
        Fact("sex", gettext_lazy("性别"), person.get_sex_display()),
        # The day stands in the export only: beside the number on a screen it would tell too much.
        Fact("birth_year", gettext_lazy("出生年份"), person.birth_date.year if person.birth_date else None),
        Fact("phone", gettext_lazy("联系电话"), person.phone),
        Fact("ethnicity", gettext_lazy("民族"), person.ethnicity),
        Fact("education", gettext_lazy("文化程度"), person.get_education_display()),
        Fact("address", gettext_lazy("户籍地址"), person.address),
        Fact("recorded_at", gettext_lazy("登记时间"), person.created_at),
    ]
    return DataSection(
        gettext_lazy("本人"),
        gettext_lazy("报名、签到、发证要用。"),
        [DataItem(person.legal_name, [fact for fact in facts if fact.value])],
    )


def _affiliations(person: Person) -> DataSection:
    rows = person.affiliations.select_related("organisation").order_by("organisation__name", "since")
    items = [
        DataItem(
            str(row.organisation),
            [
                Fact("reason", gettext_lazy("由来"), row.get_kind_display()),
                Fact("source", gettext_lazy("来源"), row.source_words),
                Fact("since", gettext_lazy("起"), row.since),
                Fact("until", gettext_lazy("止"), row.until),
            ],
        )
        for row in rows
    ]
    why = gettext_lazy("只有这些单位和当地管培训的部门看得到您。每次改动都留有记录。")
    return DataSection(gettext_lazy("哪些单位看得到"), why, items)


def _posts(person: Person) -> DataSection:
    rows = person.in_post_periods.filter(superseded_at__isnull=True).select_related("organisation")
    items = [
        DataItem(
            str(row.organisation),
            [
                Fact("employment_model", gettext_lazy("用工方式"), row.get_employment_model_display()),
                Fact("started_on", gettext_lazy("上岗日期"), row.started_on),
                Fact("ended_on", gettext_lazy("离岗日期"), row.ended_on),
            ],
        )
        for row in rows.order_by("-started_on")
    ]
    return DataSection(
        gettext_lazy("在岗时段"), gettext_lazy("算什么时候该回炉、单位该不该组织培训。"), items
    )


def _groups(person: Person) -> DataSection:
    rows = person.group_tags.filter(superseded_at__isnull=True).select_related("organisation")
    items = [
        DataItem(
            row.get_group_display(),
            [
                Fact("organisation", gettext_lazy("登记机构"), str(row.organisation)),
                Fact("proof_number", gettext_lazy("类别证明编号"), row.proof_number),
                Fact("checked_by", gettext_lazy("核验人或名单"), row.checked_by),
                Fact("checked_on", gettext_lazy("核验日期"), row.checked_on),
                Fact("valid_from", gettext_lazy("起"), row.valid_from),
                Fact("valid_until", gettext_lazy("止"), row.valid_until),
            ],
        )
        for row in rows.order_by("-valid_from")
    ]
    return DataSection(gettext_lazy("人员类别"), gettext_lazy("核对能不能领补贴。"), items)


def _education(person: Person) -> DataSection:
    rows = person.education_records.filter(superseded_at__isnull=True).select_related("organisation")
    items = [
        DataItem(
            row.get_education_display(),
            [
                Fact("major", gettext_lazy("专业"), row.major),
                Fact("finished_on", gettext_lazy("毕业日期"), row.finished_on),
                Fact("organisation", gettext_lazy("登记机构"), str(row.organisation or "")),
                Fact("recorded_at", gettext_lazy("登记时间"), row.recorded_at),
            ],
        )
        for row in rows.order_by("-recorded_at", "-pk")
    ]
    return DataSection(gettext_lazy("学历"), gettext_lazy("有的课、有的补贴要看学历。"), items)


def _health(person: Person) -> DataSection:
    rows = person.health_certificates.filter(superseded_at__isnull=True).select_related("organisation")
    items = [
        DataItem(
            row.get_check_class_display(),
            [
                Fact("organisation", gettext_lazy("登记机构"), str(row.organisation)),
                Fact("issued_on", gettext_lazy("发证日期"), row.issued_on),
                Fact("valid_until", gettext_lazy("有效期至"), row.valid_until),
                Fact("passed", gettext_lazy("体检结论"), _("合格") if row.has_passed else _("不合格")),
            ],
        )
        for row in rows.order_by("-issued_on", "-pk")
    ]
    why = gettext_lazy("上门服务要有健康证。只记结论，不记检查项目和结果。")
    return DataSection(gettext_lazy("健康证"), why, items)


def _accounts(person: Person) -> DataSection:
    rows = person.accounts.select_related("user").order_by("-since")
    items = [
        DataItem(
            row.user.display_name or _("没有称呼的账号"),
            [
                Fact("relation", gettext_lazy("关系"), row.get_relation_display()),
                Fact("proof", gettext_lazy("凭据"), row.get_proof_display()),
                Fact("since", gettext_lazy("起"), row.since),
                Fact("until", gettext_lazy("止"), row.until),
            ],
        )
        for row in rows
    ]
    return DataSection(gettext_lazy("谁可以替我办"), gettext_lazy("知道每件事是谁经手的。"), items)


def _reveals(person: Person) -> DataSection:
    # What was looked at under a number that was merged into this person was hers as well.
    looks = RevealRecord.objects.filter(Q(person=person) | Q(person__merged_into=person))
    rows = list(looks.select_related("organisation", "document").order_by("-pk"))
    words = words_of_reveals(rows)
    items = [
        DataItem(
            str(row.organisation) if row.organisation else _("系统管理员"),
            [
                Fact("role", gettext_lazy("角色"), row.get_role_display()),
                Fact("day", gettext_lazy("日期"), timezone.localdate(row.at)),
                Fact("document", gettext_lazy("证件"), row.document.get_id_type_display()),
                Fact("reason", gettext_lazy("原因"), row.get_reason_display()),
                Fact("words", gettext_lazy("具体是什么事"), words[str(row.pk)]),
            ],
        )
        for row in rows
    ]
    why = gettext_lazy("平时只显示头尾两位。谁看过完整的号码，都记在这里，删不掉。")
    return DataSection(gettext_lazy("谁看过我的号码"), why, items)


def _agreements(person: Person) -> DataSection:
    consents = [*person.consents.select_related("text"), *person.undertakings.select_related("text")]
    items = [
        DataItem(
            row.text.title,
            [
                Fact("version", gettext_lazy("第几版"), row.text.version),
                Fact("way", gettext_lazy("方式"), row.get_way_display()),
                Fact("signed_on", gettext_lazy("签字日期"), row.signed_on),
                Fact("withdrawn_at", gettext_lazy("撤回时间"), getattr(row, "withdrawn_at", None)),
            ],
        )
        for row in consents
    ]
    return DataSection(gettext_lazy("同意和承诺"), gettext_lazy("证明是您自己同意的。"), items)


my_data.register("about", _about)
my_data.register("affiliations", _affiliations)
my_data.register("posts", _posts)
my_data.register("groups", _groups)
my_data.register("education", _education)
my_data.register("health", _health)
my_data.register("reveals", _reveals)
my_data.register("accounts", _accounts)
my_data.register("agreements", _agreements)


def _in_post(person: Person, on: dt.date) -> Sequence[LegalHold]:
    live = person.in_post_periods.filter(superseded_at__isnull=True).filter(
        live_on(on, start="started_on", end="ended_on")
    )
    return [
        LegalHold(
            "in_post",
            _("您登记着在“%(employer)s”上岗。单位要按规定组织培训，离岗登记了才能删。")
            % {"employer": row.organisation},
            frozenset(DataField),
            blocks=True,
        )
        for row in live.select_related("organisation")
    ]


legal_holds.register("in_post", _in_post)

"""A scheme's conditions in words, so that nobody has to read bare fields."""

from __future__ import annotations

from django.utils.translation import gettext as _

from certificates.subsidies.models import SubsidyScheme
from cms.ui.figures import hours


def conditions(scheme: SubsidyScheme) -> list[str]:
    """Return one sentence for each thing the scheme asks (one query for its groups)."""
    groups = _("、").join(str(row.get_group_display()) for row in scheme.groups.all())
    proof = scheme.get_certificate_kind_display() or scheme.get_external_kind_display()
    months, percent = scheme.min_insured_months, scheme.min_attendance_percent
    found = [
        _("凭%(proof)s申领。") % {"proof": proof},
        _("发给%(who)s，从%(fund)s支出。")
        % {"who": scheme.get_beneficiary_display(), "fund": scheme.get_fund_display()},
        _("人员类别：%(groups)s，类别要核验过。") % {"groups": groups} if groups else _("不限人员类别。"),
        _("证书要在全国证书查询系统查得到。") if scheme.needs_register_check else "",
        _("失业保险累计缴费满 %(months)s 个月。") % {"months": months} if months else "",
        _("出勤率不低于 %(percent)s%%。") % {"percent": percent} if percent else "",
        _("出勤不少于 %(hours)s 学时。") % {"hours": hours(scheme.min_attended_hours)}
        if scheme.min_attended_hours
        else "",
        _ages(scheme),
        _("发证之日起 %(months)s 个月内申领，当天算在内，过期不补。")
        % {"months": scheme.claim_window_months},
        _("每人每年最多 %(limit)s 次。") % {"limit": scheme.max_claims_a_year}
        if scheme.max_claims_a_year
        else "",
        _("同一职业（工种）同一等级只领一次。") if scheme.once_per_occupation_level else "",
        _("审批后公示 %(days)s 天。") % {"days": scheme.notice_days},
    ]
    return [sentence for sentence in found if sentence]


def _ages(scheme: SubsidyScheme) -> str:
    parts = []
    if scheme.min_age:
        parts.append(_("满 %(age)s 岁") % {"age": scheme.min_age})
    if scheme.max_age_men:
        parts.append(_("男不超过 %(age)s 岁") % {"age": scheme.max_age_men})
    if scheme.max_age_women:
        parts.append(_("女不超过 %(age)s 岁") % {"age": scheme.max_age_women})
    return _("年龄：%(parts)s，按发证那天算。") % {"parts": _("，").join(parts)} if parts else ""

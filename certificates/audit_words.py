"""Words for what happens to certificates, claims and batches."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from certificates.issuing.enums import ReissueReason
from certificates.subsidies.enums import Outcome, RecoveryEntryKind, RecoveryReason
from cms.audit_words import NameSource, register_actions, register_data, register_subjects, register_values

register_actions(
    {
        "batch.build": _("生成批次"),
        "batch.export": _("导出批次"),
        "batch.file": _("生成批次文件"),
        "batch.payments": _("登记批次拨付结果"),
        "certificate.issue": _("签发证书"),
        "certificate.number": _("证书编号"),
        "certificate.reissue": _("补发证书"),
        "certificate.revoke": _("撤销证书"),
        "claim.approve": _("核定申领"),
        "claim.create": _("建立申领"),
        "claim.hold": _("暂缓申领"),
        "claim.pay": _("登记已拨付"),
        "claim.payable": _("公示结束"),
        "claim.payment_correct": _("更正后重新拨付"),
        "claim.payment_fail": _("登记拨付失败"),
        "claim.recover": _("立案追回"),
        "claim.recovered": _("追回结清"),
        "claim.recovery_entry": _("登记追回台账"),
        "claim.reject": _("驳回申领"),
        "claim.reopen": _("申领退回审核"),
        "claim.review": _("开始审核申领"),
        "claim.submit": _("提交申领"),
        "claim.withdraw": _("撤回申领"),
        "insurance.check": _("登记参保核查"),
        "profile.load": _("装入导出表式"),
        "refresher_rule.save": _("保存回炉规定"),
        "scheme.load": _("装入补贴政策"),
    }
)

register_data(
    {
        "amount": _("金额（元）"),
        "claim": _("申领编号"),
        "failed": _("没有拨成"),
        "happened_on": _("发生日期"),
        "months": _("月数"),
        "outcome": _("测算结果"),
        "recovery_entry": _("台账事项"),
        "recovery_reason": _("追回原因"),
        "reissue_reason": _("补发原因"),
        "revocation_reason": _("撤销原因"),
        "scheme": _("补贴政策"),
    },
    {"scheme": NameSource("certificates.subsidyscheme", "name", key="code")},
)
register_values(
    {
        "outcome": Outcome.choices,
        "recovery_entry": RecoveryEntryKind.choices,
        "recovery_reason": RecoveryReason.choices,
        "reissue_reason": ReissueReason.choices,
    }
)
register_subjects(
    {
        "certificates.refresherrule": "valid_from",
        "certificates.subsidyscheme": "name",
        "certificates.insurancecheck": "person__legal_name",
    }
)

"""Words for what happens to certificates, claims and batches."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from certificates.issuing.enums import ReissueReason
from certificates.subsidies.enums import Outcome
from cms.audit_words import NameSource, register_actions, register_data, register_subjects, register_values

register_actions(
    {
        "batch.build": _("生成批次"),
        "batch.export": _("导出批次"),
        "batch.file": _("生成批次文件"),
        "certificate.issue": _("签发证书"),
        "certificate.number": _("证书编号"),
        "certificate.reissue": _("补发证书"),
        "certificate.revoke": _("撤销证书"),
        "claim.approve": _("核定申领"),
        "claim.create": _("建立申领"),
        "claim.hold": _("暂缓申领"),
        "claim.payable": _("公示结束"),
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
        "months": _("月数"),
        "outcome": _("测算结果"),
        "reissue_reason": _("补发原因"),
        "revocation_reason": _("撤销原因"),
        "scheme": _("补贴政策"),
    },
    {"scheme": NameSource("certificates.subsidyscheme", "name", key="code")},
)
register_values({"outcome": Outcome.choices, "reissue_reason": ReissueReason.choices})
register_subjects(
    {
        "certificates.refresherrule": "valid_from",
        "certificates.subsidyscheme": "name",
        "certificates.insurancecheck": "person__legal_name",
    }
)

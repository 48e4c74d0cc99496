"""What a column profile may show, by field name: from the frozen row of a batch to a cell.

Forms: domain §2.3; an office's profile names the fields it wants, in its order, under its headers.
"""

from __future__ import annotations

from typing import Any

# field -> default header of 职业培训补贴花名册 (domain §2.3)
FIELDS: dict[str, str] = {
    "position": "序号",
    "name": "姓名",
    "sex": "性别",
    "document_number": "公民身份号码",
    "group": "人员类别",
    "phone": "联系电话",
    "occupation": "培训职业(工种)",
    "skill_level": "等级",
    "course_hours": "培训课时",
    "attended_hours": "出勤课时",
    "span": "培训起止时间",
    "result": "考核结果",
    "certificate_kind": "证书类型",
    "certificate_number": "证书编号",
    "issued_on": "发证日期",
    "employer": "就业单位",
    "employed_on": "就业时间",
    "rate": "补贴标准(元)",
    "amount": "补贴金额(元)",
    "signature": "学员签字",
    "insured_months": "累计缴费月数",
    "deadline": "申领截止日期",
    "issuer": "发证机构",
}
MONEY = frozenset({"rate", "amount"})
NUMBERS = frozenset({"position", "course_hours", "attended_hours", "insured_months"})

TRAINING_SUBSIDY_ROSTER: tuple[str, ...] = (
    "position", "name", "sex", "document_number", "group", "phone", "occupation", "skill_level", "course_hours",
    "attended_hours", "span", "result", "certificate_kind", "certificate_number", "issued_on", "employer",
    "employed_on", "rate", "amount", "signature",
)  # fmt: skip


def default_columns() -> list[dict[str, Any]]:
    """Return the columns of 职业培训补贴花名册."""
    return [{"field": field, "header": FIELDS[field]} for field in TRAINING_SUBSIDY_ROSTER]

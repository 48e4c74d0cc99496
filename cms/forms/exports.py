"""What an export asks for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cms.enums import ExportFormat
from cms.exporting.declarations import Export
from cms.services.exports import LONGEST_REASON, SHORTEST_REASON

MASKED, CLEAR = "masked", "clear"


class ExportForm(forms.Form):
    """Format, columns, numbers, reason, archive."""

    format = forms.ChoiceField(
        label=_("格式"), choices=ExportFormat.choices, initial=ExportFormat.XLSX, widget=forms.RadioSelect
    )
    columns = forms.MultipleChoiceField(
        label=_("要哪些列"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选一列。")},
    )
    numbers = forms.ChoiceField(
        label=_("证件号码"),
        choices=[(MASKED, _("只显示首末两位")), (CLEAR, _("完整号码，限本机构、本辖区的人"))],
        initial=MASKED,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("导出事由"),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        help_text=_("写给谁用、做什么用。会一直留在导出记录里，请不要写证件号码。"),
        error_messages={
            "required": _("请写明导出事由，至少 4 个字。"),
            "min_length": _("请写明导出事由，至少 4 个字。"),
        },
    )
    is_zipped = forms.BooleanField(
        label=_("装进加密压缩包"),
        required=False,
        help_text=_("要用 U 盘、邮件带走就勾上。密码由系统给出，只显示一次。"),
    )

    def __init__(self, *args: Any, export: Export, may_have_numbers: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns: Any = self.fields["columns"]
        columns.choices = [(column.key, column.title) for column in export.columns]
        columns.initial = [column.key for column in export.columns]
        if not (export.holds_numbers and may_have_numbers):
            del self.fields["numbers"]

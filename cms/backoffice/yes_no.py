"""A filter of lists with the answers 是 and 否, in the words of whoever reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.forms import NullBooleanSelect
from django.utils.translation import gettext_lazy
from django_filters import BooleanFilter
from wagtail.admin.active_filters import ActiveFilter, BaseFilterAdapter, register_filter_adapter_class


class YesNoSelect(NullBooleanSelect):
    """是, 否, or 不限 where Django's own says that the answer is unknown."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.choices = [
            ("unknown", gettext_lazy("不限")),
            ("true", gettext_lazy("是")),
            ("false", gettext_lazy("否")),
        ]


class YesNoFilter(BooleanFilter):
    """Rows for which something is so, or is not; the method gets a bool."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=YesNoSelect, **options)


class YesNoAdapter(BaseFilterAdapter):
    """The chosen answer above the list in the filter's own words; Wagtail would write True or False."""

    def get_active_filters(self) -> Iterator[ActiveFilter]:
        """Give the one answer chosen."""
        answers = dict(self.bound_field.field.widget.choices)
        yield ActiveFilter(
            self.bound_field.auto_id,
            self.filter.label,
            str(answers[str(self.value).lower()]),
            self.get_url_without_filter_param(self.name),
        )


register_filter_adapter_class(YesNoFilter, YesNoAdapter)

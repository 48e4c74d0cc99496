"""Shape of a form field on our pages: label, hint, error, control, and what they are to each other."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BaseForm, BoundField
from django.forms.widgets import DateTimeBaseInput, Widget
from django.utils.translation import gettext as _

# Native pickers take and give ISO text, whatever the language of the page.
_NATIVE: tuple[tuple[type[DateTimeBaseInput], str, str], ...] = (
    (forms.DateTimeInput, "datetime-local", "%Y-%m-%dT%H:%M"),
    (forms.DateInput, "date", "%Y-%m-%d"),
    (forms.TimeInput, "time", "%H:%M"),
)


@dataclass(frozen=True)
class Mistake:
    """A message of the error summary; ``target`` is the id to jump to, empty for the whole form."""

    message: str
    target: str


def describe(bound: BoundField, *, label: str, hint: str, attrs: dict[str, Any]) -> dict[str, Any]:
    """Return what ``components/field.html`` needs to show ``bound``."""
    widget = bound.field.widget
    kind = _kind(widget)
    base_id = bound.auto_id or bound.html_name
    hint_text = hint or bound.help_text
    described = [f"{base_id}_helptext"] if hint_text else []
    if bound.errors:
        described.append(f"{base_id}_error")
    return {
        "field": bound,
        "kind": kind,
        "label": label or bound.label,
        "hint": hint_text,
        "base_id": base_id,
        "described_by": " ".join(described),
        "messages": messages(bound),
        "is_optional": not bound.field.required and kind not in ("checkbox", "hidden"),
        "control": _control(bound, kind, described, attrs) if kind != "options" else "",
        "options": _options(bound) if kind == "options" else [],
    }


def _kind(widget: Widget) -> str:
    if widget.is_hidden:
        return "hidden"
    # CheckboxSelectMultiple derives from RadioSelect in Django.
    if isinstance(widget, forms.RadioSelect):
        return "options"
    return "checkbox" if isinstance(widget, forms.CheckboxInput) else "input"


def _control(bound: BoundField, kind: str, described: list[str], attrs: dict[str, Any]) -> str:
    given = {key.replace("_", "-"): value for key, value in attrs.items()}
    extra_class = given.pop("input-class", "")
    if kind == "input":
        own_class = bound.field.widget.attrs.get("class", "")
        given["class"] = " ".join(word for word in ("input", own_class, extra_class) if word)
    if described:
        given["aria-describedby"] = " ".join(described)
    if bound.errors:
        given["aria-invalid"] = "true"
    return str(bound.as_widget(widget=_native(bound.field.widget), attrs=given))


def _native(widget: Widget) -> Widget:
    """Return the widget as the phone's own date or time picker where it is one, else as it is."""
    for base, input_type, pattern in _NATIVE:
        if type(widget) is base:
            picker = copy.copy(widget)
            picker.input_type = input_type
            picker.format = pattern
            return picker
    return widget


def _options(bound: BoundField) -> list[dict[str, Any]]:
    shown = []
    for option in bound.subwidgets:
        # ARIA knows no invalid radio: the group's message says it.
        option.data["attrs"].pop("aria-invalid", None)
        shown.append({"id": option.id_for_label, "control": option.tag(), "label": option.choice_label})
    return shown


def messages(bound: BoundField) -> list[str]:
    """Return the field's messages; Django's bare "required" becomes what is to be done with which field."""
    said: list[str] = []
    for error in bound.errors.as_data():
        if error.code == "required" and error.message == forms.Field.default_error_messages["required"]:
            said.append(_required(bound))
        else:
            said.extend(str(message) for message in error.messages)
    return said


def _required(bound: BoundField) -> str:
    kind = _kind(bound.field.widget)
    label = str(bound.label or "").rstrip("？?：:")
    if kind == "checkbox":
        return _("请勾选“%(label)s”。") % {"label": label}
    if kind == "options" or isinstance(bound.field.widget, forms.Select):
        return _("请选“%(label)s”。") % {"label": label}
    if isinstance(bound.field, forms.FileField):
        return _("请选一个文件：%(label)s。") % {"label": label}
    return _("请填“%(label)s”。") % {"label": label}


def mistakes(given: Iterable[BaseForm]) -> list[Mistake]:
    """Return every message of ``given`` forms in the order of their fields, whole-form ones first."""
    found: list[Mistake] = []
    for form in given:
        found.extend(Mistake(str(message), "") for message in form.non_field_errors())
        for bound in form:
            found.extend(Mistake(message, _target(bound)) for message in messages(bound))
    return found


def _target(bound: BoundField) -> str:
    if _kind(bound.field.widget) == "options":
        return f"{bound.auto_id}_0"
    return bound.id_for_label or bound.auto_id

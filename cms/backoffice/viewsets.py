"""Wagtail's model screens, with every row scoped.

Stock generic views check model permissions only and fetch any row by key; ours ask ``visible_to``.
Writes that mean something are services: a viewset that lets people add or change rows names them in
``create_with`` and ``change_with``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet, UniqueConstraint
from django.db.models.constraints import BaseConstraint
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.admin.views import generic
from wagtail.admin.views.generic import history, usage
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import HeaderButton

from cms.backoffice.export_buttons import export_buttons
from cms.backoffice.history import history_url
from cms.errors import DomainError
from cms.search.names import found_by

Create = Callable[..., Model]
Change = Callable[..., Model]


class ScopedListMixin:
    """Rows of a listing: only what the user may see."""

    request: Any

    def get_base_queryset(self) -> QuerySet[Any]:
        """Return the visible rows, with the viewset's related rows joined."""
        queryset: QuerySet[Any] = super().get_base_queryset().visible_to(self.request.user)  # type: ignore[misc]  # a mixin
        related = getattr(self, "list_select_related", ())
        return queryset.select_related(*related) if related else queryset


class ScopedObjectMixin:
    """One row: invisible looks like absent (404)."""

    request: Any
    model: Any

    def get_object(self, *args: Any, **kwargs: Any) -> Model:
        """Return the object if it is visible."""
        instance: Model = super().get_object(*args, **kwargs)  # type: ignore[misc]  # a mixin
        if not self.model._default_manager.visible_to(self.request.user).filter(pk=instance.pk).exists():
            raise Http404
        return instance


def has_words(constraint: BaseConstraint) -> bool:
    """Say whether a constraint refuses with a sentence; a form would print the others' names."""
    plain = isinstance(constraint, UniqueConstraint) and constraint.fields and constraint.condition is None
    own = constraint.violation_error_message is not BaseConstraint.default_violation_error_message
    return bool(plain) or own


def leave_to_service(instance: Any) -> None:
    """Keep the form from judging ``instance`` by constraints without words: the service refuses at the field."""
    worded = [
        (model, [constraint for constraint in constraints if has_words(constraint)])
        for model, constraints in instance.get_constraints()
    ]
    instance.get_constraints = lambda: worded


class ServiceFormMixin:
    """Save through a service; a refusal becomes a form error and nothing is half saved."""

    request: Any
    form: Any
    service: Callable[..., Model] | None = None

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        """Answer 404 where no service takes the form: there is no such screen."""
        if self.service is None:
            raise Http404
        return super().dispatch(*args, **kwargs)  # type: ignore[misc]  # a mixin

    def get_form_kwargs(self) -> dict[str, Any]:
        """Hand the user to forms that narrow their choices by scope (``scoped = True``)."""
        kwargs: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]  # a mixin
        return kwargs

    def get_form(self, *args: Any, **kwargs: Any) -> Any:
        """Narrow every choice of a model to what the user may see; what is wrong is said by the service."""
        form = super().get_form(*args, **kwargs)  # type: ignore[misc]  # a mixin
        if hasattr(form, "instance"):
            leave_to_service(form.instance)
        for field in form.fields.values():
            queryset = getattr(field, "queryset", None)
            if queryset is not None and hasattr(queryset, "visible_to"):
                field.queryset = queryset.visible_to(self.request.user)
        return form

    def is_valid(self, form: Any) -> bool:
        """Validate, then run the service; keep its refusals on their fields."""
        if not super().is_valid(form):  # type: ignore[misc]  # a mixin
            return False
        try:
            self.saved = self.run_service(form)
        except DomainError as error:
            for refusal in getattr(error, "refusals", [error]):
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.message))
            self.produced_error_code = error.code
            self.produced_error_message = self.get_error_message()  # type: ignore[attr-defined]  # a mixin
            return False
        return True

    def run_service(self, form: Any) -> Model:
        """Call the service with the form's cleaned data."""
        service = self.service
        if service is None:
            raise PermissionDenied
        return service(form=form, by=self.request.user, at=timezone.now())

    def save_instance(self) -> Model:
        """Return what the service saved; the generic view must not save again."""
        return self.saved


class ScopedIndexView(ScopedListMixin, generic.IndexView):
    """A scoped listing; what is declared as an export of it can be taken out, as narrowed as it is shown."""

    list_select_related: tuple[str, ...] = ()

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Close Wagtail's own export: tables leave by ``cms.exporting`` alone, on record."""
        super().setup(*args, **kwargs)
        self.is_export = False

    def search_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Find each typed word in one of ``search_fields``, as the list's export does."""
        if not self.is_searching:
            return queryset
        return found_by(queryset, self.search_query, self.search_fields)

    def get_header_buttons(self) -> list[Any]:
        """Put 导出 beside the other buttons, whatever they are."""
        return [*super().get_header_buttons(), *export_buttons(self.request, self.index_url_name or "")]


class ScopedCreateView(ServiceFormMixin, generic.CreateView):
    """Create through a service."""

    def get_success_buttons(self) -> list[Any]:
        """The list that follows shows the new row; no further button."""
        return []


class HistoryButtonMixin:
    """A button to 记录, what happened to the object, beside whatever other buttons the screen has."""

    request: Any
    object: Any

    def get_header_buttons(self) -> list[Any]:
        """Put the button first."""
        buttons: list[Any] = super().get_header_buttons()  # type: ignore[misc]  # a mixin
        url = history_url(self.object, self.request.user)
        return [HeaderButton(_("记录"), url=url, icon_name="history"), *buttons] if url else buttons


class ScopedEditView(HistoryButtonMixin, ScopedObjectMixin, ServiceFormMixin, generic.EditView):
    """Change through a service."""


class ScopedDeleteView(ScopedObjectMixin, generic.DeleteView):
    """Facts are not deleted from a screen."""

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        """Answer 404: there is no such screen."""
        raise Http404


class ScopedInspectView(HistoryButtonMixin, ScopedObjectMixin, generic.InspectView):
    """A scoped detail screen."""

    def get_field_display_value(self, field_name: str, field: Any) -> Any:
        """Show moments in local time and flags in words, where the stock view shows UTC, True and None."""
        value = super().get_field_display_value(field_name, field)
        if isinstance(value, bool):
            return _("是") if value else _("否")
        if isinstance(value, dt.datetime) and timezone.is_aware(value):
            return timezone.localtime(value)
        return "-" if value is None else value


class ScopedHistoryView(ScopedObjectMixin, history.HistoryView):
    """Wagtail's log holds nothing of ours: what happened stands in 记录 (``cms.backoffice.history``)."""

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        """Answer 404: there is no such screen."""
        raise Http404


class ScopedUsageView(ScopedObjectMixin, usage.UsageView):
    """Our models are not in Wagtail's reference index, so this would always say "nowhere"."""

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        """Answer 404: there is no such screen."""
        raise Http404


class ScopedModelViewSet(ModelViewSet):
    """Base of every back-office screen over our models.

    ``create_with(form=, by=, at=)`` and ``change_with(form=, by=, at=)`` are services; without them the
    screen offers no such button and its URL answers 403 or 404.
    """

    create_with: Create | None = None
    change_with: Change | None = None
    list_select_related: tuple[str, ...] = ()

    copy_view_enabled = False
    inspect_view_enabled = True
    add_to_reference_index = False
    sort_order_field = None
    search_backend_name = None
    index_view_class = ScopedIndexView
    add_view_class = ScopedCreateView
    edit_view_class = ScopedEditView
    delete_view_class = ScopedDeleteView
    inspect_view_class = ScopedInspectView
    history_view_class = ScopedHistoryView
    usage_view_class = ScopedUsageView

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Lead to no screen that answers 404."""
        common: dict[str, Any] = super().get_common_view_kwargs(**kwargs)
        return {**common, "history_url_name": None, "usage_url_name": None}

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Hand the joins to the listing; offer no button whose form no service would take."""
        index: dict[str, Any] = super().get_index_view_kwargs(
            list_select_related=self.list_select_related, **kwargs
        )
        if self.create_service() is None:
            index["add_url_name"] = None
        return self._without_dead_buttons(index)

    def get_inspect_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Offer no button whose form no service would take."""
        return self._without_dead_buttons(super().get_inspect_view_kwargs(**kwargs))

    def _without_dead_buttons(self, view: dict[str, Any]) -> dict[str, Any]:
        if self.change_service() is None:
            view["edit_url_name"] = None
        view["delete_url_name"] = None
        return view

    @classmethod
    def create_service(cls) -> Create | None:
        """The function in ``create_with``, unbound."""
        return cls.__dict__.get("create_with")

    @classmethod
    def change_service(cls) -> Change | None:
        """The function in ``change_with``, unbound."""
        return cls.__dict__.get("change_with")

    def get_add_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Hand the service to the form view."""
        return super().get_add_view_kwargs(service=self.create_service(), **kwargs)  # type: ignore[no-any-return]  # untyped base

    def get_edit_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Hand the service to the form view."""
        return super().get_edit_view_kwargs(service=self.change_service(), **kwargs)  # type: ignore[no-any-return]  # untyped base

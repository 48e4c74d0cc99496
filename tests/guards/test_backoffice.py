"""Wagtail's screens ask permissions of models, not of rows: each of ours must be scoped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import CheckConstraint, Q
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from wagtail.admin.views.generic.base import BaseListingView
from wagtail.admin.viewsets import viewsets
from wagtail.snippets.models import get_snippet_models

from cms.backoffice.viewsets import ScopedListMixin, ScopedModelViewSet, ScopedObjectMixin, has_words
from tests.guards.source import APPS


def ours(thing: Any) -> bool:
    """Return whether a class is defined in one of our apps."""
    return thing.__module__.split(".")[0] in APPS


def unscoped(registered: list[Any]) -> Iterator[str]:
    """Yield each viewset on a model of ours that is not a ``ScopedModelViewSet``."""
    for viewset in registered:
        model = getattr(viewset, "model", None)
        if isinstance(model, str):
            model = apps.get_model(model)
        if model is not None and ours(model) and not isinstance(viewset, ScopedModelViewSet):
            yield f"{type(viewset).__name__} on {model.__name__}"


def admin_views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, type]]:
    """Yield each class-based view of the back office with its address."""
    for entry in resolver.url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from admin_views(entry, address)
        elif (
            isinstance(entry, URLPattern)
            and address.startswith("admin/")
            and hasattr(entry.callback, "view_class")
        ):
            yield address, entry.callback.view_class


def test_every_viewset_of_ours_is_scoped() -> None:
    # Users are Wagtail's own screens with our form; their rows are guarded by who may manage users at all.
    wrong = [fault for fault in unscoped(viewsets.viewsets) if not fault.startswith("UserViewSet")]
    assert not wrong


def test_no_model_of_ours_is_a_snippet() -> None:
    assert not [model for model in get_snippet_models() if ours(model)]


def test_every_list_of_ours_is_scoped() -> None:
    lists = [
        (address, view) for address, view in admin_views(get_resolver()) if issubclass(view, BaseListingView)
    ]
    assert len(lists) > 3
    scoped = (ScopedListMixin, ScopedObjectMixin)  # the second: history and usage of one visible row
    wrong = [f"{address} {view}" for address, view in lists if ours(view) and not issubclass(view, scoped)]
    assert not wrong


def test_the_guard_sees_an_unscoped_viewset() -> None:
    from wagtail.admin.viewsets.model import ModelViewSet

    from cms.models import Organisation

    class Open(ModelViewSet):
        model = Organisation
        form_fields = ("id",)

    assert list(unscoped([Open("open")])) == ["Open on Organisation"]


def test_no_form_of_ours_prints_the_name_of_a_constraint(admin_client: Client) -> None:
    """Services refuse in words at the field; a form that asked such a constraint would say its name."""
    asked = 0
    reverse("wagtailadmin_home")  # the viewsets are there once the addresses have been read
    for viewset in viewsets.viewsets:
        if not isinstance(viewset, ScopedModelViewSet) or viewset.create_service() is None:
            continue
        form = admin_client.get(reverse(viewset.get_url_name("add"))).context["form"]
        left = [one for _model, found in form.instance.get_constraints() for one in found]
        assert all(has_words(one) for one in left), type(viewset).__name__
        asked += 1
    assert asked > 10
    assert not has_words(CheckConstraint(condition=Q(pk__gt=0), name="nameless"))

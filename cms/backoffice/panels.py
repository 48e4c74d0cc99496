"""Panels: pieces of a page that upper apps add to a page of the ground."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest

from cms.registry import Registry


class Panel:
    """One piece of a page; subclass, set ``name`` and ``template``, and register an instance.

    ``subject`` is what the page is about: the Wagtail page at home, the ``Person`` at ``/me/``.
    A panel reads through ``visible_to`` and keeps to a fixed number of queries.
    """

    name: ClassVar[str]
    template: ClassVar[str]
    order: ClassVar[int] = 100

    def is_shown(self, request: HttpRequest, subject: Any) -> bool:
        """Return whether the panel has a place on this page at all."""
        return True

    def context(self, request: HttpRequest, subject: Any) -> dict[str, Any]:
        """Return what the template needs, as primitives, objects and lists already read."""
        return {}


hero_panels: Registry[Panel] = Registry("public home panels beside the headline")
public_panels: Registry[Panel] = Registry("public home panels")
learner_panels: Registry[Panel] = Registry("trainee home panels")

# Where ``{% panels "home" page %}`` looks; an app with a page of its own adds its place here.
places: Registry[Registry[Panel]] = Registry("panel places")
places.register("home_hero", hero_panels)
places.register("home", public_panels)
places.register("me", learner_panels)


def panels_for(place: str, request: HttpRequest, subject: Any) -> list[Panel]:
    """Return the shown panels of ``place`` by ``order``; raise ``KeyError`` for an unknown place."""
    shown = [panel for panel in places.get(place) if panel.is_shown(request, subject)]
    return sorted(shown, key=lambda panel: panel.order)

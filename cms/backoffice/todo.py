"""What waits for somebody: one line a kind of work on the back office's home, filled by every app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.functional import Promise
from wagtail.admin.ui.components import Component

from cms.models import User
from cms.registry import Registry


@dataclass(frozen=True)
class Todo:
    """So many of something wait at an address; ``line`` says what to do with them."""

    label: str | Promise
    line: str | Promise
    count: int
    url: str


# A function answers for one user: None when this work is not hers, whatever its count.
todos: Registry[Callable[[User], Todo | None]] = Registry("work that waits")


class TodoPanel(Component):
    """The list on the home screen: what waits first, then what is all done."""

    order = 50

    def render_html(self, parent_context: Any = None) -> str:
        """Return the panel; one query a kind of work that the user has."""
        user = parent_context["request"].user
        found = [todo for ask in todos if (todo := ask(user)) is not None]
        context = {
            "waiting": [todo for todo in found if todo.count],
            "done": [todo for todo in found if not todo.count],
        }
        return render_to_string("cms/backoffice/todo.html", context)

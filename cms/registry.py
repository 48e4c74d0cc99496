"""A visible list that a lower app owns and upper apps fill from ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Registry(Generic[Item]):
    """Named items in order of registration; a name is taken once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._items: dict[str, Item] = {}

    def register(self, key: str, item: Item) -> Item:
        """Add ``item``; raise ``ValueError`` when ``key`` is taken, so that two apps cannot fight."""
        if key in self._items:
            raise ValueError(f"{self.name}: {key!r} is registered already")
        self._items[key] = item
        return item

    def get(self, key: str) -> Item:
        """Return the item, or raise ``KeyError`` naming the registry."""
        try:
            return self._items[key]
        except KeyError:
            raise KeyError(f"{self.name}: nothing registered as {key!r}") from None

    def __iter__(self) -> Iterator[Item]:
        return iter(list(self._items.values()))

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def items(self) -> list[tuple[str, Item]]:
        """Return names and items in order."""
        return list(self._items.items())

    def keys(self) -> list[str]:
        """Return the registered names in order."""
        return list(self._items)

"""How large a demo world is: a few numbers from which everything else follows."""

from __future__ import annotations

from dataclasses import dataclass

# What ``make run`` loads, and what the shipped roster of the school holds.
USUAL = 600
ROSTER_ROWS = 420
# Fewer would leave a state without anybody to show it.
SMALLEST = 150
# Beyond this the months before today have no free day left for another class of the larger world.
LARGEST = 20_000
# So many people more bring another roster, class and employer's list.
ROUND = 400


@dataclass(frozen=True)
class Size:
    """The people of a world by where they come from; ``rounds`` repeat the county's life for more people."""

    people: int = USUAL

    def __post_init__(self) -> None:
        """Refuse a size that cannot be made."""
        if not SMALLEST <= self.people <= LARGEST:
            raise ValueError(f"{SMALLEST} to {LARGEST} people")

    @property
    def first(self) -> int:
        """People of the county as the documentation tells it, before any further round."""
        return min(self.people, USUAL)

    @property
    def roster(self) -> int:
        """Rows of the school's roster."""
        return self.first * ROSTER_ROWS // USUAL

    @property
    def workers(self) -> int:
        """Workers of the employer's own list."""
        return max(40, self.first // 6)

    @property
    def rival(self) -> int:
        """Own people of the second provider."""
        return self.first - self.roster - self.workers

    @property
    def shared(self) -> int:
        """People of the school's roster that the second provider knows too."""
        return max(4, self.first * 16 // USUAL)

    @property
    def rounds(self) -> list[int]:
        """People of each further round."""
        left = self.people - self.first
        whole, rest = divmod(left, ROUND)
        return [ROUND] * whole + ([rest] if rest else [])

    def seats(self, usual: int, least: int = 6) -> int:
        """Return how many of the usual number of seats a class has here."""
        return max(least, usual * self.first // USUAL)

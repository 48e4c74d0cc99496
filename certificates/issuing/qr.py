"""QR codes as paths of SVG."""

from __future__ import annotations

from dataclasses import dataclass

import segno

QUIET_ZONE = 4
# One fixed mask: choosing among eight costs four times the rest, and every renderer draws the same code.
MASK = 3


@dataclass(frozen=True)
class QrDrawing:
    """A square of ``size`` modules, quiet zone included, and the path of its dark ones, one wide."""

    size: int
    path: str


def draw_qr(text: str) -> QrDrawing:
    """Encode ``text`` with error correction M, dark modules joined to horizontal strokes."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False, mask=MASK).matrix]
    bars = [
        f"M{start + QUIET_ZONE} {y + QUIET_ZONE}.5h{length}"
        for y, row in enumerate(rows)
        for start, length in _dark_runs(row)
    ]
    return QrDrawing(len(rows) + 2 * QUIET_ZONE, "".join(bars))


def _dark_runs(row: bytes) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if not dark:
            continue
        if runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((x, 1))
    return runs

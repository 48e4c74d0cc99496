"""Draw the guilloche frame and rosette of the classic design and write them as one SVG.

The frame is a rounded rectangle, 271 x 184 mm with corners of 9 mm, on which sine bands run once round:
26 waves on each long side, 17 on each short one and one and a half at each corner make 92 in all (184 for
the fine band). Every wave of a side looks alike, so a side is one tile used again and again; the PDF then
compresses to a few kilobytes. The rosette is seven curves of twelve petals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TARGET = (
    Path(__file__).resolve().parents[1]
    / "certificates/templates/certificates/issuing/designs/classic-a4/frame.svg"
)
HALF_WIDTH, HALF_HEIGHT, CORNER = 135.5, 92.0, 9.0
WAVES_ACROSS, WAVES_DOWN, WAVES_CORNER = 26, 17, 1.5
PIECES = 6  # cubic pieces for one wave: off the true sine by less than 0.01 mm

Point = tuple[float, float]
Curve = Callable[[float], Point]


@dataclass(frozen=True)
class Band:
    """Sine curves of one colour: amplitude in mm, phases in degrees, waves for each tile."""

    colour: str
    stroke: float
    amplitude: float
    phases: tuple[float, ...]
    waves: int = 1


BANDS = (
    Band("#B08D45", 0.17, 3.1, (0, 30, 60, 90, 120, 150)),
    Band("#8E2323", 0.2, 3.1, (15, 75)),
    Band("#8E2323", 0.14, 1.1, (0, 90), waves=2),
)


def pair(point: Point) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}".replace("-0.00", "0.00")


def bezier(curve: Curve, start: float, end: float, pieces: int) -> str:
    """Path through ``curve`` by Hermite pieces; slopes are taken numerically."""
    step, tiny = (end - start) / pieces, 1e-5
    parts = [f"M{pair(curve(start))}"]
    for index in range(pieces):
        here = start + index * step
        there = here + step
        controls = []
        for at, sign in ((here, 1), (there, -1)):
            (x0, y0), (x1, y1), (x, y) = curve(at - tiny), curve(at + tiny), curve(at)
            reach = sign * step / 3 / (2 * tiny)
            controls.append((x + (x1 - x0) * reach, y + (y1 - y0) * reach))
        parts.append(f"C{pair(controls[0])} {pair(controls[1])} {pair(curve(there))}")
    return "".join(parts)


def band_paths(curve_of: Callable[[Band, float], Curve], end: float, waves: float) -> str:
    paths = []
    for band in BANDS:
        pieces = round(waves * band.waves * PIECES)
        data = "".join(bezier(curve_of(band, math.radians(phase)), 0, end, pieces) for phase in band.phases)
        paths.append(f'<path d="{data}" stroke="{band.colour}" stroke-width="{band.stroke}"/>')
    return "".join(paths)


def tile(length: float, sign: int) -> str:
    """One wave along the x axis, outward is up; ``sign`` -1 is the wave half a turn later."""

    def curve_of(band: Band, phase: float) -> Curve:
        flip = sign if band.waves == 1 else 1  # one and a half waves are three fine ones: no turn there
        return lambda x: (x, -flip * band.amplitude * math.sin(math.tau * band.waves * x / length + phase))

    return band_paths(curve_of, length, 1)


def corner(sign: int) -> str:
    """A quarter circle round the origin from straight up to the right."""

    def curve_of(band: Band, phase: float) -> Curve:
        flip = sign if band.waves == 1 else 1

        def curve(turn: float) -> Point:
            wave = math.tau * band.waves * WAVES_CORNER * turn / (math.pi / 2)
            radius = CORNER + flip * band.amplitude * math.sin(wave + phase)
            return radius * math.sin(turn), -radius * math.cos(turn)

        return curve

    return band_paths(curve_of, math.pi / 2, WAVES_CORNER)


def side(name: str, count: int, length: float, place: str) -> str:
    uses = "".join(f'<use href="#{name}" x="{index * length:.4f}"/>' for index in range(count))
    return f'<g transform="{place}">{uses}</g>'


def frame() -> str:
    across, down = HALF_WIDTH - CORNER, HALF_HEIGHT - CORNER
    wide, high = 2 * across / WAVES_ACROSS, 2 * down / WAVES_DOWN
    parts = [
        f'<defs><g id="across">{tile(wide, 1)}</g><g id="down">{tile(high, -1)}</g>',
        f'<g id="even">{corner(1)}</g><g id="odd">{corner(-1)}</g></defs>',
        side("across", WAVES_ACROSS, wide, f"translate({-across} {-HALF_HEIGHT})"),
        f'<use href="#even" transform="translate({across} {-down})"/>',
        side("down", WAVES_DOWN, high, f"translate({HALF_WIDTH} {-down}) rotate(90)"),
        f'<use href="#odd" transform="translate({across} {down}) rotate(90)"/>',
        side("across", WAVES_ACROSS, wide, f"translate({across} {HALF_HEIGHT}) rotate(180)"),
        f'<use href="#even" transform="translate({-across} {down}) rotate(180)"/>',
        side("down", WAVES_DOWN, high, f"translate({-HALF_WIDTH} {down}) rotate(270)"),
        f'<use href="#odd" transform="translate({-across} {-down}) rotate(270)"/>',
    ]
    return "".join(parts)


def rosette() -> str:
    def petals(index: int) -> Curve:
        shift = math.tau * index / 7

        def curve(turn: float) -> Point:
            radius = 38.44 + 23.56 * math.cos(12 * turn + shift)
            return radius * math.cos(turn), radius * math.sin(turn)

        return curve

    data = "".join(bezier(petals(index), 0, math.tau / 12, 8) for index in range(7))
    # 26 % gold on the ground, mixed beforehand: no transparency in the file.
    petal = f'<defs><path id="petal" d="{data}" stroke="#E9DFC7" stroke-width="0.15"/></defs>'
    return petal + "".join(f'<use href="#petal" transform="rotate({30 * turn})"/>' for turn in range(12))


def rules() -> str:
    lines = (
        (-140.5, -97, 281, 194, 12, "#8E2323", 0.7),
        (-130.5, -87, 261, 174, 6.5, "#B08D45", 0.45),
        (-129.2, -85.7, 258.4, 171.4, 5.6, "#B08D45", 0.18),
    )
    return "".join(
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{r}" stroke="{colour}" stroke-width="{stroke}"/>'
        for x, y, w, h, r, colour, stroke in lines
    )


def main() -> None:
    TARGET.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="210mm" viewBox="-148.5 -105 297 210">\n'
        "<!-- Drawn by deploy/draw_frame.py; change it there. -->\n"
        '<rect x="-148.5" y="-105" width="297" height="210" fill="#FDFBF5"/>\n'
        f'<g fill="none">\n{rosette()}\n{frame()}\n{rules()}\n</g>\n</svg>\n'
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

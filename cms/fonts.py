"""The bundled fonts: which characters they draw, how wide text runs, and small subsets for one document.

The chain for every text is LXGW WenKai (only where a design asks for 楷体), Noto Serif SC, then two fonts of
rare Han characters. ``fonts/SOURCES.json`` records where each file comes from and under which licence.
"""

from __future__ import annotations

import lzma
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uharfbuzz as hb

# uharfbuzz is imported where a font is opened: most processes never draw, and it takes 2 MiB of each.

FOLDER = Path(__file__).parent / "fonts"
PRIVATE_USE = ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))


@dataclass(frozen=True)
class BundledFont:
    """A font file of the chain and the CSS family and weight under which designs name it."""

    key: str
    file: str
    family: str
    weight: int = 400


@dataclass(frozen=True)
class FontFace:
    """A subset of a bundled font, ready for ``@font-face``."""

    family: str
    weight: int
    data: bytes


FONTS = {
    font.key: font
    for font in (
        BundledFont("serif", "NotoSerifSC-Regular.ttf", "Caravan Serif"),
        BundledFont("title", "CaravanSerifTitle-Bold.ttf", "Caravan Serif", 700),
        BundledFont("kai", "LXGWWenKai-Regular.ttf", "Caravan Kai"),
        BundledFont("rare", "CaravanRareHan.ttf.xz", "Caravan Rare Han"),
        BundledFont("rarest", "CaravanRareMing.ttf.xz", "Caravan Rare Ming"),
    )
}
# Cheapest first: the compressed ones are opened only for a character that the large ones lack.
CHAIN = ("serif", "kai", "rare", "rarest")


def missing_glyphs(text: str) -> list[str]:
    """Return the characters of ``text``, each once and in order, that no bundled font can draw.

    White space is left out of account. A private-use code point is always missing: what it shows depends
    on the reader's machine.
    """
    return [char for char in dict.fromkeys(text) if not char.isspace() and not _is_drawable(char)]


def describe_missing(chars: Iterable[str]) -> str:
    """Name missing characters for a person: ``缺字：𪚥（U+2A6A5）``."""
    return "缺字：" + "、".join(_describe(char) for char in chars)


def measure(text: str, chain: Iterable[str]) -> float:
    """Width of ``text`` in em when set without kerning in the fonts of ``chain`` (keys of :data:`FONTS`)."""
    keys = tuple(chain)
    return sum(_advance(char, keys) for char in text)


def subset_faces(text: str) -> tuple[FontFace, ...]:
    """Cut every font that draws some of ``text`` down to its characters.

    The two rare fonts get only what serif and 楷体 both lack, so that they are seldom opened.
    """
    codes = frozenset(ord(char) for char in text if not char.isspace()) | {0x20, 0xA0, 0x3000}
    return _subset_faces(codes)


@lru_cache(maxsize=64)
def _subset_faces(codes: frozenset[int]) -> tuple[FontFace, ...]:
    faces: list[FontFace] = []
    left = codes
    for key in ("serif", "title", "kai"):
        wanted = codes & _coverage(key)
        faces.append(_subset(key, wanted))
        left -= wanted
    for key in ("rare", "rarest"):
        if left and (wanted := left & _coverage(key)):
            faces.append(_subset(key, wanted))
            left -= wanted
    return tuple(faces)


def _subset(key: str, codes: Iterable[int]) -> FontFace:
    import uharfbuzz as hb

    request = hb.SubsetInput()
    request.unicode_set.update(codes)
    request.flags = hb.SubsetFlags.NO_HINTING
    data = bytes(hb.subset(_face(key), request).blob.data)
    return FontFace(FONTS[key].family, FONTS[key].weight, data)


@cache
def _face(key: str) -> hb.Face:
    import uharfbuzz as hb

    path = FOLDER / FONTS[key].file
    if path.suffix == ".xz":
        return hb.Face(hb.Blob(lzma.decompress(path.read_bytes())))
    return hb.Face(hb.Blob.from_file_path(str(path)))


@cache
def _coverage(key: str) -> frozenset[int]:
    return frozenset(_face(key).unicodes)


def _is_drawable(char: str) -> bool:
    return not _is_private(char) and any(ord(char) in _coverage(key) for key in CHAIN)


def _is_private(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in PRIVATE_USE)


def _describe(char: str) -> str:
    code = f"U+{ord(char):04X}"
    if _is_private(char):
        return f"{code}（自造字码位，请换成标准汉字）"
    # Planes 2 and 3 hold ideographs only; Python may be older than the newest of them.
    if ord(char) < 0x20000 and unicodedata.category(char).startswith(("C", "M")):
        return f"{code}（看不见的字符或附加符号）"
    return f"{char}（{code}）"


@lru_cache(maxsize=20_000)
def _advance(char: str, chain: tuple[str, ...]) -> float:
    import uharfbuzz as hb

    for key in chain:
        if ord(char) in _coverage(key):
            font = hb.Font(_face(key))
            glyph = font.get_nominal_glyph(ord(char))
            width: float = font.get_glyph_h_advance(glyph) / _face(key).upem
            return width
    return 1.0

"""Renew the fonts in ``cms/fonts`` from their packages (``make vendor``).

Needs ``npm``, ``apt-get`` and ``dpkg-deb`` with their registries reachable; the product itself needs none
of them, because the results are committed. With ``--check`` nothing is fetched: the committed files are
compared with the checksums in ``SOURCES.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import uharfbuzz as hb
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

TARGET = Path(__file__).resolve().parents[1] / "cms" / "fonts"
HAN_RANGES = (
    (0x2E80, 0x2FDF),  # radicals
    (0x3400, 0x4DBF),  # extension A
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),  # compatibility
    (0x20000, 0x2EE5D),  # extensions B to F, and I
    (0x2F800, 0x2FA1F),
    (0x30000, 0x323AF),  # extensions G and H
)
# Nothing a horizontal line of single Han characters uses.
UNUSED_TABLES = ("GSUB", "GPOS", "GDEF", "vhea", "vmtx", "VORG", "DSIG")


@dataclass(frozen=True)
class Package:
    """A registry package: where a font comes from."""

    kind: str  # "npm" or "debian"
    name: str
    version: str
    licence: str
    licence_file: str
    licence_path: str
    stanzas: tuple[str, ...] = ()  # of Debian's copyright file: those that hold for the font itself


@dataclass
class Font:
    """One committed font file and how it is made from its package."""

    file: str
    family: str
    package: Package
    member: str
    changes: str
    build: Callable[[bytes, dict[str, bytes]], bytes] = field(default=lambda data, built: data)


NOTO = Package(
    "npm",
    "@expo-google-fonts/noto-serif-sc",
    "0.4.3",
    "OFL-1.1",
    "OFL-NotoSerifSC.txt",
    "package/LICENSE_FONT",
)
WENKAI = Package(
    "debian",
    "fonts-lxgw-wenkai",
    "1.250+repack-1",
    "OFL-1.1",
    "OFL-LXGWWenKai.txt",
    "usr/share/doc/fonts-lxgw-wenkai/copyright",
    ("Files: *", "License: OFL-1.1"),
)
BABELSTONE = Package(
    "debian",
    "fonts-babelstone-han",
    "15.0.5-2",
    "Arphic Public License",
    "ArphicPL-BabelStoneHan.txt",
    "usr/share/doc/fonts-babelstone-han/copyright",
    ("Files: *", "License: arphic-public-license"),
)
HANAZONO = Package(
    "debian",
    "fonts-hanazono",
    "20170904-2.1",
    "Hanazono Font License or OFL-1.1",
    "Hanazono.txt",
    "usr/share/doc/fonts-hanazono/copyright",
    ("Files: *", "License: Hanazono-Font-License", "License: Open-Font-License"),
)


def gb2312_characters() -> set[int]:
    """Code points of GB 2312 plus printable ASCII: what titles are set in."""
    found = set(range(0x20, 0x7F)) | {0xA0, 0xB7, 0x2014, 0x2026}
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes([high, low]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def han_characters() -> set[int]:
    return {code for first, last in HAN_RANGES for code in range(first, last + 1)}


def coverage(data: bytes) -> set[int]:
    return set(hb.Face(hb.Blob(data)).unicodes)


def subset(data: bytes, codes: set[int], *, drop: tuple[str, ...] = ()) -> bytes:
    request = hb.SubsetInput()
    request.unicode_set.update(codes)
    request.flags = hb.SubsetFlags.NO_HINTING
    request.drop_table_tag_set.update({int.from_bytes(tag.encode(), "big") for tag in drop})
    try:
        return bytes(hb.subset(hb.Face(hb.Blob(data)), request).blob.data)
    except RuntimeError:
        return subset_slowly(data, codes, drop=drop)


def subset_slowly(data: bytes, codes: set[int], *, drop: tuple[str, ...]) -> bytes:
    """Subset with fontTools: HarfBuzz gives up on a character map as full of gaps as the last font's."""
    options = Options(
        hinting=False, layout_features=[], drop_tables=list(drop), name_IDs=["*"], notdef_outline=True
    )
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    font = TTFont(BytesIO(data), recalcTimestamp=False)
    subsetter.subset(font)
    buffer = BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def rename(data: bytes, family: str, notice: str) -> bytes:
    """Give a changed font its own name and the notice of the change that its licence asks for."""
    font = TTFont(BytesIO(data), recalcTimestamp=False)
    table = font["name"]
    licence_records = {record.nameID for record in table.names} & {0, 13, 14}
    table.names = [record for record in table.names if record.nameID in licence_records]
    postscript = family.replace(" ", "")
    for name_id, text in (
        (1, family),
        (2, "Regular"),
        (3, f"{family}; {notice}"),
        (4, family),
        (6, postscript),
    ):
        table.setName(text, name_id, 3, 1, 0x409)
    table.setName(notice, 10, 3, 1, 0x409)
    buffer = BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def build_title(data: bytes, _built: dict[str, bytes]) -> bytes:
    return rename(subset(data, gb2312_characters()), "Caravan Serif Title", TITLE_CHANGE)


def build_rare(family: str, notice: str) -> Callable[[bytes, dict[str, bytes]], bytes]:
    """Keep the Han characters that no earlier font of the chain draws; store them compressed."""

    def build(data: bytes, built: dict[str, bytes]) -> bytes:
        covered = set().union(*(coverage(other) for other in built.values()))
        wanted = (coverage(data) & han_characters()) - covered
        return rename(subset(data, wanted, drop=UNUSED_TABLES), family, notice)

    return build


TITLE_CHANGE = (
    "Changed 2026-11-22 for Caravan: subset of Noto Serif SC Bold to GB 2312 and ASCII, hints removed."
)
RARE_CHANGE = (
    "Changed 2026-11-22 for Caravan: subset of {} to Han characters missing from Noto Serif SC and LXGW WenKai"
    "{}, hints and layout tables removed."
)

FONTS = (
    Font(
        "NotoSerifSC-Regular.ttf",
        "Caravan Serif",
        NOTO,
        "package/400Regular/NotoSerifSC_400Regular.ttf",
        "none",
    ),
    Font(
        "LXGWWenKai-Regular.ttf",
        "Caravan Kai",
        WENKAI,
        "usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf",
        "none",
    ),
    Font(
        "CaravanRareHan.ttf.xz",
        "Caravan Rare Han",
        BABELSTONE,
        "usr/share/fonts/truetype/babelstone/BabelStoneHan.ttf",
        RARE_CHANGE.format("BabelStone Han", ""),
        build_rare("Caravan Rare Han", RARE_CHANGE.format("BabelStone Han", "")),
    ),
    Font(
        "CaravanRareMing.ttf.xz",
        "Caravan Rare Ming",
        HANAZONO,
        "usr/share/fonts/truetype/hanazono/HanaMinB.ttf",
        RARE_CHANGE.format("HanaMinB", " and BabelStone Han"),
        build_rare("Caravan Rare Ming", RARE_CHANGE.format("HanaMinB", " and BabelStone Han")),
    ),
    Font(
        "CaravanSerifTitle-Bold.ttf",
        "Caravan Serif",
        NOTO,
        "package/700Bold/NotoSerifSC_700Bold.ttf",
        TITLE_CHANGE,
        build_title,
    ),
)


def fetch(package: Package, folder: Path) -> Path:
    """Download and unpack a package with its ordinary client; return the folder of its members."""
    place = folder / package.name.replace("/", "_")
    place.mkdir()
    if package.kind == "npm":
        subprocess.run(
            ["npm", "pack", "--silent", f"{package.name}@{package.version}"], cwd=place, check=True
        )
        with tarfile.open(next(place.glob("*.tgz"))) as archive:
            archive.extractall(place, filter="data")
    else:
        subprocess.run(
            ["apt-get", "download", "-qq", f"{package.name}={package.version}"], cwd=place, check=True
        )
        subprocess.run(["dpkg-deb", "-x", str(next(place.glob("*.deb"))), str(place)], check=True)
    return place


def licence_text(text: str, stanzas: tuple[str, ...]) -> str:
    """Take the named stanzas out of a Debian copyright file, as plain text; other texts stay as they are."""
    if not stanzas:
        return text
    kept = [part for part in text.split("\n\n") if part.lstrip("\n").startswith(stanzas)]
    lines = [line.removeprefix(" ") for part in kept for line in [*part.strip("\n").split("\n"), ""]]
    return "\n".join("" if line == "." else line for line in lines)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def renew() -> None:
    """Fetch every package, build every font and write the licences and ``SOURCES.json``."""
    (TARGET / "LICENCES").mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, Any]] = []
    built: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        unpacked: dict[str, Path] = {}
        for font in FONTS:
            package = font.package
            if package.name not in unpacked:
                unpacked[package.name] = fetch(package, Path(folder))
                licence = (unpacked[package.name] / package.licence_path).read_text()
                (TARGET / "LICENCES" / package.licence_file).write_text(
                    licence_text(licence, package.stanzas)
                )
            source = (unpacked[package.name] / font.member).read_bytes()
            data = built[font.file] = font.build(source, built)
            stored = lzma.compress(data, preset=9) if font.file.endswith(".xz") else data
            (TARGET / font.file).write_bytes(stored)
            entries.append(entry(font, source, stored))
            print(f"{font.file}: {len(stored):,} bytes, {len(coverage(data)):,} characters")
    (TARGET / "SOURCES.json").write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n")


def entry(font: Font, source: bytes, stored: bytes) -> dict[str, Any]:
    return {
        "file": font.file,
        "family": font.family,
        "package": font.package.name,
        "package_kind": font.package.kind,
        "version": font.package.version,
        "member": font.member,
        "licence": font.package.licence,
        "licence_file": f"LICENCES/{font.package.licence_file}",
        "changes": font.changes,
        "source_sha256": digest(source),
        "sha256": digest(stored),
    }


def mismatches() -> Iterator[str]:
    """Name each committed font that is absent or differs from its recorded checksum."""
    for item in json.loads((TARGET / "SOURCES.json").read_text()):
        path = TARGET / item["file"]
        if not path.is_file() or digest(path.read_bytes()) != item["sha256"]:
            yield item["file"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare checksums only")
    if not parser.parse_args().check:
        renew()
    wrong = list(mismatches())
    for name in wrong:
        print(f"{name}: differs from SOURCES.json", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())

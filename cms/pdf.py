"""Turn HTML into a PDF: a pure function of its arguments, with bundled fonts and nothing fetched.

The same input gives the same bytes. Files are read only from the folder of the design, fonts only from
``cms/fonts``; neither the network nor a font of the machine is ever used.
"""

from __future__ import annotations

import html as html_entities
import os
import re
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pikepdf
import pydyf  # type: ignore[import-untyped]  # carries no types
from weasyprint import CSS, HTML, Attachment, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from cms.errors import DomainError
from cms.fonts import FOLDER, FontFace, describe_missing, missing_glyphs, subset_faces

ASSET_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}
FONT_SCHEME = "bundled-font:"
VARIANT = "pdf/a-3u"
OPAQUE = re.compile(r"/[Aa]1(\.0)?")

_environment_lock = threading.Lock()


class MissingGlyph(DomainError):
    """A character has no glyph in the bundled fonts; ``characters`` lists each once."""

    def __init__(self, characters: Sequence[str]) -> None:
        super().__init__("missing_glyph", describe_missing(characters))
        self.characters = list(characters)


class DoesNotFit(DomainError):
    """The text needs more pages than the design has."""

    def __init__(self, pages: int, allowed: int) -> None:
        super().__init__(
            "does_not_fit", "内容太长，证书版面放不下，请缩短后再试。", pages=pages, allowed=allowed
        )


class AssetRefused(Exception):
    """A design asked for something outside its own folder."""


@dataclass(frozen=True)
class PdfMetadata:
    """What the file says of itself; ``created`` must be aware, and stands for both dates in the file."""

    title: str
    author: str
    subject: str
    created: datetime


@dataclass(frozen=True)
class PdfAttachment:
    """A file carried inside the PDF."""

    name: str
    data: bytes
    description: str = ""


class BundleFetcher(URLFetcher):
    """Give out files of one folder and the fonts cut for one document; refuse everything else."""

    def __init__(self, base: Path, faces: Sequence[FontFace] = ()) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self._base = base.resolve()
        self._faces = faces
        #: Addresses turned down. WeasyPrint hides errors met inside SVG, so the caller looks here.
        self.refused: list[str] = []

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        if url.startswith(FONT_SCHEME):
            face = self._faces[int(url.removeprefix(FONT_SCHEME))]
            return URLFetcherResponse(url, face.data, {"Content-Type": "font/ttf"})
        path = self._path(url)
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": ASSET_TYPES[path.suffix]})

    def _path(self, url: str) -> Path:
        parts = urlsplit(url)
        path = Path(unquote(parts.path)).resolve()
        is_inside = parts.scheme == "file" and not parts.netloc and path.is_relative_to(self._base)
        if not is_inside or path.suffix not in ASSET_TYPES:
            self.refused.append(url)
            raise AssetRefused(url)
        return path


def render_pdf(
    html: str,
    *,
    css: Sequence[str],
    base: Path,
    metadata: PdfMetadata,
    max_pages: int | None = None,
    underlay: Path | None = None,
    attachments: Sequence[PdfAttachment] = (),
) -> bytes:
    """Render ``html`` with the stylesheet texts ``css`` as tagged PDF/A-3u.

    Relative addresses are files of ``base``. ``underlay`` is an SVG of the page's size, drawn behind every
    page and made only once for each process. Raises :class:`MissingGlyph` instead of printing a box,
    :class:`DoesNotFit` beyond ``max_pages`` and :class:`AssetRefused` for anything outside ``base``.
    """
    text = html_entities.unescape(html) + "".join(css)
    if missing := missing_glyphs(text):
        raise MissingGlyph(missing)
    faces = subset_faces(text)
    fetcher, fonts = BundleFetcher(base, faces), new_font_configuration()
    address = base.resolve().as_uri() + "/"
    try:
        sheets = [
            CSS(string=sheet, url_fetcher=fetcher, font_config=fonts, base_url=address)
            for sheet in (font_face_css(faces), *css)
        ]
        source = HTML(string=html, url_fetcher=fetcher, base_url=address)
        document = source.render(font_config=fonts, stylesheets=sheets, pdf_variant=VARIANT)
        if max_pages is not None and len(document.pages) > max_pages:
            raise DoesNotFit(len(document.pages), max_pages)
        data = _write(document, metadata, underlay, attachments)
    except FatalURLFetchingError as error:
        raise AssetRefused(str(error)) from error
    finally:
        fonts.remove_files()
    if fetcher.refused:
        raise AssetRefused(fetcher.refused[0])
    return data


def font_face_css(faces: Sequence[FontFace]) -> str:
    """Declare subset fonts under addresses that only :class:`BundleFetcher` answers."""
    return "".join(
        f'@font-face{{font-family:"{face.family}";font-weight:{face.weight};src:url("{FONT_SCHEME}{index}")}}'
        for index, face in enumerate(faces)
    )


class _BundledFonts(FontConfiguration):
    """Fonts of one document, whose files go with the document and not with a collection of garbage, if any."""

    def remove_files(self) -> None:
        """Remove the folder that the library made for the fonts' files."""
        self.__del__()


def new_font_configuration() -> _BundledFonts:
    """Make a font configuration that knows no font of the machine.

    Fontconfig takes its file from the environment when it is loaded and from nowhere else, so the variable
    is set for that moment only: other programs started by this process must keep their fonts.
    """
    with _environment_lock:
        before = os.environ.get("FONTCONFIG_FILE")
        os.environ["FONTCONFIG_FILE"] = str(FOLDER / "fontconfig.xml")
        try:
            return _BundledFonts()
        finally:
            if before is None:
                del os.environ["FONTCONFIG_FILE"]
            else:
                os.environ["FONTCONFIG_FILE"] = before


def _write(
    document: Document, metadata: PdfMetadata, underlay: Path | None, attachments: Sequence[PdfAttachment]
) -> bytes:
    moment = metadata.created.isoformat(timespec="seconds")
    described = document.metadata
    described.title, described.authors = metadata.title, [metadata.author]
    described.description, described.generator = metadata.subject, "Caravan"
    described.created = described.modified = moment
    files = [
        Attachment(
            string=item.data,
            name=item.name,
            description=item.description,
            relationship="Data",
            created=metadata.created,
            modified=metadata.created,
        )
        for item in attachments
    ]

    def finish(_document: Document, pdf: pydyf.PDF) -> None:
        if underlay is not None:
            _draw_underlay(pdf, underlay)
        if "AF" in pdf.catalog:  # WeasyPrint 70 names each attachment twice
            pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))

    data = document.write_pdf(
        finisher=finish, pdf_variant=VARIANT, pdf_tags=True, pdf_identifier=True, attachments=files or None
    )
    # The check before layout reads the text; this one reads what layout really did with it.
    if undrawn := sorted({code for font in document.fonts.values() for code in font.missing}):
        raise MissingGlyph([chr(code) for code in undrawn])
    return bytes(data)


def _draw_underlay(pdf: pydyf.PDF, path: Path) -> None:
    """Put the underlay behind each page as one shared form, marked as decoration for screen readers."""
    drawing = _underlay(path, path.stat().st_mtime_ns)
    form = pydyf.Stream(
        [drawing.content],
        {
            "Type": "/XObject",
            "Subtype": "/Form",
            "BBox": pydyf.Array(drawing.box),
            "Filter": "/FlateDecode",
            "Resources": pydyf.Dictionary(),
        },
    )
    pdf.add_object(form)
    call = pydyf.Stream([b"/Artifact BMC q /Underlay Do Q EMC"])
    pdf.add_object(call)
    for reference in pdf.pages["Kids"][::3]:
        page = pdf.objects[reference]
        resources = pdf.objects[int(page["Resources"].split()[0])]
        resources["XObject"]["Underlay"] = form.reference
        page["Contents"] = pydyf.Array([call.reference, page["Contents"]])


@dataclass(frozen=True)
class _Drawing:
    content: bytes
    box: tuple[float, ...]


@lru_cache(maxsize=16)
def _underlay(path: Path, _changed: int) -> _Drawing:
    """Draw an SVG once and keep its operators, compressed; only opaque paths are allowed in it."""
    drawing = ElementTree.parse(path).getroot()  # noqa: S314  # a bundled file
    size = f"{drawing.attrib['width']} {drawing.attrib['height']}"
    page = f'<body><img src="{path.name}" alt="">'
    fetcher = BundleFetcher(path.parent)
    document = HTML(string=page, url_fetcher=fetcher, base_url=path.parent.resolve().as_uri() + "/").render(
        font_config=new_font_configuration(),
        stylesheets=[
            CSS(
                string=f"@page{{margin:0;size:{size}}}body{{margin:0}}img{{display:block}}",
                url_fetcher=fetcher,
            )
        ],
    )
    with pikepdf.open(BytesIO(document.write_pdf())) as pdf:
        first = pdf.pages[0]
        needed = [key for key in ("/XObject", "/Pattern", "/Shading", "/Font") if first.Resources.get(key)]
        states = [str(key) for key in first.Resources.get("/ExtGState", {})]
        if needed or any(not OPAQUE.fullmatch(state) for state in states):
            raise ValueError(f"{path.name}: an underlay holds plain opaque paths only")
        # Without the calls that say "opaque", which every path carries, the drawing needs no resources.
        content = re.sub(rb"/[Aa]1(?:\.0)? gs\s", b"", first.Contents.read_bytes())
        return _Drawing(zlib.compress(content, 9), tuple(float(value) for value in first.MediaBox))

"""Certificate data to PDF: pure, without models, so that a frozen snapshot can be rendered for ever."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.template import Context, Engine, Template

from certificates.issuing.data import CertificateData
from certificates.issuing.qr import draw_qr
from certificates.issuing.wording import (
    NOT_A_STATE_CERTIFICATE,
    Phrase,
    format_date,
    hours,
    period,
    wording_for,
)
from cms.fonts import measure
from cms.pdf import DoesNotFit, PdfMetadata, render_pdf

DESIGNS = Path(__file__).resolve().parents[1] / "templates/certificates/issuing/designs"
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")

# Measures of the classic design; the stylesheet has the same ones.
TEXT_WIDTH_MM = 221.0
ISSUER_WIDTH_MM = 86.0
MM_PER_POINT = 25.4 / 72
NAME_STEPS = ((25, 0.14), (20, 0.08), (16, 0.04))  # points, letter-spacing in em
NAME_PADDING_MM = 6.5
NAME_CHAIN = ("kai", "serif", "rare", "rarest")
TEXT_CHAIN = ("serif", "kai", "rare", "rarest")
DENSITIES = ("normal", "compact", "tight")  # 16.5, 14 and 12 points


def render_certificate(design: str, data: CertificateData) -> bytes:
    """Render one certificate in a shipped design; the same arguments give the same bytes.

    The text is set smaller in two steps when it does not fit. Raises :class:`cms.pdf.MissingGlyph`,
    :class:`cms.pdf.DoesNotFit` when even the smallest is too large, and ``LookupError`` for an unknown design.
    """
    folder = design_folder(design)
    metadata = PdfMetadata(
        title=f"{data.title_zh} {data.number}",
        author=data.issuer_name,
        subject=f"{data.course_title}，{data.holder_name}",
        created=datetime.combine(data.reissued_on or data.issued_on, time(), CHINA),
    )
    for density in DENSITIES:
        try:
            return render_pdf(
                compose_html(design, data, density),
                css=[_stylesheet(folder)],
                base=folder,
                metadata=metadata,
                max_pages=1,
                underlay=folder / "frame.svg",
            )
        except DoesNotFit:
            if density == DENSITIES[-1]:
                raise
    raise AssertionError("unreachable")


def required_text(data: CertificateData) -> str:
    """Every string a certificate prints, to be checked for glyphs before a number is taken."""
    context = _context(data, DENSITIES[0])
    phrases = "".join(phrase.text for phrase in context["sentence"])
    words = [str(value) for value in context.values() if isinstance(value, str)]
    return "\n".join([*words, data.holder_name, phrases])


def compose_html(design: str, data: CertificateData, density: str = DENSITIES[0]) -> str:
    """Fill the design's template with plain strings; everything is escaped."""
    return _template(design_folder(design)).render(Context(_context(data, density)))


def design_folder(design: str) -> Path:
    """Return the folder of a shipped design; raises ``LookupError`` for any other name."""
    if design not in {path.name for path in DESIGNS.iterdir()}:
        raise LookupError(design)
    return DESIGNS / design


def _context(data: CertificateData, density: str) -> dict[str, Any]:
    wording, qr = wording_for(data.title_zh), draw_qr(data.verify_url)
    document = f"（{data.document_label} {data.document_masked}）" if data.document_masked else ""
    size, name_parts = _fit_name(data.holder_name, document)
    return {
        "title_zh": data.title_zh,
        "title_en": data.title_en,
        "number": data.number,
        "reissued": format_date(data.reissued_on) if data.reissued_on else "",
        "name_parts": name_parts,
        "name_class": f"name-{size}",
        "document": document,
        "density": density,
        "sentence": _sentence(data),
        "closing": wording.closing,
        "verify_url": data.verify_url,
        "verify_address": _short_address(data.verify_url),
        "qr_size": str(qr.size),  # text: numbers would be written in the language of the moment
        "qr_path": qr.path,
        "issuer_name": data.issuer_name,
        "issuer_class": "long" if _width(data.issuer_name, 14, TEXT_CHAIN) > ISSUER_WIDTH_MM else "",
        "issued": format_date(data.issued_on),
        "statement": wording.statement + NOT_A_STATE_CERTIFICATE,
    }


def _sentence(data: CertificateData) -> list[Phrase]:
    wording = wording_for(data.title_zh)
    level = (
        f"（{data.level_label}）" if data.level_label and data.level_label not in data.course_title else ""
    )
    parts: list[tuple[str, Decimal | int]] = [
        ("理论", data.theory_hours),
        ("实操", data.practice_hours),
        ("社区场景实训", data.community_hours),
    ]
    phrases = period(data.starts_on, data.ends_on)
    phrases.append(Phrase(f"参加“{data.course_title}”{level}{wording.training}，"))
    phrases += hours(data.hours_total, parts)
    result = data.result_text.rstrip("。") or wording.ending
    last = phrases[-1]
    phrases[-1] = Phrase(f"{last.text}，" if result else f"{last.text}。", keep=True)
    if not result:
        return phrases
    # The end keeps together: a last line of one character looks like a mistake.
    return [*phrases, Phrase(result[:-4]), Phrase(f"{result[-4:]}。", keep=True)]


def _fit_name(name: str, document: str) -> tuple[str, list[str]]:
    """Choose the largest step at which the name stands beside the document number, else break after ·."""
    room = TEXT_WIDTH_MM - _width(document, 17.5, TEXT_CHAIN) - NAME_PADDING_MM
    for points, spacing in NAME_STEPS:
        if _width(name, points, NAME_CHAIN) + len(name) * points * spacing * MM_PER_POINT <= room:
            return str(points), [name]
    pieces = name.split("·")
    parts = [f"{piece}·" for piece in pieces[:-1]] + [pieces[-1]]
    widest = max(_width(part, 16, NAME_CHAIN) for part in parts) + NAME_PADDING_MM
    return ("16" if widest * 1.04 <= TEXT_WIDTH_MM else "14"), parts


def _width(text: str, points: float, chain: tuple[str, ...]) -> float:
    """Width in millimetres."""
    return measure(text, chain) * points * MM_PER_POINT


def _short_address(url: str) -> str:
    """Host and first step of the path: enough to type, with the number at hand."""
    parts = urlsplit(url)
    first = parts.path.strip("/").split("/")[0]
    return f"{parts.netloc}/{first}" if first else parts.netloc


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(DESIGNS)], autoescape=True, debug=False)


@cache
def _template(folder: Path) -> Template:
    return _engine().get_template(f"{folder.name}/certificate.html")


@cache
def _stylesheet(folder: Path) -> str:
    return (folder / "certificate.css").read_text()

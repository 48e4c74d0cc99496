"""Certificates as files: what is printed, what is refused, and that the same data gives the same bytes."""

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from certificates.issuing import rendering
from certificates.issuing.data import CertificateData
from certificates.issuing.rendering import render_certificate, required_text
from certificates.issuing.wording import format_hours
from cms import fonts
from cms.pdf import AssetRefused, DoesNotFit, MissingGlyph, PdfAttachment, PdfMetadata, render_pdf

DATA = CertificateData(
    title_zh="培训合格证书",
    title_en="CERTIFICATE OF TRAINING COMPLETION",
    number="XH-PX-2026-000417",
    holder_name="王桂花",
    document_label="居民身份证",
    document_masked="9****************X",
    course_title="家务服务员（初级）：保洁、洗涤与家电使用",
    hours_total=Decimal(80),
    theory_hours=Decimal(24),
    practice_hours=Decimal(48),
    community_hours=Decimal(8),
    level_label="初级",
    starts_on=date(2026, 1, 12),
    ends_on=date(2026, 3, 20),
    result_text="理论、实操考核合格",
    issuer_name="星河县巾帼家政培训学校",
    issued_on=date(2026, 3, 24),
    verify_url="https://xinghe.example/v/3kF9xQ2mT7bLw8RzYc4nHd",
)
RARE_NAME = "王㛃䶮𠅤𣲘𫍽𬱖𪚥"
LONG_NAME = "阿卜杜热西提·买买提明江·艾合麦提托合提·努尔麦麦提伊敏·吐尔逊阿布都卡德尔·依斯拉木江·热合曼江阿吉"
PLAIN = PdfMetadata("试", "试", "试", datetime(2026, 3, 24, tzinfo=UTC))
UNKNOWN = "\U000323b5"  # not assigned: no font will ever draw it


@pytest.fixture
def made(tmp_path):
    """Render, store, and hand back the path."""

    def make(data=DATA):
        path = tmp_path / "certificate.pdf"
        path.write_bytes(render_certificate("classic-a4", data))
        return path

    return make


def run(*command):
    if shutil.which(command[0]) is None:
        pytest.fail(f"{command[0]} is needed: install poppler-utils, qpdf and zbar-tools")
    return subprocess.run([str(part) for part in command], capture_output=True, check=True).stdout.decode(
        errors="replace"
    )


def printed(path):
    """The text of the file without any white space: line ends fall where they like."""
    return re.sub(r"\s", "", run("pdftotext", "-raw", path, "-"))


def plain(html, css="", base=None, **options):
    return render_pdf(html, css=[css], base=base or rendering.DESIGNS, metadata=PLAIN, **options)


def test_it_prints_every_field(made):
    text = printed(made())
    for field in (
        "培训合格证书",
        "CERTIFICATEOFTRAININGCOMPLETION",
        "证书编号XH-PX-2026-000417",
        "王桂花",
        "（居民身份证9****************X）",
        "于2026年1月12日至3月20日参加“家务服务员（初级）：保洁、洗涤与家电使用”培训，",
        "学完80学时（理论24、实操48、社区场景实训8），理论、实操考核合格。",
        "特发此证。",
        "扫码查验",
        "xinghe.example/v",
        "星河县巾帼家政培训学校",
        "（盖章）",
        "2026年3月24日",
        "本证书证明完成培训并考核合格，不是职业技能等级证书。",
    ):
        assert field in text
    assert "补发" not in text


def test_the_file_is_sound_small_and_carries_its_fonts(made):
    path = made()
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", path)
    rows = run("pdffonts", path).splitlines()[2:]
    assert len(rows) == 3  # serif, its bold, 楷体
    assert all(re.search(r"\s+yes yes yes\s+\d+\s+0$", row) for row in rows)
    assert path.stat().st_size < 60_000
    assert "Pages:           1" in run("pdfinfo", path)


def test_the_file_says_what_it_is(made):
    with pikepdf.open(made()) as pdf:
        assert pdf.open_metadata().pdfa_status == "3U"
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.docinfo.Title) == "培训合格证书 XH-PX-2026-000417"
        assert str(pdf.docinfo.CreationDate) == "D:20260324000000+08'00"
        assert pdf.docinfo.CreationDate == pdf.docinfo.ModDate
        assert "/ID" in pdf.trailer


def test_screen_readers_meet_the_name_before_the_course(made):
    structure = re.sub(r"\s", "", run("pdfinfo", "-struct-text", made()))
    places = [structure.index(text) for text in ("培训合格证书", "XH-PX-2026-000417", "王桂花", "家务服务员")]
    assert places == sorted(places)


def test_the_qr_code_leads_to_the_verification_page(made):
    path = made()
    run("pdftoppm", "-r", "150", "-png", path, path.with_suffix(""))
    (picture,) = path.parent.glob("*.png")
    assert run("zbarimg", "--quiet", "--raw", picture).strip() == DATA.verify_url
    with pikepdf.open(path) as pdf:
        (link,) = pdf.pages[0].Annots
        assert str(link.A.URI) == DATA.verify_url


def test_the_same_data_gives_the_same_bytes():
    first = render_certificate("classic-a4", DATA)
    render_certificate("classic-a4", replace(DATA, holder_name=RARE_NAME))
    assert render_certificate("classic-a4", DATA) == first
    assert render_certificate("classic-a4", replace(DATA, number="XH-PX-2026-000418")) != first


def test_a_new_process_gives_the_same_bytes(tmp_path):
    snapshot = tmp_path / "snapshot.json"
    snapshot.write_text(json.dumps(DATA.to_snapshot()))
    program = (
        "import hashlib, json, sys\n"
        "from certificates.issuing.rendering import CertificateData, render_certificate\n"
        "data = CertificateData.from_snapshot(json.load(open(sys.argv[1])))\n"
        "print(hashlib.sha256(render_certificate('classic-a4', data)).hexdigest())\n"
    )
    python = Path(rendering.__file__).parents[2] / ".venv/bin/python"
    result = subprocess.run(
        [python if python.exists() else "python3", "-c", program, snapshot],
        cwd=Path(rendering.__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == hashlib.sha256(render_certificate("classic-a4", DATA)).hexdigest()


def test_a_snapshot_survives_json():
    data = replace(DATA, reissued_on=date(2026, 5, 6), theory_hours=Decimal("7.5"))
    assert CertificateData.from_snapshot(json.loads(json.dumps(data.to_snapshot()))) == data
    assert CertificateData.from_snapshot({**data.to_snapshot(), "added_later": "x"}) == data


@pytest.mark.parametrize("name", [RARE_NAME, "阿卜杜热西提·买买提", LONG_NAME, "欧阳" + "娜" * 48, "A" * 50])
def test_a_name_is_printed_whole_and_inside_the_frame(made, name):
    path = made(replace(DATA, holder_name=name))
    assert name in printed(path)
    page = run("pdftotext", "-bbox", path, "-")
    width, height = (
        float(value) for value in re.search(r'width="([\d.]+)" height="([\d.]+)"', page).groups()
    )
    boxes = re.findall(r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', page)
    assert len(boxes) > 8
    inner = 19.3 * 72 / 25.4  # the innermost line of the frame
    for left, top, right, bottom in (map(float, box) for box in boxes):
        assert inner < left < right < width - inner
        assert inner < top < bottom < height - inner


def test_a_long_name_leaves_no_line_on_another(made):
    """Lines of the body must not overlap, nor reach the seal's free circle at 147 mm."""
    path = made(replace(DATA, holder_name=LONG_NAME))
    lines = re.findall(
        r'<line xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</line>',
        run("pdftotext", "-bbox-layout", path, "-"),
        re.S,
    )
    body = [line for line in lines if 200 < float(line[1]) < 400]
    assert len(body) >= 5
    bottoms = [(float(line[1]), float(line[3])) for line in body]
    for (_, bottom), (top, _) in zip(sorted(bottoms), sorted(bottoms)[1:], strict=False):
        assert top > bottom - 4  # glyph boxes are taller than their ink
    assert max(bottom for _, bottom in bottoms) < 147 * 72 / 25.4


def test_a_long_course_is_set_smaller_and_an_endless_one_refused(made):
    long = replace(DATA, course_title="家务服务员" * 30)
    assert "家务服务员" * 30 in printed(made(long))
    with pytest.raises(DoesNotFit) as refusal:
        render_certificate("classic-a4", replace(DATA, course_title="家务服务员" * 200))
    assert refusal.value.code == "does_not_fit"


def test_a_name_of_two_hundred_characters_is_printed_or_refused(made):
    try:
        path = made(replace(DATA, holder_name="娜" * 200))
    except DoesNotFit:
        return
    assert "娜" * 200 in printed(path)


def test_a_missing_glyph_is_refused_with_its_code_point():
    with pytest.raises(MissingGlyph) as refusal:
        render_certificate("classic-a4", replace(DATA, holder_name=f"王{UNKNOWN}"))
    assert refusal.value.code == "missing_glyph"
    assert refusal.value.characters == [UNKNOWN]
    assert "U+323B5" in str(refusal.value)


def test_a_glyph_lost_in_layout_is_refused_too(monkeypatch):
    """The check of what layout drew must hold by itself, without the one before it."""
    monkeypatch.setattr("cms.pdf.missing_glyphs", lambda text: [])
    with pytest.raises(MissingGlyph) as refusal:
        render_certificate("classic-a4", replace(DATA, holder_name=f"王{UNKNOWN}"))
    assert refusal.value.characters == [UNKNOWN]


@pytest.mark.parametrize("design", ["no-such-design", "../classic-a4", ""])
def test_an_unknown_design_is_refused(design):
    with pytest.raises(LookupError):
        render_certificate(design, DATA)


@pytest.mark.parametrize(
    ("change", "present", "absent"),
    [
        (
            {"practice_hours": 0, "community_hours": 0, "theory_hours": 80},
            "学完80学时（均为理论），",
            "实操0",
        ),
        ({"community_hours": 0}, "学完80学时（理论24、实操48），", "社区"),
        ({"theory_hours": 0, "practice_hours": 0, "community_hours": 0}, "学完80学时，理论", "学时（"),
        ({"level_label": "中级"}, "使用”（中级）培训，", "（）"),
        ({"level_label": ""}, "使用”培训，", "（）"),
        ({"ends_on": date(2026, 1, 12)}, "于2026年1月12日参加", "至"),
        ({"ends_on": date(2027, 1, 3)}, "2026年1月12日至2027年1月3日参加", "至1月"),
        ({"document_masked": ""}, "王桂花于2026", "居民身份证"),
        ({"reissued_on": date(2026, 5, 6)}, "补发2026年5月6日", "000418"),
        ({"title_zh": "结业证书", "result_text": ""}, "，准予结业。特发此证。", "考核合格"),
        ({"title_zh": "回炉培训证明", "result_text": ""}, "”回炉培训，学完80学时", "特发此证"),
        ({"title_zh": "学时证明", "result_text": ""}, "特此证明。", "考核合格"),
        ({"holder_name": "<b>&王"}, "<b>&王", "&lt;"),
    ],
)
def test_the_sentence_follows_the_data(made, change, present, absent):
    text = printed(made(replace(DATA, **change)))
    assert present in text
    assert absent not in text
    assert "不是职业技能等级证书。" in text


def test_required_text_holds_all_that_is_printed(made):
    data = replace(DATA, holder_name=LONG_NAME, reissued_on=date(2026, 5, 6), level_label="中级")
    fixed = "证书编号补发扫码查验查验结果以网上显示为准（盖章）"
    assert set(printed(made(data))) <= set(required_text(data)) | set(fixed)
    assert UNKNOWN in required_text(replace(DATA, issuer_name=UNKNOWN))
    assert UNKNOWN in required_text(replace(DATA, holder_name=UNKNOWN))
    assert UNKNOWN in required_text(replace(DATA, course_title=UNKNOWN))


@pytest.mark.parametrize(
    "html",
    [
        '<img src="file:///etc/passwd">',
        '<img src="http://127.0.0.1:9/x.png">',
        '<img src="https://example.com/x.png">',
        '<img src="//example.com/x.png">',
        '<img src="../../../../../../manage.py">',
        '<img src="classic-a4/certificate.css">',
        '<img src="data:image/svg+xml,<svg/>">',
        '<object data="file:///etc/passwd"></object>',
        '<link rel="stylesheet" href="file:///etc/passwd">',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<svg viewBox="0 0 9 9" width="9"><image href="file:///etc/passwd" width="9" height="9"/></svg>',
        '<style>@import "https://example.com/x.css";</style>',
        '<style>@import "classic-a4/certificate.css";</style>',
        '<style>@font-face { font-family: x; src: url("file:///etc/passwd") }</style><p style="font-family:x">x',
        '<p style="background: url(ftp://example.com/x.png)">x',
    ],
)
def test_nothing_outside_the_bundle_is_read(html):
    with pytest.raises(AssetRefused):
        plain(html)


def test_imports_in_a_stylesheet_are_refused():
    for address in ("file:///etc/passwd", "https://example.com/x.css", "x.css"):
        with pytest.raises(AssetRefused):
            plain("<p>x", css=f'@import "{address}";')


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    secret, base = tmp_path / "secret.svg", tmp_path / "design"
    base.mkdir()
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (base / "link.svg").symlink_to(secret)
    with pytest.raises(AssetRefused):
        plain('<img src="link.svg">', base=base)
    shutil.copy(secret, base / "own.svg")
    assert plain('<img src="own.svg">', base=base).startswith(b"%PDF")


def test_an_attachment_travels_in_the_file():
    data = plain("<p>附件", attachments=[PdfAttachment("credential.json", b'{"a": 1}')])
    assert data == plain("<p>附件", attachments=[PdfAttachment("credential.json", b'{"a": 1}')])
    with pikepdf.open(BytesIO(data)) as pdf:
        assert pdf.attachments["credential.json"].get_file().read_bytes() == b'{"a": 1}'
        assert len(pdf.Root.AF) == 1


def test_no_font_of_the_machine_is_used(tmp_path):
    path = tmp_path / "plain.pdf"
    path.write_bytes(plain('<p style="font-family: sans-serif">大篷车 Caravan</p>'))
    families = [row.split()[0] for row in run("pdffonts", path).splitlines()[2:]]
    assert families
    assert all("Caravan" in family for family in families)


def test_the_chain_covers_what_names_need():
    assert fonts.missing_glyphs(RARE_NAME + "𰻞𮧵 ·\n　") == []
    for first, last in ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2CEB0, 0x2EBE0)):
        assert fonts.missing_glyphs("".join(map(chr, range(first, last + 1)))) == []


def test_missing_characters_are_named_once_with_their_code_points():
    assert fonts.missing_glyphs(f"王{UNKNOWN}花{UNKNOWN}") == [UNKNOWN]
    assert fonts.missing_glyphs("محمد") == [*"محمد"[:2], "د"]
    assert fonts.missing_glyphs("王\ue863") == ["\ue863"]
    assert fonts.describe_missing(["𪚥"]) == "缺字：𪚥（U+2A6A5）"
    assert fonts.describe_missing(["\ue863"]) == "缺字：U+E863（自造字码位，请换成标准汉字）"


def test_the_committed_fonts_are_those_recorded():
    recorded = json.loads((fonts.FOLDER / "SOURCES.json").read_text())
    files = {path.name for path in fonts.FOLDER.iterdir() if path.suffix in {".ttf", ".xz"}}
    assert {item["file"] for item in recorded} == files == {font.file for font in fonts.FONTS.values()}
    for item in recorded:
        assert hashlib.sha256((fonts.FOLDER / item["file"]).read_bytes()).hexdigest() == item["sha256"]
        assert (fonts.FOLDER / item["licence_file"]).is_file()


def test_the_frame_is_what_its_program_draws(tmp_path, monkeypatch):
    root = Path(rendering.__file__).parents[2]
    spec = importlib.util.spec_from_file_location("draw_frame", root / "deploy/draw_frame.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "draw_frame", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TARGET", tmp_path / "frame.svg")
    module.main()
    committed = (rendering.DESIGNS / "classic-a4" / "frame.svg").read_text()
    assert (tmp_path / "frame.svg").read_text() == committed


@pytest.mark.parametrize(("hours", "text"), [(80, "80"), (Decimal("7.50"), "7.5"), (Decimal("1E+2"), "100")])
def test_hours_are_written_without_idle_zeros(hours, text):
    assert format_hours(hours) == text

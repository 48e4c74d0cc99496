"""Take the pictures of ``docs/month-of-a-planner.md``: a demo world of its own, served, seen through Chromium.

``make pictures`` runs it. Always the same windows and the same way through the screens; each picture is cut
to a palette and refused when it is larger than ``MOST_BYTES``. Needs the dev group and Chromium.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is the only one on the path

from cms.children import start_child, stop_child  # noqa: E402  the path is set above

TARGET = ROOT / "docs" / "pictures"
PORT = 8799
MOST_BYTES = 80_000
_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--force-color-profile=srgb",
    "--lang=zh-CN",
]
_DESK = {"viewport": {"width": 1200, "height": 760}}
_PHONE = {"viewport": {"width": 360, "height": 700}, "is_mobile": True, "has_touch": True}


@dataclass(frozen=True)
class Picture:
    """Who looks, where the way begins, which links are followed from there."""

    name: str
    account: str
    start: str
    links: tuple[str, ...] = ()
    is_phone: bool = False
    # A heading to be scrolled to.
    below: str = ""


PICTURES = (
    Picture("01-home", "jiaowu", "/admin/"),
    Picture("02-roster", "jiaowu", "/admin/imports/", ("双桥乡报名表（待核）.csv",)),
    Picture("03-tour", "jiaowu", "/admin/tours/", ("河湾镇冬季巡回",)),
    Picture("04-menu", "jiaowu", "/admin/classes/new/"),
    Picture("05-draft", "jiaowu", "/admin/classes/?state=draft", ("母婴护理员上岗班",)),
    Picture("06-filing", "butie", "/admin/filings/", ("居家养老照护班",)),
    Picture("07-stop", "", "/stops/", ("双桥乡便民服务中心",), is_phone=True),
    Picture("08-offer", "19900010021", "/me/", ("去回复",), is_phone=True),
    Picture("09-roll", "jiangshi", "/field/", ("家务服务员（初级）",), is_phone=True),
    Picture("10-closing", "banzhuren", "/teach/classes/", ("柳林居家整理收纳班", "结业"), is_phone=True),
    Picture("11-issuing", "jiaowu", "/admin/certificate_issuing/"),
    Picture("12-certificate", "19900010001", "/me/", is_phone=True, below="我的证书"),
    Picture("13-refreshers", "butie", "/admin/refreshers/"),
    Picture("14-claims", "jiaowu", "/admin/claims/?state=hold", ("SL-",)),
    Picture("15-batch", "butie", "/admin/batches/", ("BT-",)),
)


def main() -> None:
    """Make the world, take every picture, write them."""
    with tempfile.TemporaryDirectory(prefix="caravan-pictures-") as var:
        env = {
            **os.environ, "VAR_DIR": var, "DJANGO_SETTINGS_MODULE": "cms.settings.embedded", "PYTHONUNBUFFERED": "1",
            "PUBLIC_URL": f"http://127.0.0.1:{PORT}",
        }  # fmt: skip
        with _served(env):
            password = (Path(var) / "demo-password").read_text(encoding="utf-8").strip()
            TARGET.mkdir(exist_ok=True)
            for picture, content in _take(password):
                small = _cut(content)
                if len(small) > MOST_BYTES:
                    raise SystemExit(f"{picture.name} has {len(small)} bytes, more than {MOST_BYTES}.")
                (TARGET / f"{picture.name}.png").write_bytes(small)
                print(f"{picture.name}  {len(small) // 1000} kB")


@contextmanager
def _served(env: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "manage.py", "serve", "--prepare", "--port", str(PORT)]
    child = start_child(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 300
        while not _answers():
            if child.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("The demo world was not served.")
            time.sleep(1)
        yield
    finally:
        stop_child(child, wait_seconds=30)


def _answers() -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=10).close()
    except OSError:
        return False
    return True


def _take(password: str) -> Iterator[tuple[Picture, bytes]]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_ARGS)
        for picture in PICTURES:
            context = browser.new_context(
                base_url=f"http://127.0.0.1:{PORT}", locale="zh-CN", timezone_id="Asia/Shanghai",
                reduced_motion="reduce", **(_PHONE if picture.is_phone else _DESK),
            )  # fmt: skip
            page = context.new_page()
            try:
                _go(page, picture, password)
                yield picture, page.screenshot(animations="disabled")
            finally:
                context.close()
        browser.close()


def _go(page: Any, picture: Picture, password: str) -> None:
    if picture.account:
        page.goto("/account/sign-in/")
        page.fill("input[name=name]", picture.account)
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_load_state("networkidle")
    page.goto(picture.start)
    for link in picture.links:
        page.locator("main a", has_text=link).first.click()
        page.wait_for_load_state("networkidle")
    if picture.below:
        page.get_by_text(picture.below).first.evaluate("node => node.scrollIntoView()")
    page.wait_for_load_state("networkidle")


def _cut(content: bytes) -> bytes:
    """Return the picture with at most 128 colours."""
    with Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB").quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    written = io.BytesIO()
    small.save(written, "PNG", optimize=True)
    return written.getvalue()


if __name__ == "__main__":
    main()

"""Keep the English catalogues complete: the source language of every text is Chinese.

python deploy/messages.py           fail, naming each text that has no English translation
python deploy/messages.py update    add new texts to the catalogues, to be translated by hand
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APPS = ("cms", "courses", "caravan", "certificates")
# The packages inside certificates keep their own catalogues; LOCALE_PATHS names them.
HOMES = (*APPS, *(f"certificates/{name}" for name in ("issuing", "refreshers", "subsidies", "reports")))
CATALOGUE = Path("locale/en/LC_MESSAGES/django.po")
_HEADER = r"""msgid ""
msgstr ""
"Language: en\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"
"""
_EXTRACT = ["makemessages", "-l", "en", "-e", "py,html,txt", "--no-wrap", "--add-location", "file", "-v", "0"]


def main(arguments: list[str]) -> int:
    """Carry out the command line; return the exit code."""
    if arguments == ["update"]:
        update(ROOT)
        return 0
    faults = check(ROOT)
    print("\n".join(faults) or "Every text has its English translation.")
    return 1 if faults else 0


def check(root: Path) -> list[str]:
    """Return a sentence for each text without a translation and each catalogue with a fault."""
    faults = []
    catalogues = [path for home in HOMES if (path := root / home / CATALOGUE).exists()]
    for path in catalogues:
        done = _run("msgfmt", "--check", "-o", os.devnull, path)
        if done.returncode:
            faults.append(done.stderr.strip())
    with tempfile.TemporaryDirectory() as scratch:
        used = extract(root, Path(scratch))
        known = Path(scratch) / "known.po"
        if catalogues:
            _run("msgcat", "--use-first", "-o", known, *catalogues)
        else:
            known.write_text(
                'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n', encoding="utf-8"
            )
        compared = _run("msgcmp", known, used)
        faults += _named(used, "not defined", "no translation", compared.stderr)
        faults += _named(known, "untranslated|fuzzy", "empty or fuzzy", compared.stderr)
        if compared.returncode and not faults:
            faults.append(compared.stderr.strip())
    return faults


def extract(root: Path, scratch: Path) -> Path:
    """Collect every text of our apps from a copy of the source, so that no catalogue is touched."""
    for app in APPS:
        shutil.copytree(
            root / app,
            scratch / app,
            ignore=shutil.ignore_patterns("locale", "migrations", "vendor", "__pycache__"),
        )
    (scratch / "locale").mkdir()
    _django(scratch)
    return scratch / CATALOGUE


def update(root: Path) -> None:
    """Add new texts to each catalogue and drop those no longer used."""
    for home in HOMES:
        folder = root / home
        catalogue = folder / CATALOGUE
        if not catalogue.exists():
            catalogue.parent.mkdir(parents=True, exist_ok=True)
            catalogue.write_text(_HEADER, encoding="utf-8")
        inner = [
            part
            for other in HOMES
            if other.startswith(f"{home}/")
            for part in ("-i", f"{Path(other).name}/*.*")
        ]
        _django(folder, "--no-obsolete", "-i", "migrations/*", *inner)
        if catalogue.read_text(encoding="utf-8").count("msgid ") == 1:
            shutil.rmtree(folder / "locale")


def _django(folder: Path, *options: str) -> None:
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = _run(sys.executable, "-m", "django", *_EXTRACT, *options, cwd=folder, env=env)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def _named(catalogue: Path, fault: str, title: str, report: str) -> list[str]:
    """Return a sentence for each message of ``catalogue`` that msgcmp's report names with ``fault``."""
    lines = catalogue.read_text(encoding="utf-8").splitlines()
    numbers = re.findall(rf"{re.escape(str(catalogue))}:(\d+): .*(?:{fault})", report)
    return [f"{title}: {_entry(lines, int(number))}" for number in numbers]


def _entry(lines: list[str], number: int) -> str:
    """Return the message at line ``number`` of a catalogue, with the file that uses it."""
    start = max(index for index in range(number) if lines[index].startswith("msgid "))
    where = next((line[3:] for line in reversed(lines[:start]) if line.startswith("#: ")), "")
    text = [lines[start].removeprefix("msgid ").strip('"')]
    for line in lines[start + 1 :]:
        if not line.startswith('"'):
            break
        text.append(line.strip('"'))
    return f"{''.join(text)}  ({where})"


def _run(*args: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(arg) for arg in args], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]  # options are subprocess's own


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

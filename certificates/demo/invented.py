"""Invented people as roster lines: the same line for the same place in the list, whatever the day."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import openpyxl

from cms.enums import Sex
from cms.identity import demo_number

ROSTER = Path(__file__).with_name("roster.xlsx")
COLUMNS = (
    "姓名", "性别", "民族", "出生日期", "公民身份号码", "文化程度", "户籍地址", "人员类别", "类别证明编号", "联系电话",
)  # fmt: skip
Line = tuple[str, ...]

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_FIRST = "秀桂玉春兰小晓美丽海国建志文"
_SECOND = "芳英珍梅花琴霞红云萍玲敏静燕娟军强明辉平"
_EDUCATION = ("初中", "高中", "小学", "中专", "大专")
_GROUPS = (
    "农村转移就业劳动者", "登记失业人员", "脱贫人口", "", "就业困难人员", "未就业妇女", "农村转移就业劳动者", "在岗人员",
)  # fmt: skip
_PLACES = (
    "青山乡青山村", "河湾镇河湾村", "柳林镇柳林村", "双桥乡双桥村", "云岭乡云岭村", "城关镇东门社区", "石桥镇新民村",
)  # fmt: skip
_ETHNICITIES = ("汉族", "汉族", "汉族", "汉族", "彝族", "回族", "苗族")
_FIRST_BIRTH = dt.date(1966, 3, 1)
_BIRTHS = 13_500  # days from the first: the youngest are grown up on any day of loading


def invented_line(place: int) -> Line:
    """Return the line at ``place`` (0, 1, …) of one endless list of people who do not exist.

    >>> invented_line(0)[:2], invented_line(1)[3]
    (('赵秀芳', '女'), '1970-12-16')
    """
    # Strides that share no factor with what they run through, so that nothing repeats early.
    birth = _FIRST_BIRTH + dt.timedelta(days=place * 1751 % _BIRTHS)
    is_man = place % 9 == 4
    sex = Sex.MALE if is_man else Sex.FEMALE
    surname = _SURNAMES[place % len(_SURNAMES)]
    given = _FIRST[place // 3 % len(_FIRST)] + _SECOND[place // 7 % len(_SECOND)]
    group = _GROUPS[place % len(_GROUPS)]
    return (
        surname + given,
        str({Sex.MALE: "男", Sex.FEMALE: "女"}[sex]),
        _ETHNICITIES[place % len(_ETHNICITIES)],
        birth.isoformat(),
        demo_number(birth, 16 + place // _BIRTHS + place % 5 * 90, sex),
        _EDUCATION[place % len(_EDUCATION)],
        f"示范省示范市星河县{_PLACES[place % len(_PLACES)]}",
        group,
        f"ZM{2_000_000 + place}" if group else "",
        f"199{10_000_000 + place:08d}",
    )


def invented_lines(first: int, count: int) -> list[Line]:
    """Return ``count`` lines from ``first`` on."""
    return [invented_line(place) for place in range(first, first + count)]


def as_csv(lines: Iterable[Sequence[str]], columns: Sequence[str] = COLUMNS) -> bytes:
    """Return a CSV file as an office program saves it: UTF-8 with a mark."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(lines)
    return text.getvalue().encode("utf-8-sig")


def school_roster(rows: int) -> bytes:
    """Return the school's roster with its first ``rows`` people; in full as it is shipped."""
    book = openpyxl.load_workbook(ROSTER)
    sheet = book.worksheets[0]
    if rows >= sheet.max_row - 1:
        return ROSTER.read_bytes()
    sheet.delete_rows(rows + 2, sheet.max_row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def school_lines() -> Iterator[Line]:
    """Yield the school's roster as lines of ``COLUMNS``."""
    sheet = openpyxl.load_workbook(ROSTER, read_only=True).worksheets[0]
    rows = sheet.iter_rows(values_only=True)
    header = [str(cell) for cell in next(rows)]
    places = [header.index(name) for name in COLUMNS]
    for row in rows:
        yield tuple(str(row[place] or "") for place in places)

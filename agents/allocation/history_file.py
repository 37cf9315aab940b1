"""Reads history from a CSV file: one ended visit a row, for a hospital whose years are not in a store yet.

UTF-8, a header line, columns in any order, by their English or Chinese names:

| column | Chinese | what |
| --- | --- | --- |
| department | 科室 | code of the department that answered for the visit (needed) |
| care_type | 医疗类别 | med_type: 21 inpatient, 11 outpatient … (needed) |
| month | 出院月份 | of discharge, 2025-03 or 202503; a day (2025-03-15) is as good (needed) |
| total | 总费用 | yuan, at most two decimals (needed) |
| basic | 基本医疗费用 | yuan, total − 丙 (needed) |
| insurance_type | 险种 | insutype; empty: uninsured |
| fund | 基金支付 | yuan that the funds paid; empty: not known |
| admitted | 入院月份 | month or day of admission |
| days | 住院天数 | length of stay |
| drg_code, drg_weight | DRG编码, DRG权重 | the DRG and its weight, at most four decimals |
| dip_code, dip_score | DIP编码, DIP分值 | the DIP group and its score |
| hospital | 医院编码 | empty: the hospital asked about |
| visit_id | 就诊号 | only to find a visit that is listed twice |
"""

import csv
import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path

from agents.book.mistakes import Mistake, PolicyError
from agents.book.yaml_file import NOT_UTF8, cannot_read
from schemas.book.entry import both
from schemas.history import HistoryRow
from schemas.reasons import RejectError
from schemas.units import parse_decimal, parse_fen

#: column → its Chinese name.
COLUMNS = {
    "hospital": "医院编码",
    "visit_id": "就诊号",
    "department": "科室",
    "insurance_type": "险种",
    "care_type": "医疗类别",
    "month": "出院月份",
    "admitted": "入院月份",
    "total": "总费用",
    "basic": "基本医疗费用",
    "fund": "基金支付",
    "days": "住院天数",
    "drg_code": "DRG编码",
    "drg_weight": "DRG权重",
    "dip_code": "DIP编码",
    "dip_score": "DIP分值",
}
NEEDED = ("department", "care_type", "month", "total", "basic")
#: More mistakes than a person will read.
MOST_MISTAKES = 50
_BY_NAME = {name: name for name in COLUMNS} | {zh: name for name, zh in COLUMNS.items()}
_MONTH = re.compile(r"(\d{4})[-/.年]?(\d{1,2})(?:[-/.月]?\d{0,2}日?(?:[ T].*)?)?\Z", re.ASCII)
_MOST_E4 = 10**12


class _Row:
    """One row being read: the cells, and what is wrong with them."""

    def __init__(self, cells: dict[str, str]) -> None:
        self._cells = cells
        self.wrong: list[tuple[str, str]] = []

    def text(self, name: str) -> str:
        """A cell as it stands, without blanks around it."""
        return self._cells.get(name, "")

    def needed(self, name: str) -> str:
        """A cell that must not be empty."""
        found = self.text(name)
        if not found:
            self.say(name, "不能为空", "must not be empty")
        return found

    def number(self, name: str, read: Callable[[str], int], zh: str, en: str) -> int:
        """A cell as a number; 0 where it is empty or wrong."""
        text = self.text(name)
        if not text:
            return 0
        try:
            return read(text)
        except (RejectError, ValueError):
            self.say(name, zh, en)
            return 0

    def fen(self, name: str) -> int:
        """Money, fen."""
        zh = '应为金额（元），最多两位小数，不写千分位，如 "12000.00"'
        return self.number(name, parse_fen, zh, "must be yuan with at most two decimals and no thousands separators")

    def e4(self, name: str) -> int:
        """A weight or score, 1e-4."""
        zh, en = "应为不小于 0 的数字，最多四位小数", "must be a number of at least 0 with at most four decimals"
        return self.number(name, lambda text: _at_least_0(parse_decimal(text, 4, _MOST_E4, name)), zh, en)

    def month(self, name: str) -> int:
        """A month, YYYYMM."""
        zh, en = "应为月份或日期，如 2025-03 或 2025-03-15", "must be a month or a day, such as 2025-03 or 2025-03-15"
        return self.number(name, _month, zh, en)

    def say(self, name: str, zh: str, en: str) -> None:
        """Note a mistake, with what was written."""
        given = self.text(name)
        self.wrong.append((name, both(zh, en) + (f" ({given})" if given and len(given) <= 60 else "")))


def read_history_file(path: Path, hospital: str) -> Iterator[HistoryRow]:
    """The rows of a file, one by one; `hospital` where a row names none.

    Raises PolicyError: at once for what cannot be read at all, after the last row for all rows that are wrong.
    """
    mistakes: list[Mistake] = []
    count = 0
    seen: dict[tuple[str, str], int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            names = _header(path, next(reader, []))
            for cells in reader:
                if not any(map(str.strip, cells)):
                    continue
                row = _Row({name: cell.strip() for name, cell in zip(names, cells, strict=False) if name})
                if len(cells) > len(names) and any(cells[len(names) :]):
                    row.wrong.append(("", both("列数多于表头", "more cells than columns")))
                visit = _visit(row, hospital, seen, reader.line_num)
                if row.wrong:
                    count += len(row.wrong)
                    room = max(0, MOST_MISTAKES - len(mistakes))
                    mistakes += [Mistake(str(path), reader.line_num, *wrong) for wrong in row.wrong[:room]]
                else:
                    yield visit
    except OSError as error:
        raise PolicyError([Mistake(str(path), 0, "", cannot_read(error))]) from error
    except UnicodeDecodeError as error:
        raise PolicyError([Mistake(str(path), 0, "", NOT_UTF8)]) from error
    except csv.Error as error:
        text = both("CSV 写法有误（引号须成对）", f"not CSV: {error}")
        raise PolicyError([*mistakes, Mistake(str(path), reader.line_num, "", text)]) from error
    if count > len(mistakes):
        more = count - len(mistakes)
        text = both(f"另有 {more} 处错误未列出", f"{more} more mistakes not listed")
        mistakes.append(Mistake(str(path), 0, "", text))
    if mistakes:
        raise PolicyError(mistakes)


def _header(path: Path, cells: list[str]) -> list[str]:
    """The column of each cell. Raises PolicyError where columns are missing, unknown or doubled."""
    mistakes = []
    names = []
    for cell in map(str.strip, cells):
        name = _BY_NAME.get(cell, "")
        if cell and not name:
            near = get_close_matches(cell, _BY_NAME, n=1, cutoff=0.6)
            zh, en = (f"，是否想写 {near[0]}？", f"; did you mean {near[0]}?") if near else ("", "")
            mistakes.append(Mistake(str(path), 1, cell, both(f"不认识的列{zh}", f"unknown column{en}")))
        elif name and name in names:
            mistakes.append(Mistake(str(path), 1, cell, both("这一列有两次", "two columns of this name")))
        names.append(name)
    mistakes += [
        Mistake(str(path), 1, name, both(f"缺少此列（{COLUMNS[name]}）", "missing column"))
        for name in NEEDED
        if name not in names
    ]
    if mistakes:
        raise PolicyError(mistakes)
    return names


def _visit(row: _Row, hospital: str, seen: dict[tuple[str, str], int], line: int) -> HistoryRow:
    for name in ("total", "basic"):
        row.needed(name)
    visit = HistoryRow(
        hospital=row.text("hospital") or hospital,
        department=row.needed("department"),
        insurance_type=row.text("insurance_type"),
        care_type=row.needed("care_type"),
        month=row.month("month") if row.needed("month") else 0,
        total_fen=row.fen("total"),
        basic_fen=row.fen("basic"),
        fund_fen=row.fen("fund") if row.text("fund") else None,
        days=row.number("days", lambda text: _at_least_0(int(text)), "应为不小于 0 的整数", "must be a whole number"),
        admitted_month=row.month("admitted"),
        drg_code=row.text("drg_code"),
        drg_weight_e4=row.e4("drg_weight"),
        dip_code=row.text("dip_code"),
        dip_score_e4=row.e4("dip_score"),
        visit_id=row.text("visit_id"),
    )
    if not row.wrong and visit.basic_fen > max(visit.total_fen, 0):
        row.say("basic", "大于总费用", "is more than the total")
    if not row.wrong and visit.fund_fen is not None and visit.fund_fen > max(visit.total_fen, 0):
        row.say("fund", "大于总费用", "is more than the total")
    if visit.visit_id:
        first = seen.setdefault((visit.hospital, visit.visit_id), line)
        if first != line:
            row.say("visit_id", f"这次就诊已在第 {first} 行", f"this visit stands in line {first} already")
    return visit


def _month(text: str) -> int:
    match = _MONTH.match(text)
    if match is None:
        raise ValueError(text)
    year, month = int(match[1]), int(match[2])
    if not (1990 <= year <= 2100 and 1 <= month <= 12):
        raise ValueError(text)
    return year * 100 + month


def _at_least_0(number: int) -> int:
    if number < 0:
        raise ValueError(number)
    return number

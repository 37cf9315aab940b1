"""Reads the tables as insurers publish them (病种目录库, 病组权重表): Chinese headings, several spellings of each.

Cells that combine operations: `+`, `、`, `;` and blanks join operations that are all needed; `/` and `或` separate
alternatives, which become rows of their own with the same code; a cell with both could be read in two ways and is told
as a mistake. Amounts and scores with more decimals than a book holds are rounded. Headings that are not known are left
alone.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from schemas.book.entry import Part
from schemas.book.groups import DipGroup, DrgGroup

Row = TypeVar("Row", bound=Part)

#: Heading → field of DipGroup.
DIP_HEADINGS = {
    "病种编码": "code", "病种代码": "code", "DIP编码": "code", "DIP病种编码": "code", "病种序号": "code",
    "病种名称": "name", "DIP病种名称": "name",
    "诊断代码": "diagnosis", "诊断编码": "diagnosis", "主要诊断代码": "diagnosis", "主要诊断编码": "diagnosis",
    "主诊断编码": "diagnosis", "主诊断代码": "diagnosis", "疾病诊断编码": "diagnosis",
    "手术操作代码": "procedures", "手术操作编码": "procedures", "手术及操作编码": "procedures",
    "手术编码": "procedures", "主要手术操作编码": "procedures", "操作代码": "procedures", "操作编码": "procedures",
    "分值": "score", "病种分值": "score", "基准分值": "score", "基础分值": "score", "标准分值": "score",
    "次均费用": "mean", "病种次均费用": "mean", "平均费用": "mean", "次均医疗费用": "mean",
    "一级次均费用": "mean_tier_1", "二级次均费用": "mean_tier_2", "三级次均费用": "mean_tier_3",
    "平均住院日": "expected_days", "平均住院天数": "expected_days", "次均住院日": "expected_days",
    "病种类型": "kind", "病种类别": "kind", "类型": "kind",
    "辅助目录系数": "auxiliary", "辅助系数": "auxiliary", "调节系数": "auxiliary",
    "来源": "source",
}  # fmt: skip
#: Heading → field of DrgGroup.
DRG_HEADINGS = {
    "DRG编码": "code", "DRG组编码": "code", "DRG代码": "code", "病组编码": "code", "病组代码": "code",
    "DRG名称": "name", "DRG组名称": "name", "病组名称": "name",
    "权重": "weight", "相对权重": "weight", "病组权重": "weight", "基准权重": "weight", "调整权重": "weight",
    "基准点数": "points", "点数": "points", "病组点数": "points",
    "次均费用": "mean", "病组次均费用": "mean", "平均费用": "mean",
    "平均住院日": "expected_days", "平均住院天数": "expected_days", "次均住院日": "expected_days",
    "来源": "source",
}  # fmt: skip
KINDS = {"核心": "core", "核心病种": "core", "综合": "comprehensive", "综合病种": "comprehensive"}
#: Cells that mean "nothing", e.g. 手术操作代码 of a 保守治疗 row.
NOTHING = frozenset({"", "-", "—", "–", "/", "无", "保守治疗", "n", "N", "0"})
ALTERNATIVE = re.compile(r"[/／]|或")
#: Decimals a field holds; published figures are often written with more.
PLACES = {
    "score": "0.0001", "weight": "0.0001", "points": "0.0001", "auxiliary": "0.0001", "mean": "0.01",
    "mean_tier_1": "0.01", "mean_tier_2": "0.01", "mean_tier_3": "0.01", "expected_days": "1",
}  # fmt: skip
TOGETHER = re.compile(r"[+＋、;；,，&\s]+")


class Published(NamedTuple):
    """The rows that could be read, and what is wrong with the others (line 1 is the first below the headings)."""

    rows: list[DipGroup] | list[DrgGroup]
    mistakes: list[str]


def read_published_dip(rows: Iterable[Mapping[str, str | None]]) -> Published:
    """DIP 病种目录库 as published → rows of the book's `dip` table."""
    found: list[DipGroup] = []
    mistakes: list[str] = []
    for line, row in enumerate(rows, start=1):
        cells = _cells(row, DIP_HEADINGS)
        if "kind" in cells:
            cells["kind"] = KINDS.get(cells["kind"], cells["kind"])
        try:
            ways = alternatives(cells.pop("procedures", ""))
        except ValueError as error:
            mistakes.append(f"{line}: procedures: {error}")
            continue
        for operations in ways:
            group = _validated(DipGroup, cells | {"procedures": operations}, line, mistakes)
            if group is None:
                break
            found.append(group)
    return Published(found, mistakes)


def read_published_drg(rows: Iterable[Mapping[str, str | None]]) -> Published:
    """DRG 病组权重表 as published → rows of the book's `drg.groups` table."""
    found: list[DrgGroup] = []
    mistakes: list[str] = []
    for line, row in enumerate(rows, start=1):
        group = _validated(DrgGroup, dict(_cells(row, DRG_HEADINGS)), line, mistakes)
        if group is not None:
            found.append(group)
    return Published(found, mistakes)


def alternatives(cell: str) -> list[tuple[str, ...]]:
    """The sets of operations of one cell, each leading to the row: `A+B` both, `A/B` either. Raises ValueError."""
    text = cell.strip()
    if text in NOTHING:
        return [()]
    some = [part.strip() for part in ALTERNATIVE.split(text) if part.strip()]
    found = [tuple(code for code in TOGETHER.split(part) if code) for part in some]
    if len(found) > 1 and any(len(codes) > 1 for codes in found):
        raise ValueError(f"{text}: combines + and /; write one row for each combination")
    return found


def _cells(row: Mapping[str, str | None], headings: Mapping[str, str]) -> dict[str, str]:
    """The row under the book's column names; the first of several headings for one column that says something wins."""
    fields = set(headings.values())
    cells: dict[str, str] = {}
    for heading, value in row.items():
        title = re.sub(r"[\s（(].*", "", (heading or "").strip())
        name = headings.get(title) or (title if title in fields else None)
        text = (value or "").strip()
        if name is None or not text or (text in NOTHING and name != "procedures"):
            continue
        cells.setdefault(name, _rounded(text, PLACES[name]) if name in PLACES else text)
    return cells


def _rounded(text: str, places: str) -> str:
    """A figure with as many decimals as the field holds; what is no figure stays as it is, to be refused."""
    try:
        return str(Decimal(text.replace(",", "")).quantize(Decimal(places), ROUND_HALF_UP))
    except InvalidOperation:
        return text


def _validated(model: type[Row], cells: Mapping[str, object], line: int, mistakes: list[str]) -> Row | None:
    try:
        return model.model_validate(cells)
    except ValidationError as error:
        mistakes.extend(f"{line}: {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        return None

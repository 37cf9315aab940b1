"""Puts what pydantic finds into sentences a person of the insurance office understands: Chinese first, then English."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from schemas.book.entry import both

_SENTENCES = {
    "missing": ("缺少此项", "missing"),
    "string_type": ("应为文字，数字以外的请加引号", "must be text: put it in quotes"),
    "string_too_short": ("太短，至少 {min_length} 个字符", "too short: at least {min_length} characters"),
    "string_too_long": ("太长，最多 {max_length} 个字符", "too long: at most {max_length} characters"),
    "string_pattern_mismatch": ("写法不对，须符合 {pattern}", "must be of the form {pattern}"),
    "bool_parsing": ("应为 1 或 0", "must be 1 or 0"),
    "bool_type": ("应为 true 或 false", "must be true or false"),
    "int_parsing": ("应为整数", "must be a whole number"),
    "int_type": ("应为整数", "must be a whole number"),
    "int_from_float": ("应为整数", "must be a whole number"),
    "greater_than": ("须大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": ("不得小于 {ge}", "must not be less than {ge}"),
    "less_than": ("须小于 {lt}", "must be less than {lt}"),
    "less_than_equal": ("不得大于 {le}", "must not be greater than {le}"),
    "too_short": ("至少要有 {min_length} 项", "needs at least {min_length}"),
    "tuple_type": ("应为列表（每项以“- ”开头，或写成 [甲, 乙]）", "must be a list (lines with “- ”, or [a, b])"),
    "model_type": ("应为“字段: 值”的写法", "must be fields with values"),
    "model_attributes_type": ("应为“字段: 值”的写法", "must be fields with values"),
    "union_tag_not_found": ("缺少此项（支付方式的种类）", "missing: the kind of payment method"),
}
_EMPTY = both("这里空着：填上，或删去这一行", "empty: fill it in, or delete the line")
_NO_DAY = both("没有这一天，或写法不对：日期写成 2026-01-31", "no such day, or not written as a day: write 2026-01-31")
#: Shares are held in basis points, and nothing else has these bounds.
_WHOLES = {10_000: "100%", 20_000: "200%"}
SHOWN = 60
#: What pydantic calls a name that a model, or a dataclass, does not have.
UNKNOWN_NAMES = frozenset({"extra_forbidden", "unexpected_keyword_argument"})


def sentence(item: Mapping[str, Any], given: object, known: tuple[str, ...] = ()) -> str:
    """What is wrong, of one item of `ValidationError.errors()`.

    given: what was written there. known: the names that could stand there, for a name that is not one of them.
    """
    kind, context = item["type"], item.get("ctx", {})
    if kind == "missing":
        return both(*_SENTENCES[kind])
    if given is None and kind not in {"value_error", "union_tag_not_found"}:
        return _EMPTY
    if kind == "string_too_short" and not given:
        return _EMPTY
    if kind == "value_error":
        return str(context["error"]) + shown(given)
    if kind in UNKNOWN_NAMES:
        return unknown(str(item["loc"][-1]), known)
    if kind.startswith(("date_", "datetime_")):
        return _NO_DAY + shown(given)
    if kind in {"enum", "literal_error", "union_tag_invalid"}:
        return _none_of(str(given), str(context.get("expected") or context["expected_tags"]))
    if kind in _SENTENCES:
        bounds = {name: _WHOLES.get(value, value) for name, value in context.items()}
        return both(*(text.format(**bounds) for text in _SENTENCES[kind])) + shown(given)
    return both("无法使用", str(item["msg"])) + shown(given)


def unknown(name: str, known: tuple[str, ...]) -> str:
    """Of a name that the book does not know: the one that was probably meant, or those there are."""
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return both(f"没有这个名称，是否想写 {near[0]}？", f"no such name; did you mean {near[0]}?")
    return both(f"没有这个名称，可用的有 {'、'.join(known)}", f"no such name; there are {', '.join(known)}")


def shown(given: object) -> str:
    """What was written, where it is short enough to be of use."""
    return f" ({given})" if isinstance(given, str | int | float) and 0 < len(str(given)) <= SHOWN else ""


def _none_of(given: str, expected: str) -> str:
    wanted = re.findall(r"'([^']*)'|: (\w+)>", expected)  # 'a', 'b' or 'c'; <Kind.A: a>, …
    names = [quoted or tag for quoted, tag in wanted]
    near = get_close_matches(given, names, n=1, cutoff=0.6)
    if near:
        return both(f"没有“{given}”这个值，是否想写 {near[0]}？", f"no such value; did you mean {near[0]}?")
    return both(f"没有“{given}”这个值，可用的有 {'、'.join(names)}", f"no such value; there are {', '.join(names)}")

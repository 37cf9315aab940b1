"""What a person writes on the command line, as numbers: percentages, multiples, weights, amounts, days."""

import calendar
from datetime import date

import typer

from agents.core.allocation.plan import Trim
from schemas.book.entry import both
from schemas.reasons import RejectError
from schemas.units import parse_decimal, parse_fen

_MOST_BP = 10**7


def percent_bp(text: str, option: str) -> int:
    """`3%`, `-1.5%` in basis points. Raises typer.BadParameter."""
    try:
        if text.strip().endswith("%"):
            return parse_decimal(text.strip()[:-1], 2, _MOST_BP, option)
    except RejectError:
        pass
    raise typer.BadParameter(
        both(f'应为百分比，如 "3%"（{text}）', f'must be a percentage such as "3%" ({text})'), param_hint=option
    )


def trim_of(text: str, over_median: str) -> Trim:
    """`1%` (at either end) or `1%:2%` (lowest:highest), and a multiple of the median (empty: none)."""
    low, _, high = text.partition(":")
    times = 0
    if over_median:
        try:
            times = parse_decimal(over_median, 4, _MOST_BP, "--over-median")
        except RejectError as error:
            text = both(f'应为倍数，如 "5"（{over_median}）', f'must be a multiple such as "5" ({over_median})')
            raise typer.BadParameter(text, param_hint="--over-median") from error
    return Trim(percent_bp(low, "--trim"), percent_bp(high or low, "--trim"), times)


def weights_of(text: str) -> tuple[int, int, int]:
    """`1:2:7`, the oldest year first."""
    parts = text.split(":")
    if len(parts) == 3 and all(part.strip().isdecimal() for part in parts):
        first, second, third = (int(part) for part in parts)
        return first, second, third
    raise typer.BadParameter(
        both(
            f'应为三个整数，如 "1:2:7"（{text}），最早的一年在前',
            f'must be three whole numbers, the oldest year first, such as "1:2:7" ({text})',
        ),
        param_hint="--weights",
    )


def yuan_fen(text: str, option: str) -> int:
    """An amount in yuan, more than nothing, in fen."""
    try:
        amount = parse_fen(text.strip().replace(",", ""), option)
    except RejectError:
        amount = 0
    if amount <= 0:
        raise typer.BadParameter(
            both(f"应为大于零的金额（元）（{text}）", f"must be an amount in yuan above zero ({text})"),
            param_hint=option,
        )
    return amount


def through_day(year: int | None, month: int | None, today: date) -> date:
    """The day through which execution is looked at: today, or the last of a month or year that is over."""
    year = year or today.year
    if month is None:
        month = today.month if year == today.year else 12
    if (year, month) == (today.year, today.month):
        return today
    return date(year, month, calendar.monthrange(year, month)[1])

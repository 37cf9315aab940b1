"""What a running stay will have cost at discharge: cost so far, and the recent pace for the days still expected.

projected cost = cost so far + pace × tail share × days still expected; never below the cost so far. The pace is the
mean of the last `window_days` days with charges; the day that is still running is left out as long as there are others
(in the morning it would stand for a cheap one). What ended projects itself.
"""

from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

from agents.core.case import Case
from agents.core.settlement.lines import LineSums
from schemas.units import div_round

WHOLE_BP = 10_000


class Pace(NamedTuple):
    """How a book foresees: expected days of the stay, days that make the pace, share of it in the days to come."""

    expected_days: int
    window_days: int = 3
    tail_share: int = WHOLE_BP


class Projected(NamedTuple):
    """Days and cost (fen) at discharge, and the daily cost that the rest was reckoned with."""

    days: int
    cost: int
    daily: int


def project(case: Case, total: int, pace: Pace) -> Projected:
    """The visit at discharge. `total`: its cost so far."""
    if case.is_ended:
        return Projected(case.days, total, 0)
    daily = recent_pace(case.by_day, case.end_day, pace.window_days)
    rest = pace.expected_days - case.days
    if rest <= 0:
        return Projected(case.days, total, daily)
    return Projected(pace.expected_days, total + div_round(daily * pace.tail_share * rest, WHOLE_BP), daily)


def recent_pace(by_day: Mapping[int, LineSums], today: int, window: int) -> int:
    """The mean cost of the last days with charges, fen a day; 0 without any, or where refunds outweigh."""
    days = sorted(by_day)
    costs = _last(days[: bisect_left(days, today)], by_day, window) or _last(days, by_day, window)
    return max(0, div_round(sum(costs), len(costs))) if costs else 0


def _last(days: list[int], by_day: Mapping[int, LineSums], window: int) -> list[int]:
    """The costs of the last days that come to anything (a day refunded in full says nothing of the pace)."""
    costs: list[int] = []
    for day in reversed(days):
        cost = by_day[day].total
        if cost:
            costs.append(cost)
            if len(costs) == window:
                break
    return costs

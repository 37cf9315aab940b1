"""Time charged on one day beyond what the day, or the patient's presence, has (同日计时项目超 24 小时)."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.view import Use, View
from schemas.book.points import Point, codes
from schemas.units import day_text, div_round

E4 = 10_000
DAY_HOURS = 24


class DayHoursParameters(Parameters):
    """most_hours: charged on one day for one group of services."""

    most_hours: Annotated[int, Field(ge=1)] = DAY_HOURS


class DayHours(Kind[DayHoursParameters]):
    """Services by the hour that cannot run side by side were charged for more hours than a day has.

    Points of one group cannot run side by side; `hours`: of one unit (1 where it is not said). All days beyond the
    limit are one hit; the lines that go beyond it are cited, the latest of the day first, with their excess. A line for
    several days counts with one day's part.
    """

    name = "day_hours"
    title_zh = "同日计时项目超时长"
    title_en = "more hours charged than the day has"
    trigger = Trigger.GROUP
    parameters = DayHoursParameters
    point_columns = ("item", "group", "hours")
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[DayHoursParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Hours by day over all items of the group."""
        most_e4 = bound.parameters.most_hours * E4
        by_day: dict[int, list[Use]] = {}
        for use in uses:
            by_day.setdefault(use.day, []).append(use)
        hours = _Hours(bound.points)
        cited: list[Cited] = []
        days: list[int] = []
        longest = 0
        for day, lines in sorted(by_day.items()):
            total = sum(hours(use) for use in lines)
            if total <= most_e4:
                continue
            days.append(day)
            longest = max(longest, total)
            cited += _beyond(lines, total - most_e4, hours)
        if not cited:
            return ()
        first = cited[0].use
        name, most = view.name(first.item), bound.parameters.most_hours
        whole, tenth = divmod(longest * 10 // E4, 10)
        shown = f"{whole}.{tenth}" if tenth else str(whole)
        more_zh, more_en = " ", ""
        if len(days) > 1:
            more_zh, more_en = f" 等 {len(days)} 天（单日最多）", f" and {len(days) - 1} other day(s), at most"
        return (
            Hit(
                f"「{name}」{day_text(days[0])}{more_zh}计时收费 {shown} 小时，超过 {most} 小时",
                f"{name} was charged for more than {most} hours on {day_text(days[0])}{more_en}: {shown} hours",
                cited,
                parameters={"most_hours": f"{most} h"},
                inputs={"days": f"{len(days)} d", "first_day": day_text(days[0]), "longest": f"{shown} h"},
            ),
        )


class _Hours:
    """Hours of lines: of one unit as the point says that names the item whole, else the first that fits."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._of: dict[str, int] = {}
        self._prefixes: list[tuple[str, int]] = []
        for point in points:
            hours = 1 if point.hours is None else point.hours
            for code in codes(point.item):
                if code.endswith("*"):
                    self._prefixes.append((code[:-1], hours))
                else:
                    self._of.setdefault(code, hours)

    def __call__(self, use: Use) -> int:
        """Hours that a line puts on its day, 1e-4."""
        return use.quantity_e4 * self._of_a_unit(use) // max(1, use.days)

    def _of_a_unit(self, use: Use) -> int:
        for code in use.codes:
            if code in self._of:
                return self._of[code]
        return next(
            (hours for prefix, hours in self._prefixes if any(code.startswith(prefix) for code in use.codes)), 1
        )


def _beyond(lines: Sequence[Use], excess_e4: int, hours: "_Hours") -> list[Cited]:
    """The lines that go beyond, the latest first, each with the part of its amount that is too much."""
    found = []
    for use in reversed(lines):
        if excess_e4 <= 0:
            break
        mine = hours(use)
        if mine <= 0:
            continue
        part = min(mine, excess_e4)
        excess_e4 -= part
        found.append(Cited(use, div_round(use.amount_fen * part, mine * max(1, use.days))))
    return found

"""Limits by course: how many days an item is paid for, over what span, and how far apart its uses must be."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called, claimed
from agents.core.rules.kinds.policy.counting import Excess, at_fault, counted
from agents.core.rules.view import PROPOSED, Use, View
from schemas.units import day_text, div_round

#: Roles of a point: what its `days` limit. Empty: days of use in all.
TOTAL, SPAN, INTERVAL = "", "span", "interval"
#: Longest supply of one line that is looked at, in days.
MOST_DAYS = 400


class CourseParameters(Parameters):
    """pause_days: uses more than so many days apart belong to different courses.

    Earlier visits count as far as their uses belong to the same course. 0: the visit is one course, and earlier visits
    do not count.
    """

    pause_days: Annotated[int, Field(ge=0)] = 0


class CourseDays(Kind[CourseParameters]):
    """The item is used on more days than a course is paid for.

    days, by the point's role: empty: days of use in all (each calendar day once); `span`: days from the first use, it
    included; `interval`: a use must be at least so many days after the one before. A line for several days covers the
    days that follow it.
    """

    name = "course_days"
    title_zh = "限支付疗程"
    title_en = "limited course"
    trigger = Trigger.ITEM
    parameters = CourseParameters
    point_columns = ("item", "days", "role")
    needed_columns = (("item",), ("days",))
    roles = (SPAN, INTERVAL)
    uses_history = True

    def check(self, view: View, bound: Bound[CourseParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """The days beyond, with what the lines cost for them."""
        limit, role = bound.the.days, bound.the.role
        if limit is None or role not in {TOTAL, SPAN, INTERVAL}:
            return ()
        lines = counted(view, bound.own, claimed(view, bound, uses))
        covered = [(use, range(use.day, use.day + min(max(1, use.days), MOST_DAYS))) for use in lines]
        if not covered:
            return ()
        own = {day for _, days in covered for day in days}
        told = {day for use, days in covered if use.source == PROPOSED for day in days} if view.proposed else own
        before = _before(view, bound, min(own))
        refused, measured, since = _refused(own, before, told, bound)
        if not refused:
            return ()
        excess = []
        for use, days in covered:
            over = sum(1 for day in days if day in refused)
            if over:
                excess.append(
                    Excess(use, use.quantity_e4 * over // len(days), div_round(use.amount_fen * over, len(days)))
                )
        wrong = at_fault(view, excess)
        if not wrong:
            return ()
        return (_hit(view, bound, wrong[0].use, measured, since)._replace(lines=wrong),)


def _refused(
    own: set[int], before: set[int], told: set[int], bound: Bound[CourseParameters]
) -> tuple[set[int], int, int]:
    """Days of this visit beyond the limit; the greatest count (the least distance) measured, and from which day on.

    told: the days whose measure is worth telling: of what is being ordered.
    """
    limit, role, pause = bound.the.days or 0, bound.the.role, bound.parameters.pause_days
    refused: set[int] = set()
    worst: tuple[int, int] | None = None
    first = last = None
    count = 0
    for day in sorted(own | before):
        if first is None or last is None or (pause and day - last > pause):
            first, count, last = day, 0, None
        count += 1
        if role == INTERVAL:
            measured = day - last if last is not None else limit
            is_beyond = measured < limit
            key = -measured, -day
        else:
            measured = day - first + 1 if role == SPAN else count
            is_beyond = measured > limit
            key = measured, -first
        if is_beyond and day in own:
            refused.add(day)
            if day in told:
                worst = max(worst, key) if worst is not None else key
        if role != INTERVAL or not is_beyond:  # a use too soon is not paid: the next is measured from the paid one
            last = day
    if worst is None:
        return refused, 0, 0
    return refused, abs(worst[0]), -worst[1]


def _before(view: View, bound: Bound[CourseParameters], first: int) -> set[int]:
    """Days of use in earlier visits that can belong to the same course."""
    if not bound.parameters.pause_days:
        return set()
    return {
        day
        for past in view.past
        for used in past.uses
        if used.item in bound.own
        for day, quantity in used.days.items()
        if quantity > 0 and day <= first
    }


def _hit(view: View, bound: Bound[CourseParameters], use: Use, measured: int, since: int) -> Hit:
    limit, role, name = bound.the.days, bound.the.role, called(view, bound, use)
    if role == INTERVAL:
        zh = f"「{name}」{day_text(since)} 距上次使用 {measured} 天，间隔不足 {limit} 天"
        en = f"{name} was used on {day_text(since)}, {measured} days after the last use; at least {limit} days apart"
    elif role == SPAN:
        zh = f"「{name}」自 {day_text(since)} 首次使用起连续时间跨度 {measured} 天，限 {limit} 天"
        en = f"{name} was used over {measured} days from its first use on {day_text(since)}, at most {limit} days"
    else:
        zh = f"「{name}」自 {day_text(since)} 起使用日期总计 {measured} 天，限 {limit} 天"
        en = f"{name} was used on {measured} days since {day_text(since)}, at most {limit} days"
    pause = f"{bound.parameters.pause_days} 天"
    return Hit(
        zh,
        en,
        parameters={"days": f"{limit} 天", "role": role, "pause_days": pause},
        inputs={"measured": f"{measured} 天", "since": day_text(since)},
    )

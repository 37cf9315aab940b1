"""Limits by how much a day and how often in a period."""

from collections.abc import Iterable, Sequence

from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called, claimed
from agents.core.rules.kinds.policy.counting import (
    ONE_E4,
    Excess,
    at_fault,
    beyond,
    counted,
    daily_e4,
    days_text,
    quantity_text,
)
from agents.core.rules.view import Use, View
from schemas.units import day_text

#: Role of a point: the day of discharge counts nothing (计入不计出), unless it is the day of admission too.
STAY = "stay"


class QuantityADay(Kind[Parameters]):
    """More of the item on one day than its upper limit. All lines count, whoever pays: it is a limit on charging.

    quantity: the limit a day. role `stay`: charged by days of stay, so the day of discharge counts nothing. A line for
    several days counts with one day's part. Several codes in `item` share the limit.
    """

    name = "quantity_a_day"
    title_zh = "限每日数量"
    title_en = "limited quantity a day"
    trigger = Trigger.ITEM
    point_columns = ("item", "quantity", "role")
    needed_columns = (("item",), ("quantity",))
    roles = (STAY,)

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """The excess of every day, on the day's last lines."""
        point, facts = bound.the, view.facts
        if point.quantity is None:
            return ()
        leaves = facts.discharged_day if point.role == STAY and facts.discharged_day != facts.admitted_day else None
        by_day: dict[int, list[Use]] = {}
        for use in counted(view, bound.own, uses):
            by_day.setdefault(use.day, []).append(use)
        excess: list[Excess] = []
        worst = 0, 0
        for day in sorted(by_day):
            lines = by_day[day]
            found = beyond(lines, 0 if day == leaves else point.quantity)
            if found:
                excess += found
                if at_fault(view, found):
                    worst = max(worst, (sum(daily_e4(use) for use in lines), -day))
        wrong = at_fault(view, excess)
        if not wrong:
            return ()
        total, day = worst[0], -worst[1]
        limit, unit = quantity_text(point.quantity), point.unit or "次"
        days = {cited.use.day for cited in wrong}
        zh, en = days_text(days)
        more_zh = f"，共 {len(days)} 天超出（{zh}）" if len(days) > 1 else ""
        more_en = f"; over the limit on {len(days)} days ({en})" if len(days) > 1 else ""
        zh, en = f"限每日 {limit} {unit}", f"at most {limit} a day"
        if day == leaves:
            zh, en = "出院当日不计", "the day of discharge does not count"
        name = called(view, bound, wrong[0].use)
        return (
            Hit(
                f"「{name}」{day_text(day)} 收费 {quantity_text(total)} {unit}，{zh}{more_zh}",
                f"{name}: {quantity_text(total)} on {day_text(day)}, {en}{more_en}",
                wrong,
                parameters={"quantity_a_day": f"{limit} {unit}", "role": point.role},
                inputs={"quantity": f"{quantity_text(total)} {unit}", "day": day_text(day), "days": str(len(days))},
            ),
        )


class TimesInPeriod(Kind[Parameters]):
    """Within any `days` days the item is paid `times` times (quantities count), and it was used more often.

    A use that is beyond the limit does not count against later ones: it is not paid. Uses in earlier visits count. Day
    N after a use is within a period of `days` days while N < days.
    """

    name = "times_in_period"
    title_zh = "限周期次数"
    title_en = "limited times in a period"
    trigger = Trigger.ITEM
    point_columns = ("item", "times", "days")
    needed_columns = (("item",), ("times",), ("days",))
    uses_history = True

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """The uses beyond the limit of their period."""
        point = bound.the
        if point.times is None or not point.days:
            return ()
        lines = [use for use in counted(view, bound.own, claimed(view, bound, uses)) if use.quantity_e4 > 0]
        if not lines:
            return ()
        paid = _before(view, bound, lines, point.days)
        excess: list[Excess] = []
        first: tuple[int, tuple[int, ...]] | None = None
        today, within, taken = -1, [], 0
        for use in lines:
            if use.day != today:
                today, within = use.day, sorted(day for day in paid if abs(use.day - day) < point.days)
                taken = sum(paid[day] for day in within)
            over = beyond([use], point.times * ONE_E4 - taken)
            allowed = daily_e4(use) - sum(found.quantity_e4 for found in over)
            if over:
                excess += over
                if first is None or (view.proposed and at_fault(view, over) and not at_fault(view, excess[:-1])):
                    first = taken, tuple(within)
            if allowed > 0:
                paid[today] = paid.get(today, 0) + allowed
                taken += allowed
                within = sorted({*within, today})
        wrong = at_fault(view, excess)
        if not wrong or first is None:
            return ()
        taken, on = first
        zh, en = days_text(on)
        use = wrong[0].use
        name, done = called(view, bound, use), quantity_text(taken)
        more_zh = f"，共 {len(wrong)} 笔超出" if len(wrong) > 1 else ""
        more_en = f"; {len(wrong)} lines are beyond it" if len(wrong) > 1 else ""
        limit = f"{point.times} 次"
        what_zh, what_en = (
            f"{point.days} 天内已做 {done} 次（{zh}）",
            f"was done {done}× within {point.days} days ({en})",
        )
        again = day_text(on[-point.times] + point.days) if 0 < point.times <= len(on) else ""
        if not on:
            quantity, day = quantity_text(use.quantity_e4), day_text(use.day)
            what_zh, what_en = f"{day} 收费 {quantity} 次", f"was charged {quantity}× on {day}"
        return (
            Hit(
                f"「{name}」{what_zh}，限 {point.days} 天 {limit}{more_zh}",
                f"{name} {what_en}, at most {point.times}× in {point.days} days{more_en}",
                wrong,
                parameters={"times": limit, "days": f"{point.days} 天"},
                inputs={"done": f"{done} 次", "on": zh, "beyond": f"{len(wrong)} 笔"},
                advice_zh=f"参考已有结果，{again} 起可再次支付；确需提前复查的转自费并告知" if again else "",
                advice_en=f"Use the result there is; it is paid again from {again}, else the patient pays"
                if again
                else "",
                visits=_visits(view, bound, on),
            ),
        )


def _before(view: View, bound: Bound[Parameters], lines: Sequence[Use], days: int) -> dict[int, int]:
    """Quantities by day of earlier visits that are near enough to count."""
    first = min(use.day for use in lines) - days
    found: dict[int, int] = {}
    for past in view.past:
        for used in past.uses:
            if used.item in bound.own:
                for day, quantity in used.days.items():
                    if day > first and quantity > 0:
                        found[day] = found.get(day, 0) + quantity
    return found


def _visits(view: View, bound: Bound[Parameters], days: Sequence[int]) -> tuple[str, ...]:
    """Earlier visits in which the item was used on one of these days."""
    return tuple(
        past.visit_id
        for past in view.past
        if any(used.item in bound.own and any(day in used.days for day in days) for used in past.uses)
    )

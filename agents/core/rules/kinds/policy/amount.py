"""Limits by money: price of a unit, and total of an item."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called, claimed
from agents.core.rules.kinds.policy.counting import Excess, at_fault, beyond_fen, counted
from agents.core.rules.kinds.policy.patient import Age, day_of_age
from agents.core.rules.view import PROPOSED, Use, View
from schemas.book.entry import Share
from schemas.units import div_round, line_amount_fen, month_of
from schemas.wording import money

MICRO_A_FEN, WHOLE_BP = 10_000, 10_000


def price_text(price_micro: int) -> str:
    """A price in yuan with at least two decimals: 350000 is 0.35."""
    whole, rest = divmod(price_micro, 1_000_000)
    digits = f"{rest:06d}"
    return f"{whole:,}.{digits[:2]}{digits[2:].rstrip('0')}"


class PriceCapParameters(Parameters):
    """child_surcharge: what the price may be higher for patients younger than `child_age` (an age with a unit)."""

    child_surcharge: Annotated[Share, Field(ge=0)] = 0
    child_age: Age = ""


class PriceCap(Kind[PriceCapParameters]):
    """A line was charged at a higher unit price than the item's, whoever pays.

    price: the highest price of a unit; tier: it is the price of hospitals of this tier only. The unit price is the
    line's own, else its amount by its quantity.
    """

    name = "price_cap"
    title_zh = "限单价"
    title_en = "limited unit price"
    trigger = Trigger.ITEM
    parameters = PriceCapParameters
    point_columns = ("item", "price", "tier")
    needed_columns = (("item",), ("price",))

    def check(self, view: View, bound: Bound[PriceCapParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """What the lines cost beyond the highest price."""
        point, limits, facts = bound.the, bound.parameters, view.facts
        if point.price is None or (point.tier and point.tier != facts.tier):
            return ()
        raised = div_round(point.price * (WHOLE_BP + limits.child_surcharge), WHOLE_BP)
        grown = (
            day_of_age(facts.birth_day, limits.child_age) if limits.child_age and facts.birth_day is not None else None
        )
        excess: list[Excess] = []
        highest = 0, point.price
        for use in uses:
            cap = raised if grown is not None and use.day < grown else point.price
            price = _price(use)
            if price <= cap or use.quantity_e4 <= 0 or (view.proposed and use.source != PROPOSED):
                continue
            over = use.amount_fen - line_amount_fen(use.quantity_e4, cap)
            if over > 0:
                excess.append(Excess(use, use.quantity_e4, over))
                highest = max(highest, (price, cap))
        if not excess:
            return ()
        name = called(view, bound, excess[0].use)
        charged, most = price_text(highest[0]), price_text(highest[1])
        more_zh = f"，共 {len(excess)} 笔" if len(excess) > 1 else ""
        more_en = f", {len(excess)} lines" if len(excess) > 1 else ""
        return (
            Hit(
                f"「{name}」单价 {charged} 元，限价 {most} 元{more_zh}",
                f"{name} was charged at {charged} yuan a unit, at most {most} yuan{more_en}",
                at_fault(view, excess),
                parameters={"price_cap": f"{most} 元", "tier": point.tier},
                inputs={"price": f"{charged} 元", "lines": f"{len(excess)} 笔"},
            ),
        )


def _price(use: Use) -> int:
    """Unit price in 1e-6 yuan: what the amount says where the line names none; 0 where nothing is known."""
    if use.price_micro:
        return use.price_micro
    return div_round(use.amount_fen * MICRO_A_FEN * 10_000, use.quantity_e4) if use.quantity_e4 > 0 else 0


class TotalParameters(Parameters):
    """per: over what the total is taken: `visit`, or the calendar `year` of use, with earlier visits."""

    per: Literal["visit", "year"] = "visit"


class TotalAmount(Kind[TotalParameters]):
    """The item's total goes beyond what is paid for it. Several codes in `item` share one total.

    amount: the most that is paid. Of a year: what earlier visits cost counts for the year of their last use. What is
    beyond falls on the last lines.
    """

    name = "total_amount"
    title_zh = "限报销总额"
    title_en = "limited total amount"
    trigger = Trigger.ITEM
    parameters = TotalParameters
    point_columns = ("item", "amount")
    needed_columns = (("item",), ("amount",))
    uses_history = True

    def check(self, view: View, bound: Bound[TotalParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """What is beyond the total."""
        limit = bound.the.amount
        if limit is None:
            return ()
        is_yearly = bound.parameters.per == "year"
        by_year: dict[int, list[Use]] = {}
        for use in counted(view, bound.own, claimed(view, bound, uses)):
            by_year.setdefault(month_of(use.day) // 100 if is_yearly else 0, []).append(use)
        before = _paid_before(view, bound) if is_yearly else {}
        excess: list[Excess] = []
        total, earlier = 0, 0
        for year in sorted(by_year):
            spent = before.get(year, 0)
            found = beyond_fen(by_year[year], limit - spent)
            if found:
                excess += found
                reached = spent + sum(use.amount_fen for use in by_year[year])
                total, earlier = max((total, earlier), (reached, spent))
        wrong = at_fault(view, excess)
        if not wrong:
            return ()
        name = called(view, bound, wrong[0].use)
        when_zh, when_en = ("本年", "this year") if is_yearly else ("本次就诊", "in this visit")
        before_zh = f"（此前就诊 {money(earlier)} 元）" if earlier else ""
        before_en = f" (earlier visits {money(earlier)} yuan)" if earlier else ""
        return (
            Hit(
                f"「{name}」{when_zh}累计 {money(total)} 元{before_zh}，限报销总额 {money(limit)} 元",
                f"{name} comes to {money(total)} yuan {when_en}{before_en}, at most {money(limit)} is paid",
                wrong,
                parameters={"amount": f"{money(limit)} 元", "per": bound.parameters.per},
                inputs={"total": f"{money(total)} 元", "earlier": f"{money(earlier)} 元"},
            ),
        )


def _paid_before(view: View, bound: Bound[TotalParameters]) -> dict[int, int]:
    """What earlier visits cost, by year of the last use (fen)."""
    found: dict[int, int] = {}
    for past in view.past:
        for used in past.uses:
            if used.days and used.item in bound.own:
                year = month_of(max(used.days)) // 100
                found[year] = found.get(year, 0) + used.amount_fen
    return found

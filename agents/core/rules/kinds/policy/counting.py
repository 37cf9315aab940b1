"""Counting uses against a limit: what counts, in which order, and what of it goes beyond."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from agents.core.rules.codes import Codes
from agents.core.rules.kind import Cited
from agents.core.rules.view import PROPOSED, Use, View
from schemas.units import day_text, div_round

ONE_E4 = 10_000
MOST_DAYS_TOLD = 2


class Excess(NamedTuple):
    """What of a line goes beyond a limit: quantity (1e-4) and amount (fen)."""

    use: Use
    quantity_e4: int
    amount_fen: int


def counted(view: View, codes: Codes, uses: Sequence[Use]) -> list[Use]:
    """What counts towards a limit, each use once: first what is there in order of time, then what is being ordered.

    In an order check open orders that nobody charged yet count too, a long-term one on every day for which something
    is being ordered; an order whose charge is there does not count again.
    """
    if not view.proposed:
        return list(uses)
    charged = {use.order_id for use in uses if use.source != PROPOSED and use.order_id}
    proposed = [use for use in uses if use.source == PROPOSED and use.order_id not in charged]
    there = [use for use in uses if use.source != PROPOSED]
    known = {use.id for use in view.proposed}
    charged_days = {(use.order_id, use.day) for use in there if use.order_id}
    days = {use.day for use in view.proposed}
    for order in view.ordered(codes):
        if not order.is_open or order.id in known:
            continue
        if order.long_term:
            last_day = view.facts.day_of(order.ends_at - 1) if order.ends_at else None
            there += _on_days(order, last_day, (day for day in days if (order.id, day) not in charged_days))
        elif order.id not in charged:
            there.append(order)
    there.sort(key=lambda use: (use.at, use.id))
    return there + proposed


def _on_days(order: Use, last_day: int | None, days: Iterable[int]) -> Iterable[Use]:
    """A long-term order as it counts on days on which it runs; `last_day` None: it goes on."""
    for day in days:
        if order.day <= day and (last_day is None or day <= last_day):
            yield msgspec.structs.replace(order, day=day)


def daily_e4(use: Use) -> int:
    """What of a line counts for its day: a supply for several days counts with one day's part."""
    return div_round(use.quantity_e4, use.days) if use.days > 1 else use.quantity_e4


def full_e4(use: Use) -> int:
    """The whole quantity of a line."""
    return use.quantity_e4


def beyond(uses: Iterable[Use], allowed_e4: int, quantity_of: Callable[[Use], int] = daily_e4) -> list[Excess]:
    """What goes beyond a quantity, line by line in the order given; lines without a quantity count nothing."""
    found = []
    left = max(0, allowed_e4)
    for use in uses:
        quantity = quantity_of(use)
        over = quantity - left
        left = max(0, left - quantity)
        if over > 0:
            found.append(Excess(use, over, div_round(use.amount_fen * over, quantity)))
    return found


def beyond_fen(uses: Iterable[Use], allowed_fen: int) -> list[Excess]:
    """What goes beyond an amount, line by line in the order given."""
    left, found = max(0, allowed_fen), []
    for use in uses:
        over = use.amount_fen - left
        left = max(0, left - use.amount_fen)
        if over > 0:
            found.append(Excess(use, use.quantity_e4, over))
    return found


def at_fault(view: View, excess: Iterable[Excess]) -> list[Cited]:
    """The excess as violating lines; in an order check only of what is being ordered."""
    return [Cited(found.use, found.amount_fen) for found in excess if not view.proposed or found.use.source == PROPOSED]


def quantity_text(quantity_e4: int) -> str:
    """A quantity without trailing zeros: 15000 is 1.5."""
    whole, rest = divmod(quantity_e4, ONE_E4)
    return f"{whole}.{rest:04d}".rstrip("0") if rest else str(whole)


def days_text(days: Iterable[int]) -> tuple[str, str]:
    """Days for a sentence: the first two, and how many there are; Chinese and English."""
    found = sorted(set(days))
    some = [day_text(day) for day in found[:MOST_DAYS_TOLD]]
    if len(found) > MOST_DAYS_TOLD:
        return f"{'、'.join(some)} 等 {len(found)} 天", f"{', '.join(some)} and {len(found) - len(some)} more days"
    return "、".join(some), ", ".join(some)

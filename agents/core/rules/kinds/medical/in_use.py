"""On which days a medicine is in use: fee lines by their supply, orders being placed, and orders that still run.

Days are day numbers, both ends included. The days of an order's end are counted in whole days from its beginning.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from agents.core.rules.codes import Codes
from agents.core.rules.kind import Cited
from agents.core.rules.view import PROPOSED, Past, Use, View
from schemas.units import div_round

DAY_MS = 86_400_000
#: The last day of an order without an end.
OPEN_END = 1_000_000
#: Supplies are believed up to a year.
MOST_DAYS = 366
#: First and last day.
Interval: TypeAlias = tuple[int, int]


class Span(NamedTuple):
    """A line and the days on which what it stands for is in use."""

    use: Use
    first: int
    last: int


def spans_of(view: View, codes: Codes) -> list[Span]:
    """Every line of these items with its days, in order of time.

    A fee line lasts for its `days`; outside a stay, or taken home, else for those of its order; else for its day. In an
    order check, orders on record that are still open count as well, but not those that are being placed again.
    """
    spans = [Span(use, use.day, _last_day(view, use)) for use in view.uses(codes)]
    if view.proposed:
        placed = {use.id for use in view.proposed}
        spans += [
            Span(order, order.day, last_day_of_order(order))
            for order in view.ordered(codes)
            if order.is_open and order.id not in placed
        ]
    return spans


def supply_days(view: View, use: Use) -> int:
    """How many days a fee line lasts; 0: nobody says. In a stay an order's days are its course, not a line's supply."""
    if use.days or not (view.facts.is_outpatient or use.take_home):
        return use.days
    order = view.order_of(use)
    return order.days if order is not None else 0


def _last_day(view: View, use: Use) -> int:
    if use.source == PROPOSED:
        return last_day_of_order(use)
    return use.day + min(max(supply_days(view, use), 1), MOST_DAYS) - 1


def last_day_of_order(order: Use) -> int:
    """The last day on which an order runs."""
    if order.ends_at:
        return max(order.day, order.day + (order.ends_at - order.at) // DAY_MS)
    if order.long_term and not order.days:
        return OPEN_END
    return order.day + min(max(order.days, 1), MOST_DAYS) - 1


def supplies_of(view: View, codes: Codes, after_days: int = 0) -> dict[str, list[Interval]]:
    """Days of this visit on which a supply from an earlier visit of the patient still lasts, by that visit's id.

    A supply whose length nobody said lasts for the days on which it was given; `after_days` are counted behind it.
    """
    begun, found = view.facts.admitted_day, dict[str, list[Interval]]()
    if begun is None:
        return found
    for past in recent(view, MOST_DAYS + after_days):
        for use in past.uses:
            if use.item in codes:
                last = (use.supply_until - 1 if use.supply_until else max(use.days, default=0)) + after_days
                if last >= begun:
                    found.setdefault(past.visit_id, []).append((begun, last))
    return found


def recent(view: View, days: int) -> Iterator[Past]:
    """Earlier visits of the patient that ended at most so many days before this one began, and those still open."""
    begun = view.facts.admitted_at
    for past in view.past:
        if begun is None or not past.ended_at or begun - past.ended_at <= (days + 1) * DAY_MS:
            yield past


def merged(spans: Iterable[Span], after_days: int = 0) -> list[Interval]:
    """The days of the spans, and `after_days` behind each, as intervals that do not touch, in order."""
    return merged_days([(span.first, span.last + after_days) for span in spans])


def merged_days(days: Iterable[Interval]) -> list[Interval]:
    """Intervals that do not touch, in order."""
    found: list[Interval] = []
    for first, last in sorted(days):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def common_days(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """The days in both; each of them as `merged` makes them."""
    found, left, right = [], 0, 0
    while left < len(one) and right < len(other):
        first, last = max(one[left][0], other[right][0]), min(one[left][1], other[right][1])
        if first <= last:
            found.append((first, last))
        if one[left][1] < other[right][1]:
            left += 1
        else:
            right += 1
    return found


def on_days(spans: Iterable[Span], days: Sequence[Interval], after_days: int = 0) -> list[Span]:
    """The spans that reach one of these days."""
    return [
        span for span in spans if any(first <= span.last + after_days and span.first <= last for first, last in days)
    ]


def arrival(spans: Sequence[Span]) -> tuple[bool, int, str]:
    """What tells which of two came later: by time and id; what is being placed comes after all that is on record."""
    placed = [span.use for span in spans if span.use.source == PROPOSED]
    at, line = min((use.at, use.id) for use in placed or [span.use for span in spans])
    return bool(placed), at, line


def cite(view: View, span: Span, amount_fen: int) -> Cited:
    """The line as the one at fault; in an order check only what is being placed is."""
    if view.proposed and span.use.source != PROPOSED:
        return Cited(span.use, 0, is_violating=False)
    return Cited(span.use, amount_fen)


def share_fen(span: Span, days: Sequence[Interval]) -> int:
    """What of the line's amount falls on these days; the whole of a line without an end."""
    length = span.last - span.first + 1
    covered = sum(max(0, min(span.last, last) - max(span.first, first) + 1) for first, last in days)
    if length <= 1 or covered >= length or span.last >= OPEN_END:
        return span.use.amount_fen
    return div_round(span.use.amount_fen * covered, length)

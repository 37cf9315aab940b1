"""Medicines of one class in use at the same time (重复开药)."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise

from agents.core.rules.codes import item_codes
from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.medical.in_use import (
    Interval,
    Span,
    arrival,
    cite,
    common_days,
    merged,
    merged_days,
    on_days,
    share_fen,
    spans_of,
    supplies_of,
)
from agents.core.rules.kinds.medical.naming import days_text, name_of_use
from agents.core.rules.view import Use, View
from schemas.book.points import Point
from schemas.units import EPOCH_ORDINAL


class DuplicateParameters(Parameters):
    """What a class allows.

    most: medicines of one class that may be in use at once. switch_days: days on which, in a stay, one may run into
    the next when it replaces it. counts_history: supplies of earlier visits of the patient count as in use.
    """

    most: int = 1
    switch_days: int = 0
    counts_history: bool = False


class DuplicateClass(Kind[DuplicateParameters]):
    """More medicines of one class are in use on the same days than the class allows.

    Of a point: item; group: the class, for people to read; role: what counts as one medicine (strengths of one brand
    that are combined to a dose); empty: the item is one of its own; times: most at once in this class (of the group's
    points the largest counts; empty: `most`). Fee lines are in use for their supply, orders while they run.
    """

    name = "duplicate_class"
    title_zh = "同类药品重复"
    title_en = "medicines of one class at once"
    trigger = Trigger.GROUP
    parameters = DuplicateParameters
    point_columns = ("item", "group", "role", "times")
    needed_columns = (("item",), ("group",))
    uses_history = True

    def check(self, view: View, bound: Bound[DuplicateParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """One hit a class: the medicines that came after as many as are allowed, on the days they share."""
        given, insurance = bound.parameters, view.facts.insurance_type
        points = [point for point in bound.points if point.insurance_type in {"", insurance}]
        if not points or (len(uses) < 2 and not view.proposed and not given.counts_history):
            return ()
        medicines = _medicines(view, points)
        supplies = _supplies(view, points) if given.counts_history else {}
        taken = {name: merged_days(chain.from_iterable(visits.values())) for name, visits in supplies.items()}
        if len(medicines.keys() | taken.keys()) < 2:
            return ()
        most = max((point.times for point in points if point.times is not None), default=given.most)
        tolerated = 0 if view.facts.is_outpatient else given.switch_days
        cited: dict[str, Cited] = {}
        involved: dict[str, None] = {}
        shared: list[Interval] = []
        before: list[Span] = []
        for name, spans in sorted(medicines.items(), key=lambda entry: arrival(entry[1])):
            mine = merged(spans)
            others = {other: days for other, days in taken.items() if other != name}
            crowded = _crowded(list(others.values()), mine, most)
            if _length(crowded) > tolerated:
                shared += crowded
                involved |= dict.fromkeys(other for other, days in others.items() if common_days(days, crowded))
                involved[name] = None
                cited |= {span.use.id: cite(view, span, share_fen(span, crowded)) for span in on_days(spans, crowded)}
                for span in on_days(before, crowded):
                    cited.setdefault(span.use.id, Cited(span.use, 0, is_violating=False))
            taken[name] = merged_days([*taken.get(name, ()), *mine])
            before += spans
        if not shared:
            return ()
        titles = [_title(view, name, medicines) for name in involved]
        visits = {
            visit: None
            for name in involved
            for visit, days in supplies.get(name, {}).items()
            if common_days(merged_days(days), merged_days(shared))
        }
        hit = _hit(points[0].group, list(cited.values()), titles, shared, most)
        return (hit._replace(visits=tuple(visits)),)


def _medicines(view: View, points: Sequence[Point]) -> dict[str, list[Span]]:
    """Spans by medicine; a line that several points are about counts with the first, those with a role before all."""
    found: dict[str, list[Span]] = {}
    seen: set[str] = set()
    for point in sorted(points, key=lambda point: not point.role):
        for span in spans_of(view, item_codes(point.item)):
            if span.use.id not in seen and is_in_force(point, span.use.day):
                seen.add(span.use.id)
                found.setdefault(point.role or span.use.item, []).append(span)
    return found


def _supplies(view: View, points: Sequence[Point]) -> dict[str, dict[str, list[Interval]]]:
    """Supplies of earlier visits that last into this one: medicine → visit → days."""
    found: dict[str, dict[str, list[Interval]]] = {}
    for point in points:
        for visit, days in supplies_of(view, item_codes(point.item)).items():
            found.setdefault(point.role or point.item, {}).setdefault(visit, []).extend(days)
    return found


def _title(view: View, medicine: str, medicines: Mapping[str, Sequence[Span]]) -> str:
    spans = medicines.get(medicine)
    return name_of_use(view, spans[0].use) if spans and spans[0].use.item == medicine else view.name(medicine)


def is_in_force(point: Point, day: int) -> bool:
    """Whether a point of a group holds on a day."""
    return point.effective_from.toordinal() <= day + EPOCH_ORDINAL <= point.effective_to.toordinal()


def _crowded(others: Sequence[Sequence[Interval]], mine: Sequence[Interval], most: int) -> list[Interval]:
    """The days of `mine` on which at least `most` of the others are in use."""
    if most == 1:
        return common_days(merged_days([interval for days in others for interval in days]), mine)
    edges = sorted({edge for days in (*others, mine) for first, last in days for edge in (first, last + 1)})
    return merged_days(
        [
            (first, following - 1)
            for first, following in pairwise(edges)
            if _covers(mine, first) and sum(_covers(days, first) for days in others) >= most
        ]
    )


def _covers(days: Sequence[Interval], day: int) -> bool:
    return any(first <= day <= last for first, last in days)


def _length(days: Sequence[Interval]) -> int:
    return sum(last - first + 1 for first, last in days)


def _hit(group: str, cited: list[Cited], involved: Sequence[str], shared: Sequence[Interval], most: int) -> Hit:
    known = max(line.use.day for line in cited)
    when = days_text([day for first, last in shared for day in (first, min(last, max(known, first)))])
    return Hit(
        f"「{'」「'.join(involved)}」同属{group}，{when} 同时在用 {len(involved)} 种，限 {most} 种",
        f"{', '.join(involved)} are of one class ({group}): {len(involved)} in use together ({when}), at most {most}",
        cited,
        parameters={"most": f"{most} 种"},
        inputs={"medicines": f"{len(involved)} 种", "days": when},
    )

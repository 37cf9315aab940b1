"""Pairs that must not meet: drugs that interact (药品相互作用), herbs that exclude each other (十八反十九畏)."""

from collections.abc import Iterable, Sequence
from typing import Literal

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.medical.in_use import (
    Span,
    arrival,
    cite,
    common_days,
    merged,
    on_days,
    spans_of,
    supplies_of,
)
from agents.core.rules.kinds.medical.naming import days_text, names_of_others
from agents.core.rules.kinds.medical.prescriptions import by_prescription
from agents.core.rules.kinds.policy.claims import called
from agents.core.rules.kinds.policy.counting import counted
from agents.core.rules.view import Use, View


class PairParameters(Parameters):
    """What counts as meeting.

    within: `days` on which both are in use, or one `prescription` that has both. counts_history: supplies of earlier
    visits of the patient count as in use (with `days`).
    """

    within: Literal["days", "prescription"] = "days"
    counts_history: bool = False


class IncompatiblePair(Kind[PairParameters]):
    """Two items that must not meet are in use on the same days, or stand in one prescription.

    Of a point: item and others: the two sides; days: so many days
    after the end of one the other must not begin either (empty: only at once; not within a prescription). The one that
    came later is at fault, in an order check the one being placed.
    """

    name = "incompatible_pair"
    title_zh = "不宜同用"
    title_en = "must not be used together"
    trigger = Trigger.ITEM
    parameters = PairParameters
    point_columns = ("item", "name", "others", "other_names", "days")
    needed_columns = (("item",), ("others",))
    watches_others = True
    uses_history = True

    def check(self, view: View, bound: Bound[PairParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """One hit a pair."""
        if bound.parameters.within == "prescription":
            return _in_prescriptions(view, bound, uses)
        return _on_days(view, bound)


def _in_prescriptions(view: View, bound: Bound[PairParameters], uses: Sequence[Use]) -> Iterable[Hit]:
    others = view.uses(bound.others)
    if not view.proposed and not (uses and others):
        return ()
    theirs = by_prescription(view, counted(view, bound.others, others))
    written = by_prescription(view, counted(view, bound.own, uses))
    met = [
        ([Span(use, use.day, use.day) for use in mine], [Span(use, use.day, use.day) for use in theirs[key]])
        for key, mine in written.items()
        if key in theirs
    ]
    return (_hit(view, bound, met, (), ("同一处方", "written in one prescription")),) if met else ()


def _on_days(view: View, bound: Bound[PairParameters]) -> Iterable[Hit]:
    after = bound.the.days or 0
    ours = spans_of(view, bound.own)
    known = {span.use.id for span in ours}
    theirs = [span for span in spans_of(view, bound.others) if span.use.id not in known]
    shared = common_days(merged(ours, after), merged(theirs, after))
    met = [
        (mine, others)
        for interval in shared
        if (mine := on_days(ours, [interval], after)) and (others := on_days(theirs, [interval], after))
    ]
    visits: dict[str, None] = {}
    if bound.parameters.counts_history and view.past:
        for now, codes in ((ours, bound.others), (theirs, bound.own)):
            for visit, days in supplies_of(view, codes, after).items() if now else ():
                if taken := on_days(now, days):
                    met.append((taken, []) if now is ours else ([], taken))
                    visits[visit] = None
    if not met:
        return ()
    how = ("同时在用", "used together")
    if after:
        how = (f"用药间隔在 {after} 天以内", f"used within {after} days of each other")
    return (_hit(view, bound, met, tuple(visits), how),)


def _hit(
    view: View,
    bound: Bound[PairParameters],
    met: Sequence[tuple[list[Span], list[Span]]],
    visits: tuple[str, ...],
    how: tuple[str, str],
) -> Hit:
    """One hit of all meetings; one side is empty where its supply came from an earlier visit."""
    cited: dict[str, Cited] = {}
    for ours, theirs in met:
        later, earlier = ours, theirs
        if not ours or (theirs and arrival(theirs) > arrival(ours)):
            later, earlier = theirs, ours
        for span in earlier:
            cited.setdefault(span.use.id, Cited(span.use, 0, is_violating=False))
        cited |= {span.use.id: cite(view, span, span.use.amount_fen) for span in later}
    point = bound.the
    first = next((ours[0].use for ours, _ in met if ours), None)
    second = next((theirs[0].use for _, theirs in met if theirs), None)
    name = called(view, bound, first) if first else point.name or view.name(point.item)
    other = (second and (view.names.get(second.item) or second.name)) or names_of_others(view, point)
    when = days_text([line.use.day for line in cited.values() if line.is_violating or point.days])
    before_zh, before_en = ("，其一为此前就诊所开", "; one of them is from an earlier visit") if visits else ("", "")
    return Hit(
        f"「{name}」与「{other}」{how[0]}（{when}{before_zh}），不宜同用",
        f"{name} and {other} were {how[1]} ({when}{before_en}); they should not be",
        list(cited.values()),
        parameters={"pair": f"{point.item} × {point.others}"} | ({"days": f"{point.days} 天"} if point.days else {}),
        inputs={"days": when},
        visits=visits,
    )

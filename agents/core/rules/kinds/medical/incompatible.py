"""Pairs that must not meet: drugs that interact (药品相互作用), herbs that exclude each other (十八反十九畏)."""

from collections.abc import Iterable, Sequence
from typing import Literal

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.medical.in_use import Span, began, common_days, merged, on_days, spans_of
from agents.core.rules.kinds.medical.naming import days_text
from agents.core.rules.kinds.medical.prescriptions import by_prescription
from agents.core.rules.kinds.policy.claims import called
from agents.core.rules.kinds.policy.counting import counted
from agents.core.rules.view import Use, View


class PairParameters(Parameters):
    """within: `days` on which both are in use, or one `prescription` that has both."""

    within: Literal["days", "prescription"] = "days"


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

    def check(self, view: View, bound: Bound[PairParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """One hit a pair."""
        others = view.uses(bound.others)
        if not others and not view.proposed:
            return ()
        if bound.parameters.within == "prescription":
            return _in_prescriptions(view, bound, uses, others)
        return _on_days(view, bound)


def _in_prescriptions(
    view: View, bound: Bound[PairParameters], uses: Sequence[Use], others: Sequence[Use]
) -> Iterable[Hit]:
    theirs = by_prescription(view, counted(view, bound.others, others))
    written = by_prescription(view, counted(view, bound.own, uses))
    ours = {key: mine for key, mine in written.items() if key in theirs}
    met = [
        ([Span(use, use.day, use.day) for use in mine], [Span(use, use.day, use.day) for use in theirs[key]])
        for key, mine in ours.items()
    ]
    if not met:
        return ()
    return (_hit(view, bound, met, "同一处方", "written in one prescription"),)


def _on_days(view: View, bound: Bound[PairParameters]) -> Iterable[Hit]:
    after = bound.the.days or 0
    ours, theirs = spans_of(view, bound.own), spans_of(view, bound.others)
    shared = common_days(merged(ours, after), merged(theirs, after))
    if not shared:
        return ()
    met = [
        (mine, others)
        for interval in shared
        if (mine := on_days(ours, [interval], after)) and (others := on_days(theirs, [interval], after))
    ]
    when = "同时在用" if not after else f"用药间隔在 {after} 天以内"
    when_en = "used together" if not after else f"used within {after} days of each other"
    return (_hit(view, bound, met, when, when_en),)


def _hit(
    view: View, bound: Bound[PairParameters], met: Iterable[tuple[list[Span], list[Span]]], how: str, how_en: str
) -> Hit:
    cited: dict[str, Cited] = {}
    pairs = list(met)
    for ours, theirs in pairs:
        later, earlier = (ours, theirs) if min(map(began, ours)) > min(map(began, theirs)) else (theirs, ours)
        for span in earlier:
            cited.setdefault(span.use.id, Cited(span.use, 0, is_violating=False))
        cited |= {span.use.id: Cited(span.use, span.use.amount_fen) for span in later}
    point = bound.the
    first, second = pairs[0][0][0].use, pairs[0][1][0].use
    name = called(view, bound, first)
    other = view.names.get(second.item) or second.name or point.other_names or second.item
    when = days_text([line.use.day for line in cited.values()])
    return Hit(
        f"「{name}」与「{other}」{how}（{when}），不宜同用",
        f"{name} and {other} were {how_en} ({when}); they should not be",
        list(cited.values()),
        parameters={"pair": f"{point.item} × {point.others}"} | ({"days": f"{point.days} d"} if point.days else {}),
        inputs={"days": when},
    )

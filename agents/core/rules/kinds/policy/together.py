"""What must not be charged together: pairs of items, one of which is part of the other."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agents.core.rules.codes import item_codes
from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called
from agents.core.rules.kinds.policy.counting import counted, days_text
from agents.core.rules.view import PROPOSED, Use, View

#: Roles of a point: which side may not be charged beside the other; empty: the cheaper one of each day.
OTHERS, ITEM = "others", "item"


class _Met(NamedTuple):
    """Lines of the two sides that meet on one day."""

    day: int
    own: Sequence[Use]
    others: Sequence[Use]


class ChargedTogether(Kind[Parameters]):
    """The item and one of the point's others were charged together, whoever pays.

    Together: on one day, or within `days` days of each other where the point says so. role: which side is at fault
    where they meet: `others` (they are contained in the item), `item`, or empty: the cheaper side of the day, the
    others where they cost the same. Nothing where one code is on both sides.
    """

    name = "charged_together"
    title_zh = "不得同时收费"
    title_en = "not to be charged together"
    trigger = Trigger.ITEM
    point_columns = ("item", "others", "other_names", "days", "role")
    needed_columns = (("item",), ("others",))
    roles = (OTHERS, ITEM)
    watches_others = True

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """The lines of the side at fault with all they cost, those of the other side as involved."""
        point = bound.the
        others = view.uses(bound.others)
        if not others:
            return ()
        own_ids = {use.id for use in uses}
        meets = _meetings(
            counted(view, bound.own, uses),
            [use for use in counted(view, bound.others, others) if use.id not in own_ids],
            point.days or 0,
        )
        cited: dict[str, Cited] = {}
        days: set[int] = set()
        mine = theirs = None
        for met in meets:
            wrong, involved = _sides(met, point.role)
            if view.proposed:
                wrong, involved = _being_ordered(wrong, involved)
            if not wrong:
                continue
            days.add(met.day)
            mine, theirs = mine or met.own[0], theirs or met.others[0]
            for use in wrong:
                cited[use.id] = Cited(use, use.amount_fen)
            for use in involved:
                cited.setdefault(use.id, Cited(use, 0, is_violating=False))
        if mine is None or theirs is None:
            return ()
        zh, en = days_text(days)
        name, other = called(view, bound, mine), _name_of_other(view, bound, theirs)
        return (
            Hit(
                f"「{name}」与「{other}」同时收费（{zh}）",
                f"{name} and {other} were charged together ({en})",
                sorted(cited.values(), key=lambda line: (not line.is_violating, line.use.at, line.use.id)),
                parameters={"within": f"{point.days} 天" if point.days else "同一天", "role": point.role},
                inputs={"on": zh, "days": str(len(days))},
            ),
        )


def _meetings(own: Sequence[Use], others: Sequence[Use], days: int) -> Iterable[_Met]:
    """Where the two sides meet, by day of the item."""
    mine: dict[int, list[Use]] = {}
    theirs: dict[int, list[Use]] = {}
    for use in own:
        mine.setdefault(use.day, []).append(use)
    for use in others:
        theirs.setdefault(use.day, []).append(use)
    for day in sorted(mine):
        near = [use for other in sorted(theirs) if abs(other - day) <= days for use in theirs[other]]
        if near:
            yield _Met(day, mine[day], near)


def _sides(met: _Met, role: str) -> tuple[Sequence[Use], Sequence[Use]]:
    """The lines at fault, and those they met."""
    if role == OTHERS:
        return met.others, met.own
    if role == ITEM:
        return met.own, met.others
    if role:
        return (), ()
    own, others = (sum(use.amount_fen for use in side) for side in (met.own, met.others))
    return (met.own, met.others) if own < others else (met.others, met.own)


def _being_ordered(wrong: Sequence[Use], involved: Sequence[Use]) -> tuple[Sequence[Use], Sequence[Use]]:
    """In an order check what is ordered now is at fault, on whichever side it stands."""
    now = [use for use in wrong if use.source == PROPOSED]
    if now:
        return now, involved
    now = [use for use in involved if use.source == PROPOSED]
    return now, wrong


def _name_of_other(view: View, bound: Bound[Parameters], use: Use) -> str:
    names = [name.strip() for name in bound.the.other_names.split(";")]
    known = zip(bound.the.others.split(";"), names, strict=False)
    own = next((name for code, name in known if item_codes(code.strip()).any_of(use.codes)), "")
    return view.names.get(use.item) or use.name or own or use.item

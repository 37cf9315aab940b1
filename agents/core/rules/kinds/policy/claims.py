"""Which lines a rule judges, and what the item of a point is called: shared by the kinds about single lines."""

from collections.abc import Sequence
from typing import Any

from agents.core.rules.kind import Bound, Cited
from agents.core.rules.view import PROPOSED, Use, View
from schemas.book.points import codes
from schemas.book.rules import RuleCategory

CLASS_C, REFUSED = 2, "2"
#: As many codes as a sentence can bear.
MOST_TOLD = 4


def is_claimed(use: Use) -> bool:
    """Whether the insurance is asked to pay for the line: not 丙类, not refused, its condition not said to be unmet."""
    return use.level != CLASS_C and use.approval != REFUSED and use.limited_use_met is not False


def claimed(view: View, bound: Bound[Any], uses: Sequence[Use]) -> Sequence[Use]:
    """The lines that are the rule's matter.

    A policy rule says what the insurance pays: what the patient pays anyway is none of its business, and so is a whole
    visit that no insurance is known for (uninsured, or the card has not come yet). A rule on treatment looks at every
    line, whoever pays.
    """
    if bound.active.rule.category is not RuleCategory.POLICY:
        return uses
    return [use for use in uses if is_claimed(use)] if view.facts.insurance_type else []


def judged(view: View, bound: Bound[Any], uses: Sequence[Use]) -> Sequence[Use]:
    """The lines that may be at fault: `claimed` ones; in an order check only what is being ordered."""
    if view.proposed:
        uses = [use for use in uses if use.source == PROPOSED]
    return claimed(view, bound, uses)


def whole(uses: Sequence[Use]) -> list[Cited]:
    """The lines as violating with all they cost."""
    return [Cited(use, use.amount_fen) for use in uses]


def called(view: View, bound: Bound[Any], use: Use) -> str:
    """What the item of a line is called: by the catalogue, the hospital or the point, else its code."""
    point = bound.point
    return view.names.get(use.item) or use.name or (point.name if point is not None else "") or use.item


def listed(cell: str) -> str:
    """Codes or names of a cell for a Chinese sentence; the first few."""
    found = codes(cell)
    some = "、".join(found[:MOST_TOLD])
    return f"{some} 等 {len(found)} 项" if len(found) > MOST_TOLD else some

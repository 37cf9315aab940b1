"""Operations of one incision: the first is charged whole, every further one at a part of its price."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.codes import item_codes
from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called
from agents.core.rules.kinds.policy.counting import ONE_E4, Excess, at_fault, beyond_fen, days_text
from agents.core.rules.view import Use, View
from schemas.book.entry import Share
from schemas.book.points import Point
from schemas.units import div_round
from schemas.wording import money, share_text

WHOLE_BP, MICRO_A_FEN = 10_000, 10_000


class DiscountParameters(Parameters):
    """further: what part of its price a further operation of one incision is charged at."""

    further: Annotated[Share, Field(ge=0)]


class SetDiscount(Kind[DiscountParameters]):
    """Two or more different operations of a group through one incision, and a further one was not charged at its part.

    Operations of one group on one day are one incision, unless the charges name incision groups: then each of these is
    one. The dearest by the points' full `price` counts as the first. share: the part of this operation, where it is
    not the rule's. A quantity below one counts as a whole operation (that is how some hospitals charge the part).
    """

    name = "set_discount"
    title_zh = "同一切口手术折价"
    title_en = "further operations of one incision"
    trigger = Trigger.GROUP
    parameters = DiscountParameters
    point_columns = ("item", "group", "price", "share")
    needed_columns = (("item",), ("price",))

    def check(self, view: View, bound: Bound[DiscountParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """What the further operations cost beyond their part; those of the first as involved."""
        incisions: dict[tuple[int, str], dict[str, list[Use]]] = {}
        points = _by_item(bound.points, uses)
        for use in uses:
            if use.item in points and use.quantity_e4 > 0:
                incisions.setdefault((use.day, use.incision_group), {}).setdefault(use.item, []).append(use)
        excess: list[Excess] = []
        involved: list[Use] = []
        worst: tuple[int, str, int, int, int] | None = None
        for key in sorted(incisions):
            operations = incisions[key]
            order = sorted(operations, key=lambda item: (-(points[item].price or 0), item))
            found: list[Excess] = []
            for item in order[1:]:
                lines, point = operations[item], points[item]
                part = point.share if point.share is not None else bound.parameters.further
                allowed = _allowed_fen(point, lines, part)
                over = beyond_fen(lines, allowed)
                if over:
                    found += over
                    charged = sum(use.amount_fen for use in lines)
                    told = charged - allowed, item, charged, allowed, part
                    worst = max(worst, told) if worst else told
            if found:
                excess += found
                involved += operations[order[0]]
        wrong = at_fault(view, excess)
        if not wrong or worst is None:
            return ()
        _, item, charged, allowed, part = worst
        name = called(view, bound, next(found.use for found in excess if found.use.item == item))
        zh, en = days_text(found.use.day for found in excess)
        first, part_text = called(view, bound, involved[0]), share_text(part)
        return (
            Hit(
                f"「{name}」与「{first}」经同一切口（{zh}），应按 {part_text} 计收 "
                f"{money(allowed)} 元，实收 {money(charged)} 元",
                f"{name} through the same incision as {first} ({en}) is charged at {part_text}, "
                f"{money(allowed)} yuan; it was {money(charged)}",
                [*wrong, *(Cited(use, 0, is_violating=False) for use in involved)],
                parameters={"part": part_text, "allowed": f"{money(allowed)} 元"},
                inputs={"charged": f"{money(charged)} 元", "on": zh, "operations": str(len(points))},
            ),
        )


def _by_item(points: Sequence[Point], uses: Sequence[Use]) -> Mapping[str, Point]:
    """The point of each item that was used and whose full price is known."""
    found: dict[str, Point] = {}
    for use in uses:
        if use.item not in found:
            for point in points:
                if point.price and item_codes(point.item).any_of(use.codes):
                    found[use.item] = point
                    break
    return found


def _allowed_fen(point: Point, lines: Sequence[Use], part_bp: int) -> int:
    """What a further operation may cost: its part of the full price, for each whole operation."""
    operations = -(-sum(use.quantity_e4 for use in lines) // ONE_E4)
    return div_round((point.price or 0) * operations * part_bp, WHOLE_BP * MICRO_A_FEN)

"""Herbal pieces (中药饮片) that the insurance does not pay: never, or not when used alone."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from agents.core.rules.codes import Codes, item_codes
from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called, judged, whole
from agents.core.rules.view import Use, View
from schemas.book.points import Point
from schemas.units import day_text

HERBAL_CATEGORY = 9
#: tcmdrug_used_way 2: used alone (单方).
ALONE = "2"
MOST_NAMES = 3


class HerbNotPayable(Kind[Parameters]):
    """A herb that is not paid at all, alone or in a compound prescription."""

    name = "herb_not_payable"
    title_zh = "饮片不予支付"
    title_en = "herbs that are never paid"
    trigger = Trigger.ITEM
    point_columns = ("item",)
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """All lines that the insurance is asked to pay."""
        wrong = judged(view, bound, uses)
        if not wrong:
            return ()
        name = called(view, bound, wrong[0])
        return (
            Hit(
                f"「{name}」属于不得纳入基金支付范围的中药饮片（单方、复方均不予支付）",
                f"{name} is one of the herbs that are not paid, neither alone nor in a compound",
                whole(wrong),
                inputs={"lines": str(len(wrong))},
            ),
        )


#: A prescription: its number, or day and doctor where nobody gives one.
Prescription: TypeAlias = tuple[str, int, str]


class HerbParameters(Parameters):
    """herbs: codes of herbal pieces (`T*`), beside whatever is charged as category 10 中药饮片."""

    herbs: tuple[str, ...]


class HerbAlone(Kind[HerbParameters]):
    """Herbs that are not paid when used alone, nor in a prescription made only of such herbs.

    The points of a group are these herbs. A prescription is known by its number (of the order, or of the order that a
    charge names), else by day and doctor. A line marked as used alone (单方) is at fault whatever stands beside it.
    """

    name = "herb_alone"
    title_zh = "饮片单方不予支付"
    title_en = "herbs that are not paid alone"
    trigger = Trigger.GROUP
    watches_visit = True
    parameters = HerbParameters
    point_columns = ("item", "group")
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[HerbParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """The listed herbs of prescriptions with nothing else in them; one finding a visit."""
        listed = {use.id for use in uses} | {order.id for order in view.ordered(_cell(bound.points))}
        suspects = judged(view, bound, uses)
        if not suspects:
            return ()
        numbers = {order.id: order.prescription_id for order in view.orders if order.prescription_id}
        compounds = {_prescription(use, numbers) for use in _other_herbs(view, bound, listed)}
        wrong = [use for use in suspects if use.herbal_use == ALONE or _prescription(use, numbers) not in compounds]
        if not wrong:
            return ()
        names = list(dict.fromkeys(called(view, bound, use) for use in wrong))
        zh, en = "、".join(names[:MOST_NAMES]), ", ".join(names[:MOST_NAMES])
        if len(names) > MOST_NAMES:
            zh, en = f"{zh}等 {len(names)} 味", f"{en} and {len(names) - MOST_NAMES} more"
        day = day_text(wrong[0].day)
        return (
            Hit(
                f"「{zh}」单独使用，或处方（{day}）全部由此类饮片组成，统筹基金不予支付",
                f"{en} used alone, or in a prescription ({day}) of such herbs only, which is not paid",
                whole(wrong),
                parameters={"herbs": ";".join(bound.parameters.herbs)},
                inputs={"herbs_found": str(len(names)), "day": day},
            ),
        )


def _cell(points: Sequence[Point]) -> Codes:
    return item_codes(";".join(point.item for point in points))


def _other_herbs(view: View, bound: Bound[HerbParameters], listed: set[str]) -> Iterable[Use]:
    """Herbs of the visit, charged or ordered, that are not listed."""
    cell = ";".join(bound.parameters.herbs)
    return [use for use in view.once(("herbs", cell), lambda: _herbs(view, cell)) if use.id not in listed]


def _herbs(view: View, cell: str) -> list[Use]:
    """All herbs of the visit, charged, ordered or being ordered; looks at items, and at lines only of herbs."""
    herbs = item_codes(cell)
    found = [
        use
        for item, uses in view.charges.items()
        if uses and (uses[0].category == HERBAL_CATEGORY or item in herbs)
        for use in uses
    ]
    beside = (*view.proposed, *(order for order in view.orders if order.is_open))
    return found + [use for use in beside if use.category == HERBAL_CATEGORY or use.item in herbs]


def _prescription(use: Use, numbers: dict[str, str]) -> Prescription:
    number = use.prescription_id or numbers.get(use.order_id, "")
    if number:
        return number, 0, ""
    return "", use.day, use.doctor

"""Prescriptions of herbs that are too large (超大处方), and herbs charged beyond what was prescribed (超量上传)."""

from collections.abc import Iterable, Sequence
from typing import Literal

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.medical.doses import Dose, dose_text, read_dose
from agents.core.rules.kinds.medical.naming import days_text, name_of_use
from agents.core.rules.kinds.medical.prescriptions import by_prescription
from agents.core.rules.kinds.policy.claims import called
from agents.core.rules.kinds.policy.counting import counted, quantity_text
from agents.core.rules.view import PROPOSED, Use, View
from schemas.units import div_round

MILLIGRAM = "mg"


class HerbalPrescription(Kind[Parameters]):
    """A prescription has more herbs, or more grams a dose, than is reasonable.

    Of a point: item: one herb, or all of them (`T*`); times: most different herbs in a prescription; quantity: most
    grams of them in one dose (一剂). Grams of a line: its dose (or its order's), else its quantity (in grams) over its
    days (剂数); where neither is said for a line, the prescription's grams are not judged. The herbs written last are
    the ones too many; of grams too many each line bears its share.
    """

    name = "herbal_prescription"
    title_zh = "中药饮片大处方"
    title_en = "oversized prescription of herbs"
    trigger = Trigger.ITEM
    point_columns = ("item", "name", "times", "quantity")
    needed_columns = (("item",), ("times", "quantity"))

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """One hit a prescription and limit."""
        point = bound.the
        for prescription, lines in sorted(by_prescription(view, counted(view, bound.own, uses)).items()):
            if point.times is not None:
                yield from _too_many(view, bound, prescription, lines, point.times)
            if point.quantity:
                yield from _too_heavy(view, bound, prescription, lines, Dose(point.quantity * 100_000, MILLIGRAM))


def _subject(bound: Bound[Parameters], prescription: str, what: str) -> str:
    return f"{bound.the.item} {prescription} {what}"


def _too_many(
    view: View, bound: Bound[Parameters], prescription: str, lines: Sequence[Use], most: int
) -> Iterable[Hit]:
    herbs: dict[str, list[Use]] = {}
    for use in sorted(lines, key=lambda line: (line.source == PROPOSED, line.at, line.id)):
        herbs.setdefault(use.item, []).append(use)
    if len(herbs) <= most:
        return
    surplus = at_fault(view, [use for item in list(herbs)[most:] for use in herbs[item]])
    name = bound.the.name or "中药饮片"
    yield Hit(
        f"「{name}」一张处方 {len(herbs)} 味（{days_text([use.day for use in lines])}），限 {most} 味",
        f"{name}: a prescription of {len(herbs)} herbs, at most {most}",
        [Cited(use, use.amount_fen) for use in surplus],
        subject=_subject(bound, prescription, "herbs"),
        parameters={"most_herbs": f"{most} 味"},
        inputs={"herbs": f"{len(herbs)} 味"},
    )


def _too_heavy(
    view: View, bound: Bound[Parameters], prescription: str, lines: Sequence[Use], most: Dose
) -> Iterable[Hit]:
    grams = [_milligrams(view, use) for use in lines]
    total = 0
    for one in grams:
        if one is None:
            return
        total += one
    if total <= most.millionths:
        return
    name = called(view, bound, lines[0]) if len({use.item for use in lines}) == 1 else bound.the.name or "中药饮片"
    given, limit = _in_grams(total), _in_grams(most.millionths)
    yield Hit(
        f"「{name}」每剂 {given}（{days_text([use.day for use in lines])}），限每剂 {limit}",
        f"{name}: {given} a dose, at most {limit}",
        [Cited(use, div_round(use.amount_fen * (total - most.millionths), total)) for use in at_fault(view, lines)],
        subject=_subject(bound, prescription, "grams"),
        parameters={"most_a_dose": limit},
        inputs={"a_dose": given},
    )


def _in_grams(millionths: int) -> str:
    return dose_text(Dose(millionths // 1_000, "g"))


def _milligrams(view: View, use: Use) -> int | None:
    """Grams of a line in one dose, as millionths of a milligram; None where nobody says."""
    order = view.order_of(use)
    for said in (use, order):
        if said is not None and said.dose:
            dose = read_dose(said.dose, said.dose_unit or "g")
            return dose.millionths if dose is not None and dose.unit == MILLIGRAM else None
    days = use.days or (order.days if order is not None else 0)
    return use.quantity_e4 * 100_000 // days if days and use.quantity_e4 else None


class OrderedParameters(Parameters):
    """quantity_of: what an order's quantity counts: the `whole` order, or one `dose` (× its days: 剂数)."""

    quantity_of: Literal["whole", "dose"] = "whole"


class ChargedBeyondOrdered(Kind[OrderedParameters]):
    """More of the item is charged for an order than was ordered.

    Lines are held to the order they name; lines without an order, orders without a quantity and long-term orders
    (charged every time they are carried out) are passed over. The lines charged last are the ones beyond.
    """

    name = "charged_beyond_ordered"
    title_zh = "计费超出医嘱数量"
    title_en = "charged beyond what was ordered"
    trigger = Trigger.ITEM
    parameters = OrderedParameters
    point_columns = ("item", "name")
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[OrderedParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """One hit an order."""
        by_order: dict[str, list[Use]] = {}
        for use in uses:
            if use.order_id and use.source != PROPOSED:
                by_order.setdefault(use.order_id, []).append(use)
        for order_id, lines in sorted(by_order.items()):
            order = view.order_of(lines[0])
            if order is None or order.long_term or order.quantity_e4 <= 0:
                continue
            ordered = order.quantity_e4
            if bound.parameters.quantity_of == "dose":
                ordered *= max(order.days, 1)
            charged = sum(use.quantity_e4 for use in lines)
            if charged <= ordered:
                continue
            name = name_of_use(view, lines[0])
            yield Hit(
                f"「{name}」计费 {quantity_text(charged)}，医嘱 {quantity_text(ordered)}"
                f"（{days_text([use.day for use in lines])}），超出 {quantity_text(charged - ordered)}",
                f"{name}: charged {quantity_text(charged)}, ordered {quantity_text(ordered)}",
                beyond(lines, ordered),
                subject=f"{bound.the.item} {order_id}",
                parameters={"ordered": quantity_text(ordered)},
                inputs={"charged": quantity_text(charged)},
            )


def at_fault(view: View, uses: Sequence[Use]) -> Sequence[Use]:
    """The lines that may be at fault; in an order check only what is being ordered."""
    return [use for use in uses if use.source == PROPOSED] if view.proposed else uses


def beyond(lines: Sequence[Use], allowed_e4: int) -> list[Cited]:
    """What of the lines is beyond an allowed quantity (1e-4), in the order given; the line that crosses it in part."""
    found = []
    left = allowed_e4
    for use in lines:
        over = min(use.quantity_e4, use.quantity_e4 - left)
        left = max(0, left - use.quantity_e4)
        if over > 0:
            found.append(Cited(use, div_round(use.amount_fen * over, use.quantity_e4)))
    return found

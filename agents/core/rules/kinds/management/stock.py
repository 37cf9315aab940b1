"""Stock ledgers of drugs and consumables against what was charged (进销存)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agents.core.rules.codes import item_codes
from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.management.wording import quantity_text
from agents.core.rules.view import CHARGE, Use, View
from schemas.book.entry import E4, both
from schemas.reasons import RejectError
from schemas.units import div_round, parse_quantity_e4

INPUT = "stock_ledger"
STOCK = ("opening", "purchased", "lost", "closing", "charged")


class StockBalanceParameters(Parameters):
    """items: what is looked at (`X*`: beginnings). tolerance: by how much more may be charged, units."""

    items: tuple[str, ...] = ()
    tolerance: E4 = 0


class StockBalance(Kind[StockBalanceParameters]):
    """More was charged than was dispensed to the visit, or than the stock of the period can have yielded.

    Input `stock_ledger`: an object, `items`: code → object of quantities as text: `dispensed` (given out to this visit,
    net of returns) and, of the hospital's period, `opening`, `purchased`, `lost`, `closing`, `charged` (all five or
    none). An item the ledger does not know says nothing. Less charged than dispensed says nothing: wards keep stock.
    """

    name = "stock_balance"
    title_zh = "进销存数量与收费数量不符"
    title_en = "charged more than the stock ledger shows"
    trigger = Trigger.EVERY_ITEM
    parameters = StockBalanceParameters

    def check(self, view: View, bound: Bound[StockBalanceParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """At most one finding an item and comparison. Raises ValueError for an input of another shape."""
        if INPUT not in view.inputs:
            return ()
        ledger, item = _read(view.inputs[INPUT]), uses[0].item
        if item not in ledger or item not in item_codes(";".join(bound.parameters.items)):
            return ()
        row, tolerance = ledger[item], bound.parameters.tolerance
        lines = [use for use in uses if use.source == CHARGE]
        found = []
        dispensed = _quantity(row, "dispensed")
        if dispensed is not None and lines:
            charged = sum(use.quantity_e4 for use in lines)
            if charged > dispensed + tolerance:
                found.append(_of_visit(view, lines, charged, dispensed, tolerance))
        period = [_quantity(row, name) for name in STOCK]
        if lines and all(quantity is not None for quantity in period):
            opening, purchased, lost, closing, charged = (quantity or 0 for quantity in period)
            used = opening + purchased - lost - closing
            if charged > used + tolerance:
                found.append(_of_period(view, lines, charged, used, tolerance))
        return found


def _of_visit(view: View, lines: Sequence[Use], charged: int, dispensed: int, tolerance: int) -> Hit:
    """The latest lines are those beyond what was dispensed."""
    name, left, cited = view.name(lines[0].item), charged - dispensed, []
    for use in sorted(lines, key=lambda line: (line.at, line.id), reverse=True):
        part = min(left, use.quantity_e4)
        if part <= 0:
            break
        left -= part
        cited.append(Cited(use, div_round(use.amount_fen * part, use.quantity_e4)))
    return Hit(
        f"「{name}」收费 {quantity_text(charged)}，发出 {quantity_text(dispensed)}",
        f"{name}: {quantity_text(charged)} charged, {quantity_text(dispensed)} dispensed to the visit",
        cited,
        f"{lines[0].item}:dispensed",
        parameters={"tolerance": quantity_text(tolerance)},
        inputs={"charged": quantity_text(charged), "dispensed": quantity_text(dispensed)},
    )


def _of_period(view: View, lines: Sequence[Use], charged: int, used: int, tolerance: int) -> Hit:
    name = view.name(lines[0].item)
    return Hit(
        f"「{name}」本期收费 {quantity_text(charged)}，进销存消耗 {quantity_text(used)}",
        f"{name}: {quantity_text(charged)} charged in the period, {quantity_text(used)} left the stock",
        [Cited(use, 0, is_violating=False) for use in lines],
        f"{lines[0].item}:period",
        parameters={"tolerance": quantity_text(tolerance)},
        inputs={"charged": quantity_text(charged), "used": quantity_text(used)},
    )


def _read(value: object) -> Mapping[str, Any]:
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, dict) or not all(isinstance(row, dict) for row in items.values()):
        zh = "stock_ledger 应为对象，items 为“编码：数量对象”"
        raise ValueError(both(zh, "stock_ledger must be an object whose items map codes to quantities"))
    return items


def _quantity(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        return parse_quantity_e4(value if type(value) is int else str(value), name)
    except RejectError as error:
        raise ValueError(
            both(f"stock_ledger 的 {name} 应为数量", f"{name} of stock_ledger must be a quantity")
        ) from error

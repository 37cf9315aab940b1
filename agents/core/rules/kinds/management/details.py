"""Fee lines that are incomplete or contradict themselves (结算明细信息异常), to be corrected before settlement."""

from collections.abc import Iterable, Sequence

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.management.wording import HOUR_MS, lines_en, quantity_text
from agents.core.rules.view import CHARGE, Use, View
from schemas.book.entry import Yuan
from schemas.units import line_amount_fen, yuan_text


class LineConsistencyParameters(Parameters):
    """tolerance: by how much the amount may exceed quantity × price, yuan; each refund rounds once.

    checks: what is looked at: `amount` (more than quantity × price), `quantity` (none stated), `price` (none stated),
    `future` (charged more than an hour after it was recorded).
    """

    tolerance: Yuan = 0
    checks: tuple[str, ...] = ()


class LineConsistency(Kind[LineConsistencyParameters]):
    """A fee line whose quantity, price and amount do not go together, that lacks one, or lies in the future.

    Lines that cost nothing are passed over. A line refunded in part is judged on what is left of it. An amount below
    quantity × price is not asked about: a discount, or a refund of money only, looks the same.
    """

    name = "line_consistency"
    title_zh = "明细数量、单价、金额不符或缺失"
    title_en = "quantity, price and amount of a line do not go together"
    trigger = Trigger.EVERY_ITEM
    parameters = LineConsistencyParameters

    def check(self, view: View, bound: Bound[LineConsistencyParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """One finding an item and fault."""
        checks, tolerance = bound.parameters.checks, bound.parameters.tolerance
        found: dict[str, list[Use]] = {}
        for use in uses:
            fault = _fault(use, tolerance)
            if fault and fault in checks:
                found.setdefault(fault, []).append(use)
        return [_hit(view, fault, found[fault], tolerance) for fault in sorted(found)] if found else ()


def _fault(use: Use, tolerance: int) -> str:
    if use.source != CHARGE or use.amount_fen <= 0:
        return ""
    if use.at - use.recorded_at > HOUR_MS and use.recorded_at:
        return "future"
    if not use.quantity_e4:
        return "quantity"
    if not use.price_micro:
        return "price"
    if _excess(use) > tolerance:
        return "amount"
    return ""


def _hit(view: View, fault: str, uses: Sequence[Use], tolerance: int) -> Hit:
    first = uses[0]
    name = view.name(first.item)
    parameters: dict[str, str] = {}
    inputs = {"lines": str(len(uses)), "amount": f"{yuan_text(first.amount_fen)} 元"}
    lines = [Cited(use, 0) for use in uses]
    if fault == "quantity":
        zh, en = f"「{name}」{len(uses)} 条明细无数量", f"{lines_en(len(uses))} of {name} without a quantity"
    elif fault == "price":
        zh, en = f"「{name}」{len(uses)} 条明细无单价", f"{lines_en(len(uses))} of {name} without a price"
    elif fault == "future":
        zh = f"「{name}」{len(uses)} 条明细的发生时间晚于上传时间"
        en = f"{lines_en(len(uses))} of {name} charged after being recorded"
    else:
        reckoned = line_amount_fen(first.quantity_e4, first.price_micro)
        lines = [Cited(use, _excess(use)) for use in uses]
        quantity, amount = quantity_text(first.quantity_e4), yuan_text(first.amount_fen)
        zh = f"「{name}」数量 {quantity} × 单价应为 {yuan_text(reckoned)} 元，明细金额 {amount} 元"
        en = f"{name}: quantity {quantity} × price is {yuan_text(reckoned)} yuan, the line says {amount}"
        parameters = {"tolerance": f"{yuan_text(tolerance)} 元"}
        inputs |= {"quantity": quantity, "reckoned": f"{yuan_text(reckoned)} 元"}
    return Hit(zh, en, lines, f"{first.item}:{fault}", parameters=parameters, inputs=inputs)


def _excess(use: Use) -> int:
    return use.amount_fen - line_amount_fen(use.quantity_e4, use.price_micro)


class UncodedLines(Kind[Parameters]):
    """Fee lines without any item code, neither national nor the hospital's: nothing can be checked of them."""

    name = "uncoded_lines"
    title_zh = "明细缺项目编码"
    title_en = "fee lines without an item code"
    trigger = Trigger.VISIT

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """One finding a visit, which cites them all."""
        if view.proposed:
            return ()
        lines = view.charges.get("", ())
        if not lines:
            return ()
        amount = yuan_text(sum(use.amount_fen for use in lines))
        return (
            Hit(
                f"{len(lines)} 条明细共 {amount} 元无项目编码",
                f"{lines_en(len(lines))} of {amount} yuan in all without an item code",
                [Cited(use, 0) for use in lines],
                inputs={"lines": str(len(lines)), "amount": f"{amount} 元"},
            ),
        )


class SettledTotalParameters(Parameters):
    """tolerance: by how much the sum of the lines may differ from what was settled, yuan."""

    tolerance: Yuan = 0


class SettledTotal(Kind[SettledTotalParameters]):
    """The sum of the fee lines is not the total that the insurer settled."""

    name = "settled_total"
    title_zh = "明细合计与结算总额不符"
    title_en = "sum of the lines is not the settled total"
    trigger = Trigger.VISIT
    parameters = SettledTotalParameters

    def check(self, view: View, bound: Bound[SettledTotalParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Nothing while nothing is settled; mid-stay lines are charged on, so an open visit says nothing either."""
        facts = view.facts
        settled = facts.settled_total_fen
        if settled is None or not facts.is_ended or view.proposed:
            return ()
        difference = facts.total_fen - settled
        if abs(difference) <= bound.parameters.tolerance:
            return ()
        mine, theirs, size = yuan_text(facts.total_fen), yuan_text(settled), yuan_text(abs(difference))
        more_zh, more_en = ("多", "more") if difference > 0 else ("少", "less")
        return (
            Hit(
                f"明细合计 {mine} 元，结算总额 {theirs} 元，{more_zh} {size} 元",
                f"The lines come to {mine} yuan, {theirs} were settled: {size} {more_en}",
                parameters={"tolerance": f"{yuan_text(bound.parameters.tolerance)} 元"},
                inputs={"lines_total": f"{mine} 元", "settled_total": f"{theirs} 元", "difference": f"{size} 元"},
                amount_fen=abs(difference),
            ),
        )

"""More of a consumable than a visit or its operations can need (耗材数量超标)."""

from collections.abc import Iterable, Sequence

from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.medical.herbal import beyond
from agents.core.rules.kinds.medical.naming import days_text
from agents.core.rules.kinds.policy.claims import called
from agents.core.rules.kinds.policy.counting import counted, quantity_text
from agents.core.rules.view import PROPOSED, Use, View


class ConsumableQuantity(Kind[Parameters]):
    """More of the item is used than a visit, or its operations, need.

    Of a point: item (codes in one cell count together); quantity and unit: the most; procedures: it counts for each
    operation of these that the visit has (at least one: operations are often recorded later); empty: for the visit.
    What is used last is beyond, in an order check what is being placed.
    """

    name = "consumable_quantity"
    title_zh = "耗材数量上限"
    title_en = "most of a consumable"
    trigger = Trigger.ITEM
    point_columns = ("item", "quantity", "unit", "procedures")
    needed_columns = (("item",), ("quantity",))

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """One hit: the lines beyond, the one that crosses the limit in part."""
        point = bound.the
        if point.quantity is None:
            return ()
        operations = 1
        if point.procedures:
            wanted = bound.procedures
            operations = max(1, sum(code in wanted for code in view.facts.procedure_codes))
        allowed = point.quantity * operations
        lines = counted(view, bound.own, uses)
        used = sum(use.quantity_e4 for use in lines)
        if used <= allowed:
            return ()
        wrong = [line for line in beyond(lines, allowed) if not view.proposed or line.use.source == PROPOSED]
        if not wrong:
            return ()
        name, unit = called(view, bound, wrong[0].use), point.unit
        per, per_en = "每次就诊", "in a visit"
        if point.procedures:
            per, per_en = f"{operations} 台手术", f"with operations: {operations}"
        when = days_text([use.day for use in lines])
        return (
            Hit(
                f"「{name}」使用 {quantity_text(used)}{unit}（{when}），{per}限 {quantity_text(allowed)}{unit}",
                f"{name}: {quantity_text(used)} used ({when}), at most {quantity_text(allowed)} {per_en}",
                wrong,
                parameters={"most": f"{quantity_text(allowed)}{unit}"},
                inputs={"used": f"{quantity_text(used)}{unit}", "operations": str(operations)},
            ),
        )

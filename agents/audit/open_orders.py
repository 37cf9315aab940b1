"""Open orders of a visit that nothing was charged of yet: what an order check would say of them as they stand."""

from collections.abc import Collection

import msgspec

from agents.core.rules.engine import Draft, check_orders
from agents.core.rules.rulebook import ScopedRules
from agents.core.rules.view import PROPOSED, Use, View


def uncharged_orders(view: View) -> list[Use]:
    """Orders that stand and have not led to a fee line.

    Lines name their order; where none of an item's lines does, a line from the order's time on counts as its.
    """
    charged = {use.order_id for uses in view.charges.values() for use in uses if use.order_id}
    return [
        order
        for order in view.orders
        if order.is_open
        and order.id not in charged
        and not (order.ends_at and order.ends_at <= view.facts.as_of)
        and not _is_charged_without_order(order, view)
    ]


def _is_charged_without_order(order: Use, view: View) -> bool:
    lines = view.charges.get(order.item, ())
    return any(not line.order_id and line.day >= order.day for line in lines)


def check_open_orders(
    view: View, orders: Collection[Use], scoped: ScopedRules
) -> tuple[list[Draft], list[tuple[str, Exception]]]:
    """What is to be said of these orders, and which rules broke off."""
    if not orders:
        return [], []
    asked = {order.id for order in orders}
    proposed = [msgspec.structs.replace(order, source=PROPOSED) for order in orders]
    on_record = [order for order in view.orders if order.id not in asked]
    checked = View(
        view.facts, view.charges, on_record, proposed, view.past, view.inputs, view.names, view.prescribers,
        view.exemptions,
    )  # fmt: skip
    return check_orders(checked, scoped), list(checked.failures)

"""Which prescription a line stands in."""

from collections.abc import Iterable

from agents.core.rules.view import Use, View
from schemas.units import day_text


def prescription_of(view: View, use: Use) -> str:
    """The line's prescription, else that of its order; where neither says one, what a doctor wrote on one day."""
    if use.prescription_id:
        return use.prescription_id
    order = view.order_of(use)
    if order is not None and order.prescription_id:
        return order.prescription_id
    return f"{day_text(use.day)} {use.doctor}"


def by_prescription(view: View, uses: Iterable[Use]) -> dict[str, list[Use]]:
    """Lines by prescription, each in the order given."""
    found: dict[str, list[Use]] = {}
    for use in uses:
        found.setdefault(prescription_of(view, use), []).append(use)
    return found

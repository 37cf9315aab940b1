"""Orders that are being placed, as rules see them: from an order event, or from an order-check request."""

from collections.abc import Iterable
from datetime import tzinfo

from agents.core.rules.view import ORDER, PROPOSED, Use
from schemas.codes import category_index, level_index
from schemas.events import OrderEvent
from schemas.order_check import ProposedOrder
from schemas.units import day_of, line_amount_fen


def proposed_uses(orders: Iterable[OrderEvent], zone: tzinfo) -> tuple[Use, ...]:
    """Order events as uses."""
    return tuple(use_of(proposal_of(order), order.occurred_at, zone) for order in orders)


def proposal_of(order: OrderEvent) -> ProposedOrder:
    """An order event as a proposal."""
    return ProposedOrder(
        order.order_id, order.item_code, order.hospital_item_code, order.name, order.prescription_id, order.group,
        order.list_type, order.category, order.level, order.quantity, order.unit_price, 0, order.dose, order.dose_unit,
        order.frequency, order.route, order.days, order.long_term, order.take_home, order.department, order.doctor,
        order.doctor_grade, order.speciality, order.occurred_at, order.ends_at or 0, order.herbal_use, order.consent,
    )  # fmt: skip


def use_of(order: ProposedOrder, at: int, zone: tzinfo) -> Use:
    """A proposal as a use at a moment; one that is only to be looked at together counts as an order on record."""
    begins = order.begins_at or at
    return Use(
        order.order_id,
        PROPOSED if order.is_checked else ORDER,
        order.item_code or order.hospital_item_code,
        begins,
        day_of(begins, zone),
        order.quantity_e4,
        order.amount_fen or line_amount_fen(order.quantity_e4, order.unit_price_micro),
        order.unit_price_micro,
        category_index(order.category) if order.category else -1,
        level_index(order.level),
        order.hospital_item_code if order.item_code else "",
        order.name,
        order.list_type,
        order.department,
        order.doctor,
        order.order_id,
        days=order.days,
        take_home=order.take_home,
        herbal_use=order.herbal_use,
        consent=order.consent,
        doctor_grade=order.doctor_grade,
        speciality=order.speciality,
        prescription_id=order.prescription_id,
        group=order.group,
        dose=order.dose,
        dose_unit=order.dose_unit,
        frequency=order.frequency,
        route=order.route,
        long_term=order.long_term,
        ends_at=order.ends_at,
    )

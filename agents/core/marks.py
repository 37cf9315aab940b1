"""What a visit remembers of each applied entry, and how it is stored: an append-only log in chunks.

A visit's state is the log of its marks; every total is folded from it (agents/core/visit.py). Marks are never changed,
so a full chunk is written once and never again: a patient with 40,000 charges rewrites only the last few dozen.

Struct fields may only be appended, with defaults.
"""

from typing import TypeAlias

import msgspec

from schemas.codes import category_index, level_index
from schemas.ledger import Admission, Charge, ChargeDetail, Entry, Order, OrderDetail, Pricing, Settlement

#: Marks in a sealed chunk. Small: the open chunk is rewritten with every batch that touches the visit.
CHUNK_MARKS = 32

#: Bits of ChargeMark.lacks: what a refund leaves to the line it takes back.
LACKS_AMOUNT, LACKS_QUANTITY, LACKS_CATEGORY, LACKS_LEVEL, LACKS_DEPARTMENT, LACKS_ITEM = 1, 2, 4, 8, 16, 32


class ChargeMark(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="c"):
    """One applied fee line: fen, 1e-4, 1e-6 yuan; category 0–13, level 0–3; `lacks` only for refunds of a line."""

    charge_id: str
    digest: int
    charged_at: int
    day: int
    category: int
    level: int
    amount_fen: int
    quantity_e4: int
    price_micro: int
    department: str
    item: str
    refund_of: str = ""
    lacks: int = 0
    #: The hospital's own code, where `item` is the national one.
    hospital_item: str = ""
    #: hosp_appr_flag, and what the insurer said of the line: with the catalogue they decide how it is split.
    approval: str = ""
    pricing: Pricing | None = None
    #: What only rules look at: who, where, against which order; `recorded_at` is when the line reached the system.
    doctor: str = ""
    executing_department: str = ""
    order_id: str = ""
    list_type: str = ""
    trace_code: str = ""
    recorded_at: int = 0
    detail: ChargeDetail | None = None


class OrderMark(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="o"):
    """One applied order event; the latest (occurred, recorded, event id) says how the order stands."""

    order_id: str
    event_id: str
    digest: int
    occurred_at: int
    recorded_at: int
    kind: str
    item: str
    quantity_e4: int
    days: int
    long_term: bool
    take_home: bool
    #: The hospital's own code, where `item` is the national one; then what only rules look at.
    hospital_item: str = ""
    price_micro: int = 0
    dose: str = ""
    frequency: str = ""
    department: str = ""
    doctor: str = ""
    doctor_grade: str = ""
    detail: OrderDetail | None = None


class StayMark(msgspec.Struct, array_like=True, frozen=True, tag="a"):
    """One applied admission event, whole: they are few, and the stay is folded from all of them in time order."""

    event_id: str
    digest: int
    occurred_at: int
    recorded_at: int
    person_no: str
    body: Admission


class SettlementMark(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="s"):
    """One applied settlement event."""

    event_id: str
    digest: int
    occurred_at: int
    recorded_at: int
    body: Settlement


class AckMark(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="k"):
    """One applied answer to an alert: known by its id even when the episode's history has forgotten it."""

    event_id: str
    digest: int


Mark: TypeAlias = ChargeMark | OrderMark | StayMark | SettlementMark | AckMark


def charge_mark(entry: Entry, charge: Charge) -> ChargeMark:
    """The mark of a charge entry; what a refund leaves open is noted in `lacks`."""
    lacks = 0
    if charge.refund_of:
        lacks = (
            (charge.amount_fen is None) * LACKS_AMOUNT
            | (charge.quantity_e4 is None) * LACKS_QUANTITY
            | (not charge.category) * LACKS_CATEGORY
            | (not charge.level) * LACKS_LEVEL
            | (not charge.ordering_department) * LACKS_DEPARTMENT
            | (not (charge.item_code or charge.hospital_item_code)) * LACKS_ITEM
        )
    return ChargeMark(
        charge.charge_id,
        entry.digest,
        charge.charged_at,
        charge.day,
        category_index(charge.category),
        level_index(charge.level),
        charge.amount_fen or 0,
        charge.quantity_e4 or 0,
        charge.unit_price_micro or 0,
        charge.ordering_department,
        charge.item_code or charge.hospital_item_code,
        charge.refund_of,
        lacks,
        charge.hospital_item_code if charge.item_code else "",
        charge.approval,
        charge.pricing,
        charge.ordering_doctor,
        charge.executing_department,
        charge.order_id,
        charge.list_type,
        charge.trace_code,
        entry.recorded_at,
        charge.detail,
    )


def inherit(refund: ChargeMark, original: ChargeMark) -> ChargeMark:
    """The refund with what it left open taken from the line it takes back (2302: without an amount, the whole line).

    Only what the original states itself is inherited; a chain of lacking lines inherits nothing. The quantity is that
    of the whole line, so a refund of a part of its amount does not take it.
    """
    lacks = refund.lacks & ~original.lacks
    if not lacks & LACKS_AMOUNT and refund.amount_fen != -original.amount_fen:
        lacks &= ~LACKS_QUANTITY
    if not lacks:
        return refund
    return msgspec.structs.replace(
        refund,
        amount_fen=-original.amount_fen if lacks & LACKS_AMOUNT else refund.amount_fen,
        quantity_e4=-original.quantity_e4 if lacks & LACKS_QUANTITY else refund.quantity_e4,
        category=original.category if lacks & LACKS_CATEGORY else refund.category,
        level=original.level if lacks & LACKS_LEVEL else refund.level,
        department=original.department if lacks & LACKS_DEPARTMENT else refund.department,
        item=original.item if lacks & LACKS_ITEM else refund.item,
        hospital_item=original.hospital_item if lacks & LACKS_ITEM else refund.hospital_item,
        price_micro=refund.price_micro or original.price_micro,
    )


def order_mark(entry: Entry, order: Order) -> OrderMark:
    """The mark of an order entry."""
    return OrderMark(
        order.order_id,
        entry.event_id,
        entry.digest,
        entry.occurred_at,
        entry.recorded_at,
        order.kind,
        order.item_code or order.hospital_item_code,
        order.quantity_e4,
        order.days,
        order.long_term,
        order.take_home,
        order.hospital_item_code if order.item_code else "",
        order.unit_price_micro,
        order.dose,
        order.frequency,
        order.department,
        order.doctor,
        order.doctor_grade,
        order.detail,
    )


_encoder = msgspec.msgpack.Encoder()
_chunk_decoder: msgspec.msgpack.Decoder[list[Mark]] = msgspec.msgpack.Decoder(list[Mark])


def encode_chunk(marks: list[Mark]) -> bytes:
    """A sealed chunk as stored."""
    return _encoder.encode(marks)


def decode_chunk(value: bytes) -> list[Mark]:
    """Read a sealed chunk."""
    return _chunk_decoder.decode(value)

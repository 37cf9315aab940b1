"""What one raw message says, read with `schemas` only: the auditor's own way from bytes to content.

Never imports the agents: two programs that agree to the fen are worth more than one that agrees with itself.
"""

from collections.abc import Mapping
from datetime import tzinfo
from sys import intern
from typing import Any, NamedTuple

import msgspec
from pydantic import ValidationError

from schemas import ledger
from schemas.codec import Codec
from schemas.events import (
    EVENT_TYPES,
    AckEvent,
    AdmissionEvent,
    ChargeEvent,
    Event,
    OrderEvent,
    SettlementEvent,
)
from schemas.fields import reject_of
from schemas.units import day_of, line_amount_fen
from schemas.year_to_date import LayerYear, PoolYear
from streams.topics import Topic

EVENT_TYPE = {
    Topic.ADMISSION: "admission",
    Topic.ORDER: "order",
    Topic.CHARGE: "charge",
    Topic.SETTLEMENT: "settlement",
    Topic.ACK: "ack",
}
_UNITS = ("_fen", "_e4", "_micro")
#: What only rules look at is no content: a line sent again with more of it is the same line.
NO_PARTICULARS = {"detail": None, "clinical": None}

VisitKey = tuple[str, str, str]
"""hospital, patient, visit"""


class Position(NamedTuple):
    """Where a raw message stands; the topic without prefix."""

    topic: str
    partition: int
    offset: int


class Line(msgspec.Struct, frozen=True, gc=False):
    """What the totals need of a fee line. Fen; `amount` None takes back the whole of `refund_of`."""

    digest: int
    amount: int | None
    category: str
    level: str
    department: str
    refund_of: str
    charged_at: int
    day: int


class Move(msgspec.Struct, frozen=True, gc=False):
    """What the totals need of an admission event: the department it says the patient lies in, if it moves him."""

    digest: int
    kind: str
    department: str
    occurred_at: int
    recorded_at: int


class Seen(msgspec.Struct, frozen=True, gc=False):
    """Any other event: only its content counts."""

    digest: int


class Reading(NamedTuple):
    """A valid message: its type, the visit, what identifies it within the visit, its content."""

    event_type: str
    visit: VisitKey
    identity: str
    content: Line | Move | Seen


class Reader:
    """Decodes and validates raw messages. `hospital` and `zone` as in the settings."""

    def __init__(self, codec: Codec, hospital: str, zone: tzinfo) -> None:
        self._codec = codec
        self._zone = zone
        self._context = {"zone": zone, "hospital": hospital}

    def read(self, topic: str, value: bytes | None) -> Reading:
        """What the message says. Raises RejectError with the reason it deserves."""
        event_type = EVENT_TYPE[Topic(topic)]
        event = self._validate(event_type, self._codec.decode(value, event_type))
        visit = (event.hospital, event.patient_id, event.visit_id)
        if isinstance(event, ChargeEvent):
            return Reading(event_type, visit, event.charge_id, self._line(event))
        if isinstance(event, AdmissionEvent):
            return Reading(event_type, visit, event.event_id, self._move(event))
        if isinstance(event, OrderEvent):
            digest = _digest(ledger.Order, event, NO_PARTICULARS, event.occurred_at)
            return Reading(event_type, visit, f"{event.order_id}\0{event.event_id}", Seen(digest))
        if isinstance(event, SettlementEvent):
            return Reading(
                event_type, visit, event.event_id, Seen(_digest(ledger.Settlement, event, {}, event.occurred_at))
            )
        assert isinstance(event, AckEvent)
        return Reading(event_type, visit, event.event_id, Seen(_digest(ledger.Ack, event, {}, event.occurred_at)))

    def _validate(self, event_type: str, fields: dict[str, Any]) -> Event:
        try:
            return EVENT_TYPES[event_type].model_validate(fields, context=self._context)
        except ValidationError as error:
            raise reject_of(error) from error

    def _line(self, event: ChargeEvent) -> Line:
        amount, day = event.amount, day_of(event.charged_at, self._zone)
        if amount is None and event.quantity is not None and event.unit_price is not None:
            amount = line_amount_fen(event.quantity, event.unit_price)
        known = {"amount_fen": amount, "day": day, "pricing": _pricing(event), **NO_PARTICULARS}
        digest = _digest(ledger.Charge, event, known, 0)
        return Line(
            digest,
            amount,
            intern(event.category),
            intern(event.level),
            intern(event.ordering_department),
            event.refund_of,
            event.charged_at,
            day,
        )

    def _move(self, event: AdmissionEvent) -> Move:
        nested = {
            "diagnoses": tuple(
                ledger.Diagnosis(diagnosis.code, diagnosis.role, diagnosis.made_at or 0)
                for diagnosis in event.diagnoses
            ),
            "procedures": tuple(
                ledger.Procedure(procedure.code, procedure.performed_at or 0, procedure.incision_group)
                for procedure in event.procedures
            ),
            "entitlement": _entitlement(event),
            **NO_PARTICULARS,
        }
        digest = _digest(ledger.Admission, event, nested, event.occurred_at)
        return Move(digest, event.kind.value, event.department, event.occurred_at, event.recorded_at)


def _pricing(event: ChargeEvent) -> ledger.Pricing | None:
    """The insurer's terms of a line; a line that states none says nothing."""
    pricing = ledger.Pricing(event.first_self_pay_share, event.price_cap, event.limited_use_met)
    return pricing if any(term is not None for term in msgspec.structs.astuple(pricing)) else None


def _entitlement(event: AdmissionEvent) -> ledger.Entitlement | None:
    """The patient's benefits; figures of the year that do not say when they were true are of the event's time."""
    stated, year = event.year_to_date, None
    if stated is not None:
        as_of = event.occurred_at if stated.as_of is None else stated.as_of
        pools = {name: ledger.PoolYear(**pool_fen) for name, pool_fen in _in_fen(stated.pools).items()}
        layers = {name: ledger.LayerYear(**layer_fen) for name, layer_fen in _in_fen(stated.layers).items()}
        year = ledger.YearToDate(stated.year, as_of, stated.admissions, pools, layers, dict(stated.limits))
    said = (event.special_person, event.out_of_area, event.account_balance, event.account_used, year)
    return None if said == ("", "", None, None, None) else ledger.Entitlement(*said)


def _in_fen(parts: Mapping[str, PoolYear | LayerYear]) -> dict[str, dict[str, int]]:
    return {name: {f"{field}_fen": fen for field, fen in part.model_dump().items()} for name, part in parts.items()}


def _digest(body: Any, event: Event, known: Mapping[str, Any], at: int) -> int:
    """The content digest of the ledger body this event must become: its fields carry the same names, units appended."""
    values = [known[name] if name in known else getattr(event, _plain(name)) for name in body.__struct_fields__]
    return ledger.content_digest(body(*values), at)


def _plain(name: str) -> str:
    for unit in _UNITS:
        if name.endswith(unit):
            return name.removesuffix(unit)
    return name

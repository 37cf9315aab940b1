"""A plain recomputation of totals from delivered bytes: no agents, no expectation, one pass and a few dictionaries."""

from collections import Counter, defaultdict

from pydantic import ValidationError

from deploy.demo.hospital.simulation import Message
from schemas import units
from schemas.codec import Codec
from schemas.events import EVENT_TYPES, AdmissionEvent, ChargeEvent, Event
from schemas.fields import reject_of
from schemas.reasons import RejectError

CODEC = Codec()


def read(message: Message) -> Event:
    """The event in a message; raises RejectError as intake would."""
    fields = CODEC.decode(message.value, message.event_type)
    try:
        return EVENT_TYPES[message.event_type].model_validate(fields, context={"zone": units.SHANGHAI})
    except ValidationError as error:
        raise reject_of(error) from error


def read_all(messages: list[Message]) -> tuple[list[Event], Counter[str]]:
    """Every good event in order of delivery, and the refusals by reason."""
    events, refused = [], Counter()
    for message in messages:
        try:
            events.append(read(message))
        except RejectError as error:
            refused[error.reason.value] += 1
    return events, refused


def distinct_charges(events: list[Event]) -> dict[tuple[str, str], ChargeEvent]:
    """The first charge of each number within its visit."""
    charges = {}
    for event in events:
        if isinstance(event, ChargeEvent):
            charges.setdefault((event.visit_id, event.charge_id), event)
    return charges


def conflicts(events: list[Event]) -> int:
    """How many events carry a number that another content has already."""
    known, found = {}, 0
    for event in events:
        number = event.charge_id if isinstance(event, ChargeEvent) else event.event_id
        first = known.setdefault((event.TYPE, event.visit_id, number), event)
        found += _content(first) != _content(event)
    return found


def _content(event: Event) -> dict[str, object]:
    return event.model_dump(exclude={"event_id", "recorded_at", "person_no"})


def totals(events: list[Event]) -> dict[tuple[str, str, str, int], int]:
    """(Visit, department, category, day) → net fen."""
    charges = distinct_charges(events)
    whereabouts = defaultdict(list)
    for event in events:
        if isinstance(event, AdmissionEvent) and event.kind in {"admit", "register", "transfer"}:
            whereabouts[event.visit_id].append((event.occurred_at, event.department))
    found = defaultdict(int)
    for (visit_id, _), event in charges.items():
        bearing, amount = event, event.amount
        if amount is None and event.quantity is not None:
            amount = units.line_amount_fen(event.quantity, event.unit_price)
        elif amount is None:
            bearing = charges[visit_id, event.refund_of]
            amount = -bearing.amount
        department = bearing.ordering_department
        if not department:
            department = max(entry for entry in whereabouts[visit_id] if entry[0] <= event.charged_at)[1]
        found[visit_id, department, bearing.category, units.day_of(event.charged_at, units.SHANGHAI)] += amount
    return dict(found)

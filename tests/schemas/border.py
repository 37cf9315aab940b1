"""What the tests of events share: a smallest valid event of each type, and the way in that intake takes."""

from typing import Any

import pytest

from agents.core.accept import validate
from schemas.events import Event
from schemas.reasons import Reason, RejectError
from schemas.units import SHANGHAI, parse_ms

CONTEXT = {"zone": SHANGHAI, "hospital": "H1"}
AT = "2024-03-05 10:00:00"
AT_MS = parse_ms(AT, SHANGHAI)
WHOSE = {"patient_id": "P1", "visit_id": "V1"}
SMALLEST: dict[str, dict[str, Any]] = {
    "admission": {**WHOSE, "kind": "admit", "occurred_at": AT},
    "order": {**WHOSE, "order_id": "O1", "occurred_at": AT},
    "charge": {**WHOSE, "charge_id": "C1", "amount": 100, "charged_at": AT},
    "settlement": {**WHOSE, "settlement_id": "S1", "total": 100, "occurred_at": AT},
    "ack": {**WHOSE, "alert_id": "H1|P1|V1|case_cost||1", "actor": "n1", "occurred_at": AT},
}


def read(event_type: str, **changes: Any) -> Any:
    """The event that these fields describe; `...` takes a field away."""
    fields = {**SMALLEST[event_type], **changes}
    return validate(event_type, {name: value for name, value in fields.items() if value is not ...}, CONTEXT)


def refusal(event_type: str, **changes: Any) -> RejectError:
    """Why these fields are refused."""
    with pytest.raises(RejectError) as error:
        read(event_type, **changes)
    return error.value


def reason(event_type: str, **changes: Any) -> Reason:
    """The numbered reason for which these fields are refused."""
    return refusal(event_type, **changes).reason


def same_but_ids(one: Event, other: Event) -> bool:
    """Whether two events say the same, whatever their event ids are."""
    return one.model_dump(exclude={"event_id"}) == other.model_dump(exclude={"event_id"})

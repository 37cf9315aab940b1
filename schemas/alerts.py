"""The alert, as published on `alert.v1` (compacted, JSON, key = `alert_id`): absolute, with history and reasons.

One record is the whole truth of one episode. A reader keeps the record with the highest `version` per `alert_id`.
"""

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How bad; the colours of DOMAIN section 5 (text and icon always stand beside them)."""

    NOTICE = "notice"
    YELLOW = "yellow"
    RED = "red"
    PURPLE = "purple"


LEVEL_RANK = {Level.NOTICE: 0, Level.YELLOW: 1, Level.RED: 2, Level.PURPLE: 3}


class Status(StrEnum):
    """Where the episode stands. `cleared` ends it; the next crossing opens a new episode with the next number."""

    RAISED = "raised"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


class Rule(StrEnum):
    """What is watched. The value is part of the alert's id and of the threshold files."""

    VISIT_QUOTA = "visit_quota"
    CASE_COST = "case_cost"
    DRUG_RATIO = "drug_ratio"
    MATERIAL_RATIO = "material_ratio"
    SELF_PAY_RATIO = "self_pay_ratio"
    LENGTH_OF_STAY = "length_of_stay"
    VALUABLE_DRUG = "valuable_drug"
    CONSUMABLE = "consumable"
    TRANSFER = "transfer"
    PAYMENT_STANDARD = "payment_standard"
    PREDICTED_LOSS = "predicted_loss"
    CAP_REACHED = "cap_reached"
    COVERAGE_MISSING = "coverage_missing"
    SETTLEMENT_DIFFERENCE = "settlement_difference"
    DEPARTMENT_QUOTA = "department_quota"
    DEPARTMENT_DRUG_RATIO = "department_drug_ratio"
    DEPARTMENT_MATERIAL_RATIO = "department_material_ratio"
    DEPARTMENT_BUDGET = "department_budget"
    HOSPITAL_BUDGET = "hospital_budget"


class Transition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of an episode.

    When (event time, ms), what (raised, escalated, eased, acknowledged, cleared), the level after it, the value that
    decided, the event that caused it, its ledger version; for an answer: who, role, decision, reason.
    """

    at: int
    what: str
    level: str
    value: int
    event_id: str
    version: int
    actor: str = ""
    role: str = ""
    decision: str = ""
    reason: str = ""


class Derivation(msgspec.Struct, frozen=True):
    """Why: the inputs (name → integer in the unit its name says), the arithmetic in words, the policy entry used."""

    inputs: dict[str, int]
    formula: str
    policy_id: str
    policy_version: str
    policy_source: str


class Alert(msgspec.Struct, frozen=True):
    """One episode of one rule on one subject of one visit (or department and month).

    `value`, `threshold` and `unit`: bp for ratios and usage, fen for money, days, or count. `message_*` is the one
    sentence a nurse reads.
    """

    alert_id: str
    version: int
    hospital: str
    rule: str
    subject: str
    episode: int
    level: str
    peak_level: str
    status: str
    value: int
    threshold: int
    unit: str
    message_zh: str
    message_en: str
    derivation: Derivation
    history: tuple[Transition, ...]
    raised_at: int
    updated_at: int
    patient_id: str = ""
    visit_id: str = ""
    department: str = ""
    month: int = 0
    ward: str = ""
    bed: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Alert)


def encode_alert(alert: Alert) -> bytes:
    """JSON as published."""
    return _encoder.encode(alert)


def decode_alert(value: bytes) -> Alert:
    """Read a published alert; raises msgspec.DecodeError or ValidationError."""
    return _decoder.decode(value)

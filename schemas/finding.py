"""The finding, as published on `finding.v1` (compacted, JSON, key = `finding_id`): what a rule found, and why.

One record is the whole truth of one rule and one subject of a visit; a reader keeps the highest `version` per
`finding_id`. A finding is withdrawn when its cause is gone (a refund, a late diagnosis) and opened again when it is
back. It is a lead or a fault to look at, never an accusation. Money in fen, times in epoch ms, quantities in 1e-4.
"""

import msgspec

from schemas.book.rules import Grade


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line that a finding rests on.

    source: `charge`, `order`, `proposed` (an order being checked) or `visit` (another visit: `line_id` is its id).
    is_violating: a 违规项 (vola_item_type 1), else an 涉及项 (2). amount_fen: what of the line is at stake, net of
    refunds.
    """

    line_id: str
    source: str
    item: str = ""
    name: str = ""
    at: int = 0
    quantity_e4: int = 0
    amount_fen: int = 0
    is_violating: bool = True


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What somebody answered to a finding: decision (codes of table `decision`) and reason, ≤ 500 characters."""

    at: int
    actor: str
    role: str
    decision: str
    reason: str
    event_id: str


class Finding(msgspec.Struct, frozen=True):
    """What one rule found.

    finding_id: `hospital|patient|visit|rule|subject`; of an order check, `jr-…` (jr_id). subject: what tells findings
    of one rule apart within a visit, mostly the knowledge point. grade: schemas.book.rules.Grade; phase: Phase.
    evidence: at most MOST_EVIDENCE lines, violating ones first, `evidence_count` counts all. amount_fen: vola_amt.
    what_*: what is wrong; clause_zh, clause_source: which clause says so; advice_*: what to do instead; message_*: all
    of it in one sentence. parameters: what decided, name → value with its unit; inputs: what was measured, likewise.
    is_shadow: a rule on trial: kept for statistics, shown to nobody at work. status: `open` or `withdrawn`.
    """

    finding_id: str
    version: int
    hospital: str
    patient_id: str
    visit_id: str
    rule: str
    rule_number: int
    rule_name_zh: str
    rule_name_en: str
    category: str
    kind: str
    grade: Grade
    phase: str
    scenes: tuple[int, ...]
    subject: str
    status: str
    is_shadow: bool
    amount_fen: int
    evidence: tuple[Evidence, ...]
    evidence_count: int
    what_zh: str
    what_en: str
    clause_zh: str
    clause_en: str
    clause_source: str
    advice_zh: str
    advice_en: str
    message_zh: str
    message_en: str
    parameters: dict[str, str]
    inputs: dict[str, str]
    policy_version: str
    point: str = ""
    department: str = ""
    doctor: str = ""
    ward: str = ""
    bed: str = ""
    raised_at: int = 0
    updated_at: int = 0
    #: How often it was opened.
    times: int = 1
    answers: tuple[Answer, ...] = ()


OPEN, WITHDRAWN = "open", "withdrawn"
MOST_EVIDENCE = 40

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Finding)


def encode_finding(finding: Finding) -> bytes:
    """JSON as published."""
    return _encoder.encode(finding)


def decode_finding(value: bytes) -> Finding:
    """Read a published finding; raises msgspec.DecodeError or ValidationError."""
    return _decoder.decode(value)

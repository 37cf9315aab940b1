"""What putting right the violations would change: the visit settled again, with the refunds among its events."""

from dataclasses import dataclass
from pathlib import Path

from agents.audit.auditing import Audited
from agents.audit.self_check import refund_events
from agents.core.policy import Policy
from agents.visit_file import open_visit
from agents.what_if import WhatIf


@dataclass(frozen=True, slots=True)
class Effect:
    """Simulated settlement now and after the refunds, fen."""

    total_before_fen: int
    total_after_fen: int
    fund_before_fen: int
    fund_after_fen: int
    patient_before_fen: int
    patient_after_fen: int


def effect_of(
    audited: Audited, file: Path, policy: Policy, hospital: str, *, what_if: WhatIf, at: str, visit_id: str
) -> Effect | None:
    """Settle the visit again with its refunds; None: there are none. Arguments as the visit was opened with."""
    key = audited.opened.visit.key
    refunds = refund_events(audited.self_check, key.visit_id, key.patient_id, key.hospital)
    if not refunds:
        return None
    before = audited.opened.outlook.settlement
    after = open_visit(
        file, policy, hospital, what_if=what_if, at=at, visit_id=visit_id or key.visit_id, more=refunds
    ).outlook.settlement
    return Effect(
        before.total_fen, after.total_fen, before.fund_total_fen, after.fund_total_fen, before.patient_part_fen,
        after.patient_part_fen,
    )  # fmt: skip

"""The national feedback (3103): what a doctor decided about the findings of an order check, and why. Pure.

dspo_way 1 (继续执行, with a reason of at most 500 characters) and 2 (返回修改) are the interface's; 3 (转自费) and 4
(删除医嘱) are what real clients offer beside them. The request may also carry `patn_id`, `mdtrt_id` and `medins_id`,
for findings whose answer is not known any more, and `role`.
"""

from datetime import tzinfo

import msgspec

from schemas.national_envelope import Envelope, open_envelope
from schemas.order_check import partition_of_check
from schemas.reasons import Reason
from schemas.request_fields import Fault, Fields, RequestError

#: dspo_way → code of table `decision`.
DECISIONS = {"1": "continue", "2": "revise", "3": "self_pay", "4": "delete"}
MOST_REASON = 500
#: A feedback names each finding of one dialog.
MOST_WARNINGS = 200
DEFAULT_ROLE = "doctor"


class Disposition(msgspec.Struct, frozen=True):
    """What was decided about one finding. decision: codes of table `decision`."""

    finding_id: str
    decision: str
    reason: str = ""


class Feedback(msgspec.Struct, frozen=True):
    """One 3103. at: epoch ms, 0 where the request does not say; hospital, patient_id, visit_id are empty then."""

    dispositions: tuple[Disposition, ...]
    actor: str
    role: str
    phase: str
    at: int = 0
    hospital: str = ""
    patient_id: str = ""
    visit_id: str = ""


def read_feedback(body: bytes, zone: tzinfo, received_at: int) -> tuple[Feedback, Envelope]:
    """The feedback a 3103 body holds. Raises RequestError with every mistake."""
    faults: list[Fault] = []
    envelope, data = open_envelope(body, zone, received_at, faults, "3103")
    warnings = data.objects("warns")
    if not warnings:
        data.refuse("warns", Reason.MISSING_FIELD)
    if len(warnings) > MOST_WARNINGS:
        data.refuse("warns", Reason.OUT_OF_RANGE, f"最多 {MOST_WARNINGS} 条", f"at most {MOST_WARNINGS}")
    patient_id, visit_id = data.text("patn_id", is_key=True), data.text("mdtrt_id", is_key=True)
    if bool(patient_id) != bool(visit_id):
        data.refuse("mdtrt_id" if patient_id else "patn_id", Reason.MISSING_FIELD)
    actor = data.text("opter", "dr_codg") or envelope.operator
    if not actor:
        data.refuse("opter", Reason.MISSING_FIELD)
    feedback = Feedback(
        dispositions=tuple(_disposition(warning) for warning in warnings[:MOST_WARNINGS]),
        actor=actor,
        role=data.text("role") or DEFAULT_ROLE,
        phase=data.text("warn_type", most=3),
        at=data.time_ms("dspo_time") or envelope.sent_at,
        hospital=data.text("medins_id", is_key=True) or envelope.hospital,
        patient_id=patient_id,
        visit_id=visit_id,
    )
    if not faults:
        places = {partition_of_check(item.finding_id) for item in feedback.dispositions}
        if len(places) > 1:
            zh, en = "一次反馈只能针对同一患者", "one patient a feedback"
            data.refuse("warns", Reason.OUT_OF_RANGE, zh, en)
    if faults:
        raise RequestError(faults)
    return feedback, envelope


def _disposition(warning: Fields) -> Disposition:
    finding_id = warning.text("warn_rslt_id", required=True)
    if finding_id and partition_of_check(finding_id) is None:
        warning.refuse("warn_rslt_id", Reason.UNKNOWN_CHECK)
    way = warning.text("dspo_way", most=3, required=True)
    if way and way not in DECISIONS:
        warning.refuse(
            "dspo_way", Reason.UNKNOWN_KIND, f"应为 {'、'.join(DECISIONS)}", f"one of {', '.join(DECISIONS)}"
        )
    reason = warning.text("dspo_way_rea", most=MOST_REASON)
    if DECISIONS.get(way) == "continue" and not str(warning.said("dspo_way_rea") or "").strip():
        warning.refuse("dspo_way_rea", Reason.MISSING_FIELD, "继续执行须填理由", "going on needs a reason")
    return Disposition(finding_id, DECISIONS.get(way, way), reason)

"""The answers of the stations: what `alert.ack.v1` carries when somebody has looked at an alert or a finding."""

from collections.abc import Sequence

from clickhouse_driver import Client

from deploy.demo.hospital.departments import BY_CODE
from deploy.demo.hospital.simulation import TOPICS, Message
from schemas.alerts import Alert, Level, Status
from schemas.codec import encode_json

_ANSWERS = (
    ("continue", "抢救需要，继续执行（示例）"),
    ("justified", "病情复杂，多学科会诊后用药合理（示例）"),
    ("revise", "已调整医嘱，改用目录内甲类药品（示例）"),
    ("confirm", "已知悉，科室复核中（示例）"),
)
_AFTER_MS = 5 * 60_000
_FINDING_ANSWERS = (
    ("revise", "已撤销多收部分，退费办理中（示例）"),
    ("continue", "多学科会诊意见已入病历，继续执行（示例）"),
    ("self_pay", "患者知情同意，已转自费（示例）"),
    ("justified", "诊断依据见病程记录（示例）"),
)
#: Findings that stand, one a rule, the gravest first; their answers come when the hospital's day is over.
_UNANSWERED = """
    SELECT finding_id, hospital, patient_id, visit_id, department, toUnixTimestamp64Milli(updated_at) FROM v_finding
    WHERE last_decision = '' AND grade != 'lead'
    ORDER BY grade = 'violation' DESC, amount_fen DESC, finding_id LIMIT 1 BY rule LIMIT %(count)s
"""


def answer(alert: Alert, number: int) -> Message:
    """The `number`-th answer, to this alert of a visit, five minutes after it last changed."""
    decision, reason = _ANSWERS[number % len(_ANSWERS)]
    at = alert.updated_at + _AFTER_MS
    fields = {
        "event_id": f"answer-{number:05d}",
        "hospital": alert.hospital,
        "patient_id": alert.patient_id,
        "visit_id": alert.visit_id,
        "occurred_at": at,
        "alert_id": alert.alert_id,
        "actor": f"N{alert.ward[1:] or '00'}01",
        "role": "nurse",
        "decision": decision,
        "reason": reason,
    }
    return Message(TOPICS["ack"], alert.patient_id.encode(), encode_json(fields), at, "ack", None)


def answers_to_findings(client: Client, count: int) -> list[Message]:
    """Doctors and the insurance office answer some findings: taken back, continued, paid by the patient, explained."""
    found = []
    rows = client.execute(_UNANSWERED, {"count": count})
    for number, (finding_id, hospital, patient_id, visit_id, department, updated_at) in enumerate(rows):
        decision, reason = _FINDING_ANSWERS[number % len(_FINDING_ANSWERS)]
        at = updated_at + _AFTER_MS
        known = BY_CODE.get(department)
        fields = {
            "event_id": f"finding-answer-{finding_id[-80:]}",
            "hospital": hospital,
            "patient_id": patient_id,
            "visit_id": visit_id,
            "occurred_at": at,
            "alert_id": finding_id,
            "actor": known.doctors[0] if known else "YB01",
            "role": "doctor" if known else "insurance_office",
            "decision": decision,
            "reason": reason,
        }
        found.append(Message(TOPICS["ack"], patient_id.encode(), encode_json(fields), at, "ack", None))
    return found


def worth_answering(alerts: Sequence[Alert], count: int) -> list[Alert]:
    """The first few unanswered red and purple alerts of visits, in the order given."""
    wanted = [
        alert
        for alert in alerts
        if alert.visit_id and alert.level in {Level.RED, Level.PURPLE} and alert.status != Status.ACKNOWLEDGED
    ]
    return wanted[:count]

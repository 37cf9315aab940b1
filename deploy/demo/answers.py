"""The answers of the nurse stations: what `alert.ack.v1` carries when somebody has looked at an alert."""

from collections.abc import Sequence

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


def worth_answering(alerts: Sequence[Alert], count: int) -> list[Alert]:
    """The first few unanswered red and purple alerts of visits, in the order given."""
    wanted = [
        alert
        for alert in alerts
        if alert.visit_id and alert.level in {Level.RED, Level.PURPLE} and alert.status != Status.ACKNOWLEDGED
    ]
    return wanted[:count]

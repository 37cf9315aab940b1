"""An alert is raised, answered by a nurse, escalated past the answer, answered again and cleared by a refund."""

import json
import time

import pytest

from schemas.alerts import decode_alert
from streams.topics import Topic
from tests.hospitals import EVERYTHING, client

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
CHARGE = {
    "patient_id": "P1", "visit_id": "V1", "category": "05", "level": "01", "charged_at": "2026-03-05 10:00:00",
    "ordering_department": "D1",
}  # fmt: skip


def test_a_nurse_answers_and_the_alert_says_who_when_what_and_why(pipeline):
    house = pipeline().start(*EVERYTHING)
    producer = house.producer(linger_ms=0)

    def send(topic: str, **event: object) -> None:
        producer.send(house.topic(topic), key=b"P1", value=json.dumps(event).encode()).get(10)

    def wait_for(status: str, level: str) -> object:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            alerts = [decode_alert(record.value) for record in house.records(Topic.ALERT)]
            alerts = sorted((a for a in alerts if a.rule == "case_cost"), key=lambda alert: alert.version)
            if alerts and (alerts[-1].status, alerts[-1].level) == (status, level):
                return alerts[-1]
            time.sleep(0.1)
        raise AssertionError(f"no alert became {status}/{level}")

    send(Topic.CHARGE, charge_id="C1", amount="60000.00", **CHARGE)
    raised = wait_for("raised", "yellow")
    answer = {"alert_id": raised.alert_id, "patient_id": "P1", "visit_id": "V1", "role": "nurse"}
    send(Topic.ACK, event_id="K1", actor="n-17", decision="justified", reason="抢救用药",
         occurred_at="2026-03-05 11:00:00", **answer)  # fmt: skip
    acknowledged = wait_for("acknowledged", "yellow")
    step = acknowledged.history[-1]
    assert (step.actor, step.role, step.decision, step.reason) == ("n-17", "nurse", "justified", "抢救用药")
    send(Topic.CHARGE, charge_id="C2", amount="50000.00", **CHARGE)
    assert wait_for("escalated", "red").episode == 1
    send(Topic.CHARGE, charge_id="C3", refund_of="C2", **CHARGE)
    send(Topic.CHARGE, charge_id="C4", refund_of="C1", **CHARGE)
    cleared = wait_for("cleared", "yellow")
    assert [step.what for step in cleared.history] == ["raised", "acknowledged", "escalated", "eased", "cleared"]
    assert cleared.peak_level == "red"
    house.wait_caught_up(*EVERYTHING)
    stored = client(house).execute("SELECT status, peak_level FROM v_alert WHERE rule = 'case_cost'")
    assert stored == [("cleared", "red")]

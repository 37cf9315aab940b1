"""3103: what a doctor decided, with a reason where one is due."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.codes import is_known
from schemas.national_feedback import DECISIONS, Disposition, Feedback, read_feedback
from schemas.order_check import check_finding_id
from schemas.request_fields import RequestError

ZONE = ZoneInfo("Asia/Shanghai")
FINDING_ID = check_finding_id("T1", "H1", "P1", "R1", "S1", 5)
OTHER_PLACE = check_finding_id("T1", "H1", "P2", "R1", "S1", 6)


def request_of(*warnings: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {
        "infno": "3103", "msgid": "M1", "opter": "D1", "inf_time": "2024-11-05 10:31:00", "fixmedins_code": "H1",
        "input": {"data": {"warn_type": "1", "warns": list(warnings)} | data},
    }  # fmt: skip


def warning(way: str = "1", reason: str = "病情需要", finding_id: str = FINDING_ID) -> dict[str, Any]:
    return {"warn_rslt_id": finding_id, "dspo_way": way, "dspo_way_rea": reason}


def read(request: dict[str, Any]) -> Feedback:
    return read_feedback(json.dumps(request).encode(), ZONE, 1)[0]


def faults_of(request: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(RequestError) as error:
        read(request)
    return {fault.path.removeprefix("input.data."): fault.reason for fault in error.value.faults}


def test_every_field_of_a_feedback_is_read() -> None:
    assert read(request_of(warning(), patn_id="P1", mdtrt_id="V1", role="pharmacist")) == Feedback(
        dispositions=(Disposition(FINDING_ID, "continue", "病情需要"),),
        actor="D1",
        role="pharmacist",
        phase="1",
        at=1_730_773_860_000,
        hospital="H1",
        patient_id="P1",
        visit_id="V1",
    )


def test_every_way_is_a_known_decision() -> None:
    for way, decision in DECISIONS.items():
        assert read(request_of(warning(way))).dispositions[0].decision == decision
        assert is_known("decision", decision)
        assert is_known("dspo_way", way)


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_going_on_needs_a_reason_and_changing_does_not(reason: str | None) -> None:
    assert faults_of(request_of(warning("1", reason))) == {"warns[0].dspo_way_rea": "V201"}
    assert read(request_of(warning("2", reason))).dispositions[0].reason == ""


def test_a_reason_has_at_most_five_hundred_characters() -> None:
    assert read(request_of(warning("1", "由" * 500))).dispositions[0].reason == "由" * 500
    assert faults_of(request_of(warning("1", "由" * 501))) == {"warns[0].dspo_way_rea": "V207"}


def test_every_mistake_is_told_at_once() -> None:
    request = request_of(warning("9"), warning("1", ""), {"dspo_way": "2"}, warning(finding_id="P1|V1|quota"))
    del request["opter"]
    assert faults_of(request) == {
        "warns[0].dspo_way": "V210",
        "warns[1].dspo_way_rea": "V201",
        "warns[2].warn_rslt_id": "V201",
        "warns[3].warn_rslt_id": "R303",
        "opter": "V201",
    }


def test_a_feedback_says_something_about_one_patient() -> None:
    assert faults_of(request_of()) == {"warns": "V201"}
    assert faults_of(request_of(warning(), warning(finding_id=OTHER_PLACE))) == {"warns": "V205"}
    assert faults_of(request_of(warning(), patn_id="P1")) == {"mdtrt_id": "V201"}

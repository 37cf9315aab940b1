"""Facts, alerts, findings, answers are contracts for any Kafka client: their JSON Schemas change only on purpose."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import alerts, facts, finding, order_check
from schemas.alerts import Alert, Derivation, Transition
from schemas.facts import DepartmentFact, VisitFact
from schemas.finding import Finding
from schemas.order_check import CheckResult
from tests.schemas.structs import instances

GOLDEN = Path(__file__).parent / "golden"
CONTRACTS = {
    "visit_fact": VisitFact, "department_fact": DepartmentFact, "alert": Alert, "finding": Finding,
    "order_check": CheckResult,
}  # fmt: skip
MINIMAL = {
    "visit_fact": {
        "hospital": "H1",
        "patient_id": "P1",
        "visit_id": "V1",
        "version": 1,
        "policy_version": "p",
        "status": "open",
        "as_of": 2,
    },
    "department_fact": {
        "hospital": "H1",
        "department": "D1",
        "month": 202403,
        "version": 1,
        "policy_version": "p",
        "as_of": 2,
    },
}
DECODE = {
    "visit_fact": facts.decode_visit_fact,
    "department_fact": facts.decode_department_fact,
    "alert": alerts.decode_alert,
    "finding": finding.decode_finding,
    "order_check": order_check.decode_check,
}
ENCODE = {
    "visit_fact": facts.encode_fact,
    "department_fact": facts.encode_fact,
    "alert": alerts.encode_alert,
    "finding": finding.encode_finding,
    "order_check": order_check.encode_check,
}


def schema_of(contract: type) -> str:
    """The JSON Schema as it stands in the golden file."""
    return json.dumps(msgspec.json.schema(contract), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_published_contract_changes_only_on_purpose(name):
    """To publish a change: `python -m tests.schemas.test_facts` writes the golden files; say so in the changelog."""
    assert schema_of(CONTRACTS[name]) == (GOLDEN / f"{name}.schema.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MINIMAL)
def test_every_field_but_the_first_has_a_default(name):
    decoded = DECODE[name](json.dumps(MINIMAL[name]).encode())
    assert decoded == CONTRACTS[name](**MINIMAL[name])


@pytest.mark.parametrize("name", CONTRACTS)
@settings(max_examples=20)
@given(data=st.data())
def test_what_is_published_reads_back(name, data):
    record = data.draw(instances(CONTRACTS[name]))
    assert DECODE[name](ENCODE[name](record)) == record


@pytest.mark.parametrize("name", CONTRACTS)
@settings(max_examples=20)
@given(data=st.data())
def test_a_reader_passes_over_what_a_later_release_adds(name, data):
    record = data.draw(instances(CONTRACTS[name]))
    fields = msgspec.to_builtins(record) | {"of_a_later_release": [1]}
    assert DECODE[name](msgspec.json.encode(fields)) == record


def test_a_transition_leaves_out_what_it_does_not_say():
    raised = Transition(1, "raised", "yellow", 8000, "E1", 5)
    assert json.loads(msgspec.json.encode(raised)) == {
        "at": 1, "what": "raised", "level": "yellow", "value": 8000, "event_id": "E1", "version": 5,
    }  # fmt: skip


def test_an_alert_reads_back_with_its_history_and_reasons():
    why = Derivation({"used_fen": 1}, "1 ÷ 2", "q1", "v1", "source")
    alert = Alert(
        "id", 5, "H1", "visit_quota", "", 1, "red", "red", "raised", 10_000, 10_000, "bp", "中文", "English", why,
        (Transition(1, "raised", "red", 10_000, "E1", 5, "n1", "nurse", "confirm", "because"),), 1, 1,
    )  # fmt: skip
    assert alerts.decode_alert(alerts.encode_alert(alert)) == alert


def test_levels_are_ranked_from_notice_to_purple():
    assert sorted(alerts.Level, key=alerts.LEVEL_RANK.__getitem__) == ["notice", "yellow", "red", "purple"]


if __name__ == "__main__":
    for contract_name, contract in CONTRACTS.items():
        (GOLDEN / f"{contract_name}.schema.json").write_text(schema_of(contract), encoding="utf-8")

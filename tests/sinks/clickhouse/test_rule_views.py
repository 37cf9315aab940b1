"""What an analyst sees of findings: those that stand, by scene, rule, department and doctor, and what to do."""

from decimal import Decimal

import pytest

from schemas.facts import VisitStatus
from schemas.finding import Evidence
from streams.topics import Topic
from tests.sinks import make

pytestmark = pytest.mark.integration

DAY = 24 * make.HOUR
#: 2024-03-31 23:30 in Shanghai, still March there.
LAST_OF_MARCH = make.MORNING + 30 * DAY + 15 * make.HOUR + make.HOUR // 2


@pytest.fixture
def found(store):
    """Stores findings as the sink does."""

    def write(*findings):
        for place, finding in enumerate(findings):
            store(make.record(finding, Topic.FINDING, offset=place, key=finding.finding_id.encode()))

    return write


def shadow(rule="R9", **said):
    return make.finding(rule, is_shadow=True, **said)


def withdrawn(rule="R1", version=2, **said):
    return make.finding(rule, version=version, status="withdrawn", **said)


def test_findings_that_stand_are_listed_with_their_words(client, found):
    found(make.finding(answers=(make.answered("revise", 1), make.answered("continue", 2))), withdrawn("R2"), shadow())

    columns = "rule, grade_zh, category_zh, phase_zh, amount_yuan, inputs, last_decision_zh, month, toString(raised_at)"
    assert client.execute(f"SELECT {columns} FROM v_finding") == [
        ("R1", "明确违规", "政策类", "事中", 12, {"diagnoses": "I10"}, "继续执行", 202403, "2024-03-01 08:00:00.000")
    ]


def test_only_the_latest_version_of_a_finding_is_listed(client, found):
    found(make.finding(version=1, amount_fen=1), make.finding(version=3, amount_fen=3))
    found(make.finding(version=2, amount_fen=2))
    assert client.execute("SELECT amount_fen, version FROM v_finding") == [(3, 3)]
    found(withdrawn(version=4))
    assert client.execute("SELECT count() FROM v_finding") == [(0,)]


def test_the_month_is_the_hospitals(client, found):
    found(make.finding(raised_at=LAST_OF_MARCH), make.finding("R2", raised_at=LAST_OF_MARCH + make.HOUR))
    assert client.execute("SELECT rule, month FROM v_finding ORDER BY rule") == [("R1", 202403), ("R2", 202404)]


def test_evidence_is_listed_line_by_line(client, found):
    found(make.finding(), shadow())
    columns = "number, source, line_id, name, quantity, amount_yuan, is_violating_zh, toString(at)"
    assert client.execute(f"SELECT {columns} FROM v_finding_evidence ORDER BY number") == [
        (1, "charge", "C1", "福沙匹坦", 1, 12, "违规项", "2024-03-01 08:00:00.000"),
        (2, "order", "O1", "", 0, 0, "涉及项", None),
    ]


COUNTS = "findings, open, withdrawn, violations, suspicions, leads, at_order, at_charge, at_review, visits, open_fen"


def mixed():
    """A violation and a suspicion in one visit, a lead in another, one withdrawn, one on trial."""
    return (
        make.finding("R1", amount_fen=100, scenes=(3, 9)),
        make.finding("R2", amount_fen=20, scenes=(3,), grade="suspicion", phase="order", doctor="D2"),
        make.finding("R2", amount_fen=0, scenes=(15,), grade="lead", phase="review", visit_id="V2", department="ER"),
        withdrawn("R3", amount_fen=7, scenes=(3,)),
        shadow("R1", subject="X9", amount_fen=5000, scenes=(3,)),
    )


def test_scenes_are_counted_and_a_finding_of_two_counts_in_both(client, found):
    found(*mixed())
    assert client.execute(f"SELECT scene, scene_zh, {COUNTS} FROM v_finding_by_scene ORDER BY scene") == [
        (3, "适应症", 3, 2, 1, 1, 1, 0, 1, 1, 0, 1, 120),
        (9, "用量与种类", 1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 100),
        (15, "定额、占比、自费、贵重", 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0),
    ]


def test_scene_15_counts_the_alerts_of_quotas_and_ratios_beside_its_findings(client, found, store):
    found(make.finding(scenes=(15,), amount_fen=3))
    alerts = [
        make.alert("A1"), make.alert("A2", rule="drug_ratio", status="cleared"), make.alert("A3", rule="transfer"),
    ]  # fmt: skip
    store(*(make.record(alert, Topic.ALERT, offset=place, key=b"%d" % place) for place, alert in enumerate(alerts)))

    columns = "scene, month, findings, open, withdrawn, open_fen, alerts, open_alerts"
    assert client.execute(f"SELECT {columns} FROM v_finding_by_scene") == [(15, 202403, 1, 1, 0, 3, 2, 1)]


def test_rules_are_counted_those_on_trial_apart(client, found):
    found(*mixed())
    columns = f"rule, {COUNTS}, withdrawn_yuan, on_trial"
    assert client.execute(f"SELECT {columns} FROM v_finding_by_rule ORDER BY rule") == [
        ("R1", 1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 100, 0, 1),
        ("R2", 2, 2, 0, 0, 1, 1, 1, 0, 1, 2, 20, 0, 0),
        ("R3", 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, Decimal("0.07"), 0),
    ]


def test_departments_and_doctors_are_counted(client, found):
    found(*mixed())
    assert client.execute(f"SELECT department, {COUNTS}, rules FROM v_finding_by_department ORDER BY department") == [
        ("ER", 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1),
        ("ICU", 3, 2, 1, 1, 1, 0, 1, 1, 0, 1, 120, 2),
    ]
    columns = "doctor, department, findings, open, withdrawn, open_yuan"
    assert client.execute(f"SELECT {columns} FROM v_finding_by_doctor ORDER BY doctor, department") == [
        ("D1", "ER", 1, 1, 0, 0),
        ("D1", "ICU", 2, 1, 1, 1),
        ("D2", "ICU", 1, 1, 0, Decimal("0.20")),
    ]


@pytest.fixture
def visit(store):
    def write(visit_id, **said):
        store(make.record(make.visit_fact(visit_id, **said), Topic.VISIT_FACT, key=visit_id.encode()))

    return write


def test_the_check_before_discharge_lists_what_to_do_in_visits_not_settled(client, found, visit):
    visit("V1", bed="12", admitted_at=make.MORNING)
    visit("V2", status=VisitStatus.DISCHARGED, discharged_at=make.MORNING)
    visit("V3", status=VisitStatus.DISCHARGED, settlement_id="S1")
    visit("V4", status=VisitStatus.CANCELLED)
    found(
        make.finding("R1"), make.finding("R2", grade="suspicion"), make.finding("R3", grade="lead", visit_id="V2"),
        withdrawn("R4"), shadow(), make.finding("R5", visit_id="V3"), make.finding("R6", visit_id="V4"),
    )  # fmt: skip

    columns = "rule, visit_id, bed, action_zh, action_en, amount_yuan, charge_ids"
    assert client.execute(f"SELECT {columns} FROM v_self_check ORDER BY rule") == [
        ("R1", "V1", "12", "撤销，或退费红冲", "withdraw or refund", 12, ["C1"]),
        ("R2", "V1", "12", "核减，或说明理由", "reduce or explain", 12, ["C1"]),
        ("R3", "V2", "", "由医保办核实", "to be looked at by the insurance office", 12, ["C1"]),
    ]


def test_only_violating_fee_lines_are_to_be_withdrawn(client, found, visit):
    visit("V1")
    lines = (
        Evidence("C1", "charge", is_violating=False), Evidence("C2", "charge"), Evidence("O1", "order"),
        Evidence("C3", "charge"),
    )  # fmt: skip
    found(make.finding(evidence=lines, evidence_count=4))
    assert client.execute("SELECT charge_ids FROM v_self_check") == [(["C2", "C3"],)]


def test_an_order_shows_its_latest_particulars(client, store):
    from schemas.ledger import OrderDetail

    placed = make.order(detail=OrderDetail(route="po", name="甲", prescription_id="R1"))
    changed = make.order(kind="changed", detail=OrderDetail(route="iv", name="甲", prescription_id="R1"))
    store(
        make.record(make.entry(placed, event_id="E1"), offset=0),
        make.record(make.entry(changed, event_id="E2", occurred_at=make.MORNING + 1), offset=1),
    )
    assert client.execute("SELECT name, route, prescription_id, event_count FROM v_order") == [("甲", "iv", "R1", 2)]

"""What must hold of any finding, each violation shown by itself; and that the store is read as it is."""

import json

import pytest

from schemas.codec import Codec
from schemas.finding import MOST_EVIDENCE, Evidence
from schemas.units import SHANGHAI
from sinks.auditor.events import Position, Reader
from sinks.auditor.findings import FindingChecks, StoredAnswer, StoredEvidence, StoredFinding, check_answers
from sinks.auditor.recount import Recount
from streams.topics import Topic
from tests.sinks import make

VISIT = ("H1", "P1", "V1")
AMOUNTS, LINES, VERSIONS = "amounts of findings", "lines that findings rest on", "versions of findings"
#: Rests on C1 (12.00 yuan at stake) and on an order.
RIGHT = StoredFinding(
    "F1", VISIT, 5, "open", 1200, 2,
    (StoredEvidence("C1", "charge", 1200, True), StoredEvidence("O1", "order", 0, False)),
)  # fmt: skip


def counted(*lines, visit="V1"):
    """The recount of raw fee lines: (charge id, amount in yuan or None, refund_of)."""
    recount = Recount(Reader(Codec(), "H1", SHANGHAI))
    for offset, (charge_id, amount, refund_of) in enumerate(lines):
        fields = {
            "patient_id": "P1", "visit_id": visit, "charge_id": charge_id, "amount": amount, "refund_of": refund_of,
            "charged_at": "2024-03-01 08:00:00",
        }  # fmt: skip
        recount.feed(Position(Topic.CHARGE, 0, offset), json.dumps(fields).encode())
    assert not recount.refused
    return recount.contents


WHOLE = (("C1", "12.00", ""),)


def differing(finding, lines=WHOLE, visits=((VISIT, 5, False),)):
    """check → what was expected instead."""
    checks = FindingChecks(visits, counted(*lines)).feed([finding])
    return {check.name_en: [found.expected for found in check.differences] for check in checks if check.differences}


def test_a_finding_that_adds_up_is_right():
    assert differing(RIGHT) == {}


def test_every_finding_and_every_line_it_rests_on_is_compared():
    checks = FindingChecks([(VISIT, 5, False)], counted(*WHOLE)).feed([RIGHT, RIGHT._replace(status="withdrawn")])
    assert {check.name_en: (check.compared, check.sum_fen) for check in checks} == {
        AMOUNTS: (2, 1200), LINES: (1, None), VERSIONS: (2, None),
    }  # fmt: skip


def test_the_amount_is_what_the_violating_lines_have_at_stake():
    assert differing(RIGHT._replace(amount=1199)) == {AMOUNTS: ["违规项合计 | violating lines come to 12.00"]}


def test_a_finding_that_names_no_violating_line_states_its_own_value():
    involved = RIGHT.evidence[0]._replace(is_violating=False, amount=0)
    assert differing(RIGHT._replace(evidence=(involved,), evidence_count=1, amount=777)) == {}
    assert differing(RIGHT._replace(evidence=(), evidence_count=0, amount=777)) == {}


def test_of_lines_that_are_not_all_listed_no_sum_can_be_said():
    many = tuple(StoredEvidence("C1", "charge", 1, True) for _ in range(MOST_EVIDENCE))
    finding = RIGHT._replace(evidence=many, evidence_count=MOST_EVIDENCE + 5, amount=45)
    assert differing(finding) == {}
    assert differing(finding._replace(evidence_count=MOST_EVIDENCE)) == {
        AMOUNTS: ["违规项合计 | violating lines come to 0.40"]
    }


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_lines_are_listed_as_there_are(count):
    assert AMOUNTS in differing(RIGHT._replace(evidence_count=count))


@pytest.mark.parametrize(
    ("refunds", "expected"),
    [
        ((("R1", None, "C1"),), ["未全额退费 | not refunded whole"]),
        ((("R1", "-12.00", "C1"),), ["未全额退费 | not refunded whole"]),
        ((("R1", "-5.00", "C1"), ("R2", "-7.00", "C1")), ["未全额退费 | not refunded whole"]),
        ((("R1", "-5.00", "C1"),), ["至多 | at most 7.00"]),
        ((("R1", "-5.00", "C2"),), None),
    ],
)
def test_a_standing_finding_rests_on_what_refunds_left(refunds, expected):
    lines = (*WHOLE, ("C2", "5.00", ""), *refunds)
    assert differing(RIGHT, lines).get(LINES) == expected
    assert differing(RIGHT._replace(status="withdrawn"), lines) == {}


def test_a_line_that_costs_nothing_is_still_there():
    free = RIGHT._replace(amount=0, evidence=(StoredEvidence("C1", "charge", 0, True),), evidence_count=1)
    assert differing(free, [("C1", "0.00", "")]) == {}


def test_a_line_that_nobody_sent_is_none():
    assert differing(RIGHT, [("C2", "12.00", "")]) == {LINES: ["明细存在 | the line is there"]}
    assert differing(RIGHT, [("C2", "12.00", ""), ("C1", "-12.00", "C2")]) == {LINES: ["明细存在 | the line is there"]}


def test_a_finding_may_rest_on_a_line_of_another_visit_of_the_patient():
    finding = RIGHT._replace(visit=("H1", "P1", "V2"))
    assert differing(finding) == {}
    assert LINES in differing(RIGHT._replace(visit=("H1", "P2", "V1")), visits=[(("H1", "P2", "V1"), 5, False)])


def test_a_finding_is_no_newer_than_what_the_patients_visits_hold():
    assert differing(RIGHT._replace(version=6)) == {VERSIONS: ["≤ 5"]}
    assert differing(RIGHT._replace(version=6), visits=[(VISIT, 5, False), (("H1", "P1", "V2"), 6, False)]) == {}


def test_a_cancelled_visit_has_no_finding_that_stands():
    assert VERSIONS in differing(RIGHT, visits=[(VISIT, 5, True)])
    assert differing(RIGHT._replace(status="withdrawn"), visits=[(VISIT, 5, True)]) == {}


def test_a_finding_stands_or_is_withdrawn():
    assert differing(RIGHT._replace(status="perhaps")) == {VERSIONS: ["open, withdrawn"]}


@pytest.mark.parametrize(
    ("outcome", "reason", "findings", "expected"),
    [
        ("passed", "", 0, None),
        ("findings", "", 2, None),
        ("unfinished", "out_of_time", 0, None),
        ("unfinished", "engine_error", 1, None),
        ("passed", "no_owner", 0, "unfinished"),
        ("findings", "engine_error", 1, "unfinished"),
        ("passed", "", 1, "findings"),
        ("findings", "", 0, "passed"),
        ("unfinished", "", 0, "passed"),
    ],
)
def test_an_order_check_never_passes_with_findings_or_unfinished(outcome, reason, findings, expected):
    check = check_answers([StoredAnswer("H1|P1|T1", outcome, reason, findings)])
    assert check.compared == 1
    assert [difference.expected for difference in check.differences] == ([expected] if expected else [])


@pytest.mark.integration
def test_the_store_is_read_as_it_is_and_two_rows_of_one_version_are_told(client, store):
    from sinks.auditor.stored import Store

    lines = (Evidence("C1", "charge", amount_fen=5), Evidence("C2", "charge", is_violating=False))
    finding = make.finding(evidence=lines, evidence_count=2, amount_fen=5, version=2)
    store(make.record(make.visit_fact("V1", 2, status="cancelled"), Topic.VISIT_FACT))
    store(make.record(finding, Topic.FINDING))
    asked = Store(client, "Asia/Shanghai")

    assert list(asked.findings()) == [
        StoredFinding(
            finding.finding_id, VISIT, 2, "open", 5, 2,
            (StoredEvidence("C1", "charge", 5, True), StoredEvidence("C2", "charge", 0, False)),
        )
    ]  # fmt: skip
    assert list(asked.visit_versions()) == [(VISIT, 2, True)]
    assert asked.disagreeing_versions() == []
    store(make.record(make.order_check("T1", make.check_finding()), Topic.ORDER_CHECK))
    assert list(asked.order_checks()) == [StoredAnswer("H1|P1|T1", "findings", "", 1)]

    client.execute("OPTIMIZE TABLE finding FINAL")
    client.execute("SYSTEM STOP MERGES finding")
    store(make.record(make.finding(version=2, amount_fen=6), Topic.FINDING, offset=9))
    assert asked.disagreeing_versions() == [("finding", (finding.finding_id,), 2)]

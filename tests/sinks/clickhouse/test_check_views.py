"""What an analyst sees of order checks, feedback, the quality of rules, re-audits and indicators."""

from decimal import Decimal

import msgspec
import pytest

from schemas.facts import VisitStatus
from schemas.ledger import Ack, Clinical
from schemas.order_check import Outcome
from schemas.visit_history import ReauditRow, Run, Standing, StoredFinding
from sinks.clickhouse.reaudit import write_run
from streams.topics import Topic
from tests.sinks import make

pytestmark = pytest.mark.integration

DAY = 24 * make.HOUR


@pytest.fixture
def checked(store):
    """Stores answers to order checks as the sink does."""

    def write(*results):
        for place, result in enumerate(results):
            store(make.record(result, Topic.ORDER_CHECK, offset=place, key=result.request_id.encode()))

    return write


@pytest.fixture
def found(store):
    def write(*findings):
        for place, finding in enumerate(findings):
            store(make.record(finding, Topic.FINDING, offset=place, key=finding.finding_id.encode()))

    return write


@pytest.fixture
def answer(store):
    """Stores answers: (finding_id, decision) each, one after the other."""
    count = iter(range(1000))

    def write(*answers):
        for finding_id, decision in answers:
            place = next(count)
            entry = make.entry(
                Ack(finding_id, "D1", "doctor", decision, "病情需要"),
                event_id=f"K{place}",
                occurred_at=make.MORNING + place,
            )
            store(make.record(entry, offset=place))

    return write


def unfinished(request_id, reason, **said):
    return make.order_check(request_id, outcome=Outcome.UNFINISHED, reason=reason, version=0, **said)


# ------------------------------------------------------------ order checks


def test_an_order_check_shows_what_it_came_to_in_words(client, checked):
    checked(make.order_check("T1", make.check_finding()), unfinished("T2", "no_owner", not_checked={"R9": "x"}))

    columns = "request_id, month, outcome_zh, reason_zh, findings, amount_yuan, not_checked, took_us"
    assert client.execute(f"SELECT {columns} FROM v_order_check ORDER BY request_id") == [
        ("T1", 202403, "有疑点", "", 1, 12, {}, 900),
        ("T2", 202403, "校验未完成", "无处理节点", 0, 0, {"R9": "x"}, 900),
    ]


def test_a_repeated_request_is_one_check_with_its_latest_answer(client, checked):
    checked(unfinished("T1", "not_ready"), make.order_check("T1", version=5))
    assert client.execute("SELECT request_id, outcome FROM v_order_check") == [("T1", "passed")]


def test_findings_of_an_order_check_are_listed_one_by_one(client, checked):
    checked(make.order_check("T1", make.check_finding(), make.check_finding(rule="R2", scenes=(1, 2), is_shadow=True)))

    columns = "request_id, rule, grade_zh, scenes, is_shadow, amount_yuan, doctor, message_zh"
    said = make.finding().message_zh
    assert client.execute(f"SELECT {columns} FROM v_order_check_finding ORDER BY rule") == [
        ("T1", "R1", "明确违规", [3], False, 12, "D1", said),
        ("T1", "R2", "明确违规", [1, 2], True, 12, "D1", said),
    ]


def test_months_say_how_many_checks_were_not_finished_and_why(client, checked):
    reasons = ("out_of_time", "no_owner", "not_ready", "engine_error", "overloaded", "overloaded")
    checked(
        *(unfinished(f"U{number}", reason, took_us=99_999) for number, reason in enumerate(reasons)),
        make.order_check("T1", took_us=100),
        make.order_check("T2", make.check_finding(), took_us=300),
        make.order_check("T3", via="topic"),
    )

    columns = (
        "via, checks, passed, with_findings, unfinished, out_of_time, no_owner, not_ready, engine_error, overloaded,"
        " unfinished_percent, p99_us"
    )
    assert client.execute(f"SELECT {columns} FROM v_order_check_month ORDER BY via") == [
        ("http", 8, 1, 1, 6, 1, 1, 1, 1, 2, 75, 300),
        ("topic", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 900),
    ]


def test_rules_say_how_often_their_findings_were_taken_to_heart(client, checked, answer):
    findings = [make.check_finding(f"T{number}") for number in range(5)]
    checked(
        *(make.order_check(f"T{number}", finding) for number, finding in enumerate(findings)),
        make.order_check("T9", make.check_finding("T9", "R2", is_shadow=True), not_checked={"R3": "stock_ledger"}),
    )
    ids = [finding.finding_id for finding in findings]
    answer((ids[0], "continue"), (ids[0], "revise"), (ids[1], "delete"), (ids[2], "continue"), (ids[3], "false_alarm"))

    columns = (
        "rule, checks, findings, on_trial, not_judged, found_yuan, answered, adopted, insisted, false_alarms,"
        " adopted_percent"
    )
    assert client.execute(f"SELECT {columns} FROM v_order_check_by_rule ORDER BY rule") == [
        ("R1", 5, 5, 0, 0, 60, 4, 2, 1, 1, 50),
        ("R2", 0, 0, 1, 0, 0, 0, 0, 0, 0, None),
        ("R3", 0, 0, 0, 1, 0, 0, 0, 0, 0, None),
    ]


# ------------------------------------------------------------ feedback and quality


def test_feedback_tells_adopted_from_insisted_and_knows_its_rule(client, checked, found, answer):
    checking = make.check_finding()
    checked(make.order_check("T1", checking))
    found(make.finding())
    standing = make.finding().finding_id
    answer(
        (checking.finding_id, "self_pay"), (standing, "justified"), (standing, "confirm"), ("jr-unknown", "continue"),
        ("H1|P1|V1|visit_quota||1", "continue"),
    )  # fmt: skip

    columns = "finding_id, origin, rule, doctor, decision_zh, outcome_zh, is_latest, reason"
    assert client.execute(f"SELECT {columns} FROM v_feedback ORDER BY at") == [
        (checking.finding_id, "order_check", "R1", "D1", "转自费", "采纳整改", 1, "病情需要"),
        (standing, "finding", "R1", "D1", "说明合理", "坚持提交", 0, "病情需要"),
        (standing, "finding", "R1", "D1", "已确认", "已阅", 1, "病情需要"),
        ("jr-unknown", "order_check", "", "", "继续执行", "坚持提交", 1, "病情需要"),
    ]


@pytest.mark.parametrize(("alarms", "due"), [(2, 0), (3, 1)])
def test_a_rule_called_a_false_alarm_three_times_is_to_be_reviewed(client, checked, found, answer, alarms, due):
    findings = [make.finding(subject=f"X{number}") for number in range(3)]
    checking = make.check_finding()
    found(*findings, make.finding("R1", "X9", status="withdrawn"), make.finding("R2", is_shadow=True))
    checked(make.order_check("T1", checking))
    answer(*((finding.finding_id, "false_alarm") for finding in [*findings[:2], checking][:alarms]))
    answer((findings[2].finding_id, "revise"))

    columns = (
        "rule, findings, withdrawn, check_findings, on_trial, answered, adopted_count, false_alarm_count, is_review_due"
    )
    assert client.execute(f"SELECT {columns} FROM v_rule_quality ORDER BY rule") == [
        ("R1", 4, 1, 1, 0, alarms + 1, 1, alarms, due),
        ("R2", 0, 0, 0, 1, 0, 0, 0, 0),
    ]
    [(share,)] = client.execute("SELECT false_alarm_percent FROM v_rule_quality WHERE rule = 'R1'")
    assert share == round(Decimal(100 * alarms) / (alarms + 1), 2)


def test_who_takes_a_false_alarm_back_counts_as_answered_otherwise(client, found, answer):
    found(make.finding())
    answer((make.finding().finding_id, "false_alarm"), (make.finding().finding_id, "revise"))
    assert client.execute("SELECT answered, false_alarm_count, adopted_count FROM v_rule_quality") == [(1, 0, 1)]


# ------------------------------------------------------------ re-audits


def test_a_re_audit_is_summed_by_rule(client, settings):
    stored = StoredFinding(
        "H1|P1|V1|R1|X2", "P1", "V1", "R1", "药品限适应症", "", "violation", (3,), "ICU", "D1", "open", 700, "book-1"
    )
    rows = [
        ReauditRow(Standing.NEW, make.finding()),
        ReauditRow(Standing.GONE, None, stored),
        ReauditRow(Standing.SAME, make.finding("R2"), msgspec.structs.replace(stored, finding_id="H1|P1|V1|R2|X1")),
    ]
    write_run(settings, Run("run-1", "H1", "2024-01-01", "2024-03-31", "book-2", make.MORNING), rows)

    columns = "run_id, policy_version, rule, found, new, changed, same, gone, found_yuan, stored_yuan"
    assert client.execute(f"SELECT {columns} FROM v_reaudit ORDER BY rule") == [
        ("run-1", "book-2", "R1", 1, 1, 0, 0, 1, 12, 7),
        ("run-1", "book-2", "R2", 1, 0, 0, 1, 0, 12, 7),
    ]


# ------------------------------------------------------------ indicators


def indicators(client):
    rows = client.execute(
        "SELECT department, month, rule_number, part, whole, percent FROM v_indicator"
        " WHERE part != 0 OR rule_number = 63 ORDER BY ALL"
    )
    return [(*row[:-1], row[-1] and float(row[-1])) for row in rows]


def test_shares_of_costs_are_by_ordering_department_and_month(client, store):
    lines = [("09", 300), ("11", 100), ("03", 200), ("04", 50), ("08", 150), ("05", 100), ("10", 100)]
    store(
        *(
            make.record(make.entry(make.charge(f"C{place}", amount, category=category)), offset=place)
            for place, (category, amount) in enumerate(lines)
        ),
        make.record(make.entry(make.charge("C8", 70, category="05", ordering_department="ER")), offset=8),
    )

    assert indicators(client) == [
        ("ER", 202403, 59, 70, 70, 100.0),
        ("ICU", 202403, 56, 400, 1000, 40.0),
        ("ICU", 202403, 57, 250, 1000, 25.0),
        ("ICU", 202403, 58, 150, 1000, 15.0),
        ("ICU", 202403, 59, 100, 1000, 10.0),
    ]
    assert client.execute("SELECT DISTINCT indicator_zh FROM v_indicator WHERE rule_number = 56") == [("药费占比",)]


@pytest.mark.parametrize(
    ("days", "said", "part"), [(31, "unplanned", 1), (32, "unplanned", 0), (31, "planned", 0), (31, "", 0)]
)
def test_an_unplanned_return_within_31_days_counts_where_the_patient_left(client, store, days, said, part):
    first = make.visit_fact(
        "V1", status=VisitStatus.DISCHARGED, department="ICU", admitted_at=make.MORNING - DAY,
        discharged_at=make.MORNING, length_of_stay_days=1,
    )  # fmt: skip
    back = make.visit_fact("V2", department="ER", admitted_at=make.MORNING + days * DAY, length_of_stay_days=2)
    between = make.visit_fact("V3", department="OP", admitted_at=make.MORNING + DAY)  # an outpatient visit
    facts = (first, back, between)
    store(*(make.record(fact, Topic.VISIT_FACT, offset=n, key=fact.visit_id.encode()) for n, fact in enumerate(facts)))
    admission = make.admission(clinical=Clinical(readmission=said))
    store(make.record(make.entry(admission, "V2", event_id="E1")))

    assert indicators(client) == [("ICU", 202403, 63, part, 1, 100.0 * part)]


def test_an_admission_that_does_not_say_again_what_it_said_still_counts(client, store):
    stays = [
        make.visit_fact(
            f"V{place}", status=VisitStatus.DISCHARGED, department="ICU", admitted_at=make.MORNING + 3 * place * DAY,
            discharged_at=make.MORNING + (3 * place + 1) * DAY, length_of_stay_days=1,
        )
        for place in range(3)
    ]  # fmt: skip
    store(*(make.record(fact, Topic.VISIT_FACT, offset=n, key=fact.visit_id.encode()) for n, fact in enumerate(stays)))
    said = make.admission(clinical=Clinical(readmission="unplanned"))
    store(
        make.record(make.entry(said, "V1", event_id="E1"), offset=0),
        make.record(make.entry(make.admission("update"), "V1", event_id="E2", occurred_at=make.MORNING + 9), offset=1),
    )

    assert indicators(client) == [("ICU", 202403, 63, 1, 3, 33.33)]

"""Answers to alerts: who, in which role, when, what was decided and why; on visits and on departments."""

import pytest

from schemas.ledger import DepartmentAck, decode_department_entry
from schemas.units import SHANGHAI, parse_ms
from streams.topics import Topic
from tests.agents.books import book, watch
from tests.agents.harness import House, admission, charge

CASE = watch("case_cost", {"yellow": "100.00", "red": "200.00"})
AT = "2024-03-06 09:00:00"


def ack(alert_id: str, at: str = AT, **more):
    return {
        "type": "ack", "alert_id": alert_id, "patient_id": "P1", "visit_id": "V1", "actor": "n007",
        "role": "head nurse", "decision": "justified", "reason": "病情需要", "occurred_at": at, **more,
    }  # fmt: skip


@pytest.fixture
def raised() -> House:
    return House(policy=book(CASE)).publish(charge(1, 10_000)).run().check()


@pytest.fixture
def alert_id(raised: House) -> str:
    return raised.alert("case_cost").alert_id


def whats(alert) -> list[str]:
    return [step.what for step in alert.history]


def test_an_answer_is_in_the_history_with_who_when_and_why(raised, alert_id):
    alert = raised.publish(ack(alert_id)).run().check().alert("case_cost")
    assert (alert.status, alert.level, alert.episode) == ("acknowledged", "yellow", 1)
    answer = alert.history[-1]
    assert (answer.what, answer.actor, answer.role) == ("acknowledged", "n007", "head nurse")
    assert (answer.decision, answer.reason, answer.at) == ("justified", "病情需要", parse_ms(AT, SHANGHAI))
    assert (answer.level, answer.value) == ("yellow", 10_000)
    assert raised.visit.open_alerts == ("case_cost:yellow",)


def test_an_answered_alert_that_worsens_is_escalated_and_may_be_answered_again(raised, alert_id):
    raised.publish(
        ack(alert_id), charge(2, 10_000), ack(alert_id, "2024-03-07 09:00:00", decision="continue")
    ).run().check()
    alert = raised.alert("case_cost")
    assert whats(alert) == ["raised", "acknowledged", "escalated", "acknowledged"]
    assert alert.status == "acknowledged"
    assert alert.history[-1].decision == "continue"


def test_an_escalation_after_the_answer_asks_for_another(raised, alert_id):
    alert = raised.publish(ack(alert_id), charge(2, 10_000)).run().check().alert("case_cost")
    assert (alert.status, alert.level) == ("escalated", "red")


def test_an_answered_alert_that_eases_stays_answered(raised, alert_id):
    raised.publish(charge(2, 10_000), ack(alert_id), charge(3, -5_000)).run().check()
    assert (raised.alert("case_cost").status, raised.alert("case_cost").level) == ("acknowledged", "yellow")


def test_an_answered_alert_is_cleared_when_its_cause_ends(raised, alert_id):
    raised.publish(ack(alert_id), charge(2, -5_000)).run().check()
    assert raised.alert("case_cost").status == "cleared"
    assert whats(raised.alert("case_cost")) == ["raised", "acknowledged", "cleared"]


def test_an_answer_after_the_end_is_kept_and_opens_nothing(raised, alert_id):
    raised.publish(charge(2, -5_000), ack(alert_id)).run().check()
    assert raised.alert("case_cost").status == "cleared"
    assert whats(raised.alert("case_cost")) == ["raised", "cleared", "acknowledged"]
    assert raised.visit.open_alerts == ()


def test_the_same_answer_twice_counts_once(raised, alert_id):
    raised.publish(ack(alert_id), ack(alert_id)).run().check()
    raised.restart()
    raised.publish(ack(alert_id)).run().check()
    assert whats(raised.alert("case_cost")) == ["raised", "acknowledged"]
    assert raised.counts["cost.duplicate"] == 2


def test_an_answer_sent_again_after_the_next_episode_began_is_no_answer_to_nothing(raised, alert_id):
    """It was applied; as a dead letter it would have had two fates."""
    raised.publish(ack(alert_id), charge(2, -5_000), charge(3, 5_000), ack(alert_id)).run().check()
    assert (raised.counts["cost.duplicate"], raised.dead_letters) == (1, [])


def test_an_answer_that_the_history_has_forgotten_is_still_known(raised, alert_id):
    answers = [ack(alert_id, f"2024-03-07 09:{minute:02d}:00") for minute in range(59)]
    raised.publish(*answers).run()
    before = raised.alert("case_cost")
    raised.restart()
    raised.publish(*answers).run()
    assert raised.alert("case_cost") == before
    assert raised.counts["cost.duplicate"] == 59


def test_another_answer_under_the_same_id_is_refused_and_the_first_stays(raised, alert_id):
    raised.publish(ack(alert_id, event_id="E"), ack(alert_id, event_id="E", decision="false_alarm")).run().check()
    assert [letter.reason for letter in raised.dead_letters] == ["R301"]
    assert raised.alert("case_cost").history[-1].decision == "justified"


def test_two_people_may_answer(raised, alert_id):
    raised.publish(ack(alert_id), ack(alert_id, actor="d001", role="doctor")).run().check()
    assert [step.actor for step in raised.alert("case_cost").history[1:]] == ["n007", "d001"]


@pytest.mark.parametrize(
    "change",
    [
        lambda known: known[:-1] + "2",
        lambda known: known[:-1] + "01",
        lambda known: known.replace("case_cost", "drug_ratio"),
        lambda known: known.replace("P1", "P2"),
        lambda known: known + "|1",
        lambda _: "nonsense",
        lambda _: "|",
        lambda _: "H0001|P1|V1|",
    ],
)
def test_an_answer_to_an_alert_that_never_was_is_refused(raised, alert_id, change):
    raised.publish(ack(change(alert_id))).run().check()
    (letter,) = raised.dead_letters
    assert (letter.reason, letter.stage, letter.source_topic) == ("R302", "cost", "alert.ack.v1")
    assert "P1" not in letter.detail
    assert whats(raised.alert("case_cost")) == ["raised"]


def test_an_answer_to_a_visit_that_never_was_is_refused():
    house = House(policy=book(CASE)).publish(ack("H0001|P1|V1|case_cost||1")).run()
    assert [letter.reason for letter in house.dead_letters] == ["R302"]
    assert house.visits == {}


def test_an_answer_to_an_episode_that_a_later_one_replaced_is_refused(raised, alert_id):
    raised.publish(charge(2, -5_000), charge(3, 5_000), ack(alert_id)).run().check()
    assert [letter.reason for letter in raised.dead_letters] == ["R302"]
    assert raised.alert("case_cost").episode == 2


def test_an_answer_may_name_the_alert_of_an_item(raised):
    policy = book(watch("valuable_drug", {"notice": "1"}))
    house = House(policy=policy).publish(charge(1, 10_000, item_code="X|A>B@1")).run().check()
    alert_id = house.alert("valuable_drug").alert_id
    assert house.publish(ack(alert_id)).run().check().alert("valuable_drug").status == "acknowledged"


def test_a_long_history_keeps_its_beginning_and_its_end(raised, alert_id):
    answers = [ack(alert_id, f"2024-03-07 09:{minute:02d}:00") for minute in range(59)]
    alert = raised.publish(*answers).run().alert("case_cost")
    assert len(alert.history) == 50
    assert alert.history[0].what == "raised"
    assert alert.history[-1].at == parse_ms("2024-03-07 09:58:00", SHANGHAI)


# ------------------------------------------------------------ departments

DRUGS = watch("department_drug_ratio", {"yellow": 4000, "red": 8000})


@pytest.fixture
def department() -> House:
    return House(policy=book(DRUGS)).publish(charge(1, 500), charge(2, 500, category="01")).run().check()


def department_ack(alert_id: str, **more):
    return ack(alert_id, patient_id=None, visit_id=None, department="D1", month=202403, **more)


def test_an_answer_to_a_departments_alert_goes_to_its_log(department):
    alert = department.alert("department_drug_ratio")
    assert (alert.alert_id, alert.department, alert.month) == ("H0001|D1|202403|department_drug_ratio||1", "D1", 202403)
    assert (alert.level, alert.value, alert.patient_id) == ("yellow", 5000, "")
    department.publish(department_ack(alert.alert_id)).run().check()
    answered = department.alert("department_drug_ratio")
    assert (answered.status, answered.history[-1].actor) == ("acknowledged", "n007")
    routed = [decode_department_entry(record.value) for record in department.values(Topic.DEPARTMENT_LEDGER)]
    assert isinstance(routed[-1], DepartmentAck)
    assert routed[-1].source_topic == "alert.ack.v1"
    department.publish(charge(3, 5000)).run().check()
    assert department.alert("department_drug_ratio").status == "escalated"


def test_the_same_answer_to_a_department_twice_counts_once(department):
    alert_id = department.alert("department_drug_ratio").alert_id
    department.publish(department_ack(alert_id), department_ack(alert_id)).run().check()
    assert department.counts["departments.duplicate"] == 1
    assert whats(department.alert("department_drug_ratio")) == ["raised", "acknowledged"]


@pytest.mark.parametrize(
    "alert_id", ["H0001|D1|202403|department_drug_ratio||2", "H0001|D2|202403|department_drug_ratio||1", "x"]
)
def test_an_answer_to_a_departments_alert_that_never_was_is_refused(department, alert_id):
    department.publish(department_ack(alert_id)).run().check()
    (letter,) = department.dead_letters
    assert (letter.reason, letter.stage, letter.source_topic, letter.source_offset) == (
        "R302",
        "departments",
        "alert.ack.v1",
        0,
    )


def test_an_answer_to_a_department_that_never_was_is_refused_and_makes_no_row():
    house = House(policy=book(DRUGS)).publish(department_ack("x")).run()
    assert [letter.reason for letter in house.dead_letters] == ["R302"]
    assert house.departments == {}


def test_answers_survive_crashes_and_restarts(raised, alert_id):
    from random import Random

    events = [charge(1, 10_000), ack(alert_id), charge(2, 10_000), ack(alert_id, "2024-03-07"), charge(3, -20_000)]
    plain = House(policy=book(CASE)).publish(*events).run().check()
    for seed in range(20):
        other = House(policy=book(CASE), random=Random(seed), batch=2, restarts=0.5, crashes=0.5)
        other.publish(admission("admit", "2024-03-01 10:00:00", visit="V9"), *events).run().check()
        assert whats(other.alert("case_cost")) == whats(plain.alert("case_cost"))

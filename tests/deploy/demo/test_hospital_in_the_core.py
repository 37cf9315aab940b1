"""The 示例 hospital through intake, cost and departments in memory: the rules come to what the hospital expects."""

from collections import Counter
from pathlib import Path
from zlib import crc32

import pytest

from agents.book import load_policy, read_book
from agents.core.policy import Policy
from deploy.demo.hospital.departments import DEPARTMENTS
from deploy.demo.hospital.simulation import SMALL, Hospital
from schemas.alerts import Rule
from schemas.book import Book
from tests.agents.harness import House

POLICIES = Path(__file__).parents[3] / "deploy" / "policies" / "demo"
PARTITIONS = 4
#: The budgets of the book are those of the full hospital.
SMALL_BUDGETS_PERCENT = 15


def book_of_a_small_hospital() -> Book:
    book = read_book(POLICIES)
    budgets = tuple(
        budget.model_copy(update={"amount": budget.amount * SMALL_BUDGETS_PERCENT // 100}) for budget in book.budgets
    )
    return book.model_copy(update={"budgets": budgets})


def live(hospital: Hospital) -> House:
    house = House(policy=Policy(book_of_a_small_hospital()), partitions=PARTITIONS, batch=256)
    for message in hospital.batch():
        house.publish_raw(message.topic, message.value, message.key, crc32(message.key or b"") % PARTITIONS)
    return house.run()


@pytest.fixture(scope="module")
def hospital() -> Hospital:
    return Hospital(7, SMALL)


@pytest.fixture(scope="module")
def house(hospital: Hospital) -> House:
    return live(hospital)


def test_every_visit_costs_what_was_booked(hospital: Hospital, house: House) -> None:
    assert {visit: fact.amount_fen for visit, fact in house.visits.items()} == hospital.expectation.by_visit()


def test_every_department_and_month_costs_what_was_booked(hospital: Hospital, house: House) -> None:
    found = {key: fact.amount_fen for key, fact in house.departments.items() if fact.amount_fen}
    assert found == {key: fen for key, fen in hospital.expectation.by_department_month().items() if fen}


def test_dead_letters_are_as_expected(hospital: Hospital, house: House) -> None:
    assert Counter(letter.reason for letter in house.dead_letters) == hospital.expectation.dead_letters


def test_every_rule_has_something_to_say(house: House) -> None:
    assert {alert.rule for alert in house.alerts.values()} == {rule.value for rule in Rule}
    assert {alert.peak_level for alert in house.alerts.values()} == {"notice", "yellow", "red", "purple"}


@pytest.mark.parametrize("seed", [7, 1, 2])
def test_the_simulated_settlement_is_the_insurers_but_where_the_insurer_decided_otherwise(
    seed: int, hospital: Hospital, house: House
) -> None:
    if seed != hospital.seed:
        hospital = Hospital(seed, SMALL)
        house = live(hospital)
    expectation = hospital.expectation
    assert len(expectation.settled) > 70
    assert len(expectation.disputed) >= 3
    differences = {
        visit: fact.fund_difference_fen for visit, fact in house.visits.items() if visit in expectation.settled
    }
    assert {visit for visit, difference in differences.items() if difference} == set(expectation.disputed)
    alerts = {
        alert.visit_id
        for alert in house.alerts.values()
        if alert.rule == Rule.SETTLEMENT_DIFFERENCE and alert.status != "cleared"
    }
    assert alerts == {visit for visit, difference in differences.items() if abs(difference) >= 10_000}


def test_an_alert_names_why_the_insurer_paid_otherwise(hospital: Hospital, house: House) -> None:
    reasons = {reason: visit for visit, reason in hospital.expectation.disputed.items()}
    said = {
        alert.visit_id: alert.message_zh for alert in house.alerts.values() if alert.rule == Rule.SETTLEMENT_DIFFERENCE
    }
    assert "起付" in said[reasons["first_deductible"]]
    assert "自费" in said[reasons["item_refused"]]
    assert reasons["other_person"] in said


def test_the_patient_whose_card_was_never_swiped_is_reckoned_as_self_paying(house: House) -> None:
    missing = [alert for alert in house.alerts.values() if alert.rule == Rule.COVERAGE_MISSING]
    assert missing
    still = {alert.visit_id for alert in missing if alert.status != "cleared"}
    for visit in still:
        fact = house.visits[visit]
        assert fact.simulated is not None
        assert fact.simulated.patient_part_fen == fact.amount_fen
    assert len(still) < len(missing), "some cards are swiped late"


def test_the_quotas_of_the_policy_are_those_the_stays_were_written_for() -> None:
    policy = load_policy(POLICIES)
    for department in DEPARTMENTS:
        if department.beds:
            quota = policy.watches("H99010100001", department.code, "21", "310", 20_530).quota
            assert quota is not None
            assert quota.quota_fen == department.quota_yuan * 100, department.name

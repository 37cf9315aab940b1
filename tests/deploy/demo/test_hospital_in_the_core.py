"""The 示例 hospital through intake, cost and departments in memory: the rules come to what the hospital expects."""

from collections import Counter
from pathlib import Path
from zlib import crc32

import pytest

from agents.book import load_policy
from deploy.demo.hospital.departments import DEPARTMENTS
from deploy.demo.hospital.simulation import SMALL, Hospital
from schemas.alerts import Rule
from tests.agents.harness import House

POLICIES = Path(__file__).parents[3] / "deploy" / "policies" / "demo"
PARTITIONS = 4


@pytest.fixture(scope="module")
def hospital() -> Hospital:
    return Hospital(7, SMALL)


@pytest.fixture(scope="module")
def house(hospital: Hospital) -> House:
    house = House(policy=load_policy(POLICIES), partitions=PARTITIONS)
    for message in hospital.batch():
        house.publish_raw(message.topic, message.value, message.key, crc32(message.key or b"") % PARTITIONS)
    return house.run()


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


def test_the_quotas_of_the_policy_are_those_the_stays_were_written_for() -> None:
    policy = load_policy(POLICIES)
    for department in DEPARTMENTS:
        if department.beds:
            quota = policy.watches("H99010100001", department.code, "21", "310", 20_530).quota
            assert quota is not None
            assert quota.quota_fen == department.quota_yuan * 100, department.name

"""A patient's part of the state: what is kept of the visits, and that it stays small."""

from agents.core import patient as part
from agents.core.patient import Note, Patient, load_patient
from tests.agents.books import MONEY, book
from tests.agents.harness import House, admission, charge

POLICY = book(**MONEY)
CLINIC = {"insurance_type": "310", "care_type": "11", "department": "D1"}


def walk_in(number: int, **more):
    """An outpatient visit of one line, on its own day."""
    visit, at = f"W{number}", f"2024-{1 + number // 28:02d}-{1 + number % 28:02d} 09:00:00"
    return [
        admission("register", at, visit, **(CLINIC | more)),
        charge(f"{number}", 10_000, visit, charged_at=at),
    ]


def kept(house: House) -> Patient:
    found = [load_patient("H0001", "P1", store) for (stage, _), store in house.stores.items() if stage == "cost"]
    return max(found, key=lambda patient: len(patient.visits))


def test_visits_without_coverage_leave_nothing_behind():
    """Many a hospital books every walk-in under one number."""
    house = House(policy=POLICY, partitions=1)
    for number in range(60):
        house.publish(*walk_in(number, insurance_type=""))
    house.run().check()
    assert kept(house).visits == {}
    assert len(house.visits) == 60


def test_a_visit_whose_card_came_late_counts_from_then_on():
    house = House(policy=POLICY, partitions=1).publish(*walk_in(0, insurance_type="")).run()
    assert kept(house).visits == {}
    house.publish(admission("cover", "2024-01-02 09:00:00", "W0", insurance_type="310"), *walk_in(5)).run().check()
    assert set(kept(house).visits) == {"W0", "W5"}
    # the first visit has used up the year's deductible of 50 yuan: all 100 yuan go through the band
    assert house.visits["W5"].simulated.basic_fund_fen == 6_000


def test_of_very_many_visits_the_oldest_are_forgotten(monkeypatch):
    monkeypatch.setattr(part, "MANY_VISITS", 10)
    monkeypatch.setattr(part, "MOST_VISITS", 20)
    house = House(policy=POLICY, partitions=1)
    for number in range(40):
        house.publish(*walk_in(number))
        house.run()
    assert set(kept(house).visits) == {f"W{number}" for number in range(20, 40)}


def test_of_many_visits_those_of_years_ago_are_forgotten(monkeypatch):
    monkeypatch.setattr(part, "MANY_VISITS", 3)
    house = House(policy=POLICY, partitions=1)
    house.publish(admission("register", "2020-05-01 09:00:00", "old", **CLINIC))
    house.publish(charge("old", 10_000, "old", charged_at="2020-05-01 09:00:00"))
    for number in range(4):
        house.publish(*walk_in(number))
    house.run().check()
    assert set(kept(house).visits) == {"W0", "W1", "W2", "W3"}


def test_an_open_visit_is_never_forgotten(monkeypatch):
    monkeypatch.setattr(part, "MANY_VISITS", 1)
    monkeypatch.setattr(part, "MOST_VISITS", 2)
    house = House(policy=POLICY, partitions=1)
    house.publish(admission("admit", "2024-01-01 08:00:00", "stay", insurance_type="310", care_type="21"))
    for number in range(6):
        house.publish(*walk_in(number))
    house.run().check()
    assert kept(house).visits["stay"] == Note(1704067200000, part.OPEN_END)

"""The invariants notice what they are for: each is shown one planted violation."""

import itertools

import msgspec
import pytest

from schemas.dead_letter import DeadLetter
from streams.topics import Topic
from tests import invariants
from tests.agents.books import book, quota, watch
from tests.agents.harness import House, admission, charge
from tests.invariants import Published


@pytest.fixture(scope="module")
def house() -> House:
    policy = book(watch("case_cost", {"red": "1"}), quota(10))
    events = [
        admission("admit", "2024-03-01 10:00:00", department="D1"),
        charge(1, 500),
        charge(2, 70, category="08", level="03"),
    ]
    return House(policy=policy).publish(*events).run().check()


CHANGES = [
    {"amount_fen": 571}, {"gross_fen": 0}, {"basic_fen": 570}, {"categories": ()}, {"departments": ()},
    {"charge_count": 3}, {"segments": "one fen more"}, {"ratios": "one point more"}, {"quota": "one fen more"},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_fact_that_does_not_add_up_is_noticed(house, change):
    fact = house.visit
    if change == {"segments": "one fen more"}:
        change = {"segments": (msgspec.structs.replace(fact.segments[0], amount_fen=571),)}
    elif change == {"ratios": "one point more"}:
        change = {"ratios": msgspec.structs.replace(fact.ratios, drug_bp=fact.ratios.drug_bp + 1)}
    elif change == {"quota": "one fen more"}:
        change = {"quota": msgspec.structs.replace(fact.quota, used_fen=501)}
    with pytest.raises(AssertionError):
        invariants.visit_adds_up(msgspec.structs.replace(fact, **change))


def test_a_total_that_is_not_that_of_the_charges_is_noticed(house):
    invariants.facts_are_the_charges([house.visit], {("P1", "V1"): 570, ("P2", "V2"): 0})
    for charged in ({("P1", "V1"): 571}, {}, {("P1", "V1"): 570, ("P2", "V2"): 1}):
        with pytest.raises(AssertionError):
            invariants.facts_are_the_charges([house.visit], charged)


@pytest.mark.parametrize(
    "change", [{"amount_fen": 1}, {"visit_count": 2}, {"responsible_count": 2}, {"quota_fen": 1}, {"department": "D2"}]
)
def test_a_department_that_is_not_its_visits_is_noticed(house, change):
    for fact, other in itertools.permutations(house.department_rows.values()):
        with pytest.raises(AssertionError):
            invariants.departments_are_their_visits([house.visit], [msgspec.structs.replace(fact, **change), other])
    with pytest.raises(AssertionError):
        invariants.departments_are_their_visits([house.visit], [])


def test_a_version_that_means_two_rows_or_goes_back_is_noticed():
    once, again, other = Published(b"k", 1, b"a"), Published(b"k", 1, b"a"), Published(b"k", 1, b"b")
    invariants.a_version_means_one_row([once, again])
    with pytest.raises(AssertionError):
        invariants.a_version_means_one_row([once, other])
    for records in ([once, again], [Published(b"k", 2, b""), once]):
        with pytest.raises(AssertionError):
            invariants.versions_grow(records)


def test_a_message_without_a_fate_or_with_two_is_noticed():
    house = House().publish(charge(1, 100), charge(2, 1)).run("intake")
    from schemas.ledger import decode_entry

    entries = [decode_entry(record.value) for record in house.values(Topic.LEDGER)]
    published = [("his.charge.v1", 0, 0), ("his.charge.v1", 0, 1)]
    letter = DeadLetter("V201", "", "intake", "his.charge.v1", 0, 1, "source", 0, None, b"")
    invariants.every_message_has_one_fate(published, entries, [], [])
    invariants.every_message_has_one_fate(published, entries[:1], [], [letter])
    for found, letters in ((entries[:1], []), (entries, [letter]), ([], [letter])):
        with pytest.raises(AssertionError):
            invariants.every_message_has_one_fate(published, found, [], letters)


def test_a_commit_beyond_what_is_applied_is_noticed():
    invariants.committed_never_passes({("t", 0): 5}, {("t", 0): 5})
    with pytest.raises(AssertionError):
        invariants.committed_never_passes({("t", 0): 6}, {("t", 0): 5})


@pytest.mark.parametrize(
    "change",
    [
        {"episode": 2},
        {"status": "cleared"},
        {"history": ()},
        {"version": 1},
        {"level": "yellow"},
        {"message_en": ""},
        {"message_zh": "P1"},
        {"peak_level": "purple"},
        {"raised_at": 1},
    ],
)
def test_an_alert_that_is_no_possible_episode_is_noticed(house, change):
    alert = house.alert("case_cost")
    with pytest.raises((AssertionError, IndexError)):
        invariants.alerts_are_episodes([msgspec.structs.replace(alert, **change)])
    with pytest.raises(AssertionError):
        invariants.open_alerts_are_in_the_facts([house.visit], [])


def test_two_open_episodes_of_one_rule_are_noticed(house):
    alert = house.alert("case_cost")
    second = msgspec.structs.replace(alert, alert_id=alert.alert_id[:-1] + "2", episode=2)
    with pytest.raises(AssertionError):
        invariants.alerts_are_episodes([alert, second])


def test_patient_data_is_noticed():
    invariants.tells_nobody("batch_applied count=5", ["P1"])
    with pytest.raises(AssertionError):
        invariants.tells_nobody("applied P1", ["P1"])

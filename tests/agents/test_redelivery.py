"""Invariant 4 and the promise of the batch protocol: what is handled again leads to the same, however it is cut."""

import pytest

from agents.core.policy import Policy
from schemas.ledger import decode_entry
from streams.stage import Batch
from streams.topics import Topic
from tests.agents.harness import House, admission, charge
from tests.agents.test_order_of_arrival import POLICY

EVENTS = [
    charge(1, 40_000, ordering_department="", unit_price="400.00"),
    admission("admit", "2024-03-01 10:00:00", department="D1", care_type="21"),
    charge(2, 20_000, category="08", item_code="C99"),
    charge(3, None, refund_of="C1", quantity=None, category=None, level=None, item_code=None, ordering_department=None),
    admission("transfer", "2024-03-04 10:00:00", department="D2"),
    charge(4, 90_000, charged_at="2024-03-06 10:00:00", ordering_department=""),
    charge(4, 90_000, charged_at="2024-03-06 10:00:00", ordering_department=""),
    charge(4, 1),
    admission("cancel_admit", "2024-03-07 10:00:00"),
    admission("admit", "2024-03-08 10:00:00", department="D3", care_type="21"),
    admission("discharge", "2024-03-12 10:00:00"),
]


def plain() -> House:
    return House(policy=POLICY).publish(*EVENTS).run().check()


def outcome_of(house: House):
    alerts = {key: alert for key, alert in house.alerts.items() if alert.visit_id}
    return house.visits, alerts, house.settled


def in_the_ledger() -> tuple[House, tuple[str, int]]:
    house = House(policy=POLICY).publish(*EVENTS).run("intake")
    return house, next(place for place, records in house.topics.items() if place[0] == Topic.LEDGER and records)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 11])
def test_every_batch_applied_twice_changes_nothing(size):
    house, place = in_the_ledger()
    records = house.topics[place]
    for start in range(0, len(records), size):
        for _ in range(2):
            house.apply(house.stages[1], Batch(*place, records[start : start + size]))
    house.positions["cost", *place] = len(records)
    house.crashes = 1  # versions may be published again
    house.run("departments").check()
    assert outcome_of(house) == outcome_of(plain())


def test_what_is_applied_is_known_by_its_version_alone():
    house, place = in_the_ledger()
    batch = Batch(*place, house.topics[place])
    first, second = (house.apply(house.stages[1], batch).counts for _ in range(2))
    assert (first["applied"], first["duplicate"], first["refused"]) == (9, 1, 1)
    # What was refused is refused again: the process may have died before it could say so.
    assert (second["replayed"], second["refused"]) == (10, 1)


@pytest.mark.parametrize("first", range(1, 12))
@pytest.mark.parametrize("second", [1, 2, 4, 11])
def test_a_crash_between_state_and_outputs_is_healed_by_any_other_cut(first, second):
    house, place = in_the_ledger()
    records = house.topics[place]
    house.apply(house.stages[1], Batch(*place, records[:first]), until="state")
    house.restart()
    house.batch, house.crashes = second, 1e-12
    from random import Random

    house.random = Random(first)
    house.run().check()
    assert outcome_of(house) == outcome_of(plain())


@pytest.mark.parametrize("kept", range(12))
def test_a_restart_after_any_entry_reads_on_where_the_state_is(kept):
    """The offset may have been committed earlier than the state: what is applied is skipped."""
    house, place = in_the_ledger()
    records = house.topics[place]
    if kept:
        house.apply(house.stages[1], Batch(*place, records[:kept]))
    house.restart()
    house.crashes = 1e-12
    house.run().check()
    assert outcome_of(house) == outcome_of(plain())
    assert house.counts["cost.replayed"] + house.counts["cost.duplicate"] + house.counts["cost.refused"] >= kept


def test_departments_may_be_handled_again_and_cut_otherwise():
    for size in (1, 2, 7):
        house = plain()
        for place in [place for place in house.topics if place[0] == Topic.DEPARTMENT_LEDGER]:
            records = house.topics[place]
            before = house.departments
            store = dict(house.stores["departments", place[1]])
            house.restart()
            for start in range(0, len(records), size):
                house.apply(house.stages[2], Batch(*place, records[start : start + size]))
            assert house.departments == before
            assert house.stores["departments", place[1]] == store


def test_departments_that_lost_their_state_come_to_the_same():
    house = plain()
    before, alerts = house.departments, house.alerts
    for place in [place for place in house.topics if place[0] == Topic.DEPARTMENT_LEDGER]:
        house.stores["departments", place[1]].clear()
        house.positions.pop(("departments", *place), None)
    house.restart()
    house.batch = 3
    house.crashes = 1e-12
    house.run().check()
    assert (house.departments, house.alerts) == (before, alerts)


def test_a_new_epoch_counts_on_where_the_old_one_ended():
    """The ledger was made anew: offsets begin at 0, versions grow on."""
    house = House(policy=POLICY).publish(charge(1, 100)).run()
    before = house.visit.version
    old = house.topics[Topic.LEDGER, next(p for t, p in house.topics if t == Topic.LEDGER and house.topics[t, p])]
    place = (old[0].topic, old[0].partition)
    old.clear()
    house.positions.pop(("cost", *place))
    house.settings = house.settings.model_copy(update={"epoch": 2})
    house.restart()
    house.publish(charge(2, 30)).run()
    assert house.visit.amount_fen == 130
    assert house.visit.version > before
    assert decode_entry(house.topics[place][0].value).source_position > before


def test_the_policy_of_the_tests_watches_every_rule_of_visits():
    assert isinstance(POLICY, Policy)
    rules = {alert.rule for alert in plain().alerts.values()}
    assert {"visit_quota", "case_cost", "material_ratio", "transfer", "consumable", "length_of_stay"} <= rules

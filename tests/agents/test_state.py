"""The stored state of a visit: sealed chunks, the open one, what a batch writes, and what is read back."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.core.marks import CHUNK_MARKS, decode_chunk
from agents.core.publish import visit_fact
from agents.core.visit import Head, Visit, VisitKey
from agents.cost import Cost
from schemas.facts import encode_fact
from streams.settings import Settings
from streams.stage import Batch
from tests.agents.harness import House, admission, charge
from tests.agents.lives import lives
from tests.agents.test_order_of_arrival import POLICY

KEY = VisitKey("H0001", "P1", "V1")


def store_of(house: House) -> dict[bytes, bytes]:
    found = {}
    for (stage, _), store in house.stores.items():
        if stage == "cost":
            found |= store
    return found


def test_a_long_visit_rewrites_only_its_last_chunk():
    house = House(batch=50).publish(admission("admit", "2024-03-01 10:00:00", department="D1"))
    house.publish(*(charge(number, 100, charged_at="2024-03-05 10:00:00") for number in range(5000)))
    house.run().check()
    assert house.visit.charge_count == 5000
    assert max(house.written) < 40_000
    early, late = house.written[5:25], house.written[-25:-5]
    assert sum(late) < 1.2 * sum(early)


def test_a_long_visit_is_read_back_from_its_chunks():
    lines = [charge(number, 100 + number, item_code=f"I{number % 3}") for number in range(3 * CHUNK_MARKS)]
    order = {"type": "order", "order_id": "O1", "patient_id": "P1", "visit_id": "V1", "occurred_at": "2024-03-05"}
    settled = order | {"type": "settlement", "settlement_id": "S1", "total": 1}
    events = [admission("admit", "2024-03-01 10:00:00", department="D1"), order, settled, *lines]
    whole = House(policy=POLICY).publish(*events, charge("last", 7), *lines).run().check()
    house = House(policy=POLICY).publish(*events).run()
    house.restart()
    house.publish(charge("last", 7), *lines).run().check()
    assert house.visits == whole.visits
    assert house.counts["cost.duplicate"] == len(lines)
    assert store_of(house) == store_of(whole)


def test_full_chunks_are_sealed_once_and_the_rest_stays_in_the_head():
    house = House(batch=10).publish(*(charge(number, 100) for number in range(2 * CHUNK_MARKS + 5))).run()
    store = store_of(house)
    assert set(store) == {KEY.head(), KEY.chunk(0), KEY.chunk(1)}
    assert [len(decode_chunk(store[KEY.chunk(number)])) for number in (0, 1)] == [CHUNK_MARKS, CHUNK_MARKS]
    assert len(msgspec.msgpack.decode(store[KEY.head()], type=Head).tail) == 5


def test_the_parts_of_a_patients_visits_stand_or_fall_together():
    house = House().publish(*(charge(number, 100) for number in range(3 * CHUNK_MARKS + 1))).run("intake")
    cost = house.stages[1]
    place = next(place for place, records in house.topics.items() if place[0] == "ledger.v1" and records)
    outcome = cost.handle(Batch(*place, house.topics[place]), {})
    keys = [KEY.chunk(0), KEY.chunk(1), KEY.chunk(2), KEY.head()]
    assert [[key for key, _ in group] for group in outcome.state] == [keys]


def test_a_batch_that_changes_nothing_writes_and_sends_nothing():
    house = House().publish(charge(1, 100)).run()
    outputs = {
        place: len(records) for place, records in house.topics.items() if not place[0].startswith(("his", "ledger"))
    }
    house.publish(charge(1, 100)).run()
    assert house.written[-1] == 0
    assert {place: len(house.topics[place]) for place in outputs} == outputs


@given(st.data())
def test_a_visit_that_is_read_back_says_what_the_live_one_says(data):
    events = [event | {"visit_id": "V1"} for event in data.draw(lives(20))]
    house = House(policy=POLICY, batch=data.draw(st.integers(1, 30))).publish(*events).run()
    (live,) = (visit for visits in house.stages[1]._live.values() for visit in visits.values())
    read = Visit.load(KEY, store_of(house))
    assert encode_fact(visit_fact(read, POLICY)) == encode_fact(visit_fact(live, POLICY))
    assert read.parts()[-1] == live.parts()[-1]
    assert (read.charges, read.effective, read.orders, read.digests) == (
        live.charges,
        live.effective,
        live.orders,
        live.digests,
    )
    assert read.dirty == live.dirty == set()
    for item, use in read.tally.items.items():
        known = live.tally.items[item]
        assert (use.amount, use.quantity, use.price) == (known.amount, known.quantity, known.price)
        assert {day: q for day, q in use.days.items() if q} == {day: q for day, q in known.days.items() if q}


@settings(max_examples=10)
@given(st.integers(1, 40), st.integers(0, 3))
def test_a_cache_that_holds_little_says_the_same(marks, batch):
    events = [charge(number, 100 + number, visit=f"V{number * 7 % 5}") for number in range(60)]
    kept = House(policy=POLICY, batch=batch + 1).publish(*events).run()
    evicted = House(policy=POLICY, batch=batch + 1, cache_marks=marks).publish(*events).run()
    assert evicted.published("visit.fact.v1") == kept.published("visit.fact.v1")


def test_the_cache_drops_the_visits_longest_untouched_and_keeps_one():
    house = House(cache_marks=1, batch=1).publish(*(charge(1, 1, visit=f"V{number}") for number in range(20))).run()
    held = sum(len(visits) for visits in house.stages[1]._live.values())
    assert held <= 9


def test_the_cache_keeps_what_is_in_use():
    house = House(cache_marks=250, batch=2, partitions=1).publish(charge(0, 1, visit="V0")).run()
    live = house.stages[1]._live[0]
    always = live[VisitKey("H0001", "P1", "V0")]
    for number in range(1, 40):
        house.publish(charge(number, 1, visit="V0"), charge(1, 1, visit=f"V{number}"))
    house.run()
    assert live[VisitKey("H0001", "P1", "V0")] is always
    assert len(live) < 39


def test_a_partition_that_is_taken_away_is_forgotten():
    cost = Cost(Settings(partitions=2), POLICY)
    cost.assigned("ledger.v1", frozenset({0, 1}))
    cost._live[0][KEY] = Visit.load(KEY, {})
    cost.revoked("ledger.v1", frozenset({0}))
    assert 0 not in cost._live
    cost.assigned("ledger.v1", frozenset({0}))
    assert cost._live[0] == {}


def test_a_head_of_an_earlier_release_is_read_for_ever():
    assert msgspec.msgpack.decode(msgspec.msgpack.encode([7]), type=Head) == Head(applied=7)
    assert Visit.load(KEY, {KEY.head(): msgspec.msgpack.encode([7])}).head.applied == 7


def test_a_missing_chunk_is_no_small_matter():
    """The parts travel in one record batch, so this cannot be; if it is, the process must not go on."""
    house = House().publish(*(charge(number, 100) for number in range(CHUNK_MARKS + 1))).run()
    store = store_of(house)
    del store[KEY.chunk(0)]
    with pytest.raises(KeyError):
        Visit.load(KEY, store)

"""Invariants 1, 4, 5, 7 and 8 over random visits: any order, duplicates, batches and crashes; held to an oracle."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.core.policy import Policy
from schemas.book import CatalogueItem
from tests.agents import oracle
from tests.agents.books import book, quota, watch
from tests.agents.harness import House
from tests.agents.lives import arrivals, charges, lives

FLAGS = (CatalogueItem(item_code="XA01", valuable=True), CatalogueItem(hospital_item_code="H-1", high_value=True))


def a_book(version: str = "test") -> Policy:
    return book(
        watch("visit_quota", clear_margin=500),
        watch("case_cost", {"notice": "100", "yellow": "500", "red": "1500"}, clear_margin="50"),
        watch("drug_ratio", {"yellow": 4000, "red": 8000}, clear_margin=300, min_total="100"),
        watch("material_ratio", {"yellow": 3000}),
        watch("self_pay_ratio", {"yellow": 3000}),
        watch("length_of_stay", {"yellow": 3, "red": 6}),
        watch("valuable_drug", {"notice": "500"}),
        watch("consumable", {"notice": "1", "red": "599"}),
        watch("transfer", {"notice": 1}),
        watch("department_quota"),
        watch("department_drug_ratio", {"yellow": 4000}),
        quota(500, scope={"care_type": "21"}),
        quota(1000, "D2", basis="total"),
        version=version,
        items=FLAGS,
    )


POLICY = a_book()


def played(events, **house) -> House:
    house = House(policy=POLICY, partitions=2, **house)
    for event in events:
        house.publish(event, partition=0)
    return house.run().check()


@given(st.data())
def test_the_order_of_arrival_does_not_matter(data):
    events = data.draw(lives())
    one = played(events)
    other = played(data.draw(arrivals(events)), batch=data.draw(st.sampled_from([1, 3, 4096])))
    assert other.settled == one.settled


@given(st.data())
def test_every_visit_comes_to_what_a_naive_reckoning_says(data):
    events = data.draw(lives())
    house = played(data.draw(arrivals(events)))
    assert set(house.visits) == {event["visit_id"] for event in events if event["type"] != "ack"}
    for visit, fact in house.visits.items():
        expected = oracle.totals(events, visit)
        assert (fact.amount_fen, fact.gross_fen, fact.refund_fen) == (
            expected["amount"],
            expected["gross"],
            expected["refund"],
        )
        assert (fact.charge_count, fact.refund_count) == (expected["charges"], expected["refunds"])
        assert (fact.unmatched_refund_count, fact.order_count) == (expected["unmatched"], expected["orders"])
        cells = {
            (row.category, level): amount
            for row in fact.categories
            for level, amount in (
                ("01", row.class_a_fen), ("02", row.class_b_fen), ("03", row.class_c_fen), ("", row.unclassified_fen),
            )
        }  # fmt: skip
        assert nonzero(cells) == nonzero(expected["cells"])
        assert nonzero({(s.department, s.month): s.amount_fen for s in fact.departments}) == nonzero(expected["shares"])
        stay = oracle.stay(events, visit)
        assert (fact.status, fact.admitted_at, fact.discharged_at) == (
            stay["status"],
            stay["admitted_at"],
            stay["discharged_at"],
        )
        assert [(s.entered_at, s.department) for s in fact.segments] == stay["places"]
        for index, segment in enumerate(fact.segments):
            assert segment.amount_fen == expected["segments"][index]
        assert fact.length_of_stay_days == oracle.length_of_stay(events, visit)
        assert fact.today_fen == expected["days"][oracle.day(fact.as_of).date()]


def nonzero(sums):
    return {key: amount for key, amount in sums.items() if amount}


@given(st.data(), st.integers(0, 2**32))
def test_neither_crashes_nor_restarts_nor_batches_change_anything(data, seed):
    """In one order of the ledger, alerts and all are the same, with versions; intake itself sends each once here."""
    events = data.draw(arrivals(data.draw(lives())))
    one = played(events)
    other = House(policy=POLICY, partitions=2).publish(*events)
    other.run("intake")
    other.random, other.batch, other.restarts, other.crashes = Random(seed), 5, 0.3, 0.4
    other.run().check()
    assert other.settled == one.settled
    assert alerts_of_visits(other) == alerts_of_visits(one)
    if len(one.visits) == 1:  # of several, one that changes what another is worth lends it its version, once a batch
        assert other.visits == one.visits


def alerts_of_visits(house):
    """A department's alerts depend on how often its visits were published, which depends on the batches."""
    return {key: alert for key, alert in house.alerts.items() if alert.visit_id}


@given(st.data(), st.integers(0, 2**32))
def test_a_crash_of_intake_that_sends_everything_again_changes_nothing(data, seed):
    events = data.draw(arrivals(data.draw(lives())))
    other = played(events, random=Random(seed), batch=4, crashes=0.5)
    assert other.settled == played(events).settled


@given(charges(0, ["V1"]), st.booleans())
def test_a_charge_and_its_full_refund_leave_nothing(charge, before):
    refund = {
        "type": "charge", "charge_id": "R", "patient_id": "P1", "visit_id": "V1", "refund_of": "C0",
        "charged_at": charge["charged_at"], "recorded_at": charge["recorded_at"],
    }  # fmt: skip
    fact = played([refund, charge] if before else [charge, refund]).visit
    assert (fact.amount_fen, fact.basic_fen, fact.today_fen) == (0, 0, 0)
    assert fact.categories == ()
    assert all(share.amount_fen == 0 for share in fact.departments)
    assert fact.unmatched_refund_count == 0
    assert not fact.antibiotic
    assert fact.open_alerts == ()


@settings(max_examples=30)
@given(st.data(), st.integers(0, 2**32))
def test_an_evicted_visit_is_the_same_when_it_is_read_back(data, seed):
    """A cache of nothing at all against one that keeps everything."""
    events = [
        event | {"patient_id": f"P{number % 3}", "visit_id": f"{event['visit_id']}-{number % 3}"}
        for number, event in enumerate(data.draw(lives(24)))
    ]
    random = Random(seed)
    random.shuffle(events)
    kept = House(policy=POLICY, batch=2).publish(*events).run().check()
    evicted = House(policy=POLICY, batch=2, cache_marks=0).publish(*events).run().check()
    assert evicted.alerts == kept.alerts
    for topic in ("visit.fact.v1", "department.fact.v1", "alert.v1"):
        assert evicted.published(topic) == kept.published(topic)

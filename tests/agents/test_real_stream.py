"""A real hospital's stream: every total and every crossing to the fen, whatever the order, the batches, the crashes."""

from collections import defaultdict
from pathlib import Path
from random import Random

import pytest

from schemas.ledger import Charge, decode_entry
from schemas.units import day_text
from streams.topics import Topic
from tests.agents.books import book, quota, watch
from tests.agents.harness import House
from tests.agents.real_stream import LEVEL_NAMES, disturbed, real_events, rows_of

LIMITS = {"notice": "6000", "yellow": "10000", "red": "17500", "purple": "40400"}
POLICY = book(
    watch("case_cost", LIMITS),
    watch("visit_quota"),
    watch("drug_ratio", {"yellow": 4000}),
    watch("transfer", {"notice": 1}),
    quota(12_000),
)


def played(events, **house) -> House:
    house = House(policy=POLICY, **house)
    for number, event in enumerate(events):
        house.publish(event, partition=int(event["patient_id"]) % house.partitions if number % 2 else 0)
    return house.run()


@pytest.fixture(scope="module")
def in_file_order(shared_hospital_a: Path) -> House:
    """As delivered: one source partition a topic."""
    return House(policy=POLICY).publish(*real_events(shared_hospital_a)).run()


def totals(house: House) -> dict[str, tuple[int, ...]]:
    found = {}
    for visit_id, fact in house.visits.items():
        classes = [
            sum(getattr(row, name) for row in fact.categories) for name in ("class_a_fen", "class_b_fen", "class_c_fen")
        ]
        found[visit_id] = (
            fact.charge_count, fact.refund_count, fact.gross_fen, fact.refund_fen, fact.amount_fen,
            sum(row.amount_fen for row in fact.categories if row.category == "09"),
            sum(row.amount_fen for row in fact.categories if row.category == "08"), *classes,
        )  # fmt: skip
    return found


def expected_totals(folder: Path) -> dict[str, tuple[int, ...]]:
    names = (
        "n_charge", "n_refund", "gross_cents", "refund_cents", "net_cents", "drug_cents", "material_cents", "class_a",
        "class_b", "class_c",
    )  # fmt: skip
    return {
        row["encounter_id"]: tuple(int(row[name]) for name in names) for row in rows_of(folder, "per_encounter.csv")
    }


def test_every_stay_costs_what_it_should(in_file_order, shared_hospital_a):
    found = totals(in_file_order)
    for visit_id, expected in expected_totals(shared_hospital_a).items():
        assert found.pop(visit_id) == expected, visit_id
    assert not any(any(rest) for rest in found.values())
    assert len(in_file_order.visits) == 129


def test_every_drug_ratio_is_what_it_should_be(in_file_order, shared_hospital_a):
    for row in rows_of(shared_hospital_a, "per_encounter.csv"):
        bp = in_file_order.visits[row["encounter_id"]].ratios.drug_bp
        assert abs(bp / 10_000 - float(row["drug_ratio"])) <= 0.00005, row["encounter_id"]


def test_every_department_costs_what_it_should(in_file_order, shared_hospital_a):
    found = defaultdict(lambda: [0, 0])
    for (department, _), fact in in_file_order.departments.items():
        found[department][0] += fact.amount_fen
        found[department][1] += fact.charge_count
    expected = {
        row["dept"]: [int(row["net_cents"]), int(row["n_charge"]) + int(row["n_refund"])]
        for row in rows_of(shared_hospital_a, "per_dept.csv")
    }
    assert {department: sums for department, sums in found.items() if any(sums)} == expected


def test_every_day_costs_what_it_should(in_file_order, shared_hospital_a):
    found = defaultdict(lambda: [0, 0])
    for record in in_file_order.values(Topic.LEDGER):
        body = decode_entry(record.value).body
        if isinstance(body, Charge):
            found[day_text(body.day)][0] += body.amount_fen
            found[day_text(body.day)][1] += 1
    expected = {row["d"]: [int(row["net_cents"]), int(row["n"])] for row in rows_of(shared_hospital_a, "per_day.csv")}
    assert found == expected


def test_every_quota_is_crossed_at_the_event_where_it_should_be(in_file_order, shared_hospital_a):
    first = {}
    for alert in in_file_order.alerts.values():
        if alert.rule != "case_cost":
            continue
        for step in alert.history:
            if step.what not in {"raised", "escalated"}:
                continue
            for level in LEVEL_NAMES[: LEVEL_NAMES.index(step.level) + 1]:
                cents = int(LIMITS[level]) * 100
                known = first.get((cents, alert.visit_id))
                if known is None or step.version < known.version:
                    first[cents, alert.visit_id] = step
    rows = rows_of(shared_hospital_a, "alerts.csv")
    expected = {
        (int(row["quota_cents"]), row["encounter_id"]): (row["first_cross_event_id"], int(row["running_net_cents"]))
        for row in rows
    }
    assert {key: (step.event_id, step.value) for key, step in first.items()} == expected
    assert len(expected) == 207


def test_all_that_must_always_hold_holds(in_file_order):
    in_file_order.check()
    assert in_file_order.counts["intake.accepted"] == in_file_order.counts["cost.applied"] == 39_764
    assert in_file_order.dead_letters == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_duplicates_and_disorder_change_no_total(in_file_order, shared_hospital_a, seed):
    events = disturbed(real_events(shared_hospital_a), seed)
    house = played(events, partitions=3, batch=997)
    assert house.settled == in_file_order.settled
    assert house.counts["cost.duplicate"] + house.counts["cost.applied"] == len(events)
    assert house.dead_letters == []


@pytest.mark.slow
@pytest.mark.parametrize(("batch", "restarts", "crashes"), [(64, 0, 0), (700, 0.4, 0), (1500, 0.2, 0.3)])
def test_neither_batches_nor_restarts_nor_crashes_change_anything(
    in_file_order, shared_hospital_a, batch, restarts, crashes
):
    """Not even an alert: in file order the whole outcome is the same."""
    house = House(policy=POLICY, batch=batch, random=Random(batch), restarts=restarts, crashes=crashes)
    house.publish(*real_events(shared_hospital_a)).run()
    house.check()
    assert house.settled == in_file_order.settled
    if not crashes:
        assert house.alerts == in_file_order.alerts
    assert {key: _without_versions(alert) for key, alert in house.alerts.items()} == {
        key: _without_versions(alert) for key, alert in in_file_order.alerts.items()
    }


def _without_versions(alert):
    return [(step.what, step.level, step.value, step.event_id, step.at) for step in alert.history]

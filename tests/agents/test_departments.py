"""Departments: totals, ratios and use of quota of a month from absolute contributions, and their alerts."""

import msgspec
import pytest

from agents.core.department import DepartmentState, contribute, decode_state, encode_state
from schemas.ledger import Contribution
from tests.agents.books import book, quota, watch
from tests.agents.harness import NO_POLICY, House, admission, charge


def played(policy, *events, **house) -> House:
    return House(policy=policy, **house).publish(*events).run().check()


def stay(visit: str, amount: int, department: str = "D1", **more):
    whose = {"patient_id": f"P-{visit}"}
    return [
        admission("admit", "2024-03-01 10:00:00", visit, department=department, **whose),
        charge(1, amount, visit, ordering_department=department, **whose, **more),
    ]


def row(version: int, amount: int, **more) -> Contribution:
    return Contribution("H1", "D1", 202403, "P1", "V1", version, 5, amount, amount, 0, 0, 0, 0, 1, **more)


def test_a_month_is_the_sum_of_its_visits():
    house = played(NO_POLICY, *stay("V1", 1000), *stay("V2", 500, category="08"), *stay("V3", 30, "D2", level="03"))
    first, second = house.departments["D1", 202403], house.departments["D2", 202403]
    assert (first.amount_fen, first.drug_fen, first.material_fen, first.visit_count) == (1500, 1000, 500, 2)
    assert (first.drug_bp, first.material_bp, first.self_pay_bp) == (6667, 3333, 0)
    assert (second.amount_fen, second.self_pay_fen, second.self_pay_bp, second.responsible_count) == (30, 30, 10_000, 1)


def test_charges_count_where_they_were_ordered_and_the_visit_where_the_patient_lies():
    other = charge(2, 100, ordering_department="D9")
    house = played(NO_POLICY, admission("admit", "2024-03-01 10:00:00", department="D1"), other)
    assert (house.departments["D9", 202403].amount_fen, house.departments["D9", 202403].responsible_count) == (100, 0)
    assert (house.departments["D1", 202403].amount_fen, house.departments["D1", 202403].responsible_count) == (0, 1)


def test_the_whole_hospital_is_one_more_department():
    """Its money and visits are those of all departments; a visit with charges in two of them is one visit."""
    events = [*stay("V1", 1000), *stay("V2", 500, "D2", category="08")]
    elsewhere = charge(2, 30, "V1", patient_id="P-V1", ordering_department="D2", level="03")
    april = charge(3, 7, "V1", patient_id="P-V1", charged_at="2024-04-01 10:00:00")
    house = played(book(quota(10)), *events, elsewhere, april)
    whole = house.hospital[202403]
    assert (whole.amount_fen, whole.drug_fen, whole.material_fen, whole.self_pay_fen) == (1530, 1030, 500, 30)
    assert (whole.charge_count, whole.visit_count, whole.responsible_count) == (3, 2, 2)
    assert (whole.quota_fen, whole.basic_fen, whole.over_quota_count) == (2000, 1507, 1)
    assert sum(house.departments[name, 202403].visit_count for name in ("D1", "D2")) == 3
    later = house.hospital[202404]
    assert (later.amount_fen, later.visit_count, later.responsible_count) == (7, 1, 0)


def test_use_of_quota_compares_like_with_like():
    policy = book(quota(10, "D1"))
    house = played(policy, *stay("V1", 500), *stay("V2", 1500), *stay("V3", 4001), *stay("V4", 7777, "D2"))
    row = house.departments["D1", 202403]
    assert (row.quota_fen, row.basic_fen, row.quota_used_bp) == (3000, 6001, 20_003)
    assert (row.over_quota_count, row.over_4x_count, row.over_4x_fen) == (2, 1, 1)
    assert house.departments["D2", 202403].quota_used_bp is None


@pytest.mark.parametrize(("fen", "over", "over_4x"), [(1000, 0, 0), (1001, 1, 0), (4000, 1, 0), (4001, 1, 1)])
def test_a_visit_at_its_quota_is_not_over_it(fen, over, over_4x):
    row = played(book(quota(10, "D1")), *stay("V1", fen)).departments["D1", 202403]
    assert (row.over_quota_count, row.over_4x_count) == (over, over_4x)


@pytest.mark.parametrize(("fen", "level"), [(799, None), (800, "yellow"), (1000, "red"), (4000, "purple")])
def test_a_department_is_raised_exactly_at_its_line(fen, level):
    house = played(book(quota(10, "D1"), watch("department_quota")), *stay("V1", fen))
    assert [alert.level for alert in house.alerts.values()] == ([level] if level else [])


def test_a_departments_alert_explains_itself_and_follows_its_visits():
    policy = book(watch("department_material_ratio", {"yellow": 4000}, min_total="10.00"))
    house = played(policy, *stay("V1", 600, category="08"))
    assert house.alerts == {}
    house.publish(*stay("V2", 400, category="01")).run().check()
    alert = house.alert("department_material_ratio")
    assert alert.derivation.inputs == {"part_fen": 600, "total_fen": 1000, "value_bp": 6000, "min_total_fen": 1000}
    assert (alert.status, house.departments["D1", 202403].open_alerts) == (
        "raised",
        ("department_material_ratio:yellow",),
    )
    house.publish(charge(2, 9000, "V2", patient_id="P-V2", category="01")).run().check()
    assert house.alert("department_material_ratio").status == "cleared"
    assert house.departments["D1", 202403].open_alerts == ()


def test_a_transfer_moves_the_visit_to_the_new_department():
    policy = book(quota(10, "D1"), quota(20, "D2"))
    house = played(policy, *stay("V1", 500))
    move = admission("transfer", "2024-03-05 10:00:00", "V1", department="D2", patient_id="P-V1")
    house.publish(move).run().check()
    assert (house.departments["D1", 202403].quota_fen, house.departments["D2", 202403].quota_fen) == (0, 2000)
    assert house.departments["D1", 202403].amount_fen == 500


def test_a_department_that_a_batch_only_passes_through_is_withdrawn_after_a_crash():
    """The worker died twice, each time after the state was written, and read all of it again as one batch."""
    events = [
        charge(1, 100, ordering_department=""),
        admission("admit", "2024-03-01 10:00:00", department="D1"),
        admission("transfer", "2024-03-01 11:00:00", department="D2"),
    ]
    house = House(policy=book(quota(10))).publish(*events).run("intake")
    (cost,) = (stage for stage in house.stages if stage.name == "cost")
    from streams.stage import Batch

    place = next(place for place, records in house.topics.items() if place[0] == "ledger.v1" and records)
    for end in (1, 2):
        house.apply(cost, Batch(*place, house.topics[place][:end]), until="state")
        house.restart()
        (cost,) = (stage for stage in house.stages if stage.name == "cost")
    house.run().check()
    found = {key: (fact.amount_fen, fact.responsible_count) for key, fact in house.departments.items()}
    assert found == {("", 202403): (0, 0), ("D1", 202403): (0, 0), ("D2", 202403): (100, 1)}


def test_a_contribution_takes_the_place_of_the_visits_earlier_one():
    state = DepartmentState()
    first, second = row(1, 100, responsible=True, bed_days=2), row(2, 30, responsible=True, discharged=True, bed_days=3)
    assert contribute(state, None, first, 11, NO_POLICY) == []
    assert contribute(state, first, second, 12, NO_POLICY) == []
    sums = state.sums
    assert (sums.amount, sums.charges, sums.visits, sums.responsible, sums.discharged, sums.bed_days) == (
        30,
        1,
        1,
        1,
        1,
        3,
    )
    assert state.applied == 12


@pytest.mark.parametrize("again", [row(1, 7), row(2, 100)])
def test_an_older_or_equal_contribution_says_nothing_new(again):
    state = DepartmentState()
    contribute(state, None, row(2, 100), 11, NO_POLICY)
    before = encode_state(state)
    assert contribute(state, row(2, 100), again, 12, NO_POLICY) is None
    assert encode_state(state) == before


def test_a_contribution_told_again_under_another_book_takes_the_place_of_the_former():
    state = DepartmentState()
    contribute(state, None, row(2, 100, responsible=True, fund_fen=60), 11, NO_POLICY)
    again = row(2, 100, responsible=True, fund_fen=55, policy_version="later")
    assert contribute(state, row(2, 100, responsible=True, fund_fen=60), again, 12, NO_POLICY) == []
    assert (state.sums.amount, state.sums.fund, state.applied) == (100, 55, 12)


def test_a_stored_state_reads_back_and_an_older_release_is_read_for_ever():
    state = DepartmentState()
    contribute(state, None, row(2, 100), 11, book(watch("department_drug_ratio", {"red": 4000})))
    assert state.episodes
    assert decode_state(encode_state(state)) == state
    assert decode_state(msgspec.msgpack.encode([7])) == DepartmentState(applied=7)


def test_codes_with_the_separator_in_them_stay_apart():
    house = played(NO_POLICY, charge(1, 1, ordering_department="D|1"), charge(2, 2, ordering_department="D"))
    found = {key: fact.amount_fen for key, fact in house.departments.items()}
    assert found == {("D|1", 202403): 1, ("D", 202403): 2}


@pytest.mark.parametrize(("herbal", "raised"), [(False, False), (True, True)])
def test_herbal_pieces_count_in_a_departments_drugs_only_where_the_switch_says_so(herbal, raised):
    policy = book(watch("department_drug_ratio", {"yellow": 4000}, with_herbal=herbal))
    assert bool(played(policy, *stay("V1", 500, category="10"), *stay("V2", 500, category="01")).alerts) == raised


@pytest.mark.parametrize(("diluting", "status"), [(250, "raised"), (251, "cleared")])
def test_a_departments_level_is_left_only_below_its_margin(diluting, status):
    policy = book(watch("department_material_ratio", {"yellow": 5000}, clear_margin=1000))
    house = played(policy, *stay("V1", 500, category="08"), *stay("V2", 500, category="01"))
    house.publish(charge(9, diluting, "V2", patient_id="P-V2", category="01")).run().check()
    assert house.alert("department_material_ratio").status == status


def test_a_visit_that_moved_leaves_its_money_with_the_hospital():
    """The only row that is told anew is not the one that holds the money: the hospital's row must still have it."""
    house = played(NO_POLICY, admission("admit", "2024-03-01 10:00:00", department="D2"), charge(1, 100))
    order = {"type": "order", "order_id": "O1", "patient_id": "P1", "visit_id": "V1", "occurred_at": 1709258400000}
    house.publish(order).run().check()
    assert house.hospital[202403].amount_fen == 100

"""The stay folded from its events: who lies where, since when; late events, withdrawals, and how long it lasted."""

import itertools

import pytest

from schemas.units import SHANGHAI, parse_ms
from tests.agents.books import book, watch
from tests.agents.harness import House, admission, charge


def played(*events) -> House:
    return House().publish(*events).run().check()


def ms(text: str) -> int:
    return parse_ms(text, SHANGHAI)


def at(day: int, hour: int = 10) -> str:
    return f"2024-03-{day:02d} {hour:02d}:00:00"


ADMIT = admission("admit", at(1), department="D1", ward="W1", bed="1")
TRANSFER = admission("transfer", at(5), department="D2", bed="9")
DISCHARGE = admission("discharge", at(8), discharge_way="1")


def places(fact) -> list[tuple[str, int]]:
    return [(segment.department, segment.amount_fen) for segment in fact.segments]


def test_a_visit_without_an_admission_is_pending():
    fact = played(charge(1, 100)).visit
    assert (fact.status, fact.admitted_at, fact.length_of_stay_days, fact.segments) == ("pending", None, None, ())
    assert fact.coverage_pending


def test_admission_transfer_and_discharge():
    fact = played(ADMIT, TRANSFER, DISCHARGE).visit
    assert (fact.status, fact.admitted_at, fact.discharged_at) == ("discharged", ms(at(1)), ms(at(8)))
    assert (fact.department, fact.bed, fact.discharge_way, fact.transfer_count) == ("D2", "9", "1", 1)
    first, second = fact.segments
    assert (first.department, first.ward, first.bed, first.entered_at, first.left_at) == (
        "D1",
        "W1",
        "1",
        ms(at(1)),
        ms(at(5)),
    )
    assert (second.department, second.entered_at, second.left_at) == ("D2", ms(at(5)), ms(at(8)))


def test_the_stay_is_the_same_in_every_order_of_arrival():
    facts = [played(*order).settled for order in itertools.permutations([ADMIT, TRANSFER, DISCHARGE, charge(1, 100)])]
    assert all(fact == facts[0] for fact in facts)


def test_a_late_transfer_moves_the_charges_that_name_no_department():
    early = charge(1, 100, ordering_department="", charged_at=at(4))
    late = charge(2, 50, ordering_department="", charged_at=at(6))
    named = charge(3, 7, ordering_department="D9", charged_at=at(6))
    house = played(ADMIT, early, late, named)
    assert places(house.visit) == [("D1", 157)]
    assert house.departments["D1", 202403].amount_fen == 150
    house.publish(TRANSFER).run().check()
    assert places(house.visit) == [("D1", 100), ("D2", 57)]
    assert house.departments["D1", 202403].amount_fen == 100
    assert house.departments["D2", 202403].amount_fen == 50
    assert house.departments["D9", 202403].amount_fen == 7


@pytest.mark.parametrize(("moment", "where"), [("2024-03-05 09:59:59.999", "D1"), ("2024-03-05 10:00:00", "D2")])
def test_a_charge_at_the_moment_of_a_transfer_belongs_to_the_new_department(moment, where):
    house = played(ADMIT, TRANSFER, charge(1, 100, ordering_department="", charged_at=moment))
    assert house.departments[where, 202403].amount_fen == 100


@pytest.mark.parametrize("first", ["transfer", "update", "cover"])
def test_at_the_same_moment_the_admission_opens_whatever_was_recorded_first(first):
    early, late = at(5, 11), at(5, 12)
    moved = admission(first, at(5), department="D2", insurance_type="390", recorded_at=early)
    admitted = admission("admit", at(5), department="D1", insurance_type="310", recorded_at=late)
    for events in ([moved, admitted], [admitted, moved]):
        fact = played(*events).visit
        assert fact.department == ("D1" if first == "cover" else "D2")
        assert fact.insurance_type == "390"


def test_at_the_same_moment_a_transfer_outweighs_an_update():
    transfer = admission("transfer", at(5), department="D2", recorded_at=at(5, 11))
    update = admission("update", at(5), department="D3", recorded_at=at(5, 12))
    assert played(ADMIT, update, transfer).visit.department == "D2"


def test_a_charge_before_the_admission_counts_where_the_patient_came_to_lie():
    house = played(charge(1, 100, ordering_department="", charged_at=at(1, 8)))
    assert house.departments["", 202403].amount_fen == 100
    house.publish(ADMIT).run().check()
    assert house.departments["", 202403].amount_fen == 0
    assert house.departments["D1", 202403].amount_fen == 100
    assert places(house.visit) == [("D1", 100)]


def test_a_charge_after_the_discharge_still_counts():
    fact = played(ADMIT, DISCHARGE, charge(1, 100, charged_at=at(9))).visit
    assert (fact.amount_fen, places(fact)) == (100, [("D1", 100)])


def test_a_withdrawn_discharge_opens_the_stay_again():
    fact = played(ADMIT, DISCHARGE, admission("cancel_discharge", at(9))).visit
    assert (fact.status, fact.discharged_at, fact.discharge_way) == ("open", None, "")
    assert played(
        ADMIT, DISCHARGE, admission("cancel_discharge", at(8)), admission("discharge", at(9))
    ).visit.discharged_at == ms(at(9))


def test_a_withdrawn_admission_leaves_the_charges_and_no_stay():
    house = played(ADMIT, charge(1, 100), admission("cancel_admit", at(6)))
    fact = house.visit
    assert (fact.status, fact.admitted_at, fact.length_of_stay_days, fact.amount_fen) == ("cancelled", None, None, 100)
    assert house.departments["D1", 202403].responsible_count == 0


def test_a_new_admission_after_a_withdrawn_one_counts_from_its_own_moment():
    again = admission("admit", at(7), department="D2")
    house = played(ADMIT, admission("cancel_admit", at(6)), again)
    assert (house.visit.status, house.visit.admitted_at, house.visit.department) == ("open", ms(at(7)), "D2")
    assert house.departments["D2", 202403].responsible_count == 1
    assert house.departments["D1", 202403].responsible_count == 0


def test_a_second_admission_message_of_an_open_stay_does_not_shorten_it():
    fact = played(ADMIT, admission("admit", at(4), department="D1", bed="2")).visit
    assert (fact.admitted_at, fact.bed, fact.transfer_count) == (ms(at(1)), "2", 0)


def test_an_update_that_names_another_department_is_a_transfer():
    """2403 carries both."""
    fact = played(ADMIT, admission("update", at(5), department="D2")).visit
    assert (fact.department, fact.transfer_count) == ("D2", 1)


def test_an_update_without_a_department_changes_only_what_it_says():
    diagnoses = ["E11", {"code": "I10", "role": "main"}]
    fact = played(ADMIT, admission("update", at(5), bed="7", diagnoses=diagnoses, procedures=["51.23"])).visit
    assert (fact.department, fact.ward, fact.bed, fact.transfer_count) == ("D1", "W1", "7", 0)
    assert (fact.main_diagnosis, fact.diagnoses, fact.procedures) == ("I10", ("E11", "I10"), ("51.23",))
    assert played(ADMIT, admission("update", at(5), diagnoses=["E11", "I10"])).visit.main_diagnosis == "E11"


def test_a_late_card_gives_coverage_without_moving_the_patient():
    house = played(ADMIT, charge(1, 100))
    assert house.visit.coverage_pending
    house.publish(admission("cover", at(3), insurance_type="310", person_no="N1", department="D9")).run().check()
    fact = house.visit
    assert (fact.insurance_type, fact.person_no, fact.coverage_pending, fact.department) == ("310", "N1", False, "D1")


def test_what_was_said_later_counts_whenever_it_arrives():
    later = admission("cover", at(6), insurance_type="390")
    earlier = admission("cover", at(3), insurance_type="310")
    assert played(ADMIT, later, earlier).visit.insurance_type == "390"


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_at_the_same_moment_opening_comes_before_moving_and_moving_before_closing(order):
    moment = at(5)
    events = [
        admission("admit", moment, department="D1"), admission("transfer", moment, department="D2"),
        admission("discharge", moment), admission("cancel_discharge", moment),
    ]  # fmt: skip
    fact = played(*(events[index] for index in order)).visit
    assert (fact.status, fact.department, fact.discharged_at) == ("open", "D2", None)
    assert [segment.department for segment in fact.segments] == ["D1", "D2"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_at_the_same_moment_a_withdrawn_admission_is_the_last_word(order):
    events = [admission("admit", at(5)), admission("discharge", at(5)), admission("cancel_admit", at(5))]
    assert played(*(events[index] for index in order)).visit.status == "cancelled"


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_of_two_transfers_at_the_same_moment_the_one_recorded_later_counts(order):
    events = [
        admission("transfer", at(5), department="D2", event_id="b", recorded_at=at(5, 11)),
        admission("transfer", at(5), department="D3", event_id="a", recorded_at=at(5, 12)),
    ]
    assert played(ADMIT, *(events[index] for index in order)).visit.department == "D3"


def test_a_patient_who_comes_back_to_a_department_has_two_segments_there():
    back = admission("transfer", at(6), department="D1")
    house = played(
        ADMIT,
        TRANSFER,
        back,
        charge(1, 1, charged_at=at(2)),
        charge(2, 10, charged_at=at(5, 12)),
        charge(3, 100, charged_at=at(7)),
    )
    assert places(house.visit) == [("D1", 1), ("D2", 10), ("D1", 100)]


def test_an_outpatient_visit_has_no_length_of_stay():
    fact = played(admission("register", at(1), department="D1", care_type="11"), charge(1, 100)).visit
    assert (fact.status, fact.length_of_stay_days, fact.department) == ("open", None, "D1")


def test_leave_and_its_end():
    house = played(ADMIT, admission("update", at(3), leave=True))
    assert house.visit.on_leave
    assert not house.publish(admission("update", at(4), leave=False)).run().visit.on_leave


@pytest.mark.parametrize(
    ("admitted", "discharged", "days"),
    [
        ("2024-03-01 10:00:00", "2024-03-01 23:59:59", 1),
        ("2024-03-01 10:00:00", "2024-03-02 00:00:00", 1),
        ("2024-03-01 23:59:59", "2024-03-02 00:00:00", 1),
        ("2024-03-01 10:00:00", "2024-03-03 09:00:00", 2),
        ("2024-02-28 10:00:00", "2024-03-01 10:00:00", 2),
        ("2023-02-28 10:00:00", "2023-03-01 10:00:00", 1),
        ("2023-12-31 10:00:00", "2024-12-31 10:00:00", 366),
        ("2024-03-01T15:59:59Z", "2024-03-01T16:00:00Z", 1),
        ("2024-03-01T15:59:59Z", "2024-03-02T16:00:00Z", 2),
        ("2024-03-05 10:00:00", "2024-03-01 10:00:00", 1),
    ],
)
def test_the_length_of_stay_is_the_difference_of_days_and_the_same_day_is_one(admitted, discharged, days):
    fact = played(admission("admit", admitted, department="D1"), admission("discharge", discharged)).visit
    assert fact.length_of_stay_days == days


def test_an_open_stay_lasts_until_the_latest_recorded_event():
    house = played(ADMIT)
    assert house.visit.length_of_stay_days == 1
    house.publish(charge(1, 100, charged_at=at(3), recorded_at=at(4))).run().check()
    assert (house.visit.length_of_stay_days, house.visit.as_of) == (3, ms(at(4)))
    house.publish(charge(2, 100, charged_at=at(2))).run().check()
    assert house.visit.length_of_stay_days == 3


def test_an_answer_to_an_alert_does_not_lengthen_the_stay():
    house = House(policy=book(watch("case_cost", {"red": "1"}))).publish(ADMIT, charge(1, 100, charged_at=at(2))).run()
    answer = {"type": "ack", "patient_id": "P1", "visit_id": "V1", "actor": "n", "occurred_at": at(20)}
    house.publish(answer | {"alert_id": house.alert("case_cost").alert_id}).run().check()
    assert house.alert("case_cost").status == "acknowledged"
    assert house.visit.length_of_stay_days == 1


def test_bed_days_stand_in_the_month_of_admission_at_the_department_that_answers():
    house = played(
        admission("admit", "2024-02-27 10:00:00", department="D1"),
        admission("transfer", at(2), department="D2"),
        DISCHARGE,
    )
    row = house.departments["D2", 202402]
    assert (row.responsible_count, row.discharged_count, row.bed_days) == (1, 1, 10)
    assert house.departments["D1", 202402].responsible_count == 0


def test_several_visits_of_a_patient_are_open_at_once():
    house = played(
        ADMIT,
        admission("register", at(2), visit="V2", department="D7"),
        charge(1, 100),
        charge(1, 30, "V2", charged_at=at(2)),
    )
    assert {visit: (fact.status, fact.amount_fen) for visit, fact in house.visits.items()} == {
        "V1": ("open", 100), "V2": ("open", 30),
    }  # fmt: skip

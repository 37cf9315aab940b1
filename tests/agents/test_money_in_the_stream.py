"""Settlement and prediction where events arrive: figures of facts, the year of a patient, alerts, crashes."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.books import MONEY, book, watch
from tests.agents.harness import House, admission, charge
from tests.agents.lives import arrivals, lives

POLICY = book(
    watch("payment_standard", {"yellow": 8000, "red": 10_000}, clear_margin=500),
    watch("predicted_loss", {"yellow": "10", "red": "500"}, clear_margin="5"),
    watch("cap_reached", {"yellow": 8000, "red": 10_000}),
    watch("coverage_missing", {"yellow": 24, "red": 72}),
    watch("settlement_difference", {"yellow": "0.01", "red": "1000"}),
    watch("case_cost", {"notice": "500", "yellow": "900"}, clear_margin="50"),
    **MONEY,
)
COVERED = {"insurance_type": "310", "care_type": "21", "person_type": "1101", "department": "D1", "diagnoses": ["I10"]}


def played(*events, **house) -> House:
    return House(policy=POLICY, **house).publish(*events).run().check()


def admitted(at="2024-03-01 08:00:00", visit="V1", **more):
    return admission("admit", at, visit, **(COVERED | more))


def settlement(number, fund, at, visit="V1", **more):
    return {
        "type": "settlement", "settlement_id": f"S{number}", "patient_id": "P1", "visit_id": visit,
        "occurred_at": at, "fund_total": fund, **more,
    }  # fmt: skip


def test_a_visit_is_settled_as_it_stands():
    found = played(admitted(), charge(1, 50_000), charge(2, 10_000, level="03")).visit.simulated
    # 600.00: 100.00 丙, 500.00 within scope, 100.00 deductible, 400.00 × 85 %
    assert (found.total_fen, found.full_self_pay_fen, found.within_scope_fen) == (60_000, 10_000, 50_000)
    assert (found.deductible_fen, found.basic_fund_fen, found.proportion_fen) == (10_000, 34_000, 6_000)
    assert (found.patient_part_fen, found.cash_paid_fen) == (26_000, 26_000)
    assert (found.benefit_id, found.book_version) == ("b-in", "test")


def test_a_visit_is_predicted_with_the_method_in_force():
    found = played(admitted(), charge(1, 90_000)).visit.prediction
    # 80 points × 10 yuan; four of eight days gone: 900.00 so far
    method = found.method(found.in_force)
    assert (found.in_force, method.standard_fen, method.used_bp) == ("m-dip", 80_000, 11_250)
    assert method.profit_fen == -10_000
    assert found.projected_cost_fen > 90_000


def test_the_second_admission_of_the_year_pays_the_lower_deductible():
    first = [admitted(), charge(1, 50_000), admission("discharge", "2024-03-06 08:00:00")]
    second = [admitted("2024-05-01 08:00:00", "V2"), charge(2, 50_000, "V2", charged_at="2024-05-02 08:00:00")]
    visits = played(*first, *second).visits
    assert (visits["V1"].simulated.deductible_fen, visits["V2"].simulated.deductible_fen) == (10_000, 5_000)
    assert (visits["V1"].simulated.admission_number, visits["V2"].simulated.admission_number) == (1, 2)


def test_a_visit_known_only_later_changes_what_the_next_one_is_worth():
    """The first stay's events come after the second one's: its deductible falls when they do."""
    second = [admitted("2024-05-01 08:00:00", "V2"), charge(2, 50_000, "V2", charged_at="2024-05-02 08:00:00")]
    house = played(*second)
    assert house.visits["V2"].simulated.deductible_fen == 10_000
    before = house.visits["V2"].version
    house.publish(admitted(), charge(1, 50_000)).run().check()
    assert house.visits["V2"].version == before, "an open visit leaves nothing to others"
    house.publish(admission("discharge", "2024-03-06 08:00:00")).run().check()
    assert house.visits["V2"].simulated.deductible_fen == 5_000
    assert house.visits["V2"].version == house.visits["V1"].version


def test_a_late_refund_of_an_earlier_visit_gives_the_cap_back_to_the_next():
    first = [admitted(), charge(1, 200_000), admission("discharge", "2024-03-06 08:00:00")]
    second = [admitted("2024-05-01 08:00:00", "V2"), charge(2, 50_000, "V2", charged_at="2024-05-02 08:00:00")]
    house = played(*first, *second)
    assert house.visits["V1"].simulated.over_cap_fen > 0
    assert house.visits["V2"].simulated.basic_fund_fen == 0, "nothing is left of the year's cap"
    house.publish(charge("R", -200_000, refund_of="C1")).run().check()
    assert house.visits["V1"].simulated.fund_total_fen == 0
    # the admission still counts: 500.00 less the second one's 50.00, 85 %
    assert house.visits["V2"].simulated.basic_fund_fen == 38_250


def test_what_the_insurer_states_stands_for_other_hospitals():
    year = {"year": 2024, "admissions": 2, "pools": {"inpatient": {"fund": "1400.00"}}}
    found = played(admitted(year_to_date=year), charge(1, 50_000)).visit.simulated
    assert (found.admission_number, found.deductible_fen) == (3, 5_000)
    assert (found.basic_fund_fen, found.over_cap_fen) == (10_000, 28_250)
    assert found.large_amount_fen == 25_425


def test_a_change_of_coverage_settles_the_whole_visit_anew():
    events = [admitted(insurance_type="", diagnoses=[]), charge(1, 50_000)]
    house = played(*events)
    assert house.visit.simulated.standing == "coverage_pending"
    assert house.visit.simulated.patient_part_fen == 50_000
    house.publish(admission("cover", "2024-03-03 08:00:00", insurance_type="310", diagnoses=["I10"])).run().check()
    late, from_the_start = house.visit.simulated, played(admitted(), charge(1, 50_000)).visit.simulated
    assert late == from_the_start


def test_missing_coverage_raises_and_the_card_ends_it():
    later = charge(2, 100, charged_at="2024-03-02 09:00:00", occurred_at="2024-03-02 09:00:00")
    house = played(admitted(insurance_type=""), later)
    alert = house.alert("coverage_missing")
    assert (alert.level, alert.value, alert.unit) == ("yellow", 25, "hours")
    house.publish(admission("cover", "2024-03-02 10:00:00", insurance_type="310")).run().check()
    assert house.alert("coverage_missing").status == "cleared"


def test_cost_over_the_standard_predicted_loss_and_the_cap_raise():
    house = played(admitted(), charge(1, 240_000))
    assert {"payment_standard", "predicted_loss", "cap_reached"} <= house.rules.keys()
    standard = house.alert("payment_standard")
    assert (standard.level, standard.unit) == ("red", "bp")
    assert standard.derivation.inputs["standard_fen"] == 80_000, "what the group is worth, before 高倍率"
    loss = house.alert("predicted_loss")
    assert loss.value == -house.visit.prediction.method("m-dip").projected_profit_fen
    assert house.alert("cap_reached").value == 10_000
    house.publish(charge("R", -240_000, refund_of="C1")).run().check()
    assert {house.alert(rule).status for rule in ("payment_standard", "predicted_loss", "cap_reached")} == {"cleared"}


@pytest.mark.parametrize(("fund", "status"), [(34_000, None), (34_001, "raised"), (30_000, "raised")])
def test_the_real_settlement_is_compared(fund, status):
    house = played(admitted(), charge(1, 50_000), settlement(1, fund, "2024-03-06 09:00:00", total=50_000))
    assert house.visit.fund_difference_fen == 34_000 - fund
    assert house.rules.get("settlement_difference") == status
    if status:
        alert = house.alert("settlement_difference")
        assert alert.value == abs(34_000 - fund)
        assert "340.00" in alert.message_zh
        house.publish(settlement(1, 0, "2024-03-07 09:00:00", kind="cancelled", total=0)).run().check()
        assert house.alert("settlement_difference").status == "cleared"


def test_mid_stay_settlements_and_the_final_one_are_compared_together():
    events = [
        admitted(), charge(1, 30_000, charged_at="2024-03-02 08:00:00"),
        settlement(1, 17_000, "2024-03-03 09:00:00", total=30_000, mid_stay=True),
        charge(2, 20_000, charged_at="2024-03-05 08:00:00"),
        settlement(2, 17_000, "2024-03-06 09:00:00", total=20_000),
    ]  # fmt: skip
    house = played(*events)
    assert house.visit.fund_difference_fen == 0
    assert house.visit.simulated.fund_total_fen == 34_000


def test_the_departments_count_what_visits_bring():
    house = played(admitted(), charge(1, 90_000))
    row, method = house.departments["D1", 202403], house.visit.prediction.method("m-dip")
    assert row.fund_fen == house.visit.simulated.fund_total_fen
    assert (row.income_fen, row.profit_fen) == (method.income_fen, method.profit_fen)
    assert (row.predicted_profit_fen, row.loss_count) == (method.projected_profit_fen, 1)
    assert house.hospital[202403].fund_fen == row.fund_fen


def test_a_cancelled_admission_is_worth_nothing_to_others():
    house = played(admitted(), charge(1, 50_000), admission("discharge", "2024-03-06 08:00:00"))
    house.publish(admitted("2024-05-01 08:00:00", "V2"), charge(2, 50_000, "V2")).run()
    house.publish(admission("cancel_admit", "2024-03-07 08:00:00")).run().check()
    assert house.visits["V2"].simulated.admission_number == 1


@given(st.data())
def test_the_order_of_arrival_does_not_matter(data):
    events = data.draw(lives())
    one = played(*events)
    other = played(*data.draw(arrivals(events)), batch=data.draw(st.sampled_from([1, 3, 4096])))
    assert other.settled == one.settled


@given(st.data(), st.integers(0, 2**32))
def test_neither_crashes_nor_restarts_nor_batches_change_a_figure(data, seed):
    """Nothing that was told is ever decided otherwise: `check` finds no alert open that no fact knows of."""
    events = data.draw(arrivals(data.draw(lives())))
    one = played(*events)
    other = House(policy=POLICY, partitions=2).publish(*events)
    other.run("intake")
    other.random, other.batch, other.restarts, other.crashes = Random(seed), 5, 0.3, 0.4
    other.run().check()
    assert other.settled == one.settled

"""Alerts on items, transfers and length of stay."""

import pytest

from schemas.book import CatalogueItem
from tests.agents.books import book, quota, watch
from tests.agents.harness import House, admission, charge

ADMIT = admission("admit", "2024-03-01 10:00:00", department="D1", care_type="21")
TRANSFER = admission("transfer", "2024-03-04 10:00:00", department="D2")
DRUG = watch("valuable_drug", {"notice": "300.00", "yellow": "1000.00"})
IMPLANT = watch("consumable", {"notice": "1000.00"})


def played(policy, *events, **house) -> House:
    return House(policy=policy, **house).publish(*events).run().check()


def drug(number, price, quantity=1, **more):
    amount = int(float(price) * 100 * quantity)
    return charge(number, amount, unit_price=price, quantity=quantity, **more)


# ------------------------------------------------------------ items


@pytest.mark.parametrize(
    ("price", "level"), [("299.99", None), ("300.00", "notice"), ("999.99", "notice"), ("1000.00", "yellow")]
)
def test_a_drug_is_valuable_from_its_unit_price_on(price, level):
    house = played(book(DRUG), drug(1, price))
    assert [alert.level for alert in house.alerts.values()] == ([level] if level else [])
    if level:
        alert = house.alert("valuable_drug")
        assert (alert.subject, alert.unit, alert.value) == ("XA01", "fen", int(float(price) * 100))
        assert alert.derivation.inputs["unit_price_fen"] == alert.value


def test_many_cheap_ones_are_not_valuable():
    assert played(book(DRUG), drug(1, "10.00", 100)).alerts == {}


def test_a_line_that_states_no_price_is_judged_by_amount_and_quantity():
    assert played(book(DRUG), charge(1, 60_000, quantity=2)).alert("valuable_drug").value == 30_000
    assert played(book(DRUG), charge(1, 59_998, quantity=2)).alerts == {}
    assert played(book(DRUG), charge(1, 60_000, quantity=None)).alerts == {}
    assert played(book(DRUG), charge(1, 10**15, quantity="0.0001")).alert("valuable_drug").level == "yellow"


@pytest.mark.parametrize("flag", [{"item_code": "XA01"}, {"hospital_item_code": "H-1"}])
def test_a_flagged_item_is_watched_whatever_its_price(flag):
    """Also by the hospital's own code, where the line carries the national one too."""
    policy = book(DRUG, items=(CatalogueItem(**flag, valuable=True),))
    line = drug(1, "1.00", hospital_item_code="H-1")
    alert = played(policy, line).alert("valuable_drug")
    assert (alert.level, alert.subject) == ("notice", "XA01")
    assert played(policy, drug(1, "1.00", item_code="XA02")).alerts == {}


def test_a_flagged_antibiotic_is_known_by_the_hospitals_own_code():
    policy = book(items=(CatalogueItem(hospital_item_code="H-1", antibiotic=True),))
    assert played(policy, charge(1, 100, hospital_item_code="H-1")).visit.antibiotic


def test_a_material_is_a_consumable_and_a_drug_is_not():
    policy = book(DRUG, IMPLANT)
    assert set(played(policy, drug(1, "5000", category="08")).rules) == {"consumable"}
    assert set(played(policy, drug(1, "5000", category="11")).rules) == {"valuable_drug"}
    assert played(policy, drug(1, "5000", category="10")).rules == {}


def test_a_full_refund_ends_it_and_a_partial_one_does_not():
    house = played(book(DRUG), drug(1, "400.00", 2), charge(2, -40_000, unit_price="400.00"))
    assert house.rules == {"valuable_drug": "raised"}
    house.publish(charge(3, -40_000, unit_price="400.00")).run().check()
    assert "全部退费" in house.alert("valuable_drug").message_zh
    assert house.rules == {"valuable_drug": "cleared"}
    house.publish(drug(4, "400.00")).run().check()
    assert house.alert("valuable_drug").episode == 2


def test_a_refund_that_only_names_its_line_ends_it_too():
    silent = charge(2, None, refund_of="C1", category=None, item_code=None, quantity=None, level=None)
    assert played(book(DRUG), drug(1, "400.00"), silent).rules == {"valuable_drug": "cleared"}
    assert played(book(DRUG), silent, drug(1, "400.00")).rules == {}


def test_each_item_has_its_own_alert():
    house = played(book(DRUG), drug(1, "400"), drug(2, "400", item_code="XA02"), drug(3, "1500"))
    assert {alert.subject: alert.level for alert in house.alerts.values()} == {"XA01": "yellow", "XA02": "notice"}


def test_what_was_charged_before_the_admission_came_is_judged_when_it_comes():
    policy = book(watch("valuable_drug", {"notice": "300"}, scope={"care_type": "21"}))
    house = played(policy, drug(1, "400"))
    assert house.alerts == {}
    house.publish(ADMIT).run().check()
    assert house.rules == {"valuable_drug": "raised"}


def test_a_withdrawn_admission_does_not_claim_that_the_item_was_refunded():
    alert = played(book(DRUG), ADMIT, drug(1, "400"), admission("cancel_admit", "2024-03-06 10:00:00")).alert(
        "valuable_drug"
    )
    assert alert.status == "cleared"
    assert "撤销" in alert.message_zh
    assert "cancelled" in alert.message_en


# ------------------------------------------------------------ transfers


def test_a_transfer_is_noticed_with_the_cost_of_each_segment():
    house = played(
        book(watch("transfer", {"notice": 1}), quota(100, "D2")),
        ADMIT,
        charge(1, 12_300, charged_at="2024-03-02 10:00:00"),
        TRANSFER,
    )
    alert = house.alert("transfer")
    assert (alert.level, alert.value, alert.unit, alert.department) == ("notice", 1, "count", "D2")
    assert "D1 → D2" in alert.message_zh
    assert "D1 123.00 元，D2 0.00 元" in alert.message_zh
    assert alert.derivation.inputs == {"transfer_number": 1, "D1_fen": 12_300, "D2_fen": 0}


def test_each_transfer_has_its_own_notice_and_the_third_is_worse():
    policy = book(watch("transfer", {"notice": 1, "yellow": 3}))
    moves = [admission("transfer", f"2024-03-0{day} 10:00:00", department=f"D{day}") for day in (4, 5, 6)]
    house = played(policy, ADMIT, *moves)
    assert [(a.value, a.level) for a in sorted(house.alerts.values(), key=lambda a: a.value)] == [
        (1, "notice"), (2, "notice"), (3, "yellow"),
    ]  # fmt: skip


def test_the_segments_of_a_patient_who_comes_back_add_up_in_the_derivation():
    back = admission("transfer", "2024-03-06 10:00:00", department="D1")
    lines = [charge(1, 100, charged_at="2024-03-02 10:00:00"), charge(2, 30, charged_at="2024-03-07 10:00:00")]
    house = played(book(watch("transfer", {"notice": 1})), *lines, ADMIT, TRANSFER, back)
    second = max(house.alerts.values(), key=lambda alert: alert.value)
    assert second.derivation.inputs == {"transfer_number": 2, "D1_fen": 130, "D2_fen": 0}


def test_the_discharge_ends_the_notices_and_its_withdrawal_brings_them_back():
    house = played(
        book(watch("transfer", {"notice": 1})), ADMIT, TRANSFER, admission("discharge", "2024-03-08 10:00:00")
    )
    assert house.alert("transfer").status == "cleared"
    house.publish(admission("cancel_discharge", "2024-03-09 10:00:00")).run().check()
    assert (house.alert("transfer").status, house.alert("transfer").episode) == ("raised", 2)


def test_a_late_transfer_corrects_the_notice_of_the_one_after_it():
    later = admission("transfer", "2024-03-06 10:00:00", department="D3")
    house = played(book(watch("transfer", {"notice": 1})), ADMIT, later)
    house.publish(TRANSFER).run().check()
    found = {alert.subject.partition("@")[0]: alert for alert in house.alerts.values()}
    assert {subject: alert.status for subject, alert in found.items()} == {
        "D1>D3": "cleared",
        "D1>D2": "raised",
        "D2>D3": "raised",
    }
    assert "更正" in found["D1>D3"].message_zh
    assert "第 0 次" not in found["D1>D3"].message_zh


def test_a_transfer_that_is_known_only_after_the_discharge_is_not_noticed():
    assert (
        played(
            book(watch("transfer", {"notice": 1})), ADMIT, admission("discharge", "2024-03-08 10:00:00"), TRANSFER
        ).alerts
        == {}
    )


# ------------------------------------------------------------ length of stay


def los(**levels):
    return book(watch("length_of_stay", levels or {"yellow": 5, "red": 7}))


@pytest.mark.parametrize(
    ("until", "level"),
    [("2024-03-05 23:59:59", None), ("2024-03-06 00:00:00", "yellow"), ("2024-03-08 00:00:00", "red")],
)
def test_the_stay_is_judged_by_the_day_it_has_reached(until, level):
    house = played(los(), ADMIT, charge(1, 1, charged_at=until))
    assert [alert.level for alert in house.alerts.values()] == ([level] if level else [])


def test_a_later_day_raises_whatever_kind_of_event_brings_it():
    order = {
        "type": "order",
        "order_id": "O1",
        "patient_id": "P1",
        "visit_id": "V1",
        "occurred_at": "2024-03-06 08:00:00",
    }
    house = played(los(), ADMIT, order)
    alert = house.alert("length_of_stay")
    assert (alert.value, alert.unit, alert.threshold) == (5, "days", 5)
    assert alert.derivation.inputs == {"days": 5, "standard_days": 5}


def test_a_stay_that_grows_escalates_once():
    days = [charge(number, 1, charged_at=f"2024-03-{number:02d} 08:00:00") for number in range(2, 15)]
    alert = played(los(), ADMIT, *days).alert("length_of_stay")
    assert [(step.what, step.value) for step in alert.history] == [("raised", 5), ("escalated", 7)]


def test_a_discharge_that_comes_late_corrects_the_stay():
    house = played(los(), ADMIT, charge(1, 1, charged_at="2024-03-10 08:00:00"))
    assert house.rules == {"length_of_stay": "raised"}
    house.publish(admission("discharge", "2024-03-03 10:00:00", recorded_at="2024-03-10 09:00:00")).run().check()
    alert = house.alert("length_of_stay")
    assert (alert.status, alert.value) == ("cleared", 2)
    assert "更正为 2 天" in alert.message_zh


def test_an_outpatient_visit_never_grows_long():
    register = admission("register", "2024-03-01 10:00:00", department="D1")
    assert played(los(), register, charge(1, 1, charged_at="2024-03-30 08:00:00")).alerts == {}

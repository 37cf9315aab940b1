"""Every figure explains itself: the inputs of a derivation give the value again, in both languages, about nobody."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import Alert, decode_alert
from schemas.units import percent_text, yuan_text
from streams.topics import Topic
from tests.agents.books import book, quota, watch
from tests.agents.harness import House, admission, charge
from tests.agents.lives import lives
from tests.agents.test_order_of_arrival import FLAGS, POLICY


def recomputed(alert: Alert) -> int:
    """The value again, from nothing but the inputs."""
    inputs = alert.derivation.inputs
    match alert.rule:
        case "visit_quota" | "department_quota" if "quota_fen" in inputs:
            return inputs["used_fen"] * 10_000 // inputs["quota_fen"]
        case "case_cost":
            return inputs["amount_fen"]
        case "length_of_stay":
            return inputs["days"]
        case "transfer":
            return inputs["transfer_number"]
        case "valuable_drug" | "consumable":
            flagged = any(alert.subject in {flag.item_code, "XA01", "C99"} for flag in FLAGS)
            price = max(inputs["unit_price_fen"], inputs["line_fen"] if flagged else 0)
            return price if inputs["amount_fen"] > 0 else 0
    enough = inputs["total_fen"] >= max(1, inputs["min_total_fen"])
    return inputs["part_fen"] * 10_000 // inputs["total_fen"] if enough else 0


@given(st.data())
def test_the_inputs_give_the_value_again(data):
    house = House(policy=POLICY).publish(*data.draw(lives(24))).run()
    for record in house.values(Topic.ALERT):
        alert = decode_alert(record.value)
        ended = alert.rule == "transfer" or "cancelled" in alert.message_en or "No rule" in alert.message_en
        if alert.status == "cleared" and ended:
            continue
        if alert.rule in {"valuable_drug", "consumable"} and alert.value != recomputed(alert):
            assert alert.value == alert.derivation.inputs["line_fen"]  # flagged under another of its codes
            continue
        if alert.rule in {"transfer", "length_of_stay"} or alert.history[-1].what != "acknowledged":
            assert alert.value == recomputed(alert), alert.alert_id
        assert alert.derivation.policy_version == "test"
        assert alert.derivation.policy_source == "test"
        assert alert.derivation.policy_id.startswith(("t-", "q-"))


@given(st.data())
def test_every_sentence_is_whole_in_both_languages(data):
    house = House(policy=POLICY).publish(*data.draw(lives(24))).run()
    for record in house.values(Topic.ALERT):
        alert = decode_alert(record.value)
        assert re.search(r"[\u4e00-\u9fff]", alert.message_zh)
        assert alert.message_zh.endswith("。")
        assert alert.message_en.endswith(".")
        assert not re.search(r"[\u4e00-\u9fff]", alert.message_en)
        for text in (alert.message_zh, alert.message_en, alert.derivation.formula):
            assert text.strip() == text
            assert "P1" not in text
            assert "V1" not in text
            assert "None" not in text
            assert "{" not in text


@given(st.data())
def test_what_was_raised_or_worsened_has_reached_its_threshold(data):
    house = House(policy=POLICY).publish(*data.draw(lives(24))).run()
    for record in house.values(Topic.ALERT):
        alert = decode_alert(record.value)
        if alert.history[-1].what in {"raised", "escalated"}:
            assert alert.value >= alert.threshold, alert.alert_id


ADMIT = admission("admit", "2024-03-01 10:00:00", department="D1")


@pytest.mark.parametrize(
    ("policy", "events", "zh", "en"),
    [
        (
            book(watch("visit_quota"), quota(1000)), [charge(1, 85_000)],
            "定额使用率 85.00%：基本医疗费用 850.00 元，人次定额 1000.00 元。",
            "85.00% of the visit quota is used: basic cost 850.00 of 1000.00 yuan.",
        ),
        (
            book(watch("visit_quota"), quota(1000, basis="total")), [charge(1, 400_000)],
            "已超4倍定额，定额使用率 400.00%：总费用 4000.00 元，人次定额 1000.00 元。",
            "400.00% of the visit quota is used: total cost 4000.00 of 1000.00 yuan; beyond four times the quota.",
        ),
        (
            book(watch("visit_quota"), quota(1000)), [charge(1, 85_000), charge(2, -60_000)],
            "定额使用率已回落至 25.00%（基本医疗费用 250.00 元，定额 1000.00 元）。",
            "Use of the visit quota is back to 25.00% (basic cost 250.00 of 1000.00 yuan).",
        ),
        (
            book(watch("case_cost", {"red": "10"})), [charge(1, 1234)],
            "单病例费用已达 12.34 元，超过 10.00 元。", "Cost of the case has reached 12.34 yuan, above 10.00.",
        ),
        (
            book(watch("drug_ratio", {"red": 4000})), [charge(1, 1)],
            "药占比 100.00%，超过预警线 40.00%（0.01 / 0.01 元）。",
            "Drug ratio is 100.00%, above the line of 40.00% (0.01 of 0.01 yuan).",
        ),
        (
            book(watch("valuable_drug", {"red": "3"})), [charge(1, 600, unit_price="3.00", quantity=2)],
            "使用贵重药品 XA01：单价 3.00 元，累计 6.00 元。",
            "Valuable drug XA01 is in use: 3.00 yuan each, 6.00 in all.",
        ),
        (
            book(watch("length_of_stay", {"red": 1})), [ADMIT],
            "已住院 1 天，达到标准 1 天。", "The stay has lasted 1 days; the standard is 1.",
        ),
        (
            book(watch("department_quota"), quota(10)), [ADMIT, charge(1, 900)],
            "科室定额使用率 90.00%，超过预警线 80.00%（9.00 / 10.00 元）。",
            "Department's use of quota is 90.00%, above the line of 80.00% (9.00 of 10.00 yuan).",
        ),
    ],
)  # fmt: skip
def test_the_sentence_a_nurse_reads(policy, events, zh, en):
    (alert,) = House(policy=policy).publish(*events).run().check().alerts.values()
    assert (alert.message_zh, alert.message_en) == (zh, en)


def test_the_formula_is_the_arithmetic():
    alert = House(policy=book(watch("visit_quota"), quota(1000))).publish(charge(1, 85_001)).run().alert("visit_quota")
    why = alert.derivation
    assert why.inputs == {"used_fen": 85_001, "quota_fen": 100_000, "used_bp": 8500, "reached_fen": 80_000}
    for part in (yuan_text(85_001), yuan_text(100_000), percent_text(8500), "q-"):
        assert part in why.formula

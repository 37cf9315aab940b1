"""Alerts on money: quota, case cost, ratios. Exact edges, hysteresis, escalation, episodes, scopes, new policies."""

import pytest

from tests.agents.books import book, quota, watch
from tests.agents.harness import House, admission, charge

CASE = watch("case_cost", {"yellow": "100.00", "red": "200.00", "purple": "400.00"}, clear_margin="10.00")
ADMIT = admission("admit", "2024-03-01 10:00:00", department="D1", care_type="21", ward="W1", bed="7")


def played(policy, *events, **house) -> House:
    return House(policy=policy, **house).publish(*events).run().check()


def steps(alert) -> list[tuple[str, str, int]]:
    return [(step.what, step.level, step.value) for step in alert.history]


@pytest.mark.parametrize(
    ("fen", "level"), [(9_999, None), (10_000, "yellow"), (19_999, "yellow"), (20_000, "red"), (40_000, "purple")]
)
def test_a_level_holds_from_its_value_on(fen, level):
    house = played(book(CASE), charge(1, fen))
    if level is None:
        assert house.alerts == {}
        return
    alert = house.alert("case_cost")
    assert (alert.level, alert.peak_level, alert.status, alert.value, alert.unit) == (
        level,
        level,
        "raised",
        fen,
        "fen",
    )
    assert steps(alert) == [("raised", level, fen)]


def test_the_alert_names_the_event_that_crossed_whatever_the_batch():
    events = [charge(number, 4_000, event_id=f"E{number}") for number in range(1, 6)]
    for batch in (1, 2, 4096):
        alert = played(book(CASE), *events, batch=batch).alert("case_cost")
        assert [(step.event_id, step.value) for step in alert.history] == [("E3", 12_000), ("E5", 20_000)]


def test_an_alert_says_where_the_patient_lies():
    alert = played(book(CASE), ADMIT, charge(1, 10_000)).alert("case_cost")
    assert (alert.patient_id, alert.visit_id, alert.department, alert.ward, alert.bed) == ("P1", "V1", "D1", "W1", "7")


def test_a_value_at_the_edge_does_not_flicker():
    up_and_down = [charge(number, 1 if number % 2 else -1, quantity=None) for number in range(1, 20)]
    alert = played(book(CASE), charge(0, 9_999), *up_and_down).alert("case_cost")
    assert steps(alert) == [("raised", "yellow", 10_000)]
    assert alert.episode == 1


@pytest.mark.parametrize(("refund", "status"), [(-1_000, "raised"), (-1_001, "cleared")])
def test_a_level_is_left_only_below_its_margin(refund, status):
    house = played(book(CASE), charge(1, 10_000), charge(2, refund, quantity=None))
    assert house.alert("case_cost").status == status


def test_escalating_easing_clearing_and_a_second_episode():
    house = House(policy=book(CASE))
    for number, amount in enumerate([10_000, 10_000, -2_000, -9_001, 15_000]):
        house.publish(charge(number, amount, quantity=None)).run().check()
    first, second = sorted(house.alerts.values(), key=lambda alert: alert.episode)
    assert steps(first) == [
        ("raised", "yellow", 10_000), ("escalated", "red", 20_000), ("eased", "yellow", 18_000),
        ("cleared", "yellow", 8_999),
    ]  # fmt: skip
    assert (first.peak_level, first.status) == ("red", "cleared")
    assert steps(second) == [("raised", "red", 23_999)]
    assert second.alert_id == first.alert_id[:-1] + "2"


def test_one_charge_may_pass_several_levels_and_one_refund_leave_them_all():
    house = played(book(CASE), charge(1, 50_000), charge(2, -50_000))
    alert = house.alert("case_cost")
    assert steps(alert) == [("raised", "purple", 50_000), ("cleared", "purple", 0)]
    assert (alert.peak_level, alert.value, alert.threshold) == ("purple", 0, 10_000)
    assert house.visit.open_alerts == ()
    assert house.visit.worst_level == ""


def test_the_fact_names_what_is_open_and_the_worst_of_it():
    house = played(book(CASE, watch("self_pay_ratio", {"notice": 1})), charge(1, 20_000, level="03"))
    assert house.visit.open_alerts == ("case_cost:red", "self_pay_ratio:notice")
    assert house.visit.worst_level == "red"


# ------------------------------------------------------------ quota


@pytest.mark.parametrize(
    ("fen", "level"),
    [(79_999, None), (80_000, "yellow"), (99_999, "yellow"), (100_000, "red"), (399_999, "red"), (400_000, "purple")],
)
@pytest.mark.parametrize("basis", ["basic", "total"])
def test_the_levels_of_quota_lie_at_80_100_and_400_percent(fen, level, basis):
    house = played(book(watch("visit_quota"), quota(1000, basis=basis)), charge(1, fen))
    assert house.visit.quota.used_bp == fen // 10
    assert [alert.level for alert in house.alerts.values()] == ([level] if level else [])
    if level:
        alert = house.alert("visit_quota")
        assert (alert.value, alert.unit) == (fen // 10, "bp")
        assert alert.threshold == {"yellow": 8_000, "red": 10_000, "purple": 40_000}[level]
        assert ("超4倍" in alert.message_zh) == (level == "purple")
        assert ("four times" in alert.message_en) == (level == "purple")


def test_class_c_uses_the_quota_of_the_total_only():
    line = charge(1, 80_000, level="03")
    assert played(book(watch("visit_quota"), quota(1000)), line).alerts == {}
    assert played(book(watch("visit_quota"), quota(1000, basis="total")), line).alert("visit_quota").level == "yellow"


def test_what_lies_beyond_four_times_the_quota_is_in_the_fact():
    fact = played(book(quota(1000)), charge(1, 440_000)).visit
    assert (fact.quota.used_bp, fact.quota.over_4x_fen) == (44_000, 40_000)


def test_a_quota_that_80_percent_does_not_divide_is_crossed_at_the_next_fen():
    policy = book(watch("visit_quota"), quota("0.99"))  # 80 % is 79.2 fen
    assert played(policy, charge(1, 79)).alerts == {}
    assert played(policy, charge(1, 80)).alert("visit_quota").level == "yellow"


def test_without_a_quota_nothing_is_used_and_nothing_raised():
    house = played(book(watch("visit_quota"), quota(1000, "D9")), ADMIT, charge(1, 10**9))
    assert (house.visit.quota, house.alerts) == (None, {})


def test_after_a_transfer_the_quota_of_the_new_department_holds():
    policy = book(watch("visit_quota"), quota(1000, "D1"), quota(10_000, "D2"), quota(500, "D3"))
    house = played(policy, ADMIT, charge(1, 100_000))
    assert house.alert("visit_quota").level == "red"
    house.publish(admission("transfer", "2024-03-06 10:00:00", department="D2")).run().check()
    assert house.alert("visit_quota").status == "cleared"
    assert house.visit.quota.policy_id == "q-D2"
    assert house.departments["D1", 202403].quota_fen == 0
    assert house.departments["D2", 202403].quota_fen == 1_000_000
    house.publish(admission("transfer", "2024-03-07 10:00:00", department="D3")).run().check()
    second = house.alert("visit_quota")
    assert (second.episode, second.level, second.value, second.derivation.policy_id) == (
        2,
        "red",
        20_000,
        "t-visit_quota",
    )


def test_late_coverage_brings_the_quota_of_its_insurance():
    policy = book(watch("visit_quota"), quota(1000, scope={"insurance_type": "310"}))
    house = played(policy, ADMIT, charge(1, 100_000))
    assert house.alerts == {}
    house.publish(admission("cover", "2024-03-06 10:00:00", insurance_type="310")).run().check()
    assert house.alert("visit_quota").level == "red"


def test_the_day_of_admission_says_which_quota_is_in_force():
    entry = {"effective_from": "2024-03-01", "effective_to": "2024-03-31"}
    policy = book(watch("visit_quota"), quota(1000, **entry), quota(10, id="april", effective_from="2024-04-01"))
    late = charge(1, 50_000, charged_at="2024-04-20 10:00:00")
    assert played(policy, ADMIT, late).visit.quota.policy_id == "q-"
    early = admission("admit", "2024-02-29 23:59:59", department="D1")
    assert played(policy, early, late).visit.quota is None


@pytest.mark.parametrize("batch", [1, 4096])
def test_until_the_admission_is_known_the_latest_day_says_which_quota_is_in_force(batch):
    """It was 1 January 1970 in a running worker, and another day after a restart."""
    policy = book(watch("visit_quota"), quota(1000, effective_from="2024-03-01"))
    house = played(policy, charge(1, 50_000), charge(2, 50_000), batch=batch)
    assert house.alert("visit_quota").level == "red"
    other = House(policy=policy).publish(charge(1, 50_000)).run()
    other.restart()
    assert other.publish(charge(2, 50_000)).run().check().alerts == house.alerts


# ------------------------------------------------------------ ratios


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("drug_ratio", {"category": "09"}),
        ("drug_ratio", {"category": "11"}),
        ("material_ratio", {"category": "08"}),
        ("self_pay_ratio", {"category": "01", "level": "03"}),
    ],
)
@pytest.mark.parametrize(("part", "raised"), [(39_999, False), (40_000, True)])
def test_a_ratio_is_raised_exactly_at_its_line(rule, line, part, raised):
    policy = book(watch(rule, {"yellow": 4000}))
    house = played(policy, charge(1, 100_000 - part, category="01"), charge(2, part, **line))
    assert bool(house.alerts) == raised
    if raised:
        alert = house.alert(rule)
        assert (alert.value, alert.unit, alert.threshold) == (4000, "bp", 4000)


@pytest.mark.parametrize(("with_herbal", "raised"), [(False, False), (True, True)])
def test_herbal_pieces_count_among_the_drugs_only_where_the_switch_says_so(with_herbal, raised):
    policy = book(watch("drug_ratio", {"yellow": 4000}, with_herbal=with_herbal))
    assert bool(played(policy, charge(2, 600, category="01"), charge(1, 400, category="10")).alerts) == raised


@pytest.mark.parametrize(("total", "raised"), [(9_999, False), (10_000, True)])
def test_a_ratio_says_nothing_below_its_minimum(total, raised):
    policy = book(watch("drug_ratio", {"yellow": 4000}, min_total="100.00"))
    assert bool(played(policy, charge(1, total)).alerts) == raised


def test_a_ratio_that_falls_below_its_minimum_does_not_claim_to_be_below_its_line():
    policy = book(watch("drug_ratio", {"yellow": 4000}, min_total="100.00"))
    alert = played(policy, charge(1, 10_000), charge(2, -5_000)).alert("drug_ratio")
    assert alert.status == "cleared"
    assert "低于预警线" not in alert.message_zh
    assert "below the line" not in alert.message_en
    assert "50.00" in alert.message_zh


def test_a_ratio_is_diluted_and_cleared():
    alert = played(book(watch("drug_ratio", {"yellow": 4000})), charge(1, 100), charge(2, 900, category="01")).alert(
        "drug_ratio"
    )
    assert (alert.status, alert.value) == ("cleared", 1000)
    assert "10.00%" in alert.message_zh


# ------------------------------------------------------------ withdrawn admissions, new policies


def test_a_withdrawn_admission_ends_every_alert_and_a_new_one_begins_anew():
    policy = book(CASE, watch("length_of_stay", {"notice": 1}))
    house = played(policy, ADMIT, charge(1, 30_000), admission("cancel_admit", "2024-03-06 10:00:00"))
    assert house.rules == {"case_cost": "cleared", "length_of_stay": "cleared"}
    assert "撤销" in house.alert("case_cost").message_zh
    house.publish(charge(2, 30_000)).run().check()
    assert house.rules["case_cost"] == "cleared"
    house.publish(admission("admit", "2024-03-07 10:00:00", department="D1", care_type="21")).run().check()
    assert (house.alert("case_cost").episode, house.alert("case_cost").value) == (2, 60_000)


@pytest.mark.parametrize("restart", [False, True])
def test_an_admission_on_the_day_of_the_withdrawn_one_raises_again_live_and_after_a_restart(restart):
    """The live worker kept the bounds of the alert that the withdrawal had ended."""
    house = played(book(CASE), ADMIT, charge(1, 30_000, charged_at="2024-03-01 11:00:00"),
                   admission("cancel_admit", "2024-03-01 12:00:00"))  # fmt: skip
    if restart:
        house.restart()
    house.publish(admission("admit", "2024-03-01 13:00:00", department="D1", care_type="21")).run().check()
    assert house.alert("case_cost").episode == 2


def test_a_withdrawn_admission_says_so_even_where_another_line_holds_from_that_day_on():
    later = watch("case_cost", {"red": "1000"}, id="later", effective_from="2024-03-06")
    policy = book(watch("case_cost", {"red": "100"}, effective_to="2024-03-05"), later)
    house = played(policy, ADMIT, charge(1, 30_000), admission("cancel_admit", "2024-03-06 10:00:00"))
    assert "撤销" in house.alert("case_cost").message_zh


def restarted_with(house: House, policy) -> House:
    house.policy = policy
    house.restart()
    return house


def test_a_new_policy_is_judged_at_the_next_charge():
    house = played(book(CASE, version="old"), charge(1, 20_000))
    house = restarted_with(house, book(watch("case_cost", {"yellow": "50", "purple": "150"}), version="new"))
    alert = house.publish(charge(2, 1)).run().check().alert("case_cost")
    assert [(what, level) for what, level, _ in steps(alert)] == [("raised", "red"), ("escalated", "purple")]
    assert alert.derivation.policy_version == "new"


def test_an_alert_of_a_level_that_the_new_policy_does_not_have_is_cleared():
    house = played(book(CASE), charge(1, 20_000))
    house = restarted_with(house, book(watch("case_cost", {"yellow": "1000.00"}), version="new"))
    alert = house.publish(charge(2, 1)).run().check().alert("case_cost")
    assert (alert.status, alert.value) == ("cleared", 20_001)


def test_an_alert_of_a_rule_that_the_new_policy_does_not_have_ends_with_the_next_day():
    house = restarted_with(played(book(CASE), ADMIT, charge(1, 20_000)), book(version="new"))
    house.publish(charge(2, 1, charged_at="2024-03-07 10:00:00")).run().check()
    assert house.alert("case_cost").status == "cleared"
    assert "No rule applies" in house.alert("case_cost").message_en


def test_a_raised_line_eases_the_alert():
    house = played(book(CASE), charge(1, 20_000))
    house = restarted_with(house, book(watch("case_cost", {"yellow": "100", "red": "1000"}), version="new"))
    assert [what for what, _, _ in steps(house.publish(charge(2, 1)).run().check().alert("case_cost"))] == [
        "raised",
        "eased",
    ]

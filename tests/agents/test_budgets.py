"""Budgets of departments and of the whole hospital: their months, what is due, what is spent, and the alerts on it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.budget import MonthBudget, execution, month_budget
from agents.core.department import DepartmentState, contribute, decode_state, department_fact
from agents.core.episodes import Episode
from agents.core.policy import Policy
from schemas.alerts import Rule
from schemas.book import Book, Budget, Hospital
from schemas.ledger import WHOLE_HOSPITAL, Contribution
from schemas.units import SHANGHAI, parse_ms
from tests.agents.books import watch

BUDGET_LEVELS = {"yellow": 10_000, "red": 12_000}
#: A tenth of March is over: 1000.00 yuan of 31000.00 are due on each of its days.
MONTH_YUAN = 31_000


def budget(yuan: int | str, department: str = "", **more) -> Budget:
    entry = {"id": f"b-{department}", "source": "test", "year": 2024, "amount": yuan, "basis": "total"}
    scope = {"department": department, **more.pop("scope", {})}
    return Budget.model_validate(entry | {"scope": scope} | more)


def policy(*budgets: Budget, **levels) -> Policy:
    """Budgets with thresholds on both rules (levels: margin, min_total …)."""
    thresholds = tuple(watch(rule, BUDGET_LEVELS, **levels) for rule in ("department_budget", "hospital_budget"))
    return Policy(
        Book(version="test", region="440100", budgets=budgets, thresholds=thresholds, hospitals=(Hospital(code="H2"),))
    )


def march(yuan: int | str, department: str = "", **more) -> Budget:
    """A budget that lies in March alone."""
    return budget(yuan, department, months=(0, 0, 10_000, *([0] * 9)), **more)


def row(amount: int, at: str = "2024-03-10 12:00:00", *, department: str = "D1", version: int = 1, **more):
    plain = {"visit_id": "V1", "self_pay_fen": 0}
    return Contribution(
        hospital="H1", department=department, month=202403, patient_id="P1", version=version,
        as_of=parse_ms(at, SHANGHAI), amount_fen=amount, drug_fen=0, herbal_fen=0, material_fen=0, test_fen=0,
        charge_count=1, **plain | more,
    )  # fmt: skip


def applied(book: Policy, *rows: Contribution) -> tuple[DepartmentState, list[Episode]]:
    """Contributions of one department in this order, one a visit at a time; every episode that changed."""
    state, known, changed = DepartmentState(), {}, []
    for number, entry in enumerate(rows, start=1):
        changed += contribute(state, known.get(entry.visit_id), entry, number, book) or []
        known[entry.visit_id] = entry
    return state, changed


def fact(book: Policy, *rows: Contribution):
    state, _ = applied(book, *rows)
    return department_fact(rows[0].hospital, rows[0].department, rows[0].month, state, book)


# ------------------------------------------------------------ which budget, and how much of it


@given(st.integers(1, 10**14), st.lists(st.integers(0, 500), min_size=11, max_size=11))
def test_the_months_of_a_budget_sum_to_the_year(fen, shares):
    months = (10_000 - sum(shares), *shares)
    for split in ((), months):
        book = policy(Budget(id="b", source="test", year=2024, amount=f"{fen // 100}.{fen % 100:02d}", months=split))
        parts = [month_budget(book, "H1", WHOLE_HOSPITAL, 202401 + number) for number in range(12)]
        assert sum(part.amount_fen for part in parts if part) == fen


@pytest.mark.parametrize(
    ("at", "gone", "due"),
    [
        ("2024-02-29 23:59:59.999", 0, 0),
        ("2024-03-01 00:00:00", 1, 100_000),
        ("2024-03-10 00:00:00", 10, 1_000_000),
        ("2024-03-10 23:59:59.999", 10, 1_000_000),
        ("2024-03-31 12:00:00", 31, 3_100_000),
        ("2024-05-01 12:00:00", 31, 3_100_000),
    ],
)
def test_what_is_due_grows_with_the_days_of_the_hospital(at, gone, due):
    found = execution(MonthBudget("b", "test", "total", 3_100_000), 202403, parse_ms(at, SHANGHAI), SHANGHAI, 5)
    assert (found.days_gone, found.days, found.to_date_fen, found.spent_fen) == (gone, 31, due, 5)


def test_a_leap_february_has_its_day():
    found = execution(MonthBudget("b", "test", "total", 2900), 202402, parse_ms("2024-02-15", SHANGHAI), SHANGHAI, 0)
    assert (found.days, found.to_date_fen) == (29, 1500)


def test_a_department_has_its_own_budget_and_the_hospital_the_one_that_names_none():
    book = policy(march(100), march(7, "D1"))
    found = {
        department: (part.amount_fen, part.policy_id) if part else None
        for department in ("D1", "D2", "", WHOLE_HOSPITAL)
        for part in [month_budget(book, "H1", department, 202403)]
    }
    assert found == {"D1": (700, "b-D1"), "D2": None, "": None, WHOLE_HOSPITAL: (10_000, "b-")}


@pytest.mark.parametrize(
    "other",
    [
        {"year": 2023},
        {"status": "retired"},
        {"effective_from": "2024-03-02"},
        {"scope": {"hospital": "H2"}},
        {"scope": {"region": "450000"}},
        {"scope": {"insurance_type": "310"}},
        {"scope": {"care_type": "21"}},
    ],
    ids=str,
)
def test_a_budget_for_another_year_place_or_kind_of_visit_is_none(other):
    assert month_budget(policy(march(100, **other)), "H1", WHOLE_HOSPITAL, 202403) is None


def test_the_most_specific_budget_wins():
    book = policy(march(100, id="region", scope={"region": "440000"}), march(50, id="own", scope={"hospital": "H1"}))
    assert month_budget(book, "H1", WHOLE_HOSPITAL, 202403).policy_id == "own"
    assert month_budget(book, "H3", WHOLE_HOSPITAL, 202403).policy_id == "region"


def test_another_book_has_its_own_budgets():
    assert month_budget(policy(march(100)), "H1", WHOLE_HOSPITAL, 202403).amount_fen == 10_000
    assert month_budget(policy(march(200)), "H1", WHOLE_HOSPITAL, 202403).amount_fen == 20_000


# ------------------------------------------------------------ what a month says


@pytest.mark.parametrize(("basis", "spent"), [("total", 1500), ("basic", 1400), ("fund", 900)])
def test_the_basis_says_what_is_counted(basis, spent):
    book = policy(march("310.00", "D1", basis=basis))
    found = fact(book, row(1500, self_pay_fen=100, responsible=True, fund_fen=900))
    assert (found.budget_basis, found.budget_spent_fen) == (basis, spent)
    assert (found.budget_fen, found.budget_to_date_fen) == (31_000, 10_000)
    assert (found.budget_used_bp, found.budget_pace_bp) == (round(spent / 3.1), spent)


def test_without_a_budget_a_fact_says_nothing_of_one():
    found = fact(policy(), row(1500))
    assert (found.budget_basis, found.budget_fen, found.budget_used_bp, found.budget_pace_bp) == ("", 0, None, None)


def test_before_the_month_begins_there_is_no_pace():
    found = fact(policy(march(100, "D1")), row(5, at="2024-02-20"))
    assert (found.budget_to_date_fen, found.budget_spent_fen, found.budget_pace_bp) == (0, 5, None)


def test_payments_and_losses_are_those_of_the_visits_it_answers_for():
    money = {"fund_fen": 700, "income_fen": 900, "profit_fen": -100, "predicted_profit_fen": -300}
    found = fact(
        policy(),
        row(1000, responsible=True, **money),
        row(500, visit_id="V2", responsible=True, fund_fen=1, income_fen=2, profit_fen=3, predicted_profit_fen=0),
        row(100, visit_id="V3", **money),
    )
    assert (found.fund_fen, found.income_fen, found.profit_fen, found.predicted_profit_fen) == (701, 902, -97, -300)
    assert found.loss_count == 1


def test_a_visit_that_is_reckoned_again_takes_its_former_figures_back():
    former = row(1000, responsible=True, fund_fen=700, income_fen=900, profit_fen=-100, predicted_profit_fen=-300)
    later = row(1000, version=2, responsible=True, fund_fen=650, income_fen=1200, profit_fen=200)
    moved = row(1000, version=3)
    found = fact(policy(), former, later)
    assert (found.fund_fen, found.income_fen, found.profit_fen, found.loss_count) == (650, 1200, 200, 0)
    gone = fact(policy(), former, later, moved)
    assert (gone.fund_fen, gone.income_fen, gone.profit_fen, gone.responsible_count) == (0, 0, 0, 0)


def test_a_state_of_the_former_release_is_read_and_counts_on():
    """Its sums end with what lies beyond four times the quota, and its contributions say nothing of payments."""
    former = msgspec.msgpack.encode([7, [1500, 0, 0, 0, 0, 0, 2, 1, 1, 0, 3, 900, 1000, 0, 0, 0], {}, 5])
    state = decode_state(former)
    known = msgspec.structs.replace(row(1500, responsible=True), charge_count=2, bed_days=3)
    assert (state.sums.amount, state.sums.over_4x_fen, state.sums.fund, state.sums.losses) == (1500, 0, 0, 0)
    contribute(state, known, row(1500, version=2, responsible=True, fund_fen=800), 8, policy())
    assert (state.sums.fund, state.sums.visits, state.sums.charges) == (800, 1, 1)


# ------------------------------------------------------------ alerts


@pytest.mark.parametrize(("department", "rule"), [("D1", "department_budget"), (WHOLE_HOSPITAL, "hospital_budget")])
@pytest.mark.parametrize(("fen", "level"), [(999_999, None), (1_000_000, "yellow"), (1_199_999, "yellow"),
                                            (1_200_000, "red")])  # fmt: skip
def test_a_budget_is_raised_exactly_at_its_line(department, rule, fen, level):
    book = policy(march(MONTH_YUAN), march(MONTH_YUAN, "D1"))
    _, episodes = applied(book, row(fen, department=department))
    assert [(episode.rule, episode.level_name) for episode in episodes] == ([(rule, level)] if level else [])


def test_the_level_is_left_only_below_its_margin():
    book = policy(march(MONTH_YUAN, "D1"), clear_margin=500)
    _, at_the_edge = applied(book, row(1_000_000), row(950_000, version=2))
    assert [episode.status for episode in at_the_edge] == ["raised"]
    _, below = applied(book, row(1_000_000), row(949_999, version=2))
    assert [step.what for step in below[-1].history] == ["raised", "cleared"]


def test_time_alone_slows_a_budget_down():
    book = policy(march(MONTH_YUAN, "D1"))
    _, episodes = applied(book, row(1_000_000), row(1_000_000, version=2, at="2024-03-11 08:00:00"))
    assert episodes[-1].status == "cleared"
    assert episodes[-1].value == 9090


@pytest.mark.parametrize(("least", "raised"), [("10000.00", True), ("10000.01", False)])
def test_below_a_least_budget_to_date_nothing_is_said(least, raised):
    _, episodes = applied(policy(march(MONTH_YUAN, "D1"), min_total=least), row(5_000_000))
    assert bool(episodes) == raised


def test_an_alert_ends_when_the_book_has_no_budget_any_more():
    state, [episode] = applied(policy(march(MONTH_YUAN, "D1")), row(2_000_000))
    [ended] = contribute(state, row(2_000_000), row(2_000_000, version=2), 2, policy())
    assert (ended.status, ended.message_zh) == ("cleared", "现行政策账簿中本科室2024年3月没有预算，提醒结束。")
    assert ended.message_en == (
        "The policy book in force has no budget of the department for 2024-03; this notice ended."
    )
    assert episode.number == ended.number


def test_the_whole_hospital_is_not_judged_by_the_ratios_of_departments():
    thresholds = (watch("department_drug_ratio", {"red": 1}), watch("department_quota", {"red": 1}))
    book = Policy(Book(version="test", thresholds=thresholds))
    money = {"drug_fen": 10, "responsible": True, "basic_fen": 10, "quota_fen": 1}
    whole = msgspec.structs.replace(row(10, department=WHOLE_HOSPITAL), **money)
    assert applied(book, whole)[1] == []
    assert len(applied(book, msgspec.structs.replace(whole, department="D1"))[1]) == 2


@pytest.mark.parametrize(
    ("department", "whose_zh", "whose_en"), [("D1", "本科室", "department"), (WHOLE_HOSPITAL, "全院", "hospital")]
)
def test_an_alert_says_what_is_spent_and_what_was_due(department, whose_zh, whose_en):
    zh = (
        f"{whose_zh}2024年3月预算执行偏快：总费用 12345.67 元，为截至目前预算 10000.00 元的 123.45%；"
        "全月预算 31000.00 元已用 39.82%，时间进度 32.26%。"
    )
    en = (
        f"The {whose_en} spends its budget for 2024-03 too fast: total cost of 12345.67 yuan, 123.45% of the "
        "10000.00 due by now; 39.82% of the month's 31000.00 is used, 32.26% of the month is over."
    )
    book = policy(march(MONTH_YUAN), march(MONTH_YUAN, "D1"))
    _, [episode] = applied(book, row(1_234_567, department=department))
    assert (episode.message_zh, episode.message_en) == (zh, en)
    why = episode.derivation
    assert why.inputs == {
        "spent_fen": 1_234_567, "month_budget_fen": 3_100_000, "days_gone": 10, "days": 31, "to_date_fen": 1_000_000,
        "pace_bp": 12_345, "min_total_fen": 0,
    }  # fmt: skip
    name = "b-D1" if department == "D1" else "b-"
    assert why.formula == (f"总费用 12345.67 ÷（2024年3月预算 31000.00 × 10/31 天 = 10000.00）= 123.45%（{name}）")
    assert why.policy_id == ("t-department_budget" if department == "D1" else "t-hospital_budget")


@pytest.mark.parametrize(
    ("basis", "zh", "en"),
    [
        ("fund", "基金支付（模拟）", "simulated payment of the funds"),
        ("basic", "基本医疗费用", "basic cost"),
    ],
)
def test_an_alert_says_what_it_counted_and_when_it_slows_down(basis, zh, en):
    book = policy(march(MONTH_YUAN, basis=basis))
    rows = [
        row(fen, department=WHOLE_HOSPITAL, responsible=True, fund_fen=fen, version=number)
        for number, fen in enumerate((1_000_000, 900_000), start=1)
    ]
    _, episodes = applied(book, *rows)
    assert (
        episodes[-1].message_zh
        == f"全院2024年3月预算执行已回落：{zh} 9000.00 元，为截至目前预算 10000.00 元的 90.00%。"
    )
    assert episodes[-1].message_en == (
        f"The hospital spends its budget for 2024-03 more slowly now: {en} of 9000.00 yuan, 90.00% of the 10000.00"
        " due by now."
    )


def test_every_rule_of_budgets_has_a_name():
    from agents.core.budget_messages import WHOSE

    assert set(WHOSE) == {Rule.DEPARTMENT_BUDGET, Rule.HOSPITAL_BUDGET}

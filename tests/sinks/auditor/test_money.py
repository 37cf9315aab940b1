"""What must hold of any simulated settlement and of the months, each violation shown by itself."""

import pytest

from sinks.auditor.money import SUMMED, MoneyChecks, Settled, Worth, broken, check_hospital, check_worth
from sinks.auditor.recount import VisitTotals
from sinks.auditor.stored import MONTH_COLUMNS, SETTLED_COLUMNS
from sinks.clickhouse.tables import DEPARTMENT_FACT, HOSPITAL_FACT, VISIT_FACT

VISIT = ("H1", "P1", "V1")
#: 1000.00: 丙 100, over the limit 50, first self-pay 85, in scope 765, of which the funds pay 600.
RIGHT = Settled(
    VISIT, 100_000, 10_000, 5_000, 8_500, 76_500, 60_000, 1_000, 39_000, 9_000, 0, 30_000, 9_000,
    (55_000, 0, 0, 5_000, 0, 0, 0, 0),
)  # fmt: skip


def totals(amount=100_000, class_c=10_000, refund=0):
    found = VisitTotals(refund=refund)
    found.total.amount = amount
    found.categories[9] = [amount - class_c, 0, class_c, 0]
    found.shares["ICU", 202403].lines = 1
    return found


def differing(settled, visit=None):
    """check → how many differ."""
    checks = MoneyChecks({VISIT: visit or totals()}).feed([settled])
    return {check.name_en: len(check.differences) for check in checks if check.differences}


def test_a_settlement_that_adds_up_is_right():
    assert broken(RIGHT) == []
    assert differing(RIGHT) == {}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"within_scope": 76_499}, "total = full self-pay + over limit + first self-pay + within scope"),
        ({"hospital_part": 0}, "total = funds + hospital's part + patient's part"),
        ({"cash_paid": 30_001}, "patient's part = account + mutual aid + cash"),
        ({"mutual_aid_paid": 1}, "patient's part = account + mutual aid + cash"),
        ({"funds": (55_000, 0, 0, 4_999, 0, 0, 0, 0)}, "funds = the sum of the funds"),
        ({"balance": 8_999}, "the account pays no more than its balance"),
        ({"balance": -5}, "the account pays no more than its balance"),
    ],
)
def test_each_broken_identity_is_named(change, sentence):
    [(expected, _)] = broken(RIGHT._replace(**change))
    assert sentence in expected
    assert differing(RIGHT._replace(**change)) == {"identities of the simulated settlement": 1}


def test_a_difference_shows_the_figures():
    assert broken(RIGHT._replace(cash_paid=29_999)) == [
        ("390.00：个人负担 = 个人账户 + 共济 + 现金 | patient's part = account + mutual aid + cash",
         "90.00 + 0.00 + 299.99 = 389.99"),
    ]  # fmt: skip
    assert broken(RIGHT._replace(balance=8_999)) == [
        ("个人账户支付不超过余额 89.99 | the account pays no more than its balance", "90.00")
    ]


def test_an_account_whose_balance_nobody_knows_may_pay():
    assert broken(RIGHT._replace(balance=None)) == []


def test_the_total_is_that_of_the_raw_messages():
    assert differing(RIGHT, totals(100_001)) == {"totals of the simulated settlement": 1}


def test_a_settlement_of_a_visit_nobody_sent_is_found():
    [sums, *_] = MoneyChecks({}).feed([RIGHT])
    assert [(difference.expected, difference.found) for difference in sums.differences] == [("0.00", "1000.00")]


@pytest.mark.parametrize(
    ("visit", "found"),
    [
        (totals(class_c=10_000), 0),
        (totals(class_c=9_999), 0),
        (totals(class_c=10_001), 1),
        (totals(class_c=10_001, refund=-1), 0),
    ],
)
def test_class_c_is_full_self_pay_where_nothing_was_refunded(visit, found):
    assert differing(RIGHT, visit) == ({"class C within full self-pay": 1} if found else {})


# ------------------------------------------------------------ months


def month(**figures):
    return dict.fromkeys(MONTH_COLUMNS, 0) | figures


ICU, ER = ("H1", "ICU", 202403), ("H1", "ER", 202403)


@pytest.mark.parametrize("name", SUMMED)
def test_the_hospital_is_the_sum_of_its_departments(name):
    departments = {ICU: month(**{name: 5}), ER: month(**{name: 2})}
    visits = {VISIT: totals()}
    assert check_hospital(visits, departments, {("H1", 202403): month(visits=1, **{name: 7})}).differences == []
    [difference] = check_hospital(visits, departments, {("H1", 202403): month(visits=1, **{name: 6})}).differences
    assert difference.subject == "H1 202403"
    assert difference.expected != difference.found


def test_a_visit_to_two_departments_is_one_visit_of_the_hospital():
    visit = totals()
    visit.shares["ER", 202403].lines = 1
    departments = {ICU: month(visits=1), ER: month(visits=1)}
    assert check_hospital({VISIT: visit}, departments, {("H1", 202403): month(visits=1)}).differences == []
    [difference] = check_hospital({VISIT: visit}, departments, {("H1", 202403): month(visits=2)}).differences
    assert (difference.expected, difference.found) == (
        "有费用的人次 visits with charges 1", "有费用的人次 visits with charges 2",
    )  # fmt: skip


def test_a_month_that_the_hospital_lacks_or_alone_has_is_found():
    rows = {("H1", 202404): month(amount=5)}
    check = check_hospital({}, {ICU: month(amount=5)}, rows)
    assert [difference.subject for difference in check.differences] == ["H1 202403", "H1 202404"]
    assert (check.compared, check.sum_fen) == (2, 5)


def test_what_a_department_earns_is_the_sum_over_its_visits():
    visits, losses = {ICU: Worth(60_000, 90_000, -10_000, -20_000)}, {ICU: 1}
    right = month(fund=60_000, income=90_000, profit=-10_000, predicted_profit=-20_000, losses=1)
    assert check_worth(visits, losses, {ICU: right, ER: month()}).differences == []
    [difference] = check_worth(visits, losses, {ICU: right | {"profit": 0, "losses": 2}}).differences
    assert difference.subject == "H1 ICU 202403"
    assert difference.expected == "盈亏 profit -100.00, 预计亏损 expected losses 1"
    assert difference.found == "盈亏 profit 0.00, 预计亏损 expected losses 2"


def test_a_department_without_a_month_is_found():
    [difference] = check_worth({ICU: Worth(5)}, {}, {}).differences
    assert difference.found == "基金 funds 0.00"


def test_every_figure_that_is_read_is_stored():
    columns = {name for name, _ in VISIT_FACT.columns}
    assert {f"simulated_{name}" for name in SETTLED_COLUMNS} <= columns
    for table in (DEPARTMENT_FACT, HOSPITAL_FACT):
        assert set(MONTH_COLUMNS.values()) <= {name for name, _ in table.columns}
    assert len(SETTLED_COLUMNS) == len(Settled._fields) - 2
    assert set(SUMMED) | {"visits"} == set(MONTH_COLUMNS)

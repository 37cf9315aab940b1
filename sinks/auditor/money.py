"""Holds the simulated settlements against what must hold of any settlement, and the months against their visits. Pure.

Nothing here knows a rule of the policy book: identities (DOMAIN 2.3), the totals of the raw messages, and sums.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.units import yuan_text
from sinks.auditor.check import Check, visit_text
from sinks.auditor.events import VisitKey
from sinks.auditor.recount import SELF_PAY_CLASS, VisitTotals

MonthKey = tuple[str, str, int]
"""hospital, department, month YYYYMM"""
#: What adds up over departments; a visit to two of them has charges in both, and is counted by itself.
SUMMED = (
    "amount", "drug", "herbal", "material", "test", "self_pay", "charges", "responsible", "discharged", "bed_days",
    "basic", "quota", "over_quota", "over_4x", "over_4x_fen", "fund", "income", "profit", "predicted_profit", "losses",
)  # fmt: skip
_COUNTS = frozenset({"charges", "responsible", "discharged", "bed_days", "over_quota", "over_4x", "losses", "visits"})
_NAMES = {
    "amount": "费用 amount",
    "drug": "药品 drugs",
    "herbal": "饮片 herbal",
    "material": "材料 material",
    "test": "检查化验 tests",
    "self_pay": "丙类 class C",
    "charges": "明细 lines",
    "visits": "有费用的人次 visits with charges",
    "responsible": "人次 visits",
    "discharged": "出院 discharged",
    "bed_days": "床日 bed days",
    "basic": "已用定额 use of quota",
    "quota": "定额 quota",
    "over_quota": "超定额 over quota",
    "over_4x": "超4倍 over 400 %",
    "over_4x_fen": "超4倍部分 beyond 400 %",
    "fund": "基金 funds",
    "income": "可得 income",
    "profit": "盈亏 profit",
    "predicted_profit": "预计盈亏 expected profit",
    "losses": "预计亏损 expected losses",
}


class Settled(NamedTuple):
    """The simulated settlement of one visit, fen. funds: the basic one and every layer. balance: None = not known."""

    visit: VisitKey
    total: int
    full_self_pay: int
    over_limit: int
    first_self_pay: int
    within_scope: int
    fund_total: int
    hospital_part: int
    patient_part: int
    account_paid: int
    mutual_aid_paid: int
    cash_paid: int
    balance: int | None
    funds: tuple[int, ...]


class Worth(NamedTuple):
    """What one visit brings: simulated payment of the funds; income and profit of the payment method in force. Fen."""

    fund: int = 0
    income: int = 0
    profit: int = 0
    predicted_profit: int = 0


class MoneyChecks:
    """Checks over all settlements, fed one at a time: nothing is kept of those that are right."""

    def __init__(self, totals: Mapping[VisitKey, VisitTotals]) -> None:
        self._totals = totals
        self.identities = Check("模拟结算恒等式", "identities of the simulated settlement")
        self.sums = Check("模拟结算总额", "totals of the simulated settlement", sum_fen=0)
        self.class_c = Check("丙类计入全自费", "class C within full self-pay")

    def feed(self, settled: Iterable[Settled]) -> list[Check]:
        """Check every settlement; the checks, in the order in which a reader asks."""
        for one in settled:
            totals = self._totals.get(one.visit, VisitTotals())
            subject = visit_text(one.visit)
            self.identities.compared += 1
            for expected, found in broken(one):
                self.identities.miss(subject, expected, found)
            self.sums.sum_fen = (self.sums.sum_fen or 0) + totals.total.amount
            self.sums.compare(subject, totals.total.amount, one.total, yuan_text)
            self._class_c(subject, one, totals)
        return [self.sums, self.identities, self.class_c]

    def _class_c(self, subject: str, one: Settled, totals: VisitTotals) -> None:
        """Lines that say themselves that they are 丙 are full self-pay, whatever the book says.

        Of visits with refunds nothing can be said: a refund is split as the line that it takes back, not by its own
        class, and a negative part of another class may hide it.
        """
        if totals.refund:
            return
        self.class_c.compared += 1
        class_c = sum(cells[SELF_PAY_CLASS] for cells in totals.categories.values())
        if class_c > one.full_self_pay:
            self.class_c.miss(
                subject,
                f"全自费不少于丙类 {yuan_text(class_c)} | full self-pay of at least class C",
                yuan_text(one.full_self_pay),
            )


def broken(one: Settled) -> list[tuple[str, str]]:
    """The identities that do not hold of a settlement: what must hold, and what stands there."""
    found = []

    def adds_up(sentence: str, whole: int, parts: tuple[int, ...]) -> None:
        if whole != sum(parts):
            found.append((f"{yuan_text(whole)}：{sentence}", f"{sum_text(parts)} = {yuan_text(sum(parts))}"))

    adds_up(
        "总费用 = 全自费 + 超限价 + 先行自付 + 范围内"
        " | total = full self-pay + over limit + first self-pay + within scope",
        one.total,
        (one.full_self_pay, one.over_limit, one.first_self_pay, one.within_scope),
    )
    adds_up(
        "总费用 = 基金 + 医院负担 + 个人负担 | total = funds + hospital's part + patient's part",
        one.total,
        (one.fund_total, one.hospital_part, one.patient_part),
    )
    adds_up(
        "个人负担 = 个人账户 + 共济 + 现金 | patient's part = account + mutual aid + cash",
        one.patient_part,
        (one.account_paid, one.mutual_aid_paid, one.cash_paid),
    )
    adds_up("基金 = 各基金之和 | funds = the sum of the funds", one.fund_total, one.funds)
    if one.balance is not None and one.account_paid > max(0, one.balance):
        found.append(
            (
                f"个人账户支付不超过余额 {yuan_text(one.balance)} | the account pays no more than its balance",
                yuan_text(one.account_paid),
            )
        )
    return found


def sum_text(parts: Iterable[int]) -> str:
    """Amounts with a plus between them."""
    return " + ".join(map(yuan_text, parts))


def check_worth(
    visits: Mapping[MonthKey, Worth], losses: Mapping[MonthKey, int], months: Mapping[MonthKey, Mapping[str, int]]
) -> Check:
    """What the funds pay, and what a department earns, is the sum over the visits it answers for."""
    check = Check("科室基金与盈亏合计", "departments' funds, income and profit", sum_fen=0)
    for key in sorted({*visits, *months}):
        worth = visits.get(key, Worth())._asdict() | {"losses": losses.get(key, 0)}
        month = months.get(key, {})
        check.sum_fen = (check.sum_fen or 0) + worth["fund"]
        compare_sums(check, key, worth, {name: month.get(name, 0) for name in worth})
    return check


def check_hospital(
    totals: Mapping[VisitKey, VisitTotals],
    departments: Mapping[MonthKey, Mapping[str, int]],
    hospitals: Mapping[tuple[str, int], Mapping[str, int]],
) -> Check:
    """The whole hospital's month is the sum of its departments'; its visits with charges are counted anew."""
    check = Check("全院月合计", "the whole hospital by month", sum_fen=0)
    wanted: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: dict.fromkeys((*SUMMED, "visits"), 0))
    for (hospital, _, month), row in departments.items():
        sums = wanted[hospital, month]
        for name in SUMMED:
            sums[name] += row[name]
    for (hospital, _, _), visit in totals.items():
        for month in {month for _, month in visit.shares}:
            wanted[hospital, month]["visits"] += 1
    for hospital, month in sorted({*wanted, *hospitals}):
        sums = wanted[hospital, month]
        check.sum_fen = (check.sum_fen or 0) + sums["amount"]
        found = hospitals.get((hospital, month), {})
        compare_sums(check, (hospital, "", month), sums, {name: found.get(name, 0) for name in sums})
    return check


def compare_sums(check: Check, key: MonthKey, wanted: Mapping[str, int], found: Mapping[str, int]) -> None:
    """Compare the sums of a month; a difference names only those that differ."""
    check.compared += 1
    wrong = [name for name in wanted if wanted[name] != found[name]]
    if wrong:
        hospital, department, month = key
        check.miss(
            " ".join(filter(None, (hospital, department, str(month)))),
            ", ".join(_named(name, wanted[name]) for name in wrong),
            ", ".join(_named(name, found[name]) for name in wrong),
        )


def _named(name: str, value: int) -> str:
    return f"{_NAMES[name]} {value if name in _COUNTS else yuan_text(value)}"

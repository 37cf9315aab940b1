"""Books and visits for tests of payment, as short as they can be. Amounts in yuan as text."""

from collections.abc import Mapping
from typing import Any

from agents.core.case import Case
from agents.core.payment.methods import MethodsBook
from agents.core.payment.predict import predict
from agents.core.policy import Policy
from agents.core.settlement.lines import LineSums, Split
from schemas.book import Book
from schemas.prediction import Prediction
from schemas.settlement import SimulatedSettlement
from schemas.units import day_number, parse_fen

ADMITTED = day_number("2026-03-02")
SECTIONS = ("methods", "quotas", "projections", "special_cases", "budgets")


def book_of(**parts: Any) -> Policy:
    """A compiled book of these sections; entries get an id and a source where they have none."""
    content: dict[str, Any] = {"version": "test", "tier": "3", "region": "610000", **parts}
    for section in SECTIONS:
        if section in content:
            content[section] = [
                {"id": f"{section}-{number}", "source": "示例", **entry}
                for number, entry in enumerate(content[section], start=1)
            ]
    return Policy(Book.model_validate(content))


def fen(text: Any) -> int:
    """Yuan as text or number of yuan → fen."""
    return parse_fen(str(text))


def case_of(visit: Mapping[str, Any]) -> Case:
    """A case: total and basic in yuan; by_day: the cost of each day up to the last one, in yuan."""
    visit = dict(visit)
    by_day: dict[int, LineSums] = {}
    stated = visit.get("by_day")
    total = fen(visit.get("total", "10000.00")) if stated is None else sum(fen(amount) for amount in stated)
    days = visit.get("days", len(stated) if stated else 6)
    amounts = [fen(amount) for amount in stated] if stated is not None else [total]
    end_day = ADMITTED + max(days, 1) - (0 if days <= 1 else 1)
    for back, amount in enumerate(reversed(amounts)):
        sums = by_day[end_day - back] = LineSums()
        sums.add(Split(0, 0, 0, amount))
    whole = LineSums()
    for sums in by_day.values():
        whole.add_sums(sums)
    main = visit.get("main", "K35.800")
    return Case(
        hospital=visit.get("hospital", "H1"),
        department=visit.get("department", "D1"),
        insurance_type=visit.get("insurance_type", "310"),
        care_type=visit.get("care_type", "21"),
        sex=visit.get("sex", "1"),
        birth_date=visit.get("birth_date", "1970-05-01"),
        main_diagnosis=main,
        diagnoses=tuple(code for code in (main, *visit.get("others", ())) if code),
        procedures=tuple(visit.get("procedures", ())),
        disease_code=visit.get("disease_code", ""),
        discharge_way=visit.get("discharge_way", "1" if visit.get("ended", True) else ""),
        is_outpatient=visit.get("outpatient", False),
        is_ended=visit.get("ended", True),
        admitted_day=ADMITTED,
        end_day=end_day,
        days=0 if visit.get("outpatient") else days,
        basic_fen=fen(visit["basic"]) if "basic" in visit else total,
        sums=whole,
        by_day=by_day,
        operation_fen=fen(visit.get("operation_charged", "0")),
        departments=tuple(visit.get("departments", ("D1",))),
    )


def settlement_of(visit: Mapping[str, Any], case: Case) -> SimulatedSettlement:
    """What the settlement of the case would say; what is not stated is all within scope, 70 % paid by the funds."""
    total = case.sums.total
    fund = fen(visit["fund"]) if "fund" in visit else total * 7 // 10
    hospital = fen(visit.get("hospital_part", "0"))
    within = fen(visit["within"]) if "within" in visit else total
    return SimulatedSettlement(
        "simulated", total, full_self_pay_fen=total - within, within_scope_fen=within, fund_total_fen=fund,
        hospital_part_fen=hospital, patient_part_fen=total - fund - hospital,
    )  # fmt: skip


def foresee(policy: Policy, visit: Mapping[str, Any], budget_left: str | None = None) -> Prediction:
    """The prediction for a visit."""
    case = case_of(visit)
    left = None if budget_left is None else fen(budget_left)
    return predict(case, settlement_of(visit, case), MethodsBook(policy).methods(case), left, every=True)

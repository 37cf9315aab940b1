"""The prediction (结算方式预测): every method of the book for one visit, now and at discharge, and the best of them.

1. project the visit to its discharge, 2. let every admissible method pay, now and then, 3. say which is in force,
4. which is best, 5. whether the visit is a candidate for 特例单议.
"""

from agents.core.case import Case
from agents.core.payment.ground import Ground, ground_of, grown
from agents.core.payment.methods import Methods
from agents.core.payment.payers import Payment
from agents.core.payment.plans import Plan, refusal
from agents.core.payment.projection import project
from agents.core.payment.special import special_reasons
from schemas.book.payment import MethodKind
from schemas.prediction import Admissibility, MethodOutlook, Prediction
from schemas.settlement import SimulatedSettlement
from schemas.units import reached_bp

#: Which figure of a group's arithmetic is the mean that cost is measured against.
REFERENCES = ("mean_fen", "reference_fen")


def predict(
    case: Case,
    settlement: SimulatedSettlement,
    methods: Methods,
    budget_left_fen: int | None = None,
    *,
    every: bool = False,
) -> Prediction:
    """What the methods that hold for the visit say of it.

    settlement: the visit's simulated one. budget_left_fen: what is left of the budget before this visit, where it is
    known (总额控制 is told by item otherwise). every: tell also the single diseases for which the visit has another
    diagnosis; a book may list hundreds.
    """
    profile = methods.profile(case)
    now = ground_of(case, settlement)
    projected = project(case, now.total, profile.pace)  # 1
    then = grown(now, projected.cost, projected.days)
    outlooks: list[MethodOutlook] = []
    admitted: list[tuple[Plan, MethodOutlook]] = []
    for plan in profile.plans:  # 2
        if plan.is_beside_the_point and not every:
            continue
        outlook = _outlook(plan, now, then, budget_left_fen, is_ended=case.is_ended)
        outlooks.append(outlook)
        if outlook.admissible:
            admitted.append((plan, outlook))
    in_force = _in_force(admitted)  # 3
    return Prediction(
        days=case.days,
        cost_fen=now.total,
        projected_days=projected.days,
        projected_cost_fen=projected.cost,
        daily_fen=projected.daily,
        in_force=in_force,
        best=_best(admitted, in_force),  # 4
        groups=profile.groups,
        methods=tuple(outlooks),
        special_case=_special(case, methods, admitted, in_force),  # 5
        questions=profile.questions,
        projection_id="" if case.is_ended else methods.projection_id,
        book_version=methods.version,
    )


def _outlook(plan: Plan, now: Ground, then: Ground, budget_left: int | None, *, is_ended: bool) -> MethodOutlook:
    if plan.refused is not None:
        return plan.refused
    method, payer = plan.method, plan.payer
    group_code = plan.group.code if plan.group is not None else ""
    reasons = plan.admission.reasons_of_cost(now.covered[0], is_ended=is_ended)
    if plan.needs_budget and budget_left is None:
        reasons = (*reasons, Admissibility.NO_BUDGET)
    if reasons or payer is None:
        return refusal(method, group_code, reasons)
    paid = payer.pay(now, budget_left)
    later: Payment = paid if then is now else payer.pay(then, budget_left)
    covered = now.covered[plan.covers]
    return MethodOutlook(
        method.id,
        str(method.kind),
        admissible=True,
        binding=method.binding,
        name=method.name,
        clearing_way=method.clearing_way,
        covered_fen=covered,
        standard_fen=paid.standard,
        income_fen=paid.income,
        fund_due_fen=max(0, paid.income - now.patient),
        profit_fen=paid.income - now.covered[0],
        used_bp=reached_bp(covered, paid.base) if paid.base > 0 else None,
        outlier=paid.outlier,
        projected_income_fen=later.income,
        projected_profit_fen=later.income - then.covered[0],
        projected_outlier=later.outlier,
        group_code=group_code,
        numbers=paid.numbers,
        source=method.source,
        deviation=paid.rule,
        base_fen=max(0, paid.base),
    )


def _in_force(admitted: list[tuple[Plan, MethodOutlook]]) -> str:
    """A binding one (see Plan.rank); without any, by item."""
    binding = [plan for plan, _ in admitted if plan.method.binding]
    if binding:
        return max(binding, key=lambda plan: plan.rank).method.id
    by_item = [plan for plan, _ in admitted if plan.method.kind is MethodKind.BY_ITEM]
    return max(by_item, key=lambda plan: plan.rank).method.id if by_item else ""


def _best(admitted: list[tuple[Plan, MethodOutlook]], in_force: str) -> str:
    """The highest profit at discharge, of the binding ones where there are any; of equal ones the one in force."""
    binding = [entry for entry in admitted if entry[0].method.binding]
    best = max(
        binding or admitted,
        key=lambda entry: (entry[1].projected_profit_fen, entry[1].method_id == in_force, entry[0].rank),
        default=None,
    )
    return best[1].method_id if best is not None else ""


def _special(
    case: Case, methods: Methods, admitted: list[tuple[Plan, MethodOutlook]], in_force: str
) -> tuple[str, ...]:
    rule = methods.special
    grouped = [entry for entry in admitted if entry[0].group is not None]
    if rule is None or not grouped:
        return ()
    plan, outlook = next((entry for entry in grouped if entry[1].method_id == in_force), grouped[0])
    reference = next((outlook.numbers[name] for name in REFERENCES if name in outlook.numbers), 0)
    if plan.group is None or reference <= 0:
        return ()
    return special_reasons(case, rule, plan.group, outlook.covered_fen, reference, outlook.outlier)

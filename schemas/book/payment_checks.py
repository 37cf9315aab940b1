"""Checks of payment methods, quotas, budgets and projections: what can never admit, what lacks its figures."""

from collections.abc import Iterator

from schemas.book.book import Book
from schemas.book.entry import Status, both
from schemas.book.findings import Finding
from schemas.book.payment import Budget, Conditions, MethodKind, VisitQuotaMethod

Steps = tuple[int | str, ...]
GROUP_KINDS = frozenset({MethodKind.DIP, MethodKind.DRG_POINTS, MethodKind.DRG_RATE})


def check_payment(book: Book) -> Iterator[Finding]:
    """Everything about how the insurer pays the hospital."""
    for index, method in enumerate(book.methods):
        at: Steps = ("methods", index)
        yield from _check_conditions((*at, "conditions"), method.conditions)
        care = method.scope.care_type
        if care and method.conditions.care_types and care not in method.conditions.care_types:
            yield Finding(
                (*at, "scope", "care_type"), never(f"医疗类别 {care} 不在 care_types 之中", f"care type {care}")
            )
        if not method.is_active:
            continue
        if isinstance(method, VisitQuotaMethod) and method.standard is None and not _any_active(book.quotas):
            text = both("没有 standard，也没有任何定额（quotas）", "neither a standard nor any quota in `quotas`")
            yield Finding(at, text, is_error=False, is_of_absence=True)
        if method.kind is MethodKind.GLOBAL_BUDGET and not _any_active(book.budgets):
            text = both("总额控制没有预算（budgets）", "there is no budget in `budgets`")
            yield Finding(at, text, is_error=False, is_of_absence=True)
        if method.kind is MethodKind.DIP and not book.dip:
            text = both(
                "没有 DIP 病种表（tables.dip），不会有病例入组", "no DIP table (tables.dip): nothing can be grouped"
            )
            yield Finding(at, text, is_error=False, is_of_absence=True)
        if method.kind in {MethodKind.DRG_RATE, MethodKind.DRG_POINTS} and not book.drg.groups:
            text = both(
                "没有 DRG 病组表（tables.drg.groups），没有权重", "no DRG groups (tables.drg.groups): no weights"
            )
            yield Finding(at, text, is_error=False, is_of_absence=True)
    yield from _check_projections(book)
    yield from _check_budgets(book)


def never(zh: str, en: str) -> str:
    """What to say of a method that can admit no visit."""
    return both(f"永远不会准入：{zh}", f"can never admit a visit: {en}")


def _check_conditions(at: Steps, conditions: Conditions) -> Iterator[Finding]:
    for what, low, high in (
        ("days", conditions.min_days, conditions.max_days),
        ("total", conditions.min_total, conditions.max_total),
    ):
        if low is not None and high is not None and low > high:
            yield Finding((*at, f"max_{what}"), never(f"min_{what} 大于 max_{what}", f"min_{what} exceeds max_{what}"))
    for what, admitted, excluded in (
        ("diagnoses", conditions.diagnoses, conditions.without_diagnoses),
        ("procedures", conditions.procedures, conditions.without_procedures),
    ):
        if admitted and all(code.startswith(excluded) for code in admitted):
            text = never(f"{what} 全部被 without_{what} 排除", f"without_{what} excludes every one of {what}")
            yield Finding((*at, f"without_{what}"), text)


def _check_projections(book: Book) -> Iterator[Finding]:
    grouped = [index for index, method in enumerate(book.methods) if method.is_active and method.kind in GROUP_KINDS]
    if grouped and not _any_active(book.projections):
        text = both(
            "有按病种、病组的支付方式，却没有 projections：无法预测出院费用",
            "there are group methods but no projections: cost at discharge cannot be foreseen",
        )
        yield Finding(("methods", grouped[0]), text, is_error=False, is_of_absence=True)


def _check_budgets(book: Book) -> Iterator[Finding]:
    active = [(index, budget) for index, budget in enumerate(book.budgets) if budget.is_active]
    for index, budget in active:
        if not budget.effective_from.year <= budget.year <= budget.effective_to.year:
            text = both(
                f"{budget.year} 年的预算在 {budget.effective_from} 至 {budget.effective_to} 之间有效，不在当年",
                f"a budget for {budget.year} that is in force from {budget.effective_from} to {budget.effective_to}",
            )
            yield Finding(("budgets", index, "year"), text, is_error=False)
        if budget.scope.department:
            continue
        below = [other for _, other in active if _is_part(other, budget)]
        total = sum(other.amount for other in below)
        if total > budget.amount:
            text = both(
                f"{len(below)} 个科室的预算合计 {_yuan(total)} 元，超过全院的 {_yuan(budget.amount)} 元",
                f"the budgets of {len(below)} departments sum to {_yuan(total)}, more than {_yuan(budget.amount)}",
            )
            yield Finding(("budgets", index, "amount"), text, is_error=False)


def _is_part(part: Budget, whole: Budget) -> bool:
    """Whether a department's budget is a part of this one."""
    same = part.scope.model_copy(update={"department": ""}) == whole.scope
    return bool(part.scope.department) and same and (part.year, part.basis) == (whole.year, whole.basis)


def _any_active(entries: tuple[object, ...]) -> bool:
    return any(getattr(entry, "status", None) is Status.ACTIVE for entry in entries)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"

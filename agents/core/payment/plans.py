"""What a visit's record and a book's methods come to before any sum is looked at: admissible or not, and who pays how.

Kept as long as the record stays the same, so that a new charge costs arithmetic only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.core.case import Case
from agents.core.payment.admission import Admission, Applicant
from agents.core.payment.ground import COVERS
from agents.core.payment.payers import (
    BedDayPayer,
    ByItemPayer,
    CapitationPayer,
    FixedPayer,
    GlobalBudgetPayer,
    Payer,
    QuotaPayer,
)
from agents.core.payment.standards import group_payer
from agents.core.policy import QuotaInForce
from schemas.book import PaymentMethod
from schemas.book.payment import (
    BedDay,
    ByItem,
    Capitation,
    Dip,
    DrgPoints,
    DrgRate,
    GlobalBudget,
    SingleDisease,
    VisitQuotaMethod,
)
from schemas.prediction import Admissibility, Grouped, MethodOutlook

#: Kind of method → the group it pays by.
SYSTEMS = {"dip": "dip", "drg_rate": "drg", "drg_points": "drg"}


@dataclass(frozen=True, slots=True)
class Plan:
    """One method for one visit. refused: its outlook where it does not admit the visit, whatever it costs.

    is_beside_the_point: a single disease for which the visit has another diagnosis; a book may list hundreds of them.
    rank: which of several binding methods is in force, the highest: one for named diseases goes before one for all.
    """

    method: PaymentMethod
    admission: Admission
    covers: int
    payer: Payer | None
    refused: MethodOutlook | None
    group: Grouped | None
    is_beside_the_point: bool
    needs_budget: bool
    rank: tuple[int, tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the plans of a visit are made from, besides the methods themselves."""

    case: Case
    applicant: Applicant
    groups: Mapping[str, Grouped]
    quota: QuotaInForce | None
    has_budget: bool


def plan_of(method: PaymentMethod, admission: Admission, place: int, of: Circumstances) -> Plan:
    """The plan for one method; `place`: its place in the book."""
    group = of.groups.get(SYSTEMS.get(method.kind, ""))
    payer, missing, covers = _payer(method, group, of)
    reasons = list(admission.reasons(of.applicant))
    if Admissibility.CARE_TYPE not in reasons:  # for other care neither a group nor a quota is looked for
        reasons += missing
    if not of.case.insurance_type and not isinstance(method, ByItem):
        reasons.append(Admissibility.COVERAGE_PENDING)
    is_other_disease = Admissibility.DIAGNOSIS in reasons
    named = bool(method.conditions.diagnoses) + bool(method.conditions.procedures) + (method.kind == "single_disease")
    return Plan(
        method,
        admission,
        covers,
        payer,
        _refused(method, group, tuple(dict.fromkeys(reasons))) if reasons else None,
        group,
        isinstance(method, SingleDisease) and is_other_disease,
        isinstance(method, GlobalBudget) and not of.has_budget,
        (named, method.specificity, -place),
    )


def _refused(method: PaymentMethod, group: Grouped | None, reasons: tuple[str, ...]) -> MethodOutlook:
    return refusal(method, group.code if group else "", reasons)


def refusal(method: PaymentMethod, group_code: str, reasons: tuple[str, ...]) -> MethodOutlook:
    """The outlook of a method that does not admit the visit: the reasons, and no figures."""
    return MethodOutlook(
        method.id, str(method.kind), admissible=False, binding=method.binding,
        reasons=tuple(str(reason) for reason in reasons), name=method.name, clearing_way=method.clearing_way,
        group_code=group_code, source=method.source,
    )  # fmt: skip


def _payer(
    method: PaymentMethod, group: Grouped | None, of: Circumstances
) -> tuple[Payer | None, tuple[str, ...], int]:
    """Who pays, what is missing for it, and which cost it stands for."""
    covers = COVERS[method.covers]
    match method:
        case ByItem():
            return ByItemPayer(method), (), covers
        case GlobalBudget():
            return GlobalBudgetPayer(method), (), covers
        case Capitation():
            return CapitationPayer(method), (), covers
        case BedDay():
            missing = () if of.case.days > 0 else (Admissibility.TOO_SHORT,)
            return BedDayPayer(method, covers), missing, covers
        case SingleDisease():
            is_other = not method.conditions.diagnoses and of.case.disease_code != method.disease
            return FixedPayer(method.standard, covers), (Admissibility.DIAGNOSIS,) if is_other else (), covers
        case VisitQuotaMethod():
            return _quota(method, covers, of)
        case Dip() | DrgRate() | DrgPoints():
            payer = group_payer(method, group) if group is not None else None
            return payer, () if payer is not None else (Admissibility.NO_GROUP,), covers


def _quota(method: VisitQuotaMethod, covers: int, of: Circumstances) -> tuple[Payer | None, tuple[str, ...], int]:
    quota = method.standard
    if quota is None:
        if of.quota is None:
            return None, (Admissibility.NO_QUOTA,), covers
        quota, covers = of.quota.quota_fen, COVERS[of.quota.basis]
    return QuotaPayer(method, quota, covers, is_outpatient=of.case.is_outpatient), (), covers

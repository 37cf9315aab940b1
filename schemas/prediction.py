"""What the payment methods say of a visit (结算方式预测): group, standard, income, profit or loss, now and later.

Fen, basis points, 1e-4 for scores and weights. It never proposes another diagnosis: what keeps a visit out of a group
is shown as a question to the documentation (DOMAIN section 8).
"""

from enum import StrEnum

import msgspec


class Admissibility(StrEnum):
    """Why a method does not admit a visit. schemas.payment_words puts it in words."""

    CARE_TYPE = "care_type"
    DIAGNOSIS = "diagnosis"
    PROCEDURE = "procedure"
    EXCLUDED_DIAGNOSIS = "excluded_diagnosis"
    EXCLUDED_PROCEDURE = "excluded_procedure"
    DISCHARGE_WAY = "discharge_way"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_CHEAP = "too_cheap"
    TOO_DEAR = "too_dear"
    NO_GROUP = "no_group"
    NO_QUOTA = "no_quota"
    NO_BUDGET = "no_budget"
    COVERAGE_PENDING = "coverage_pending"


class Outlier(StrEnum):
    """Where cost lies against the group's mean."""

    NORMAL = "normal"
    LOW = "low"
    HIGH = "high"
    EXTREME = "extreme"


class Grouped(msgspec.Struct, frozen=True, omit_defaults=True):
    """The outcome of grouping: `system` dip or drg; an empty code is not grouped, `status` says why.

    status: grouped, ambiguous (several rows fit equally: `code` is the one of the main operation, of several the one
    with the lowest score), no_main_diagnosis, diagnosis_not_listed, sex_conflict, ungrouped, weight_missing (a code
    that the book gives no weight), grouper_failed.
    score_e4: DIP score, DRG weight. auxiliary_e4: the row's coefficient. path: how the grouper came to it, e.g. MDC,
    ADRG, complication level with the diagnosis that decided. unknown_procedures: where operations are recorded and the
    tables know none of them under this diagnosis.
    """

    system: str
    status: str
    code: str = ""
    name: str = ""
    version: str = ""
    score_e4: int = 0
    points_e4: int = 0
    mean_fen: int | None = None
    expected_days: int | None = None
    path: tuple[str, ...] = ()
    auxiliary_e4: int = 10_000
    unknown_procedures: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question to the documentation (病历书写提问), never a proposal: its kind and the codes it is about.

    The codes are those recorded in the visit; another code is never named.
    """

    kind: str
    codes: tuple[str, ...] = ()


class MethodOutlook(msgspec.Struct, frozen=True, omit_defaults=True):
    """One method and what the hospital would receive for the visit.

    covered_fen: the cost the standard stands for. standard_fen: the payment standard after deviation rules, None
    where there is none. income_fen: all the hospital receives (standard and what it does not cover); fund_due_fen: of
    it, the insurer's. profit_fen = income − total. used_bp: covered ÷ the standard before deviation rules and paid
    excess. `projected_*`: at discharge. A running stay is never a low outlier now, only at discharge.
    reasons: Admissibility; numbers: the arithmetic's figures, by kind (schemas.payment_words). deviation: which
    deviation rule made the standard: low_ratio, low_by_item, high_excess, high_by_item, high_standard, or none.
    """

    method_id: str
    kind: str
    admissible: bool
    binding: bool = False
    reasons: tuple[str, ...] = ()
    name: str = ""
    clearing_way: str = ""
    covered_fen: int = 0
    standard_fen: int | None = None
    income_fen: int = 0
    fund_due_fen: int = 0
    profit_fen: int = 0
    used_bp: int | None = None
    outlier: str = Outlier.NORMAL
    projected_income_fen: int = 0
    projected_profit_fen: int = 0
    projected_outlier: str = Outlier.NORMAL
    group_code: str = ""
    numbers: dict[str, int] = {}
    source: str = ""
    deviation: str = ""
    #: The standard before deviation rules and paid excess: what `used_bp` is measured against.
    base_fen: int = 0


class Prediction(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything the methods say of a visit.

    in_force: the method that counts (a binding admissible one, else the default: by item); best: the admissible one
    with the highest projected profit (of the binding ones where there are any). days and cost now and projected.
    special_case: reasons to propose it for 特例单议 (long_stay, high_cost, …).
    """

    days: int
    cost_fen: int
    projected_days: int
    projected_cost_fen: int
    daily_fen: int
    in_force: str = ""
    best: str = ""
    groups: tuple[Grouped, ...] = ()
    methods: tuple[MethodOutlook, ...] = ()
    special_case: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    projection_id: str = ""
    book_version: str = ""

    def method(self, method_id: str) -> MethodOutlook | None:
        """The outlook of one method."""
        return next((method for method in self.methods if method.method_id == method_id), None)

"""What an allocation comes to, with every figure that led to it. Money in fen, shares in basis points, factors in 1e-4.

The same structs are the JSON of `kongfei allocate --json`; fields are only ever added, with a default.
"""

from enum import StrEnum

import msgspec


class Method(StrEnum):
    """Where a quota comes from."""

    MEAN = "mean"  # the base years of the department itself
    LAST = "last"  # too few cases: the quota in force before
    DEPARTMENT = "department"  # too few cases of this insurance: the department's mean of all
    HOSPITAL = "hospital"  # too few cases, or a new department: the hospital's mean of this care type
    FIXED = "fixed"  # a person fixed it


class NoteKind(StrEnum):
    """What a reader must know of an allocation. After each: what `numbers` and `names` hold, in order."""

    LEFT_OUT = "left_out"  # rows; LeftOut
    INCOMPLETE_YEAR = "incomplete_year"  # year, months covered; the months missing
    NO_HISTORY_YEAR = "no_history_year"  # year
    NO_MIX = "no_mix"  # kinds of visit not adjusted for their mix, of all
    PARTIAL_BASE = "partial_base"  # kinds of visit whose base lacks a year, of all
    FUND_BORROWED = "fund_borrowed"  # kinds of visit whose share of the funds is the hospital's
    UNBOUND = "unbound"  # kinds of visit without a total, of all
    UNUSED_TOTAL = "unused_total"  # fen of a total that no visit of the history is paid from; its entry
    WIDER_TOTAL = "wider_total"  # fen of a total that is also for visits the plan leaves out; its entry
    RELEASED = "released"  # fen of a total; floors or ceilings that could not be held, its entry
    NO_BUDGET = "no_budget"  # departments without a budget; their codes
    OTHER_BASIS = "other_basis"  # kinds of visit whose last quota counts other money


class Note(msgspec.Struct, frozen=True):
    """One of them; agents/allocation/words.py puts it in words."""

    kind: NoteKind
    numbers: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


class YearRow(msgspec.Struct, frozen=True):
    """One base year of a quota. weight 0: it did not take part. mean_fen: of the cases that stay."""

    year: int
    weight: int
    cases: int
    trimmed_low: int
    trimmed_high: int
    trimmed_fen: int
    mean_fen: int | None
    mean_weight_e4: int | None = None


class QuotaRow(msgspec.Struct, frozen=True):
    """One kind of visit: how its quota was reached, step by step.

    mean_fen: weighted mean of the years. mix_*: system ("" none), factor (adjusted ÷ mean), expected mean weight,
    cost of one unit of weight. proposed_fen = mean × mix × growth, or what `method` says instead. reference: what the
    change is measured against: the last quota, else the last year's mean. limited: `floor`, `ceiling` where the limit
    of change cut it. factor: the manual one. adjusted_fen: after limit and factor. bound: final ÷ adjusted.
    ratio_e4: budget money for each fen of quota. budget_fen: its part of the department's budget.
    """

    department: str
    care_type: str
    insurance_type: str
    method: Method
    years: tuple[YearRow, ...]
    cases: int
    trimmed_count: int
    trimmed_fen: int
    mean_days_e4: int | None
    mean_fen: int | None
    mix_system: str
    mix_factor_e4: int
    mix_expected_e4: int | None
    mix_unit_fen: int | None
    growth_bp: int
    proposed_fen: int
    reference_fen: int | None
    reference_is_quota: bool
    limited: str
    factor_e4: int
    adjusted_fen: int
    bound_e4: int
    quota_fen: int
    change_bp: int | None
    expected_cases: int
    measure: str
    ratio_e4: int
    budget_fen: int
    pot: int | None
    reason: str = ""
    who: str = ""


class BudgetRow(msgspec.Struct, frozen=True):
    """The budget of a department (of a care or insurance type where the totals are). months_bp: they sum to 10,000.

    months_from: whose seasons they are: `department`, `hospital`, or `equal` without any history.
    """

    department: str
    care_type: str
    insurance_type: str
    measure: str
    amount_fen: int
    months_bp: tuple[int, ...]
    months_from: str
    pot: int | None


class PotRow(msgspec.Struct, frozen=True):
    """A total and what was shared out of it: amount = sum, always. wished_fen: what it would have been unbound.

    fixed_fen: of it, fixed by hand. factor_e4: λ, by which the others were scaled. id: its entry in the book.
    """

    id: str
    care_type: str
    insurance_type: str
    measure: str
    amount_fen: int
    wished_fen: int
    fixed_fen: int
    sum_fen: int
    factor_e4: int
    months_bp: tuple[int, ...] = ()


class Allocation(msgspec.Struct, frozen=True):
    """All of it. cases: how many visits of history it rests on."""

    hospital: str
    year: int
    base_years: tuple[int, ...]
    weights: tuple[int, ...]
    quota_measure: str
    cases: int
    quotas: tuple[QuotaRow, ...]
    budgets: tuple[BudgetRow, ...]
    pots: tuple[PotRow, ...]
    notes: tuple[Note, ...] = ()

    @property
    def total_fen(self) -> int:
        """All budgets together."""
        return sum(budget.amount_fen for budget in self.budgets)

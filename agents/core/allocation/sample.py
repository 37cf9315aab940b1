"""Rows of history as cases, by kind of visit and year. In columns of integers: a hospital has millions."""

from array import array
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from agents.core.allocation.plan import Measure, Plan
from schemas.history import HistoryRow

#: Places in a case. VALUE: what quotas count. MONTH: 1–12, in which a budget would be charged with it.
VALUE, TOTAL, BASIC, FUND, FUND_KNOWN, MONTH, DAYS, DRG, DIP = range(9)
Case = tuple[int, ...]


class Key(NamedTuple):
    """A kind of visit that gets a quota of its own; an empty insurance type: those without one of their own."""

    department: str
    care_type: str
    insurance_type: str


class LeftOut(StrEnum):
    """Why a row of history is not a case. The order is that of the questions."""

    OTHER_HOSPITAL = "other_hospital"
    OTHER_YEAR = "other_year"
    OTHER_CARE = "other_care"
    OTHER_INSURANCE = "other_insurance"
    UNINSURED = "uninsured"
    NO_DEPARTMENT = "no_department"
    NO_COST = "no_cost"


class Columns:
    """The cases of one kind and year, a column a figure."""

    __slots__ = ("_columns",)

    def __init__(self) -> None:
        self._columns = tuple(array("q") for _ in range(9))

    def add(self, case: Case) -> None:
        """Add one case."""
        for column, figure in zip(self._columns, case, strict=True):
            column.append(figure)

    def __len__(self) -> int:
        return len(self._columns[VALUE])

    def __iter__(self) -> Iterator[Case]:
        return zip(*self._columns, strict=True)


class Sample:
    """The cases of one plan.

    columns: kind → year → cases. covered: year → months in which the hospital had any ended visit at all.
    left_out: reason → rows.
    """

    def __init__(self, rows: Iterable[HistoryRow], plan: Plan) -> None:
        self.columns: dict[Key, dict[int, Columns]] = {}
        self.covered: dict[int, set[int]] = {year: set() for year in plan.base_years}
        self.left_out: dict[LeftOut, int] = {}
        for row in rows:
            why = self._refusal(row, plan)
            if why is not None:
                self.left_out[why] = self.left_out.get(why, 0) + 1
                continue
            key = Key(row.department, row.care_type, row.insurance_type)
            years = self.columns.setdefault(key, {})
            year = row.month // 100
            if year not in years:
                years[year] = Columns()
            years[year].add(_case(row, plan))

    def _refusal(self, row: HistoryRow, plan: Plan) -> LeftOut | None:
        year = row.month // 100
        if row.hospital != plan.hospital:
            return LeftOut.OTHER_HOSPITAL
        if year not in self.covered:
            return LeftOut.OTHER_YEAR
        self.covered[year].add(row.month % 100)
        if plan.care_types and row.care_type not in plan.care_types:
            return LeftOut.OTHER_CARE
        if not row.insurance_type and not plan.with_uninsured:
            return LeftOut.UNINSURED
        if plan.insurance_types and row.insurance_type not in plan.insurance_types:
            return LeftOut.OTHER_INSURANCE
        if not row.department:
            return LeftOut.NO_DEPARTMENT
        return LeftOut.NO_COST if _value(row, plan) <= 0 else None

    @property
    def count(self) -> int:
        """How many cases there are."""
        return sum(len(cases) for years in self.columns.values() for cases in years.values())

    def by_kind(self, plan: Plan) -> dict[Key, dict[int, list[Case]]]:
        """Kind → year → cases in ascending order, whatever the order of the rows: what each quota is made from.

        An insurance type of a department stands alone where the plan names it, or a total or an adjustment is for it
        alone, or where the plan asks for it and it has cases enough. All others of a department and care type stand
        together.
        """
        kinds: dict[Key, dict[int, list[Case]]] = {}
        for key in sorted(self.columns):
            kind = key if self._stands_alone(key, plan) else key._replace(insurance_type="")
            years = kinds.setdefault(kind, {})
            for year, cases in self.columns[key].items():
                years.setdefault(year, []).extend(cases)
        for years in kinds.values():
            for merged in years.values():
                merged.sort()
        return kinds

    def _stands_alone(self, key: Key, plan: Plan) -> bool:
        if not key.insurance_type:
            return False
        if plan.insurance_types:
            return True
        if any(pot.insurance_type == key.insurance_type and pot.care_type in {"", key.care_type} for pot in plan.pots):
            return True
        if any(found.insurance_type and found.concerns(*key) for found in plan.adjustments):
            return True
        return plan.by_insurance and sum(map(len, self.columns[key].values())) >= plan.min_cases


def _value(row: HistoryRow, plan: Plan) -> int:
    return row.basic_fen if plan.quota_measure is Measure.BASIC else row.total_fen


def _case(row: HistoryRow, plan: Plan) -> Case:
    known = row.fund_fen is not None
    return (
        _value(row, plan), row.total_fen, row.basic_fen, row.fund_fen or 0, known,
        (row.admitted_month or row.month) % 100, row.days, row.drg_weight_e4, row.dip_score_e4,
    )  # fmt: skip


def measured(case: Case, measure: Measure) -> int:
    """A case's money of one kind."""
    return case[{Measure.BASIC: BASIC, Measure.TOTAL: TOTAL, Measure.FUND: FUND}[measure]]

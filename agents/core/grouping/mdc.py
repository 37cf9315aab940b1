"""Which MDC a visit belongs to: the rows of the MDC table, tried in their order (DOMAIN 2.4)."""

import itertools
from collections.abc import Iterable
from typing import NamedTuple

from agents.core.grouping.findings import Findings, is_of_age
from agents.core.grouping.prefixes import Prefixes, prefix_set
from schemas.book.groups import MdcRule


class Place(NamedTuple):
    """The MDC, or None; `is_sex_conflict`: the only MDC that lists the diagnosis is for the other sex."""

    mdc: str | None
    is_sex_conflict: bool = False


class MdcTable:
    """The MDC table of a book, indexed once."""

    def __init__(self, rows: Iterable[MdcRule]) -> None:
        ordered = sorted(rows, key=lambda row: row.order)
        self._steps = [_Step(list(some)) for _, some in itertools.groupby(ordered, key=lambda row: row.order)]

    def find(self, findings: Findings) -> Place:
        """The first MDC in order that takes the visit."""
        is_sex_conflict = False
        for step in self._steps:
            mdc, conflicts = step.find(findings)
            if mdc is not None:
                return Place(mdc)
            is_sex_conflict = is_sex_conflict or conflicts
        return Place(None, is_sex_conflict)


class _Step:
    """The rows of one order: of those that fit, the longest prefix of the main diagnosis wins."""

    def __init__(self, rows: list[MdcRule]) -> None:
        self._any_diagnosis = [row for row in rows if not row.diagnoses and not row.min_body_sites]
        self._by_diagnosis = Prefixes((code, row) for row in rows if not row.min_body_sites for code in row.diagnoses)
        trauma: dict[str, list[MdcRule]] = {}
        for row in rows:
            if row.min_body_sites:
                trauma.setdefault(row.mdc, []).append(row)
        self._trauma = [_Trauma(some) for some in trauma.values()]

    def find(self, findings: Findings) -> tuple[str | None, bool]:
        """The MDC of this step, and whether only the sex kept the visit out of one."""
        for trauma in self._trauma:
            if trauma.fits(findings):
                return trauma.mdc, False
        conflicts = False
        for _, row in self._by_diagnosis.of(findings.main):
            if not is_of_age(findings.age_days, None, row.max_age_days):
                continue
            if _is_of_sex(row, findings):
                return row.mdc, False
            conflicts = True
        for row in self._any_diagnosis:
            # A row without any condition is for what its own rules find (先期分组) and takes nothing by itself.
            is_conditional = row.max_age_days is not None
            if is_conditional and is_of_age(findings.age_days, None, row.max_age_days) and _is_of_sex(row, findings):
                return row.mdc, False
        return None, conflicts


class _Trauma:
    """多发严重创伤: enough different body sites injured, the main diagnosis one of them."""

    def __init__(self, rows: list[MdcRule]) -> None:
        self.mdc = rows[0].mdc
        self._least = max(row.min_body_sites for row in rows)
        self._listed = prefix_set(code for row in rows for code in row.diagnoses)
        self._sites = Prefixes((code, row.body_site or code) for row in rows for code in row.diagnoses)

    def fits(self, findings: Findings) -> bool:
        """Whether so many sites are injured."""
        if not self._listed.knows(findings.main):
            return False
        sites = {site for code in (findings.main, *findings.others) for site in self._sites.longest(code)[1][:1]}
        return len(sites) >= self._least


def _is_of_sex(row: MdcRule, findings: Findings) -> bool:
    """A sex that nobody stated conflicts with nothing."""
    return not row.sex or findings.sex not in {"1", "2"} or findings.sex == row.sex

"""DIP by directory (病种库): the main diagnosis and the operations find the row (DOMAIN 2.4).

A row fits when the main diagnosis begins with its diagnosis and each of its operations is among the visit's. Of the
fitting rows wins, in this order:
1. the one with the most operations (a patient who was operated is not in the conservative row of the disease),
2. a core row before a comprehensive one (先核心、后综合),
3. the longest diagnosis.
Rows that are still equal are told as `ambiguous`; the one with the visit's main operation counts, then the one with the
lowest score, so that an open question is never answered in the hospital's favour.
"""

from collections.abc import Iterable

from agents.core.case import Case
from agents.core.grouping.findings import Findings, findings_of
from agents.core.grouping.prefixes import Prefixes
from schemas.book.groups import DipGroup
from schemas.prediction import Grouped

CACHE_LIMIT = 20_000
SYSTEM = "dip"


class DipDirectory:
    """The rows of a book, indexed once, for hospitals of every tier."""

    def __init__(self, rows: Iterable[DipGroup], version: str = "") -> None:
        self.version = version
        self._rows = Prefixes((row.diagnosis, row) for row in rows)
        self._cache: dict[tuple[str, tuple[str, ...]], tuple[str, DipGroup | None, tuple[str, ...]]] = {}

    def find(self, findings: Findings) -> tuple[str, DipGroup | None, tuple[str, ...]]:
        """Status, row, and the recorded operations where no row of this diagnosis knows any of them."""
        key = (findings.main, findings.procedures)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            found = self._cache[key] = self._find(findings.main, findings.procedures)
        return found

    def _find(self, main: str, procedures: tuple[str, ...]) -> tuple[str, DipGroup | None, tuple[str, ...]]:
        if not main:
            return "no_main_diagnosis", None, ()
        rows = self._rows.of(main)
        if not rows:
            return "diagnosis_not_listed", None, ()
        recorded = tuple(code.upper() for code in procedures)
        fitting = [(length, row) for length, row in rows if _fits(row, recorded)]
        is_known = any(_is_among(needed, recorded) for _, row in rows for needed in row.procedures)
        unknown = procedures if recorded and not is_known else ()
        if not fitting:
            return "ungrouped", None, unknown
        best = max(_rank(length, row) for length, row in fitting)
        equals = [row for length, row in fitting if _rank(length, row) == best]
        row = min(equals, key=lambda row: (not _has_main(row, recorded), row.score, row.code, row.procedures))
        is_open = len({equal.code for equal in equals}) > 1
        return "ambiguous" if is_open else "grouped", row, unknown


def _is_among(needed: str, recorded: tuple[str, ...]) -> bool:
    """Whether one of the recorded operations begins with the needed one."""
    needed = needed.upper()
    return any(code.startswith(needed) for code in recorded)


def _fits(row: DipGroup, recorded: tuple[str, ...]) -> bool:
    return all(_is_among(needed, recorded) for needed in row.procedures)


def _has_main(row: DipGroup, recorded: tuple[str, ...]) -> bool:
    return any(_is_among(needed, recorded[:1]) for needed in row.procedures)


def _rank(length: int, row: DipGroup) -> tuple[int, bool, int]:
    return len(set(row.procedures)), row.kind == "core", length


class DipGrouper:
    """The directory as it holds for hospitals of one tier, whose mean costs differ."""

    def __init__(self, directory: DipDirectory, tier: str) -> None:
        self._directory = directory
        self._tier = tier
        self._groups: dict[tuple[str, int, tuple[str, ...]], Grouped] = {}

    def group(self, case: Case) -> Grouped:
        """The group of a visit (agents.core.grouping.findings.Grouper)."""
        return self.group_of(findings_of(case))

    def group_of(self, findings: Findings) -> Grouped:
        """The group that these findings lead to."""
        status, row, unknown = self._directory.find(findings)
        key = (status, id(row), unknown)  # rows live as long as the directory
        found = self._groups.get(key)
        if found is None:
            if len(self._groups) >= CACHE_LIMIT:
                self._groups.clear()
            found = self._groups[key] = self._told(status, row, unknown)
        return found

    def _told(self, status: str, row: DipGroup | None, unknown: tuple[str, ...]) -> Grouped:
        if row is None:
            return Grouped(SYSTEM, status, version=self._directory.version, unknown_procedures=unknown)
        return Grouped(
            SYSTEM, status, row.code, row.name, self._directory.version, row.score,
            mean_fen=row.mean_of(self._tier), expected_days=row.expected_days, path=(row.diagnosis, *row.procedures),
            auxiliary_e4=row.auxiliary, unknown_procedures=unknown,
        )  # fmt: skip

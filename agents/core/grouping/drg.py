"""The table-driven DRG grouper for books of the CHS-DRG shape (DOMAIN 2.4).

Order of assignment:
1. MDC: 先期分组 (A) by its rules whatever the diagnosis; then the rows of the MDC table in their order (newborns, HIV,
   multiple trauma, then the others by main diagnosis and sex).
2. ADRG: the rules of the MDC, surgery before procedure before medicine, within a section as in the file.
3. DRG: the ADRG's group for the worst complication among the other diagnoses (exclusions heeded), for the way of
   discharge and age where a group asks for them.
"""

from agents.core.case import Case
from agents.core.grouping.complications import Complications
from agents.core.grouping.findings import Findings, findings_of, is_of_age
from agents.core.grouping.mdc import MdcTable
from agents.core.grouping.prefixes import Prefixes, prefix_set
from schemas.book.groups import DrgGroup, DrgRule, DrgTables
from schemas.prediction import Grouped

CACHE_LIMIT = 20_000
SYSTEM = "drg"
EARLY_MDC = "A"
SECTIONS = ("surgery", "procedure", "medicine")
#: Which fourth characters a complication may have, best first: an ADRG whose only such group is "伴并发症或合并症" (3)
#: takes MCC too.
LEVELS = {"MCC": "1395", "CC": "395", "": "59"}


class _Rule:
    """One ADRG rule, its prefixes indexed."""

    __slots__ = ("diagnoses", "others", "procedures", "procedures_too", "row")

    def __init__(self, row: DrgRule) -> None:
        self.row = row
        self.diagnoses = prefix_set(row.diagnoses)
        self.procedures = prefix_set(row.procedures)
        self.procedures_too = prefix_set(row.procedures_too)
        self.others = prefix_set(row.other_diagnoses)

    def fits(self, findings: Findings) -> bool:
        """Whether everything that the rule names is there."""
        row = self.row
        return (
            (not self.diagnoses or self.diagnoses.knows(findings.main))
            and (not self.procedures or any(map(self.procedures.knows, findings.procedures)))
            and (not self.procedures_too or any(map(self.procedures_too.knows, findings.procedures)))
            and (not self.others or any(map(self.others.knows, findings.others)))
            and (not row.sex or findings.sex == row.sex)
            and is_of_age(findings.age_days, row.min_age_days, row.max_age_days)
        )


class _Rules:
    """The rules of one MDC in the order in which they are tried; only those a code points to are looked at."""

    def __init__(self, rows: list[DrgRule]) -> None:
        ordered = sorted(rows, key=lambda row: SECTIONS.index(row.section))  # stable: then as in the file
        self.rules = [_Rule(row) for row in ordered]
        self._by_procedure = Prefixes((code, place) for place, row in enumerate(ordered) for code in row.procedures)
        self._by_diagnosis = Prefixes(
            (code, place) for place, row in enumerate(ordered) if not row.procedures for code in row.diagnoses
        )
        self._always = [place for place, row in enumerate(ordered) if not row.procedures and not row.diagnoses]

    def first(self, findings: Findings) -> DrgRule | None:
        """The first rule that fits."""
        places = {place for code in findings.procedures for _, place in self._by_procedure.of(code)}
        places.update(place for _, place in self._by_diagnosis.of(findings.main))
        places.update(self._always)
        return next((self.rules[place].row for place in sorted(places) if self.rules[place].fits(findings)), None)

    def knows_procedure(self, code: str) -> bool:
        """Whether any rule names the operation."""
        return self._by_procedure.knows(code)


class DrgGroups:
    """The groups of a book by ADRG and by code: weights, points, means, expected days."""

    def __init__(self, tables: DrgTables) -> None:
        self._version = tables.version
        self._by_code = {group.code: group for group in tables.groups}
        self._by_adrg: dict[str, list[DrgGroup]] = {}
        for group in tables.groups:
            self._by_adrg.setdefault(group.code[:3], []).append(group)

    def by_code(self, code: str) -> DrgGroup | None:
        """The group of a code."""
        return self._by_code.get(code)

    def choose(self, adrg: str, level: str, findings: Findings) -> DrgGroup | None:
        """The ADRG's group for a complication level (MCC, CC, empty); one made for the discharge or age goes first."""
        groups = [group for group in self._by_adrg.get(adrg, ()) if _admits(group, findings)]
        for group in groups:
            if _is_special(group) and (group.code[3] not in "135" or group.code[3] == LEVELS[level][0]):
                return group
        plain = {group.code[3]: group for group in reversed(groups) if not _is_special(group)}
        return next((plain[character] for character in LEVELS[level] if character in plain), None)

    def told(self, status: str, code: str, path: tuple[str, ...], unknown: tuple[str, ...] = ()) -> Grouped:
        """A grouping of this code with what the book says of it; `weight_missing` where it says nothing."""
        row = self._by_code.get(code)
        if row is None:
            if code:
                status = "weight_missing"
            return Grouped(SYSTEM, status, code, version=self._version, path=path, unknown_procedures=unknown)
        return Grouped(
            SYSTEM, status, code, row.name, self._version, row.weight, row.points or 0, row.mean, row.expected_days,
            path, unknown_procedures=unknown,
        )  # fmt: skip


def _is_special(group: DrgGroup) -> bool:
    return bool(group.discharge_ways) or group.min_age_days is not None or group.max_age_days is not None


def _admits(group: DrgGroup, findings: Findings) -> bool:
    return (not group.discharge_ways or findings.discharge_way in group.discharge_ways) and is_of_age(
        findings.age_days, group.min_age_days, group.max_age_days
    )


class DrgGrouper:
    """Groups by the tables of a book, compiled once; the same findings are grouped once."""

    def __init__(self, tables: DrgTables) -> None:
        self.groups = DrgGroups(tables)
        self._mdc = MdcTable(tables.mdc)
        self._complications = Complications(tables.complications)
        by_mdc: dict[str, list[DrgRule]] = {}
        for rule in tables.rules:
            by_mdc.setdefault(rule.mdc, []).append(rule)
        self._rules = {mdc: _Rules(rows) for mdc, rows in by_mdc.items()}
        self._cache: dict[Findings, Grouped] = {}

    def group(self, case: Case) -> Grouped:
        """The group of a visit (agents.core.grouping.findings.Grouper)."""
        return self.group_of(findings_of(case))

    def group_of(self, findings: Findings) -> Grouped:
        """The group that these findings lead to."""
        found = self._cache.get(findings)
        if found is None:
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            found = self._cache[findings] = self._group(findings)
        return found

    def _group(self, findings: Findings) -> Grouped:
        told = self.groups.told
        if not findings.main:
            return told("no_main_diagnosis", "", ())
        early = self._rules.get(EARLY_MDC)
        rule = early.first(findings) if early else None
        mdc = EARLY_MDC
        if rule is None:
            place = self._mdc.find(findings)
            if place.mdc is None:
                return told("sex_conflict" if place.is_sex_conflict else "diagnosis_not_listed", "", ())
            mdc = place.mdc
            rules = self._rules.get(mdc)
            rule = rules.first(findings) if rules else None
            unknown = () if rules and any(map(rules.knows_procedure, findings.procedures)) else findings.procedures
        else:
            unknown = ()
        if rule is None:
            return told("ungrouped", "", (f"MDC{mdc}",), unknown)
        level, decided_by = self._complications.worst(findings.main, findings.others)
        group = self.groups.choose(rule.adrg, level, findings)
        path = (f"MDC{mdc}", rule.adrg)
        if group is None:
            return told("weight_missing", "", path, unknown)
        return told("grouped", group.code, (*path, _level(group, level, decided_by)), unknown)


def _level(group: DrgGroup, level: str, decided_by: str) -> str:
    """What stands in the path: the level and the diagnosis that decided it, or that the group tells none apart."""
    if group.code[3] not in "135":
        return "undivided"
    if not level:
        return "none"
    return f"uncounted:{decided_by}" if group.code[3] == "5" else f"{level}:{decided_by}"

"""What the pipeline must come to: totals booked while the hospital makes its charges, before anything is written down.

Never reads the delivered bytes: a test recomputes them from the bytes and holds the two against each other.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from deploy.demo.hospital.catalogue import CLASS_C
from schemas import units


class Cell(NamedTuple):
    """Where an amount belongs. `day`: days since 1970 in the hospital's time zone."""

    visit_id: str
    department: str
    category: str
    level: str
    day: int


@dataclass(slots=True)
class Expectation:
    """Amounts in fen by cell, dead letters by reason, events delivered by topic, and what the insurer really paid."""

    cells: dict[Cell, int] = field(default_factory=lambda: defaultdict(int))
    patient_of: dict[str, str] = field(default_factory=dict)
    dead_letters: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    #: Visit id → what the funds really paid, fen; and of those that are not what the terms say, why.
    settled: dict[str, int] = field(default_factory=dict)
    disputed: dict[str, str] = field(default_factory=dict)
    #: (Visit id, rule) of the scripted cases → open, withdrawn, or nothing; visit id → the case's name.
    findings: dict[tuple[str, str], str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    #: Event id of an order that is checked → the rules that its answer must name; none: it passes.
    checks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _visit_total: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _visit_basic: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def book(self, cell: Cell, amount_fen: int) -> None:
        """Add an amount (negative for a refund)."""
        self.cells[cell] += amount_fen
        self._visit_total[cell.visit_id] += amount_fen
        if cell.level != CLASS_C:
            self._visit_basic[cell.visit_id] += amount_fen

    def visit_fen(self, visit_id: str) -> int:
        """Net total of one visit."""
        return self._visit_total[visit_id]

    def basic_fen(self, visit_id: str) -> int:
        """Net total of one visit without 丙 (基本医疗费用)."""
        return self._visit_basic[visit_id]

    @property
    def total_fen(self) -> int:
        """Net total of the hospital."""
        return sum(self.cells.values())

    def by_visit(self) -> dict[str, int]:
        """Visit id → net fen; every visit that has events, also one that cost nothing."""
        return {visit_id: self._visit_total.get(visit_id, 0) for visit_id in self.patient_of}

    def by_department_month(self) -> dict[tuple[str, int], int]:
        """(Department, YYYYMM of the charge) → net fen."""
        found: dict[tuple[str, int], int] = defaultdict(int)
        for cell, amount in self.cells.items():
            found[cell.department, units.month_of(cell.day)] += amount
        return dict(found)

    def by_day(self) -> dict[int, int]:
        """Day of the charge → net fen."""
        found: dict[int, int] = defaultdict(int)
        for cell, amount in self.cells.items():
            found[cell.day] += amount
        return dict(found)

    def by_visit_category(self) -> dict[tuple[str, str], int]:
        """(Visit id, category) → net fen."""
        found: dict[tuple[str, str], int] = defaultdict(int)
        for cell, amount in self.cells.items():
            found[cell.visit_id, cell.category] += amount
        return dict(found)

    def summary(self) -> dict[str, object]:
        """All of it as plain JSON: yuan as text, ISO days."""
        departments = sorted(self.by_department_month().items())
        return {
            "total": units.yuan_text(self.total_fen),
            "delivered": dict(sorted(self.delivered.items())),
            "duplicates": self.duplicates,
            "dead_letters": dict(sorted(self.dead_letters.items())),
            "settled_funds": {visit: units.yuan_text(fen) for visit, fen in sorted(self.settled.items())},
            "disputed": dict(sorted(self.disputed.items())),
            "findings": {f"{visit}|{rule}": end for (visit, rule), end in sorted(self.findings.items())},
            "checks": {order: list(rules) for order, rules in sorted(self.checks.items())},
            "visits": {visit: units.yuan_text(fen) for visit, fen in sorted(self.by_visit().items())},
            "departments": {f"{code}|{month}": units.yuan_text(fen) for (code, month), fen in departments},
            "days": {units.day_text(day): units.yuan_text(fen) for day, fen in sorted(self.by_day().items())},
        }

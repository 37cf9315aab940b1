"""One comparison of the audit: how many things were compared, and what differs. Knows nothing of what is compared."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sinks.auditor.events import VisitKey


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be: what, of whom, what the raw messages say, what ClickHouse says."""

    what_zh: str
    what_en: str
    subject: str
    expected: str
    found: str


@dataclass(slots=True)
class Check:
    """One comparison: how many things were compared, the fen they come to (None: not money), what differs."""

    name_zh: str
    name_en: str
    compared: int = 0
    sum_fen: int | None = None
    differences: list[Difference] = field(default_factory=list)

    def compare(self, subject: str, expected: Any, found: Any, show: Callable[[Any], str] = str) -> None:
        """Compare one thing."""
        self.compared += 1
        if expected != found:
            self.miss(subject, show(expected), show(found))

    def miss(self, subject: str, expected: str, found: str) -> None:
        """Note a difference."""
        self.differences.append(Difference(self.name_zh, self.name_en, subject, expected, found))


def visit_text(visit: VisitKey) -> str:
    """As hospital|patient|visit."""
    return "|".join(visit)

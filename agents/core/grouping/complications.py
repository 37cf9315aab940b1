"""Complications (MCC, CC) among the other diagnoses, with the exclusion table (DOMAIN 2.4)."""

from collections.abc import Iterable

from agents.core.grouping.prefixes import Prefixes, prefix_set
from schemas.book.groups import Complication

MCC, CC, NONE = "MCC", "CC", ""


class Complications:
    """The table of complications, indexed once."""

    def __init__(self, rows: Iterable[Complication]) -> None:
        self._by_diagnosis = Prefixes((row.diagnosis, (row.level, prefix_set(row.excluded_by))) for row in rows)

    def worst(self, main: str, others: Iterable[str]) -> tuple[str, str]:
        """The worst level among the other diagnoses that counts beside this main one, and the diagnosis that decided.

        Of several on one level the first in order of code is named. (NONE, "") where none counts.
        """
        found: dict[str, list[str]] = {}
        for code in others:
            for level, excluded in self._by_diagnosis.longest(code)[1]:
                if not excluded.knows(main):
                    found.setdefault(level, []).append(code)
        for level in (MCC, CC):
            if level in found:
                return level, min(found[level])
        return NONE, ""

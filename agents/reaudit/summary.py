"""Sums of a run: by scene, rule, department and doctor; what is new, the same, changed or gone. Money in fen.

A line may be at stake under several rules; amounts of several rules are therefore no sum of money to pay back.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from schemas.book.rules import Grade, Scene
from schemas.visit_history import ReauditRow, Standing


class Tally(msgspec.Struct):
    """How many findings a key has, and what they come to. gone_*: those that are stored and not found any more."""

    findings: int = 0
    amount_fen: int = 0
    new: int = 0
    new_fen: int = 0
    same: int = 0
    changed: int = 0
    gone: int = 0
    gone_fen: int = 0
    violations: int = 0

    def add(self, row: ReauditRow) -> None:
        """Count a row."""
        if row.finding is None:
            self.gone += 1
            self.gone_fen += row.stored.amount_fen if row.stored else 0
            return
        self.findings += 1
        self.amount_fen += row.finding.amount_fen
        self.violations += row.finding.grade is Grade.VIOLATION
        if row.standing is Standing.NEW:
            self.new += 1
            self.new_fen += row.finding.amount_fen
        elif row.standing is Standing.SAME:
            self.same += 1
        else:
            self.changed += 1


class Group(msgspec.Struct, frozen=True):
    """A key with its names and its tally."""

    key: str
    name_zh: str
    name_en: str
    tally: Tally


class Summary:
    """The sums of a run, kept while its rows go by. Findings of rules on trial (试运行) are counted apart."""

    def __init__(self, scenes: Iterable[Scene], over_many: Iterable[str]) -> None:
        """over_many: rules that run in a re-audit only; what they find is no news about the stream."""
        self._scenes = {scene.number: scene for scene in scenes}
        self._over_many = frozenset(over_many)
        self.total = Tally()
        self.shadow = Tally()
        self.over_many = Tally()
        self._by: dict[str, dict[str, Group]] = {"scene": {}, "rule": {}, "department": {}, "doctor": {}}

    def passing(self, rows: Iterable[ReauditRow]) -> Iterator[ReauditRow]:
        """The rows as they are, each counted as it goes by."""
        for row in rows:
            self.add(row)
            yield row

    def add(self, row: ReauditRow) -> None:
        """Count a row under its keys."""
        found = row.finding or row.stored
        if found is None:
            return
        if found.is_shadow:
            self.shadow.add(row)
            return
        self.total.add(row)
        if found.rule in self._over_many:
            self.over_many.add(row)
        for number in found.scenes:
            scene = self._scenes.get(number)
            names = (scene.name_zh, scene.name_en) if scene else (str(number), str(number))
            self._tally("scene", str(number), *names).add(row)
        self._tally("rule", found.rule, found.rule_name_zh, found.rule_name_en).add(row)
        for by, key in (("department", found.department), ("doctor", found.doctor)):
            if key:
                self._tally(by, key, key, key).add(row)

    def _tally(self, by: str, key: str, name_zh: str, name_en: str) -> Tally:
        known = self._by[by].get(key)
        if known is None:
            known = self._by[by][key] = Group(key, name_zh, name_en, Tally())
        return known.tally

    def groups(self, by: str) -> list[Group]:
        """The keys of `scene`, `rule`, `department` or `doctor`: the dearest first, then the most frequent."""
        return sorted(
            self._by[by].values(),
            key=lambda group: (-group.tally.amount_fen, -group.tally.findings, -group.tally.gone, group.key),
        )

    def as_json(self) -> dict[str, Any]:
        """Everything as plain data, for `--json`."""
        found: dict[str, Any] = {
            "total": msgspec.to_builtins(self.total),
            "on_trial": msgspec.to_builtins(self.shadow),
            "over_many_visits": msgspec.to_builtins(self.over_many),
        }
        for by in self._by:
            found[f"by_{by}"] = [
                {"key": group.key, "name_zh": group.name_zh, "name_en": group.name_en}
                | msgspec.to_builtins(group.tally)
                for group in self.groups(by)
            ]
        return found

"""What the raw messages come to: distinct valid events, refunds resolved, departments settled, every sum. Pure.

The rules, stated once more and on their own:

- A line counts once, however often it was delivered. The same id with other content: one content counts (which one only
  the ledger's order can say), every other one must be a dead letter.
- A refund takes each field it leaves empty from the line it takes back, when that line of the same visit is known, and
  amounts negated; an amount that is nowhere said counts 0.
- A line belongs to its ordering department, else to where the patient lay when it was charged: the department entered
  last at or before then, before the first the first, none where none is known.
- Fourteen categories, an unknown one counts as 14; classes 甲 乙 丙, an unknown one counts as none.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from schemas.events import AdmissionKind
from schemas.reasons import RejectError
from schemas.units import month_of
from sinks.auditor.events import Line, Move, Position, Reader, Seen, VisitKey

Content = Line | Move | Seen
Identity = tuple[str, VisitKey, str]
"""event type, visit, id within the visit"""

DRUGS, HERBAL, MATERIAL, TESTS = frozenset({9, 11}), 10, 8, frozenset({3, 4})
OTHER_CATEGORY, SELF_PAY_CLASS, NO_CLASS = 14, 2, 3
#: Kinds that say where the patient lies, and how they follow each other at the same moment.
MOVING = {
    AdmissionKind.REGISTER: 0,
    AdmissionKind.ADMIT: 0,
    AdmissionKind.UPDATE: 1,
    AdmissionKind.TRANSFER: 2,
}


@dataclass(slots=True)
class Sums:
    """Sums of lines, fen."""

    lines: int = 0
    amount: int = 0
    drug: int = 0
    herbal: int = 0
    material: int = 0
    test: int = 0
    self_pay: int = 0

    def add(self, amount: int, category: int, level: int) -> None:
        """Count one line."""
        self.lines += 1
        self.amount += amount
        if category in DRUGS:
            self.drug += amount
        elif category == HERBAL:
            self.herbal += amount
        elif category == MATERIAL:
            self.material += amount
        elif category in TESTS:
            self.test += amount
        if level == SELF_PAY_CLASS:
            self.self_pay += amount

    def merge(self, other: "Sums") -> None:
        """Add another's sums."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class VisitTotals:
    """One visit: everything, by category (1–14) and class, by department and month, by day."""

    total: Sums = field(default_factory=Sums)
    gross: int = 0
    refund: int = 0
    #: The highest total that any order of the lines could have reached.
    most: int = 0
    categories: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))
    shares: dict[tuple[str, int], Sums] = field(default_factory=lambda: defaultdict(Sums))
    days: dict[int, Sums] = field(default_factory=lambda: defaultdict(Sums))
    #: XOR of the lines' content digests: equal content, whatever the order.
    digest: int = 0


@dataclass(slots=True)
class Recount:
    """The raw messages, counted. Feed every message once, then ask."""

    reader: Reader
    ingested: Counter[str] = field(default_factory=Counter)
    #: Further deliveries of what counts; known once rivalries are settled.
    duplicates: Counter[str] = field(default_factory=Counter)
    #: Answers to departments' alerts go to the departments' own log, which no table mirrors.
    department_answers: int = 0
    #: Refused by decoding or validation: position → reason.
    refused: dict[Position, str] = field(default_factory=dict)
    contents: dict[Identity, Content] = field(default_factory=dict)
    #: Only of identities that were seen with different contents: content digest → where it stands.
    rivals: dict[Identity, dict[int, tuple[Content, list[Position]]]] = field(default_factory=dict)
    _first: dict[Identity, Position] = field(default_factory=dict)
    _again: dict[Identity, list[Position]] = field(default_factory=dict)
    #: One object for each visit, so that a million lines do not hold a million copies of its key.
    _visits: dict[VisitKey, VisitKey] = field(default_factory=dict)

    def feed(self, position: Position, value: bytes | None) -> None:
        """Count one raw message."""
        self.ingested[position.topic] += 1
        try:
            event_type, visit, identity, content = self.reader.read(position.topic, value)
        except RejectError as error:
            self.refused[position] = error.reason.value
            return
        if not visit[1]:
            self.department_answers += 1
            return
        key = (event_type, self._visits.setdefault(visit, visit), identity)
        known = self.contents.get(key)
        if known is None:
            self.contents[key] = content
            self._first[key] = position
            return
        rivals = self.rivals.get(key)
        if rivals is None and content.digest == known.digest:
            self._again.setdefault(key, []).append(position)
            return
        if rivals is None:
            rivals = self.rivals[key] = {known.digest: (known, [self._first[key], *self._again.pop(key, ())])}
        rivals.setdefault(content.digest, (content, []))[1].append(position)

    def settle(self, winner: Callable[[Identity], int | None]) -> dict[Position, Identity]:
        """Decide every rivalry: `winner` says which digest is in ClickHouse (None: none of them).

        Returns the positions of the losing contents, each of which must be a dead letter.
        """
        losing: dict[Position, Identity] = {}
        self.duplicates = Counter()
        for positions in self._again.values():
            self.duplicates[positions[0].topic] += len(positions)
        for key, rivals in self.rivals.items():
            chosen = winner(key)
            if chosen in rivals:
                self.contents[key] = rivals[chosen][0]
            for digest, (_, positions) in rivals.items():
                if digest == chosen:
                    self.duplicates[positions[0].topic] += len(positions) - 1
                else:
                    losing.update(dict.fromkeys(positions, key))
        return losing

    def counts(self) -> Counter[str]:
        """How many distinct events of each type."""
        return Counter(event_type for event_type, _, _ in self.contents)

    def visits(self) -> set[VisitKey]:
        """Every visit that anything but an answer to an alert was said about."""
        return {visit for event_type, visit, _ in self.contents if event_type != "ack"}

    def totals(self) -> dict[VisitKey, VisitTotals]:
        """The totals of every visit with lines."""
        lines: dict[VisitKey, dict[str, Line]] = defaultdict(dict)
        moves: dict[VisitKey, list[tuple[str, Move]]] = defaultdict(list)
        for (_, visit, identity), content in self.contents.items():
            if isinstance(content, Line):
                lines[visit][identity] = content
            elif isinstance(content, Move):
                moves[visit].append((identity, content))
        return {visit: visit_totals(found, moves.get(visit, ())) for visit, found in lines.items()}


def visit_totals(lines: Mapping[str, Line], moves: Iterable[tuple[str, Move]]) -> VisitTotals:
    """Sum one visit's lines: charge id → line, and its admission events with their ids."""
    totals = VisitTotals()
    starts, departments = stretches(moves)
    for line in lines.values():
        original = lines.get(line.refund_of) if line.refund_of else None
        amount = line.amount
        if amount is None:
            amount = -(original.amount or 0) if original is not None else 0
        category = category_number(line.category or (original.category if original else ""))
        level = class_number(line.level or (original.level if original else ""))
        department = line.department or (original.department if original else "")
        if not department and departments:
            department = departments[max(0, bisect_right(starts, line.charged_at) - 1)]
        totals.total.add(amount, category, level)
        if line.refund_of or amount < 0:
            totals.refund += amount
        else:
            totals.gross += amount
        totals.most += max(0, amount)
        totals.categories[category][level] += amount
        totals.shares[department, month_of(line.day)].add(amount, category, level)
        totals.days[line.day].add(amount, category, level)
        totals.digest ^= line.digest
    return totals


def stretches(moves: Iterable[tuple[str, Move]]) -> tuple[list[int], list[str]]:
    """Where the patient lay: since when (ms), in which department; in time order."""
    ordered = sorted(
        (
            (move.occurred_at, MOVING[AdmissionKind(move.kind)], move.recorded_at, event_id, move.department)
            for event_id, move in moves
            if move.kind in MOVING and move.department
        )
    )
    starts: list[int] = []
    departments: list[str] = []
    for occurred_at, *_, department in ordered:
        if not departments or departments[-1] != department:
            starts.append(occurred_at)
            departments.append(department)
    return starts, departments


def category_number(code: str) -> int:
    """1–14."""
    number = int(code) if code.isascii() and code.isdigit() and len(code) <= 2 else 0
    return number if 1 <= number <= OTHER_CATEGORY and (number < 10 or len(code) == 2) else OTHER_CATEGORY


def class_number(code: str) -> int:
    """0 甲, 1 乙, 2 丙, 3 none."""
    return {"01": 0, "1": 0, "02": 1, "2": 1, "03": 2, "3": 2}.get(code, NO_CLASS)

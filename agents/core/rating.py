"""The lines of a visit, split under the terms in force, summed by day; brought up to date line by line.

A line and the refunds that name it are a family and are split together (agents/core/settlement/lines.py), so that the
order in which they came does not matter and a refunded line leaves nothing. What a refund and its line count for is
remembered, so that it can be taken out again; a line without refunds is simply split again.
"""

from typing import NamedTuple, Protocol

from agents.core.marks import ChargeMark
from agents.core.settlement.lines import LineSums, LineTerms, Split, split_line, split_refunds
from agents.core.tally import TEST_CATEGORIES
from agents.core.visit import Visit


class Pricer(Protocol):
    """What rating needs of the terms in force (agents.core.settlement.terms.Terms)."""

    def line_terms(self, mark: ChargeMark) -> LineTerms:
        """How this line is split."""


class Rated(NamedTuple):
    """What one line counts for."""

    day: int
    split: Split
    is_test: bool
    is_unmapped: bool


class Rating:
    """The split sums of one visit under one set of terms; owned by the visit."""

    __slots__ = ("_families", "_visit", "by_day", "sums", "terms")

    def __init__(self, visit: Visit, terms: Pricer) -> None:
        self.terms = terms
        self.sums = LineSums()
        self.by_day: dict[int, LineSums] = {}
        self._visit = visit
        #: charge id → what it counts for, of every refund and every line that has one.
        self._families: dict[str, Rated] = {}
        self._update(list(visit.charges))

    @property
    def lines(self) -> dict[str, Split]:
        """Every line's split, by charge id, in the order in which they were applied."""
        found = {}
        for charge_id in self._visit.charges:
            rated = self._families.get(charge_id) or self._alone(self._line(charge_id))
            found[charge_id] = rated.split
        return found

    def catch_up(self) -> None:
        """Split what was folded since the last time."""
        unrated = self._visit.unrated
        if unrated:
            self._update(unrated)
            unrated.clear()

    def _update(self, charge_ids: list[str]) -> None:
        visit, families = self._visit, self._families
        waiting, charges = visit.waiting, visit.charges
        fresh = set(charge_ids)
        done: set[str] = set()
        for charge_id in charge_ids:
            root = self._root(charges[charge_id])
            if root in done:
                continue
            done.add(root)
            line = charges[root]
            refunds = waiting.get(root) if not line.refund_of else None
            if refunds is None:
                known = families.pop(root, None)
                if known is not None:
                    self._count(known, -1)
                rated = self._alone(self._line(root))
                if line.refund_of:
                    families[root] = rated
                self._count(rated, 1)
                continue
            for member in (root, *refunds):
                known = families.pop(member, None)
                if known is not None:
                    self._count(known, -1)
                elif member not in fresh:
                    self._count(self._alone(charges[member]), -1)
            for member, rated in self._family(line, refunds):
                families[member] = rated
                self._count(rated, 1)

    def _root(self, mark: ChargeMark) -> str:
        """The line that a mark is split with: the one it takes back, if that is known and no refund itself."""
        original = self._visit.charges.get(mark.refund_of) if mark.refund_of else None
        return mark.refund_of if original is not None and not original.refund_of else mark.charge_id

    def _line(self, charge_id: str) -> ChargeMark:
        return self._visit.effective.get(charge_id) or self._visit.charges[charge_id]

    def _alone(self, mark: ChargeMark) -> Rated:
        terms = self.terms.line_terms(mark)
        split = split_line(mark.amount_fen, mark.quantity_e4, mark.price_micro, terms)
        return Rated(mark.day, split, mark.category in TEST_CATEGORIES, terms.is_unmapped)

    def _family(self, line: ChargeMark, refunds: list[str]) -> list[tuple[str, Rated]]:
        """The line and its refunds in the order of their times: each as the difference it makes."""
        rated = self._alone(line)
        marks = sorted((self._line(refund) for refund in refunds), key=_time_order)
        splits = split_refunds(rated.split, line.amount_fen, [mark.amount_fen for mark in marks])
        return [
            (line.charge_id, rated),
            *(
                (mark.charge_id, rated._replace(day=mark.day, split=split))
                for mark, split in zip(marks, splits, strict=True)
            ),
        ]

    def _count(self, rated: Rated, sign: int) -> None:
        self.sums.add(rated.split, sign, is_test=rated.is_test, is_unmapped=rated.is_unmapped)
        day = self.by_day.get(rated.day)
        if day is None:
            day = self.by_day[rated.day] = LineSums()
        day.add(rated.split, sign, is_test=rated.is_test, is_unmapped=rated.is_unmapped)


def _time_order(mark: ChargeMark) -> tuple[int, str]:
    return mark.charged_at, mark.charge_id


def rate(visit: Visit, terms: Pricer) -> Rating:
    """The visit's lines under these terms: brought up to date, or split afresh when the stay or the terms changed."""
    known = visit.rating
    if isinstance(known, Rating) and known.terms is terms:
        known.catch_up()
        return known
    visit.unrated.clear()
    visit.rating = fresh = Rating(visit, terms)
    return fresh

"""The running state of one visit: its log of marks, and everything folded from it.

Stored: the head (what was applied, the open chunk of the log, the alert episodes) and the sealed chunks, which never
change. Folded in memory: the stay, the sums, the items, the orders. All parts of a visit travel in one record batch,
so they are true up to the same ledger version.
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import NamedTuple

import msgspec

from agents.core.episodes import Episode
from agents.core.marks import (
    CHUNK_MARKS,
    AckMark,
    ChargeMark,
    Mark,
    OrderMark,
    SettlementMark,
    StayMark,
    decode_chunk,
    encode_chunk,
    inherit,
)
from agents.core.rules.record import Reviews, decode_reviews, encode_reviews
from agents.core.stay import Stay, fold_stay
from agents.core.tally import Tally
from schemas.events import OrderKind
from schemas.facts import VisitStatus
from schemas.units import day_of, month_of

#: First part of a digest's key where it is not an order id.
STAY, SETTLEMENT, ACK = "\x00stay", "\x00settlement", "\x00ack"
#: Events of an order that say what is ordered.
SAYS_WHAT = frozenset({OrderKind.PLACED, OrderKind.CHANGED})


class VisitKey(NamedTuple):
    """Which visit: the hospital's code, its patient number, its visit number."""

    hospital: str
    patient_id: str
    visit_id: str

    def head(self) -> bytes:
        """State key of the head."""
        return f"h|{self.hospital}|{self.patient_id}|{self.visit_id}".encode()

    def chunk(self, number: int) -> bytes:
        """State key of a sealed chunk."""
        return f"c{number}|{self.hospital}|{self.patient_id}|{self.visit_id}".encode()

    def reviews(self) -> bytes:
        """State key of the findings and order checks."""
        return f"f|{self.hospital}|{self.patient_id}|{self.visit_id}".encode()

    def fact(self) -> bytes:
        """Key of the visit's fact."""
        return f"{self.hospital}|{self.patient_id}|{self.visit_id}".encode()


class Head(msgspec.Struct, array_like=True):
    """What is rewritten with every batch that touches the visit. Fields may only be appended, with defaults.

    `applied`: last ledger version applied. `sealed`: how many chunks are sealed; `tail` is the open one.
    """

    applied: int = 0
    sealed: int = 0
    tail: list[Mark] = []
    episodes: dict[str, Episode] = {}
    as_of: int = 0
    warning_count: int = 0
    #: Every department row the visit was ever published in: after a crash all of them are told again.
    rows: list[tuple[str, int]] = []
    #: Episodes that a later one took the place of in the latest batch: told again after a crash, then forgotten.
    superseded: list[Episode] = []


_encoder = msgspec.msgpack.Encoder()
_head_decoder = msgspec.msgpack.Decoder(Head)


class Visit:
    """One visit, live. Owned by whoever loaded it: `reduce` changes it in place and it is never shared."""

    __slots__ = (
        "_reviews",
        "_stored_reviews",
        "audit",
        "charges",
        "day",
        "digests",
        "dirty",
        "effective",
        "head",
        "key",
        "mid_stay",
        "order_contents",
        "orders",
        "rating",
        "reviews_changed",
        "settlement",
        "stay",
        "stay_marks",
        "tally",
        "unaudited",
        "unrated",
        "unsealed",
        "waiting",
        "watching",
    )

    def __init__(self, key: VisitKey, head: Head) -> None:
        self.key = key
        self.head = head
        #: charge id → the mark as applied; `effective` only for refunds that inherited something.
        self.charges: dict[str, ChargeMark] = {}
        self.effective: dict[str, ChargeMark] = {}
        #: charge id → refunds that name it (and may inherit from it, or be unmatched while it is unseen).
        self.waiting: dict[str, list[str]] = {}
        self.orders: dict[str, OrderMark] = {}
        #: order id → when it began, and the latest event that says what is ordered (stopping says only that).
        self.order_contents: dict[str, tuple[int, OrderMark]] = {}
        #: (what, event id) → digest of every order, admission, settlement and answer applied.
        self.digests: dict[tuple[str, str], int] = {}
        self.stay_marks: dict[str, StayMark] = {}
        self.settlement: SettlementMark | None = None
        #: Mid-stay settlements (中途结算) by settlement id: the latest event of each.
        self.mid_stay: dict[str, SettlementMark] = {}
        self.stay = Stay()
        self.tally = Tally()
        #: (department, month) rows touched since the last publication, by any entry: which rows are published must
        #: not depend on where a batch ends.
        self.dirty: set[tuple[str, int]] = set()
        self.unsealed: list[tuple[int, list[Mark]]] = []
        #: agents.core.watching.Watching, resolved on first use; here because it lives as long as the visit.
        self.watching: object | None = None
        #: agents.core.rating.Rating: the lines split under the terms in force; None: to be split afresh. `unrated` are
        #: the charges folded since it was brought up to date.
        self.rating: object | None = None
        self.unrated: list[str] = []
        #: agents.core.rules.auditing.Audit: what the rules say under the library in force; None: to be made afresh.
        #: `unaudited`: ids of charges folded, and items of orders noted, since it was brought up to date.
        self.audit: object | None = None
        self.unaudited: tuple[list[str], list[OrderMark]] = ([], [])
        self._reviews: Reviews | None = None
        self._stored_reviews: bytes | None = None
        self.reviews_changed = False
        #: The hospital's calendar day of `head.as_of`, reckoned on first use.
        self.day: int | None = None

    @classmethod
    def load(cls, key: VisitKey, store: Mapping[bytes, bytes]) -> "Visit":
        """Read a visit from its parts, or begin one that nothing is known of."""
        raw = store.get(key.head())
        if raw is None:
            return cls(key, Head(tail=[], episodes={}, rows=[], superseded=[]))
        head = _head_decoder.decode(raw)
        visit = cls(key, head)
        visit._stored_reviews = store.get(key.reviews())
        for number in range(head.sealed):
            for mark in decode_chunk(store[key.chunk(number)]):
                visit.note(mark)
        for mark in head.tail:
            visit.note(mark)
        visit.refold()
        if head.rows:  # what a former release stored did not note its rows: all of them are told once more
            visit.dirty.clear()
        return visit

    def append(self, mark: Mark) -> None:
        """Add a mark to the log; a full chunk is sealed."""
        tail = self.head.tail
        tail.append(mark)
        if len(tail) >= CHUNK_MARKS:
            self.unsealed.append((self.head.sealed, tail))
            self.head.sealed += 1
            self.head.tail = []

    def parts(self) -> list[tuple[bytes, bytes | None]]:
        """What must be written since the last call: newly sealed chunks and the head. One atomic group."""
        parts: list[tuple[bytes, bytes | None]] = [
            (self.key.chunk(number), encode_chunk(marks)) for number, marks in self.unsealed
        ]
        self.unsealed.clear()
        parts.append((self.key.head(), _encoder.encode(self.head)))
        if self.reviews_changed:
            parts.append((self.key.reviews(), encode_reviews(self.reviews)))
            self.reviews_changed = False
        return parts

    def forget_told(self) -> None:
        """What only the latest batch told, and was kept in case it was not heard."""
        self.head.superseded.clear()
        if self._stored_reviews is not None or (self._reviews is not None and self._reviews.checks):
            self.reviews.checks.clear()

    @property
    def has_findings(self) -> bool:
        """Whether anything was ever found; asked without reading what is stored."""
        return self._stored_reviews is not None or (self._reviews is not None and bool(self._reviews.findings))

    @property
    def reviews(self) -> Reviews:
        """Findings and order checks, read when first needed; whoever changes them sets `reviews_changed`."""
        if self._reviews is None:
            self._reviews = decode_reviews(self._stored_reviews)
            self._stored_reviews = None
        return self._reviews

    def note(self, mark: Mark) -> None:
        """Index one mark of the log without folding sums (loading; `refold` follows)."""
        if type(mark) is ChargeMark:
            self.charges[mark.charge_id] = mark
            if mark.refund_of:
                self.waiting.setdefault(mark.refund_of, []).append(mark.charge_id)
        elif type(mark) is OrderMark:
            self.note_order(mark)
        elif type(mark) is StayMark:
            self.note_stay(mark)
        elif type(mark) is SettlementMark:
            self.note_settlement(mark)
        elif type(mark) is AckMark:
            self.digests[ACK, mark.event_id] = mark.digest

    def note_order(self, mark: OrderMark) -> None:
        """The latest event of an order says how it stands."""
        self.digests[mark.order_id, mark.event_id] = mark.digest
        known = self.orders.get(mark.order_id)
        if known is None or _order_time(mark) > _order_time(known):
            self.orders[mark.order_id] = mark
        if mark.kind in SAYS_WHAT or mark.order_id not in self.order_contents:
            self._note_content(mark)
        if self.audit is not None:
            self.unaudited[1].append(mark)

    def _note_content(self, mark: OrderMark) -> None:
        """The latest event that places or changes an order says what is ordered; the first, since when."""
        known = self.order_contents.get(mark.order_id)
        if known is None or known[1].kind not in SAYS_WHAT:
            self.order_contents[mark.order_id] = (mark.occurred_at, mark)
            return
        begun, content = known
        newer = mark if _order_time(mark) > _order_time(content) else content
        self.order_contents[mark.order_id] = (min(begun, mark.occurred_at), newer)

    def note_stay(self, mark: StayMark) -> None:
        """One more event of the stay; the caller folds the stay afresh."""
        self.digests[STAY, mark.event_id] = mark.digest
        self.stay_marks[mark.event_id] = mark

    def note_settlement(self, mark: SettlementMark) -> None:
        """The latest settlement event counts; a withdrawal leaves none (facts.py). Mid-stay ones are kept apart."""
        self.digests[SETTLEMENT, mark.event_id] = mark.digest
        known = self.mid_stay.get(mark.body.settlement_id)
        if mark.body.mid_stay or known is not None:
            if known is None or _settlement_time(mark) > _settlement_time(known):
                self.mid_stay[mark.body.settlement_id] = mark
            return
        known = self.settlement
        if known is None or _settlement_time(mark) > _settlement_time(known):
            self.settlement = mark

    def refold(self) -> None:
        """Fold everything afresh: after loading, and when the stay changed under lines that lean on it."""
        self.dirty.update(self.tally.shares)
        self.stay = fold_stay(self.stay_marks.values())
        self.tally = Tally()
        self.effective.clear()
        self.rating = None
        self.unrated.clear()
        self.audit = None
        self.unaudited = ([], [])
        for mark in self.charges.values():
            self.fold_charge(mark)

    def fold_charge(self, mark: ChargeMark) -> ChargeMark:
        """Add one charge to the sums, with what it inherits; returns it as it counts."""
        counted = mark
        if mark.lacks:
            original = self.charges.get(mark.refund_of)
            if original is not None and original is not mark:
                counted = inherit(mark, original)
                self.effective[mark.charge_id] = counted
        self._count(counted, 1)
        if self.rating is not None:
            self.unrated.append(mark.charge_id)
        if self.audit is not None:
            self.unaudited[0].append(mark.charge_id)
        return counted

    def unfold_charge(self, mark: ChargeMark) -> None:
        """Take one charge out of the sums again."""
        self._count(self.effective.pop(mark.charge_id, mark), -1)

    def _count(self, counted: ChargeMark, sign: int) -> None:
        stay = self.stay
        place = stay.place_index(counted.charged_at)
        department = counted.department or (stay.places[place].department if place >= 0 else "")
        self.dirty.add(self.tally.add_line(counted, department, place, sign))

    def responsible(self, zone: tzinfo) -> tuple[str, int] | None:
        """The row that counts the visit itself: the department the patient lies in, in the month of admission."""
        stay = self.stay
        if stay.admitted_at is None or not stay.department or stay.status is VisitStatus.CANCELLED:
            return None
        return stay.department, month_of(day_of(stay.admitted_at, zone))

    @property
    def begun_at(self) -> int:
        """When the patient was admitted or registered; while that is unknown, the visit's own clock (ms)."""
        admitted_at = self.stay.admitted_at
        return admitted_at if admitted_at is not None else self.head.as_of

    @property
    def ended_at(self) -> int | None:
        """The discharge, None while there is none; an outpatient visit ends as it begins (ms)."""
        return self.begun_at if self.stay.is_outpatient else self.stay.discharged_at

    @property
    def unmatched_refunds(self) -> int:
        """Refunds that name a line not yet seen."""
        return sum(len(ids) for original, ids in self.waiting.items() if original not in self.charges)

    @property
    def size(self) -> int:
        """Roughly how much memory the visit takes, in marks."""
        return len(self.charges) + len(self.digests) + (40 if self.audit is None else 150)


def _order_time(mark: OrderMark) -> tuple[int, int, str]:
    return mark.occurred_at, mark.recorded_at, mark.event_id


def _settlement_time(mark: SettlementMark) -> tuple[int, int, str]:
    return mark.occurred_at, mark.recorded_at, mark.event_id

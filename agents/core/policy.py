"""The policy in force, compiled: which quota and which thresholds hold for a visit or a department, and who says so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypeVar

from schemas.alerts import Level, Rule
from schemas.book import Book, BookEntry, Hospital, Quota, Scope, Threshold
from schemas.units import EPOCH_ORDINAL, SHANGHAI, div_round

Entry = TypeVar("Entry", bound=BookEntry)
#: ATC J01: antibacterials for systemic use; the national drug code is X + ATC + … (DOMAIN 2.2).
ANTIBIOTIC_PREFIX = "XJ01"
FOURFOLD_BP = 40_000
CACHE_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Watch:
    """One threshold as it holds for one subject: `at[i]` (in the unit the measure has) raises `levels[i]`."""

    rule: Rule
    policy_id: str
    source: str
    levels: tuple[Level, ...]
    at: tuple[int, ...]
    margin: int
    min_total: int
    with_herbal: bool = False


@dataclass(frozen=True, slots=True)
class QuotaInForce:
    """The per-visit quota of a visit, fen."""

    policy_id: str
    source: str
    quota_fen: int
    basis: str


@dataclass(frozen=True, slots=True)
class Watches:
    """Everything that holds for one scope on one day."""

    quota: QuotaInForce | None
    by_rule: Mapping[Rule, Watch]


class Policy:
    """A compiled policy book. Immutable; look-ups are cached."""

    def __init__(self, book: Book, zone: tzinfo = SHANGHAI) -> None:
        self.book = book
        self.version = book.version
        #: The hospital's time zone: lengths of stay count its calendar days.
        self.zone = zone
        self._hospitals = {hospital.code: hospital for hospital in book.hospitals}
        self._quotas = active(book.quotas)
        self._thresholds = active(book.thresholds)
        self._cache: dict[tuple[str, str, str, str, int], Watches] = {}
        self.antibiotics: set[str] = set()
        self.valuable: set[str] = set()
        self.high_value: set[str] = set()
        for item in book.catalogue:
            for flag, codes in (
                (item.antibiotic, self.antibiotics),
                (item.valuable, self.valuable),
                (item.high_value, self.high_value),
            ):
                if flag:
                    codes.update(code for code in (item.item_code, item.hospital_item_code) if code)

    def hospital(self, code: str) -> Hospital:
        """What the book says of a hospital; of one it does not list, its own region and tier."""
        found = self._hospitals.get(code)
        if found is None:
            found = self._hospitals[code] = Hospital(code=code, region=self.book.region, tier=self.book.tier)
        return found

    def subject(self, hospital: str, department: str, care_type: str, insurance_type: str) -> Scope:
        """The scope of a visit: what entries are matched with."""
        return Scope(
            region=self.hospital(hospital).region, hospital=hospital, department=department, care_type=care_type,
            insurance_type=insurance_type,
        )  # fmt: skip

    def is_antibiotic(self, codes: tuple[str, ...]) -> bool:
        """抗菌药: one of its codes is of that ATC class, or flagged in the hospital's item list."""
        return not self.antibiotics.isdisjoint(codes) or any(code.startswith(ANTIBIOTIC_PREFIX) for code in codes)

    def watches(self, hospital: str, department: str, care_type: str, insurance_type: str, day: int) -> Watches:
        """What holds for a subject of this kind on this day."""
        key = (hospital, department, care_type, insurance_type, day)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            subject = self.subject(hospital, department, care_type, insurance_type)
            found = self._cache[key] = self._resolve(subject, day)
        return found

    def _resolve(self, subject: Scope, day: int) -> Watches:
        quota_entry = most_specific(self._quotas, subject, day)
        quota = _quota_in_force(quota_entry) if quota_entry else None
        by_rule: dict[Rule, Watch] = {}
        for rule in Rule:
            entry = most_specific([item for item in self._thresholds if item.rule is rule], subject, day)
            if entry is None or (rule is Rule.VISIT_QUOTA and quota is None):
                continue
            by_rule[rule] = _watch(entry, quota)
        return Watches(quota, by_rule)


def active(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that count at all."""
    return [entry for entry in entries if entry.is_active]


def valid(entries: Iterable[Entry], subject: Scope, day: int) -> list[Entry]:
    """The entries that are for this subject on this day (days since 1970)."""
    ordinal = day + EPOCH_ORDINAL
    return [entry for entry in entries if entry.is_in_force(ordinal) and entry.matches(subject)]


def most_specific(entries: Iterable[Entry], subject: Scope, day: int) -> Entry | None:
    """The one that wins: the most specific of the valid ones."""
    return max(valid(entries, subject, day), key=lambda entry: entry.specificity, default=None)


def _quota_in_force(entry: Quota) -> QuotaInForce:
    return QuotaInForce(entry.id, entry.source, entry.quota, entry.basis)


def _watch(entry: Threshold, quota: QuotaInForce | None) -> Watch:
    """The visit quota is watched in fen, so that a crossing is exact: at = ⌈quota × level⌉."""
    steps = entry.steps
    at = tuple(value for value, _ in steps)
    margin = entry.in_unit(entry.clear_margin)
    if entry.rule is Rule.VISIT_QUOTA and quota is not None:
        at = tuple(-(-quota.quota_fen * value // 10_000) for value in at)
        margin = div_round(quota.quota_fen * margin, 10_000)
    return Watch(
        entry.rule, entry.id, entry.source, tuple(level for _, level in steps), at, margin,
        entry.min_total, entry.with_herbal,
    )  # fmt: skip

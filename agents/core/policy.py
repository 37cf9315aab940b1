"""The policy in force, compiled: which quota and which thresholds hold for a visit or a department, and who says so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypeVar

from schemas.alerts import Level, Rule
from schemas.policy import ItemFlag, PolicyEntry, PolicyFile, Quota, Scope, Threshold
from schemas.units import EPOCH_ORDINAL, SHANGHAI, div_round

Entry = TypeVar("Entry", bound=PolicyEntry)
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

    def __init__(
        self, file: PolicyFile, items: Iterable[ItemFlag] = (), region: str = "", zone: tzinfo = SHANGHAI
    ) -> None:
        self.version = file.version
        #: The hospital's time zone: lengths of stay count its calendar days.
        self.zone = zone
        self._region = region
        self._quotas = [quota for quota in file.quotas if quota.active]
        self._thresholds = [threshold for threshold in file.thresholds if threshold.active]
        self._cache: dict[tuple[str, str, str, str, int], Watches] = {}
        self.antibiotics: set[str] = set()
        self.valuable: set[str] = set()
        self.high_value: set[str] = set()
        for item in items:
            for flag, codes in (
                (item.antibiotic, self.antibiotics),
                (item.valuable, self.valuable),
                (item.high_value, self.high_value),
            ):
                if flag:
                    codes.update(code for code in (item.item_code, item.hospital_item_code) if code)

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
            found = self._cache[key] = self._resolve(Scope(
                region=self._region, hospital=hospital, department=department, care_type=care_type,
                insurance_type=insurance_type,
            ), day)  # fmt: skip
        return found

    def _resolve(self, subject: Scope, day: int) -> Watches:
        quota_entry = _most_specific(self._quotas, subject, day)
        quota = _quota_in_force(quota_entry) if quota_entry else None
        by_rule: dict[Rule, Watch] = {}
        for rule in Rule:
            entry = _most_specific([item for item in self._thresholds if item.rule is rule], subject, day)
            if entry is None or (rule is Rule.VISIT_QUOTA and quota is None):
                continue
            by_rule[rule] = _watch(entry, quota)
        return Watches(quota, by_rule)


def _matches(scope: Scope, subject: Scope) -> bool:
    return (
        (not scope.region or scope.region == subject.region)
        and (not scope.hospital or scope.hospital == subject.hospital)
        and (not scope.department or scope.department == subject.department)
        and (not scope.care_type or scope.care_type == subject.care_type)
        and (not scope.insurance_type or scope.insurance_type == subject.insurance_type)
    )


def _most_specific(entries: list[Entry], subject: Scope, day: int) -> Entry | None:
    ordinal = day + EPOCH_ORDINAL
    valid = [
        entry
        for entry in entries
        if entry.effective_from.toordinal() <= ordinal <= entry.effective_to.toordinal()
        and _matches(entry.scope, subject)
    ]
    return max(valid, key=lambda entry: entry.scope.specificity, default=None)


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

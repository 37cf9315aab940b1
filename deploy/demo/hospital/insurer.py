"""The insurer of the 示例 city: settles visits in its own plain way and keeps every patient's year.

It reads the numbers of the demo's policy book, but none of the pipeline's rules: what the pipeline simulates is held
against what is reckoned here. Now and then it decides otherwise (`Dispute`), as insurers do.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from agents.book import read_book
from deploy.demo.hospital.catalogue import CLASS_B, CLASS_C, Item
from deploy.demo.hospital.people import Person
from schemas.book import Band, Benefit, Book, Layer
from schemas.book.settlement import Bucket, LayerKind, LimitRow

POLICIES = Path(__file__).parents[2] / "policies" / "demo"
TEST_CATEGORIES = frozenset({"03", "04"})
REFUSED = "2"
YEAR = 2026
NATIONAL_NAMES = {
    LayerKind.LARGE_AMOUNT: "large_amount",
    LayerKind.CRITICAL_ILLNESS: "critical_illness",
    LayerKind.CIVIL_SERVANT: "civil_servant",
    LayerKind.ENTERPRISE: "enterprise",
    LayerKind.DISABLED: "disabled",
    LayerKind.ASSISTANCE: "assistance",
    LayerKind.OTHER: "other_fund",
}


class Dispute(StrEnum):
    """Why a settlement is not what the terms say."""

    FIRST_DEDUCTIBLE = "first_deductible"  # reckoned as the year's first admission
    ITEM_REFUSED = "item_refused"  # the dearest item is not accepted
    OTHER_PERSON = "other_person"  # the retired patient's share of an employed one


class Billed(NamedTuple):
    """A fee line as the insurer gets it. `refunds`: what was taken back of it by name, fen (positive)."""

    item: Item
    quantity_e4: int
    amount_fen: int
    approval: str
    limited_use_met: bool | None
    refunds: tuple[int, ...] = ()


class Claim(NamedTuple):
    """A visit to be settled."""

    person: Person
    care_type: str
    is_outpatient: bool
    lines: Sequence[Billed]
    procedures: tuple[str, ...] = ()
    disease_code: str = ""


class Parts(NamedTuple):
    """A line in its four parts, fen."""

    full_self_pay: int
    over_limit: int
    first_self_pay: int
    within_scope: int


@dataclass(slots=True)
class _Year:
    """What has been reckoned for one patient this year, fen. Pools: deductible, base, fund; layers: base, paid."""

    admissions: int = 0
    pools: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    layers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    limits: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@cache
def demo_book() -> Book:
    """The demo's policy book."""
    return read_book(POLICIES)


class Insurer:
    """Settles visits one after another, each on what the ones before it left of the patient's year."""

    def __init__(self) -> None:
        self._book = demo_book()
        self._years: dict[str, _Year] = {}

    def statement(self, person: Person) -> dict[str, Any]:
        """The patient's year so far (5206), as fields of an admission's `year_to_date`."""
        year = self._year(person)
        pools = {
            pool: {"deductible": deductible, "base": base, "fund": fund}
            for pool, (deductible, base, fund) in sorted(year.pools.items())
        }
        layers = {kind: {"base": base, "paid": paid} for kind, (base, paid) in sorted(year.layers.items())}
        return {
            "year": YEAR,
            "admissions": year.admissions,
            "pools": pools,
            "layers": layers,
            "limits": dict(sorted(year.limits.items())),
        }

    def settle(self, claim: Claim, dispute: Dispute | None = None) -> dict[str, Any]:
        """What is paid, as the amounts of a settlement event (fen), and the patient's year goes on."""
        benefit = self._benefit(claim)
        lines = _disputed(claim.lines) if dispute is Dispute.ITEM_REFUSED else claim.lines
        sums = _sums(lines, benefit)
        year = self._year(claim.person)
        person_type = "11" if dispute is Dispute.OTHER_PERSON else claim.person.person_type
        number = 1 if dispute is Dispute.FIRST_DEDUCTIBLE else year.admissions + 1
        pool = year.pools[benefit.pool]
        within = sums.within
        deductible = min(within, self._deductible(benefit, person_type, number, pool[0]))
        base = within - deductible
        fund = _paid(_bands(benefit, person_type), 0, base, claim, benefit)
        left = dict.fromkeys(Bucket, 0)
        left[Bucket.PROPORTION] = base - fund
        limit = _limit(benefit, claim)
        key = (claim.disease_code if limit and limit.disease else "") or benefit.pool
        if limit:
            used = year.limits[key] if limit.per == "year" else 0
            left[Bucket.OVER_DISEASE_LIMIT] = max(0, fund - max(0, limit.amount - used))
            fund -= left[Bucket.OVER_DISEASE_LIMIT]
        if benefit.cap is not None:
            left[Bucket.OVER_CAP] = max(0, fund - max(0, benefit.cap - pool[2]))
            fund -= left[Bucket.OVER_CAP]
        if limit and limit.per == "year":
            year.limits[key] += fund
        left[Bucket.DEDUCTIBLE] = deductible
        left[Bucket.FIRST_SELF_PAY], left[Bucket.OVER_LIMIT] = sums.first, sums.over
        left[Bucket.FULL_SELF_PAY] = sums.full
        layers = self._layers(claim, year, left)
        year.admissions += not claim.is_outpatient
        for place, amount in enumerate((deductible, base, fund)):
            pool[place] += amount
        fund_total = fund + sum(layers.values())
        patient = sums.total - fund_total
        balance = claim.person.balance_fen if claim.person.account_used else 0
        account = min(balance, patient, sum(left[bucket] for bucket in benefit.account))
        return {
            "total": sums.total, "full_self_pay": sums.full, "over_limit": sums.over, "first_self_pay": sums.first,
            "within_scope": within, "deductible": deductible, "basic_fund": fund,
            **{NATIONAL_NAMES[kind]: amount for kind, amount in layers.items() if amount},
            "fund_total": fund_total, "patient_part": patient, "account_paid": account, "cash_paid": patient - account,
        }  # fmt: skip

    # ------------------------------------------------------------ the patient's year

    def _year(self, person: Person) -> _Year:
        found = self._years.get(person.patient_id)
        if found is None:
            found = self._years[person.patient_id] = _Year()
            before = person.year_before
            if before.admissions:
                found.admissions = before.admissions
                found.pools["inpatient"][:] = before.deductible, before.base, before.fund
                if person.insurance_type == "390":
                    found.layers["critical_illness"][:] = before.critical_base, before.critical_paid
        return found

    # ------------------------------------------------------------ the terms

    def _benefit(self, claim: Claim) -> Benefit:
        insurance = claim.person.insurance_type
        return next(
            benefit
            for benefit in self._book.benefits
            if benefit.scope.insurance_type == insurance and claim.care_type in benefit.care_types
        )

    def _deductible(self, benefit: Benefit, person_type: str, number: int, paid: int) -> int:
        rows = [row for row in benefit.deductibles if row.tier in {"", "3"} and person_type.startswith(row.person)]
        if not rows:
            return 0
        amounts = max(rows, key=lambda row: len(row.person)).amounts
        if benefit.deductible_per == "year":
            return max(0, amounts[0] - paid)
        return amounts[min(number, len(amounts)) - 1]

    def _layers(self, claim: Claim, year: _Year, left: dict[Bucket, int]) -> dict[LayerKind, int]:
        """What each layer pays; takes it out of what is left, bucket by bucket."""
        chosen: dict[LayerKind, Layer] = {}
        for layer in self._book.layers:
            is_meant = (
                layer.scope.insurance_type in {"", claim.person.insurance_type}
                and claim.care_type in layer.care_types
                and (not layer.persons or claim.person.person_type.startswith(layer.persons))
                and (not layer.special_persons or claim.person.special_person in layer.special_persons)
            )
            if is_meant and (layer.kind not in chosen or layer.special_persons):
                chosen[layer.kind] = layer
        found: dict[LayerKind, int] = {}
        for kind, layer in sorted(chosen.items(), key=lambda entry: entry[1].order):
            base = sum(left[bucket] for bucket in layer.base)
            known = year.layers[kind.value]
            low, high = (max(0, amount - layer.deductible) for amount in (known[0], known[0] + base))
            pays = _paid(layer.bands, low, high)
            if layer.cap is not None:
                pays = min(pays, max(0, layer.cap - known[1]))
            known[0] += base
            known[1] += pays
            found[kind] = pays
            for bucket in (bucket for bucket in Bucket if bucket in layer.base):
                taken = min(left[bucket], pays)
                left[bucket] -= taken
                pays -= taken
        return found


class _Sums(NamedTuple):
    total: int
    full: int
    over: int
    first: int
    within: int


def _sums(lines: Sequence[Billed], benefit: Benefit) -> _Sums:
    total = full = over = first = within = tested = 0
    for line in lines:
        parts = parts_of(line, benefit.class_b_share)
        total += sum(parts)
        full += parts.full_self_pay
        over += parts.over_limit
        first += parts.first_self_pay
        within += parts.within_scope
        tested += parts.within_scope * (line.item.category in TEST_CATEGORIES)
    if benefit.test_limit is not None:
        beyond = max(0, tested - benefit.test_limit)
        over, within = over + beyond, within - beyond
    return _Sums(total, full, over, first, within)


def parts_of(line: Billed, class_b_bp: int) -> Parts:
    """A line with all that was taken back of it, in its parts."""
    parts = _whole(line, class_b_bp)
    net = line.amount_fen - sum(line.refunds)
    if net == line.amount_fen:
        return parts
    full, over, first = (_half_up(part * net, line.amount_fen) for part in parts[:3])
    return Parts(full, over, first, net - full - over - first)


def _whole(line: Billed, class_b_bp: int) -> Parts:
    item, amount = line.item, line.amount_fen
    barred = bool(item.limited_use) and line.limited_use_met is False
    if item.level == CLASS_C or line.approval == REFUSED or barred:
        return Parts(amount, 0, 0, 0)
    sign, size = (-1 if amount < 0 else 1), abs(amount)
    over = 0
    if item.price_cap_micro is not None:
        beyond = max(0, item.price_micro - item.price_cap_micro)
        over = min(size, _half_up(beyond * abs(line.quantity_e4), 10**8))
    share = item.self_pay_bp if item.self_pay_bp is not None else class_b_bp if item.level == CLASS_B else 0
    first = _half_up((size - over) * share, 10_000)
    return Parts(0, sign * over, sign * first, sign * (size - over - first))


def _disputed(lines: Sequence[Billed]) -> list[Billed]:
    dearest = max(lines, key=lambda line: (line.item.level != CLASS_C) * (line.amount_fen - sum(line.refunds)))
    return [line._replace(approval=REFUSED) if line is dearest else line for line in lines]


def _bands(benefit: Benefit, person_type: str) -> tuple[Band, ...]:
    rows = [row for row in benefit.ratios if row.tier in {"", "3"} and person_type.startswith(row.person)]
    return max(rows, key=lambda row: len(row.person)).bands


def _paid(
    bands: Sequence[Band], low: int, high: int, claim: Claim | None = None, benefit: Benefit | None = None
) -> int:
    """What the bands pay of the amounts between `low` and `high`, each band rounded to the fen."""
    found = 0
    for band in bands:
        share = band.share * 10_000
        for area in benefit.out_of_area if claim and benefit and claim.person.out_of_area else ():
            if claim and area.code == claim.person.out_of_area:
                share = max(0, band.share * area.factor - area.less * 10_000)
        top = high if band.to is None else min(high, band.to)
        bottom = max(low, band.from_)
        if top > bottom:
            up_to, before = top - band.from_, bottom - band.from_
            found += _half_up(up_to * share, 10**8) - _half_up(before * share, 10**8)
    return found


def _limit(benefit: Benefit, claim: Claim) -> LimitRow | None:
    """The row of the disease, the operation or the person; the demo's book has one of them at most for a visit."""
    for row in benefit.limits:
        fits_operation = not row.procedure or any(code.startswith(row.procedure) for code in claim.procedures)
        fits_disease = not row.disease or claim.disease_code.startswith(row.disease)
        if fits_operation and fits_disease and claim.person.person_type.startswith(row.person):
            return row
    return None


def _half_up(part: int, whole: int) -> int:
    """Part ÷ whole rounded half away from zero; the whole may be negative only where the part is too."""
    size = (abs(part) * 2 + abs(whole)) // (abs(whole) * 2)
    return size if (part < 0) == (whole < 0) else -size

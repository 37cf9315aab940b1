"""Checks of benefits and layers: tiers, rows that contradict each other, what is dearer where it should be cheaper.

DOMAIN 2.3: higher tier ⇒ deductible not lower and ratio not higher; retired ratio ≥ active; rate inversions flagged.
"""

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from schemas.book.book import Book
from schemas.book.entry import both
from schemas.book.findings import Finding
from schemas.book.settlement import Band, Benefit, DeductibleRow, Layer, LimitRow, OutOfArea, RatioRow

#: psn_type of employees at work and retired ones (DOMAIN 2.2).
AT_WORK, RETIRED = "11", "12"
#: A share below it was probably meant as per cent: `85` is 0.85 %.
ODD_SHARE_BP = 100

Row = TypeVar("Row", DeductibleRow, RatioRow)
Listed = TypeVar("Listed")
Steps = tuple[int | str, ...]


def check_benefits(book: Book) -> Iterator[Finding]:
    """Everything about benefits and layers."""
    for index, benefit in enumerate(book.benefits):
        at: Steps = ("benefits", index)
        yield from _check_care_types(at, benefit)
        if benefit.is_active:
            yield from _check_tiers(at, benefit, book)
            yield from _check_rows(at, benefit)
            yield from _check_persons(at, benefit, book)
            yield from _check_order_of_tiers(at, benefit, book.tiers)
    for index, layer in enumerate(book.layers):
        at = ("layers", index)
        yield from _check_care_types(at, layer)
        if layer.is_active:
            yield from _check_bands(at, layer.bands)


def _check_care_types(at: Steps, entry: Benefit | Layer) -> Iterator[Finding]:
    care = entry.scope.care_type
    if care and entry.care_types and care not in entry.care_types:
        text = both(
            f"永远不会适用：scope 中的医疗类别 {care} 不在 care_types 之中",
            f"can never hold: care type {care} of the scope is not among care_types",
        )
        yield Finding((*at, "scope", "care_type"), text)


def _check_tiers(at: Steps, benefit: Benefit, book: Book) -> Iterator[Finding]:
    known = ", ".join(book.tiers)
    named = [(("deductibles", place), row.tier) for place, row in enumerate(benefit.deductibles)]
    named += [(("ratios", place), row.tier) for place, row in enumerate(benefit.ratios)]
    for steps, tier in named:
        if tier and tier not in book.tiers:
            text = both(f"级别“{tier}”不在 tiers（{known}）之中", f"tier {tier} is none of tiers ({known})")
            yield Finding((*at, *steps, "tier"), text)
    needed = {hospital.tier for hospital in book.hospitals if not _is_elsewhere(benefit, hospital.code)} | {book.tier}
    for tier in sorted(needed - {""}):
        if not any(row.tier in {"", tier} for row in benefit.ratios):
            text = both(f"没有 {tier} 级医院的支付比例", f"no ratio for hospitals of tier {tier}")
            yield Finding((*at, "ratios"), text, is_error=False, is_of_absence=True)


def _is_elsewhere(benefit: Benefit, hospital: str) -> bool:
    return bool(benefit.scope.hospital) and benefit.scope.hospital != hospital


def _check_rows(at: Steps, benefit: Benefit) -> Iterator[Finding]:
    def of_persons(row: DeductibleRow | RatioRow) -> Hashable:
        return row.tier, row.person

    def of_limit(row: LimitRow) -> Hashable:
        return row.disease, row.procedure, row.person, row.per, row.of if row.per == "visit" else ""

    def of_area(row: OutOfArea) -> Hashable:
        return row.code

    yield from _twice((*at, "deductibles"), benefit.deductibles, of_persons)
    yield from _twice((*at, "ratios"), benefit.ratios, of_persons)
    yield from _twice((*at, "limits"), benefit.limits, of_limit)
    yield from _twice((*at, "out_of_area"), benefit.out_of_area, of_area)
    for place, row in enumerate(benefit.deductibles):
        if any(later > earlier for earlier, later in itertools.pairwise(row.amounts)):
            text = both("起付标准随住院次数升高", "the deductible rises with the number of admissions")
            yield Finding((*at, "deductibles", place, "amounts"), text, is_error=False)
    for place, ratio in enumerate(benefit.ratios):
        yield from _check_bands((*at, "ratios", place), ratio.bands)


def _twice(at: Steps, rows: Iterable[Listed], key: Callable[[Listed], Hashable]) -> Iterator[Finding]:
    """Two rows that are equally specific: the first would hold, whatever the second says."""
    seen: dict[Hashable, int] = {}
    for place, row in enumerate(rows):
        first = seen.setdefault(key(row), place)
        if first != place:
            text = both(f"与第 {first + 1} 行同样具体，无法判定以谁为准", f"as specific as row {first + 1}")
            yield Finding((*at, place), text)


def _check_bands(at: Steps, bands: tuple[Band, ...]) -> Iterator[Finding]:
    for place, band in enumerate(bands):
        if 0 < band.share < ODD_SHARE_BP:
            text = both(
                f'比例只有 {_percent(band.share)}：整数是基点，百分比须写 %，如 "{band.share}%"',
                f'only {_percent(band.share)}: whole numbers are basis points; write "{band.share}%" for per cent',
            )
            yield Finding((*at, "bands", place, "share"), text, is_error=False)
    for place, (earlier, later) in enumerate(itertools.pairwise(bands), 1):
        if later.share < earlier.share:
            text = both(
                f"比例倒挂：费用越高，支付比例反而由 {_percent(earlier.share)} 降到 {_percent(later.share)}",
                f"the share falls from {_percent(earlier.share)} to {_percent(later.share)} as cost rises",
            )
            yield Finding((*at, "bands", place, "share"), text, is_error=False)


def _check_persons(at: Steps, benefit: Benefit, book: Book) -> Iterator[Finding]:
    """Retired people are paid at least what people at work are."""
    for tier in _tiers(benefit, book.tiers):
        worker, retired = (_row_for(benefit.ratios, tier, person) for person in (AT_WORK, RETIRED))
        if worker is None or retired is None or worker is retired:
            continue
        lower = next((spot for spot in _marks(worker, retired) if _share(retired, spot) < _share(worker, spot)), None)
        if lower is not None:
            text = both(
                f"{_tier_zh(tier)}退休人员的支付比例（{_percent(_share(retired, lower))}）"
                f"低于在职人员（{_percent(_share(worker, lower))}）",
                f"retired people are paid {_percent(_share(retired, lower))}, "
                f"people at work {_percent(_share(worker, lower))}{_tier_en(tier)}",
            )
            yield Finding((*at, "ratios", benefit.ratios.index(retired)), text, is_error=False)


def _check_order_of_tiers(at: Steps, benefit: Benefit, tiers: tuple[str, ...]) -> Iterator[Finding]:
    """A higher tier is never cheaper for the patient."""
    named = [tier for tier in tiers if tier in _tiers(benefit, tiers)]
    persons = sorted({row.person for row in benefit.deductibles} | {row.person for row in benefit.ratios})
    said: set[Steps] = set()
    for (low, high), person in itertools.product(itertools.pairwise(named), persons):
        for finding in (
            *_cheaper_deductible(at, benefit, low, high, person),
            *_better_ratio(at, benefit, low, high, person),
        ):
            if finding.steps not in said:
                said.add(finding.steps)
                yield finding


def _cheaper_deductible(at: Steps, benefit: Benefit, low: str, high: str, person: str) -> Iterator[Finding]:
    lower, higher = (_row_for(benefit.deductibles, tier, person) for tier in (low, high))
    if lower is None or higher is None or lower is higher:
        return
    for number in range(max(len(lower.amounts), len(higher.amounts))):
        below = lower.amounts[min(number, len(lower.amounts) - 1)]
        above = higher.amounts[min(number, len(higher.amounts) - 1)]
        if above < below:
            text = both(
                f"级别高反而便宜：第 {number + 1} 次住院 {high} 级的起付标准 {_yuan(above)} 元，"
                f"低于 {low} 级的 {_yuan(below)} 元",
                f"tier {high} is cheaper: its deductible for admission {number + 1} is {_yuan(above)}, "
                f"that of tier {low} {_yuan(below)}",
            )
            yield Finding((*at, "deductibles", benefit.deductibles.index(higher)), text, is_error=False)
            return


def _better_ratio(at: Steps, benefit: Benefit, low: str, high: str, person: str) -> Iterator[Finding]:
    lower, higher = (_row_for(benefit.ratios, tier, person) for tier in (low, high))
    if lower is None or higher is None or lower is higher:
        return
    for spot in _marks(lower, higher):
        if _share(higher, spot) > _share(lower, spot):
            text = both(
                f"级别高反而便宜：{high} 级的支付比例 {_percent(_share(higher, spot))}，"
                f"高于 {low} 级的 {_percent(_share(lower, spot))}（费用 {_yuan(spot)} 元起）",
                f"tier {high} is cheaper: its ratio is {_percent(_share(higher, spot))}, "
                f"that of tier {low} {_percent(_share(lower, spot))} (from {_yuan(spot)} yuan)",
            )
            yield Finding((*at, "ratios", benefit.ratios.index(higher)), text, is_error=False)
            return


def _tiers(benefit: Benefit, tiers: tuple[str, ...]) -> tuple[str, ...]:
    """The tiers that the benefit tells apart; "" alone where it tells none apart."""
    named = {row.tier for row in benefit.deductibles} | {row.tier for row in benefit.ratios}
    return tuple(tier for tier in tiers if tier in named) or ("",)


def _row_for(rows: Iterable[Row], tier: str, person: str) -> Row | None:
    """The row that holds: the longest person prefix first, then a named tier before none."""
    fitting = [row for row in rows if row.tier in {"", tier} and person.startswith(row.person)]
    return max(fitting, key=lambda row: (len(row.person), bool(row.tier)), default=None)


def _marks(*rows: RatioRow) -> list[int]:
    """The amounts at which the share of one of the rows changes."""
    return sorted({band.from_ for row in rows for band in row.bands})


def _share(row: RatioRow, amount: int) -> int:
    return next(band.share for band in reversed(row.bands) if band.from_ <= amount)


def _tier_zh(tier: str) -> str:
    return f"{tier} 级医院" if tier else ""


def _tier_en(tier: str) -> str:
    return f" in hospitals of tier {tier}" if tier else ""


def _percent(share_bp: int) -> str:
    return f"{share_bp / 100:g}%"


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"

"""The terms of a settlement, compiled from the policy book: what holds for one kind of visit on one day.

Everything a visit needs is looked up once and kept: the benefit of the basic fund, the layers above it, the rows for
the person, how lines are split. Days between two changes of the book share the very same `Terms` object.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from agents.core.marks import ChargeMark
from agents.core.policy import Policy, active, most_specific, valid
from agents.core.settlement.line_rules import Catalogue, LineRules
from agents.core.settlement.lines import LineTerms
from schemas.book.entry import Scope
from schemas.book.settlement import Band, Benefit, Bucket, DeductibleRow, Layer, LimitRow, RatioRow
from schemas.settlement import LAYER_FIELDS, Standing
from schemas.units import EPOCH_ORDINAL

#: A share of a share of money is reckoned in 1e-8, so that an out-of-area factor is not rounded to basis points.
WHOLE_E8 = 10**8
#: The end of a band that has none, fen; no sum of money comes near it.
NO_END = 1 << 62
BUCKETS = {bucket: place for place, bucket in enumerate(Bucket)}
LAYER_PLACES = {kind: place for place, kind in enumerate(LAYER_FIELDS)}
CACHE_LIMIT = 20_000

Row = TypeVar("Row", DeductibleRow, RatioRow)


class Rate(NamedTuple):
    """One band: from, to (fen), what is paid of it (1e-8), and the book's share (bp) it comes from."""

    start: int
    end: int
    paid_e8: int
    share_bp: int


class LayerPlan(NamedTuple):
    """One layer as it holds for a person. `cap`: fen, −1 for none. `place`: among LAYER_FIELDS."""

    kind: str
    place: int
    entry_id: str
    base: tuple[int, ...]
    deductible: int
    is_deductible_yearly: bool
    rates: tuple[Rate, ...]
    includes_deductible: bool
    cap: int
    is_cap_yearly: bool


class Plan(NamedTuple):
    """What the benefit comes to for one kind of person. No rates: the book has no ratio for this person and tier."""

    deductibles: tuple[int, ...]
    rates: tuple[Rate, ...]
    factor_bp: int
    less_bp: int
    area: str
    limits: tuple[LimitRow, ...]
    layers: tuple[LayerPlan, ...]


class Limit(NamedTuple):
    """One limit as it holds for a visit. `key`: under which the year's use is kept; `prefix`: which uses count."""

    amount: int
    is_fund: bool
    is_yearly: bool
    key: str
    prefix: str


class Terms:
    """What holds for one kind of visit. Immutable; look-ups are cached. `lines` can be compared by identity."""

    def __init__(
        self,
        benefit: Benefit | None,
        layers: tuple[Layer, ...],
        lines: LineRules,
        tier: str,
        version: str,
        standing: str,
    ) -> None:
        self.standing = standing
        self.book_version = version
        self.benefit = benefit
        self.layers = layers
        self.lines = lines
        self.tier = tier
        self.benefit_id = benefit.id if benefit else ""
        self.benefit_source = benefit.source if benefit else ""
        self.pool = benefit.pool if benefit else ""
        self.is_deductible_yearly = benefit is not None and benefit.deductible_per == "year"
        self.is_band_yearly = benefit is not None and benefit.bands_on == "year"
        self.includes_deductible = benefit is not None and benefit.bands_include_deductible
        self.cap = benefit.cap if benefit else None
        self.test_limit = benefit.test_limit if benefit else None
        self.hospital_bears = benefit is not None and benefit.over_limit_borne_by == "hospital"
        self.account = tuple(BUCKETS[bucket] for bucket in Bucket if benefit and bucket in benefit.account)
        self.year_end = benefit.year_end if benefit else "discharge"
        self._plans: dict[tuple[str, str, str], Plan] = {}

    def line_terms(self, mark: ChargeMark) -> LineTerms:
        """How this line is split."""
        return self.lines.line_terms(mark)

    def plan(self, person_type: str, special_person: str, out_of_area: str) -> Plan:
        """What the benefit and the layers come to for this kind of person."""
        key = (person_type, special_person, out_of_area)
        found = self._plans.get(key)
        if found is None:
            if len(self._plans) >= CACHE_LIMIT:
                self._plans.clear()
            found = self._plans[key] = self._compile(*key)
        return found

    def _compile(self, person_type: str, special_person: str, out_of_area: str) -> Plan:
        benefit = self.benefit
        if benefit is None:
            return Plan((0,), (), 10_000, 0, "", (), ())
        deductible = row_for(benefit.deductibles, self.tier, person_type)
        ratio = row_for(benefit.ratios, self.tier, person_type)
        area = next((area for area in benefit.out_of_area if area.code == out_of_area), None)
        factor, less = (area.factor, area.less) if area else (10_000, 0)
        return Plan(
            deductible.amounts if deductible else (0,),
            _rates(ratio.bands, factor, less) if ratio else (),
            factor,
            less,
            area.code if area else "",
            tuple(row for row in benefit.limits if person_type.startswith(row.person)),
            _layer_plans(self.layers, person_type, special_person),
        )


def row_for(rows: Iterable[Row], tier: str, person: str) -> Row | None:
    """The row for a tier and a person: the longest person prefix first, then a named tier before none."""
    fitting = [row for row in rows if row.tier in {"", tier} and person.startswith(row.person)]
    return max(fitting, key=lambda row: (len(row.person), bool(row.tier)), default=None)


def limits_for(
    rows: tuple[LimitRow, ...], diseases: tuple[str, ...], procedures: tuple[str, ...], pool: str
) -> tuple[Limit, ...]:
    """The limits of a visit: of each (visit: what is limited; year) the row that fits most narrowly.

    A row that names more fits more narrowly; of equals the longer operation, then the longer disease code, then the
    longer person prefix. `diseases`: the disease the visit is settled under, then its main diagnosis.
    """
    best: dict[tuple[str, str], tuple[tuple[int, int, int, int], Limit]] = {}
    for row in rows:
        disease = next((code for code in diseases if code.startswith(row.disease)), None) if row.disease else ""
        if disease is None or (row.procedure and not any(code.startswith(row.procedure) for code in procedures)):
            continue
        named = bool(row.disease) + bool(row.procedure) + bool(row.person)
        rank = (named, len(row.procedure), len(row.disease), len(row.person))
        kind = (row.per, row.of if row.per == "visit" else "")
        if kind not in best or rank > best[kind][0]:
            limit = Limit(row.amount, row.of == "fund", row.per == "year", disease or pool, row.disease)
            best[kind] = (rank, limit)
    return tuple(limit for _, limit in best.values())


def _rates(bands: tuple[Band, ...], factor_bp: int = 10_000, less_bp: int = 0) -> tuple[Rate, ...]:
    return tuple(
        Rate(
            band.from_,
            NO_END if band.to is None else band.to,
            min(WHOLE_E8, max(0, band.share * factor_bp - less_bp * 10_000)),
            band.share,
        )
        for band in bands
    )


def _layer_plans(layers: tuple[Layer, ...], person: str, special: str) -> tuple[LayerPlan, ...]:
    """One layer of each kind: the most specific for this person; in the order in which they pay."""
    best: dict[str, tuple[tuple[int, int, tuple[int, int]], Layer]] = {}
    for layer in layers:
        by_special, by_person = _longest(layer.special_persons, special), _longest(layer.persons, person)
        if by_special is None or by_person is None:
            continue
        rank = (by_special, by_person, layer.specificity)
        if layer.kind not in best or rank > best[layer.kind][0]:
            best[layer.kind] = (rank, layer)
    chosen = sorted((layer for _, layer in best.values()), key=lambda layer: (layer.order, LAYER_PLACES[layer.kind]))
    return tuple(
        LayerPlan(
            str(layer.kind),
            LAYER_PLACES[layer.kind],
            layer.id,
            tuple(BUCKETS[bucket] for bucket in Bucket if bucket in layer.base),
            layer.deductible,
            layer.deductible_per == "year",
            _rates(layer.bands),
            layer.bands_include_deductible,
            -1 if layer.cap is None else layer.cap,
            layer.cap_per == "year",
        )
        for layer in chosen
    )


def _longest(prefixes: tuple[str, ...], code: str) -> int | None:
    """The length of the longest prefix of the code; 0 where everybody is meant, None where nobody like this is."""
    if not prefixes:
        return 0
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=None)


class TermsBook:
    """The terms of every kind of visit under one policy, compiled when they are first asked for."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._benefits = active(policy.book.benefits)
        self._layers = active(policy.book.layers)
        self.catalogue = Catalogue(policy.book.catalogue)
        entries = (*self._benefits, *self._layers)
        days = {entry.effective_from.toordinal() for entry in entries}
        days |= {entry.effective_to.toordinal() + 1 for entry in entries}
        self._changes = sorted(day - EPOCH_ORDINAL for day in days)
        self._found: dict[tuple[object, ...], Terms] = {}
        self._terms: dict[tuple[object, ...], Terms] = {}
        self._lines: dict[tuple[object, ...], LineRules] = {}

    def terms(
        self,
        hospital: str,
        department: str,
        insurance_type: str,
        care_type: str,
        day: int,
        *,
        region: str | None = None,
        tier: str | None = None,
    ) -> Terms:
        """What holds for visits of this kind on this day; region and tier are the hospital's unless they are given."""
        key = (
            hospital, department, insurance_type, care_type, bisect_right(self._changes, day), region, tier,
        )  # fmt: skip
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= CACHE_LIMIT:
                self._found.clear()
            place = self._policy.hospital(hospital)
            subject = Scope(
                region=place.region if region is None else region,
                hospital=hospital,
                department=department,
                care_type=care_type,
                insurance_type=insurance_type,
            )
            found = self._found[key] = self._resolve(subject, day, place.tier if tier is None else tier)
        return found

    def _resolve(self, subject: Scope, day: int, tier: str) -> Terms:
        is_covered = bool(subject.insurance_type)
        benefit = most_specific(self._benefits, subject, day) if is_covered else None
        layers = tuple(valid(self._layers, subject, day)) if benefit else ()
        standing = Standing.SIMULATED if benefit else Standing.NO_BENEFIT if is_covered else Standing.COVERAGE_PENDING
        key = (standing, id(benefit), *map(id, layers), tier, *_lines_key(subject))
        found = self._terms.get(key)
        if found is None:
            version = self._policy.version
            found = self._terms[key] = Terms(benefit, layers, self._rules(benefit, subject), tier, version, standing)
        return found

    def _rules(self, benefit: Benefit | None, subject: Scope) -> LineRules:
        if benefit is None:
            key: tuple[object, ...] = ()
            made = LineRules(self.catalogue, is_covered=False)
        else:
            is_self_pay = benefit.unmapped == "self_pay"
            key = (*_lines_key(subject), benefit.class_b_share, is_self_pay)
            made = LineRules(
                self.catalogue,
                *_lines_key(subject),
                class_b_bp=benefit.class_b_share,
                is_unmapped_self_pay=is_self_pay,
            )
        return self._lines.setdefault(key, made)


def _lines_key(subject: Scope) -> tuple[str, str]:
    """What of a subject the catalogue is asked for."""
    return subject.region, subject.insurance_type

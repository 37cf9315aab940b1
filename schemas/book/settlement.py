"""How the insurer reckons a visit (患者结算规则): line split, deductible, bands, cap, layers, account, year's end.

DOMAIN 1.2 B-01, 2.3. A `Benefit` says how the basic fund (统筹) pays for one kind of visit; `Layer`s pay after it, on
what is left to the patient. Sums in yuan, shares in per cent.
"""

import itertools
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.book.entry import BookEntry, Part, Scope, Share, Yuan, both

WHOLE_BP = 10_000


class Band(Part):
    """Between two amounts (`from` included; `to` absent: no end), the share that is paid."""

    from_: Annotated[Yuan, Field(alias="from", ge=0)] = 0
    to: Yuan | None = None
    share: Annotated[Share, Field(ge=0, le=WHOLE_BP)]


class DeductibleRow(Part):
    """起付标准 for a tier and persons (code prefix; empty: any): the n-th admission of the year pays amounts[n].

    The last amount holds for every later admission: `["800", "400", "0"]` is 首次800、二次减半、三次免.
    """

    tier: str = ""
    person: str = ""
    amounts: Annotated[tuple[Annotated[Yuan, Field(ge=0)], ...], Field(min_length=1)]


class RatioRow(Part):
    """支付比例 for a tier and persons (code prefix; empty: any), by bands of the amount after the deductible."""

    tier: str = ""
    person: str = ""
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _bands(self) -> "RatioRow":
        if found := band_mistakes(self.bands):
            raise ValueError("; ".join(found))
        return self


class LimitRow(Part):
    """限额: what the basic fund pays at most for a visit or a year, by disease or operation (prefix; empty: any).

    `of`: what is limited: the `fund`'s payment, or the costs `within_scope` that are reckoned at all.
    """

    disease: str = ""
    procedure: str = ""
    person: str = ""
    per: Literal["visit", "year"] = "visit"
    of: Literal["fund", "within_scope"] = "fund"
    amount: Annotated[Yuan, Field(ge=0)]


class OutOfArea(Part):
    """异地就医: the code an event carries in `out_of_area`, and what becomes of the share (× or −)."""

    code: Annotated[str, Field(min_length=1)]
    name: str = ""
    factor: Annotated[Share, Field(ge=0, le=WHOLE_BP)] = WHOLE_BP
    less: Annotated[Share, Field(ge=0, le=WHOLE_BP)] = 0


class Bucket(StrEnum):
    """What a patient is left with, by origin; layers and the personal account pay into named buckets, in this order."""

    DEDUCTIBLE = "deductible"
    PROPORTION = "proportion"
    OVER_CAP = "over_cap"
    OVER_DISEASE_LIMIT = "over_disease_limit"
    FIRST_SELF_PAY = "first_self_pay"
    OVER_LIMIT = "over_limit"
    FULL_SELF_PAY = "full_self_pay"


class Benefit(BookEntry):
    """医保待遇: how the basic fund reckons visits of these care types under the scope's insurance.

    pool: visits of one pool share the year's deductible, cumulated cost and cap (inpatient, outpatient, chronic, …).
    deductible_per: a deductible for each visit (by n-th admission) or one for the year.
    bands_on: bands measure the amount after the deductible of this `visit`, or cumulated over the `year`.
    bands_include_deductible: band limits count from the first fen within scope (the deductible itself is not paid).
    cap: what the basic fund of this pool pays in a year (封顶线). What lies over it goes to the layers.
    limits: 病种限额, 生育定额: of one per visit and one per year the most specific row that fits; what lies over one is
    the patient's (bucket over_disease_limit).
    test_limit: 检验检查限额: within-scope cost of 03+04 reckoned at most in a visit.
    class_b_share: first self-pay of a 乙类 line that neither the line nor the catalogue states.
    unmapped: what becomes of a line that has no class anywhere (never silently self-pay unless the book says so).
    over_limit_borne_by: who bears what lies over a price cap.
    account: which buckets the personal account pays; empty: it is not used.
    year_end: whose year a stay across 31 December belongs to, or whether it is split there.
    """

    name: str = ""
    care_types: tuple[str, ...] = ()
    pool: Annotated[str, Field(min_length=1, max_length=32)] = "inpatient"
    deductibles: tuple[DeductibleRow, ...] = ()
    deductible_per: Literal["visit", "year"] = "visit"
    ratios: Annotated[tuple[RatioRow, ...], Field(min_length=1)]
    bands_on: Literal["visit", "year"] = "visit"
    bands_include_deductible: bool = False
    cap: Annotated[Yuan, Field(gt=0)] | None = None
    limits: tuple[LimitRow, ...] = ()
    test_limit: Annotated[Yuan, Field(ge=0)] | None = None
    out_of_area: tuple[OutOfArea, ...] = ()
    class_b_share: Annotated[Share, Field(ge=0, le=WHOLE_BP)] = 1000
    unmapped: Literal["within_scope", "self_pay"] = "within_scope"
    over_limit_borne_by: Literal["patient", "hospital"] = "patient"
    account: tuple[Bucket, ...] = ()
    year_end: Literal["admission", "discharge", "split"] = "discharge"
    fund_pay_type: str = ""

    @property
    def subject(self) -> str:
        """Care types compete one by one; see schemas.book.checks."""
        return "benefit"

    @property
    def specificity(self) -> tuple[int, int]:
        """As if each care type that is listed stood in the scope."""
        return with_care_types(self.scope, self.care_types).specificity

    def matches(self, subject: Scope) -> bool:
        """Whether the entry is for the subject, its care type being among those listed."""
        return self.scope.matches(subject) and (not self.care_types or subject.care_type in self.care_types)


class LayerKind(StrEnum):
    """Which field of 2304 a layer fills: hifob, hifmi, cvlserv, hifes, hifdm, maf, oth."""

    LARGE_AMOUNT = "large_amount"
    CRITICAL_ILLNESS = "critical_illness"
    CIVIL_SERVANT = "civil_servant"
    ENTERPRISE = "enterprise"
    DISABLED = "disabled"
    ASSISTANCE = "assistance"
    OTHER = "other"


class Layer(BookEntry):
    """A layer above the basic fund (大额, 大病, 公务员, 企业补充, 伤残, 救助): pays of what is left in its buckets.

    order: layers pay in this order, each on what the earlier ones left. persons, special_persons: code prefixes
    (psn_type, sp_psn_type); empty: everybody. Of one kind a patient has one layer: the one for the longest special
    person prefix, then the longest person prefix, then of the most specific scope. deductible_per year: the base is
    cumulated over the year and the bands are measured on what of it lies above the deductible (on all of it, where
    bands_include_deductible); what was paid for before is not paid again. cap: most in a year (per: visit, in a visit).
    """

    kind: LayerKind
    name: str = ""
    order: int
    care_types: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    special_persons: tuple[str, ...] = ()
    base: Annotated[tuple[Bucket, ...], Field(min_length=1)]
    deductible: Annotated[Yuan, Field(ge=0)] = 0
    deductible_per: Literal["visit", "year"] = "year"
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]
    bands_include_deductible: bool = False
    cap: Annotated[Yuan, Field(gt=0)] | None = None
    cap_per: Literal["visit", "year"] = "year"
    fund_pay_type: str = ""

    @property
    def subject(self) -> str:
        """One layer a kind and kinds of persons."""
        return " ".join(filter(None, (self.kind, "/".join(self.persons), "/".join(self.special_persons))))

    @property
    def specificity(self) -> tuple[int, int]:
        """As if each care type that is listed stood in the scope."""
        return with_care_types(self.scope, self.care_types).specificity

    def matches(self, subject: Scope) -> bool:
        """Whether the entry is for the subject, its care type being among those listed."""
        return self.scope.matches(subject) and (not self.care_types or subject.care_type in self.care_types)

    @model_validator(mode="after")
    def _bands(self) -> "Layer":
        if found := band_mistakes(self.bands):
            raise ValueError("; ".join(found))
        return self


def with_care_types(scope: Scope, care_types: tuple[str, ...]) -> Scope:
    """The scope with one of the listed care types named, as which an entry counts that lists some."""
    return scope if scope.care_type or not care_types else scope.model_copy(update={"care_type": care_types[0]})


def band_mistakes(bands: tuple[Band, ...]) -> list[str]:
    """What is wrong with a row of bands: they begin at 0, follow each other without gap or overlap, and do not end."""
    found = []
    if bands[0].from_ != 0:
        found.append(both("第一段须从 0 开始", "the first band must begin at 0"))
    for earlier, later in itertools.pairwise(bands):
        one, next_one = _yuan_text(earlier.from_), _yuan_text(later.from_)
        if earlier.to is None:
            found.append(
                both(f"从 {one} 起的一段没有终点，后面却还有段", f"the band from {one} has no end, but others follow")
            )
        elif earlier.to > later.from_:
            found.append(
                both(
                    f"从 {one} 起的一段与从 {next_one} 起的一段重叠",
                    f"the band from {one} overlaps the one from {next_one}",
                )
            )
        elif earlier.to < later.from_:
            found.append(
                both(
                    f"从 {one} 起的一段与从 {next_one} 起的一段之间有空档",
                    f"the band from {one} leaves a gap to the one from {next_one}",
                )
            )
    if bands[-1].to is not None:
        found.append(both("最后一段不得有 to（须无上限）", "the last band must have no `to`"))
    for band in bands:
        if band.to is not None and band.to <= band.from_:
            one = _yuan_text(band.from_)
            found.append(both(f"从 {one} 起的一段是空的", f"the band from {one} is empty"))
    return found


def _yuan_text(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"

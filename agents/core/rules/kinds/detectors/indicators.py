"""Indicators over the visits of a department: signs of 高套 and 推诿, and ward visits that found nobody (挂床).

An indicator is a reason to look, and no more: it counts what the records say, beside a reference the city or the
hospital sets. It is told of the department, with the figures of all others beside it.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field

from agents.core.rules.kind import Bound, Hit, Parameters
from agents.core.rules.kinds.detectors.words import quantity_text
from agents.core.rules.population import Population, PopulationHit, PopulationKind, Summary
from schemas.book.entry import E4, Share, Yuan
from schemas.units import percent_text, ratio_bp, yuan_text

Fewest = Annotated[int, Field(ge=1)]
DAY_MS = 86_400_000


class _Counted:
    """Visits of a department that count, and those of them that show what is looked for."""

    def __init__(self) -> None:
        self.whole = self.part = 0

    def add(self, *, shows: bool) -> None:
        self.whole += 1
        self.part += shows


def _by_department(
    visits: Iterable[Summary], shows: Callable[[Summary], bool | None]
) -> tuple[dict[str, _Counted], _Counted]:
    """Counts a department, and of all. `shows`: None: the visit does not count."""
    found: dict[str, _Counted] = {}
    in_all = _Counted()
    for visit in visits:
        judged = shows(visit)
        if judged is not None and visit.department:
            found.setdefault(visit.department, _Counted()).add(shows=judged)
            in_all.add(shows=judged)
    return found, in_all


def _share_hits(
    found: dict[str, _Counted],
    in_all: _Counted,
    fewest: int,
    most_bp: int,
    zh: str,
    en: str,
    parameters: dict[str, str],
) -> Iterable[PopulationHit]:
    """One hit a department whose share is above the reference."""
    for department, counted in sorted(found.items()):
        share = ratio_bp(counted.part, counted.whole)
        if counted.whole < fewest or share is None or counted.part * 10_000 <= most_bp * counted.whole:
            continue
        others = ratio_bp(in_all.part - counted.part, in_all.whole - counted.whole)
        hit = Hit(
            f"科室 {department} {zh} {counted.part}/{counted.whole} 例（{percent_text(share)}），"
            f"参考 {percent_text(most_bp)}" + (f"，其余科室 {percent_text(others)}" if others is not None else ""),
            f"Department {department}: {en} {counted.part} of {counted.whole} ({percent_text(share)}); the reference is"
            f" {percent_text(most_bp)}"
            + (f", the other departments have {percent_text(others)}" if others is not None else ""),
            subject=department,
            parameters={"fewest_visits": str(fewest), "most_share": percent_text(most_bp), **parameters},
            inputs={
                "cases": str(counted.part),
                "visits": str(counted.whole),
                "share": percent_text(share),
                "others": percent_text(others),
            },
        )
        yield PopulationHit(hit, department=department)


class ComplicatedParameters(Parameters):
    """What is a share of complicated groups beyond its peers.

    fewest_visits: departments with fewer grouped visits are left out. most_share: the peers' share. endings: last
    characters of a DRG code that stand for complications (1 MCC, 3 CC); a code with another last character counts as
    none.
    """

    fewest_visits: Fewest = 30
    most_share: Share = 5_789
    endings: tuple[str, ...] = ("1", "3")


class ComplicatedShare(PopulationKind[ComplicatedParameters]):
    """More of a department's visits fell into groups with complications than among its peers (高套 indicator).

    A question to the documentation: visits without a DRG do not count.
    """

    name = "complicated_share"
    title_zh = "伴并发症病组占比"
    title_en = "share of complicated groups"
    parameters = ComplicatedParameters

    def check_population(self, population: Population, bound: Bound[ComplicatedParameters]) -> Iterable[PopulationHit]:
        """Grouped visits by department."""
        limits = bound.parameters

        def shows(visit: Summary) -> bool | None:
            return visit.group.endswith(limits.endings) if visit.group else None

        found, in_all = _by_department(population.counted(bound), shows)
        parameters = {"endings": ";".join(limits.endings)}
        zh, en = "伴并发症合并症病组占比", "groups with complications"
        return _share_hits(found, in_all, limits.fewest_visits, limits.most_share, zh, en, parameters)


class LowWeightParameters(Parameters):
    """What is a share of light cases beyond the reference.

    fewest_visits: departments with fewer grouped visits are left out. most_share: the reference. below_weight: a
    lighter case (DRG weight) is light.
    """

    fewest_visits: Fewest = 30
    most_share: Share = 5_000
    below_weight: E4 = 5_000


class LowWeightShare(PopulationKind[LowWeightParameters]):
    """More of a department's grouped stays were light cases than the reference says (推诿 indicator)."""

    name = "low_weight_share"
    title_zh = "低权重病例占比"
    title_en = "share of light cases"
    parameters = LowWeightParameters

    def check_population(self, population: Population, bound: Bound[LowWeightParameters]) -> Iterable[PopulationHit]:
        """Stays with a weight, by department."""
        limits = bound.parameters

        def shows(visit: Summary) -> bool | None:
            return visit.weight_e4 < limits.below_weight if visit.weight_e4 > 0 and not visit.is_outpatient else None

        found, in_all = _by_department(population.counted(bound), shows)
        below = quantity_text(limits.below_weight)
        zh, en = f"权重低于 {below} 的病例占比", f"cases of a weight below {below}"
        parameters = {"below_weight": below}
        return _share_hits(found, in_all, limits.fewest_visits, limits.most_share, zh, en, parameters)


class TransferParameters(Parameters):
    """What is a share of early transfers beyond the reference.

    fewest_visits: departments with fewer stays are left out. most_share: the reference. ways: discharge ways
    (dscg_way) that are transfers. below_cost: a transfer at a lower cost came before the expensive part.
    """

    fewest_visits: Fewest = 30
    most_share: Share = 1_000
    ways: tuple[str, ...] = ("2", "3")
    below_cost: Yuan = 500_000


class TransferShare(PopulationKind[TransferParameters]):
    """More of a department's stays were transferred before their costs rose than the reference has (推诿)."""

    name = "transfer_share"
    title_zh = "低费用转院占比"
    title_en = "share of early transfers"
    parameters = TransferParameters

    def check_population(self, population: Population, bound: Bound[TransferParameters]) -> Iterable[PopulationHit]:
        """Ended stays by department."""
        limits = bound.parameters

        def shows(visit: Summary) -> bool | None:
            if visit.is_outpatient or not visit.is_ended:
                return None
            return visit.discharge_way in limits.ways and visit.amount_fen < limits.below_cost

        found, in_all = _by_department(population.counted(bound), shows)
        below = yuan_text(limits.below_cost)
        zh, en = f"费用低于 {below} 元即转院占比", f"stays transferred at a cost below {below} yuan"
        parameters = {"ways": ";".join(limits.ways), "below_cost": f"{below} yuan"}
        return _share_hits(found, in_all, limits.fewest_visits, limits.most_share, zh, en, parameters)


class EarlyParameters(Parameters):
    """What is a share of early discharges with a readmission beyond the reference.

    fewest_visits: departments with fewer stays are left out. most_share: the reference. most_days: a stay so short was
    ended early. within_days: readmitted so soon.
    """

    fewest_visits: Fewest = 30
    most_share: Share = 500
    most_days: Annotated[int, Field(ge=1)] = 3
    within_days: Annotated[int, Field(ge=1)] = 7


class EarlyDischargeShare(PopulationKind[EarlyParameters]):
    """More of a department's stays ended early and were followed by another than the reference says (推诿 indicator).

    Days between are counted by the calendar; planned readmissions do not count.
    """

    name = "early_discharge_share"
    title_zh = "提前出院再入院占比"
    title_en = "share of early discharges with a readmission"
    parameters = EarlyParameters

    def check_population(self, population: Population, bound: Bound[EarlyParameters]) -> Iterable[PopulationHit]:
        """Ended stays by department, each with the next stay of its patient."""
        limits = bound.parameters
        followed = _followed(population, limits)

        def shows(visit: Summary) -> bool | None:
            if visit.is_outpatient or not visit.is_ended:
                return None
            return (visit.patient_id, visit.visit_id) in followed

        found, in_all = _by_department(population.counted(bound), shows)
        zh = f"住院不超过 {limits.most_days} 天且 {limits.within_days} 天内再入院占比"
        en = f"stays of at most {limits.most_days} days with a readmission within {limits.within_days} days"
        parameters = {"most_days": f"{limits.most_days} d", "within_days": f"{limits.within_days} d"}
        return _share_hits(found, in_all, limits.fewest_visits, limits.most_share, zh, en, parameters)


def _followed(population: Population, limits: EarlyParameters) -> set[tuple[str, str]]:
    found = set()
    for visits in population.by_patient.values():
        stays = [visit for visit in visits if not visit.is_outpatient]
        for one, other in pairwise(stays):
            is_early = one.ended_at > 0 and one.days <= limits.most_days
            gap = other.admitted_day - one.ended_day
            if is_early and 0 <= gap <= limits.within_days and other.readmission != "planned":
                found.add((one.patient_id, one.visit_id))
    return found


class CensusParameters(Parameters):
    """fewest_visits: with fewer ward visits nothing is said."""

    fewest_visits: Fewest = 20


class CensusShare(PopulationKind[CensusParameters]):
    """Ward visits (探访) found nobody in the bed more often than a hospital of its tier may have (挂床 indicator).

    Points: `tier` and `share`, at which it is told. Of the whole hospital, with each visit that was found absent.
    """

    name = "census_share"
    title_zh = "探访不在床比例"
    title_en = "share of ward visits with an empty bed"
    parameters = CensusParameters
    point_columns = ("tier", "share")
    needed_columns = (("tier",), ("share",))

    def check_population(self, population: Population, bound: Bound[CensusParameters]) -> Iterable[PopulationHit]:
        """All ward visits of the period's visits."""
        visits = [visit for visit in population.counted(bound) if visit.census[0]]
        checks, absent = (sum(visit.census[index] for visit in visits) for index in (0, 1))
        if not visits or checks < bound.parameters.fewest_visits:
            return
        most = _share_of(bound, visits[0].tier)
        if most is None or absent * 10_000 < most * checks or not absent:
            return
        share = percent_text(ratio_bp(absent, checks))
        missing = sorted(visit.visit_id for visit in visits if visit.census[1])
        yield PopulationHit(
            Hit(
                f"本院探访 {checks} 人次，不在床 {absent} 人次（{share}），达到本级别参考值 {percent_text(most)}",
                f"Of {checks} ward visits {absent} ({share}) found nobody in the bed; the reference for a hospital of"
                f" this tier is {percent_text(most)}",
                subject="hospital",
                parameters={"fewest_visits": str(bound.parameters.fewest_visits), "share": percent_text(most)},
                inputs={"ward_visits": str(checks), "absent": str(absent), "share": share},
                visits=tuple(missing),
            )
        )


def _share_of(bound: Bound[Any], tier: str) -> int | None:
    return next((point.share for point in bound.points if point.tier == tier), None)

"""Limits by where and how the patient is treated: tier of the hospital, way of care, department."""

from collections.abc import Iterable, Sequence

from agents.core.rules.codes import item_codes
from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called, judged, listed, whole
from agents.core.rules.view import INPATIENT, OTHER, OUTPATIENT, PHARMACY, Use, View
from schemas.book.points import codes
from schemas.codes import name_en, name_zh

TIERS_ZH = {"1": "一级", "2": "二级", "3": "三级"}
MODES_ZH = {OUTPATIENT: "门诊", INPATIENT: "住院", PHARMACY: "药店购药", OTHER: "其他"}
MODES_EN = {OUTPATIENT: "outpatient", INPATIENT: "inpatient", PHARMACY: "pharmacy", OTHER: "other"}


class TierLimit(Kind[Parameters]):
    """The item is for hospitals of a tier and above, and this one is lower. Nothing where a tier is not known."""

    name = "tier_limit"
    title_zh = "限医疗机构级别"
    title_en = "for hospitals of a tier and above only"
    trigger = Trigger.ITEM
    point_columns = ("item", "tier")
    needed_columns = (("item",), ("tier",))

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """All lines, where the hospital is of a lower tier."""
        facts, lowest = view.facts, bound.the.tier
        mine = facts.tier_rank
        if mine is None or lowest not in facts.tiers or mine >= facts.tiers.index(lowest):
            return ()
        wrong = judged(view, bound, uses)
        if not wrong:
            return ()
        name = called(view, bound, wrong[0])
        lowest_zh, mine_zh = (TIERS_ZH.get(tier, tier) for tier in (lowest, facts.tier))
        return (
            Hit(
                f"「{name}」限{lowest_zh}及以上医疗机构使用，本院为{mine_zh}",
                f"{name} is for hospitals of tier {lowest} and above; this one is of tier {facts.tier}",
                whole(wrong),
                parameters={"tier": lowest},
                inputs={"tier": facts.tier},
            ),
        )


class ModeLimit(Kind[Parameters]):
    """The item is paid in certain ways of care only (inpatient, outpatient, certain care types), and this is another.

    Where a point names both mode and care types, both must fit. Nothing where the visit does not say.
    """

    name = "mode_limit"
    title_zh = "限就医方式"
    title_en = "in certain ways of care only"
    trigger = Trigger.ITEM
    point_columns = ("item", "mode", "care_types")
    needed_columns = (("item",), ("mode", "care_types"))

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """All lines, where the visit is of another kind."""
        facts, point = view.facts, bound.the
        modes, care_types = codes(point.mode), codes(point.care_types)
        is_other_mode = bool(modes) and bool(facts.mode) and facts.mode not in modes
        is_other_care = bool(care_types) and bool(facts.care_type) and facts.care_type not in care_types
        if not is_other_mode and not is_other_care:
            return ()
        wrong = judged(view, bound, uses)
        if not wrong:
            return ()
        if is_other_mode:
            limit_zh = "、".join(MODES_ZH.get(mode, mode) for mode in modes)
            limit_en = ", ".join(MODES_EN.get(mode, mode) for mode in modes)
            mine_zh, mine_en = MODES_ZH.get(facts.mode, facts.mode), MODES_EN.get(facts.mode, facts.mode)
        else:
            limit_zh = "、".join(name_zh("care_type", code) for code in care_types)
            limit_en = ", ".join(name_en("care_type", code) for code in care_types)
            mine_zh, mine_en = name_zh("care_type", facts.care_type), name_en("care_type", facts.care_type)
        name = called(view, bound, wrong[0])
        return (
            Hit(
                f"「{name}」限{limit_zh}使用，本次就医方式为{mine_zh}",
                f"{name} is paid for {limit_en} care only; this visit is {mine_en}",
                whole(wrong),
                parameters={"mode": point.mode, "care_types": point.care_types},
                inputs={"mode": facts.mode, "care_type": facts.care_type},
            ),
        )


class DepartmentLimit(Kind[Parameters]):
    """The item is for certain departments (codes; `A03*`: all that begin so), and another one ordered it.

    other_names says in words which. Nothing of lines that name no ordering department.
    """

    name = "department_limit"
    title_zh = "限科室"
    title_en = "for certain departments only"
    trigger = Trigger.ITEM
    point_columns = ("item", "departments", "other_names")
    needed_columns = (("item",), ("departments",))

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """The lines that another department ordered."""
        allowed = item_codes(bound.the.departments)
        wrong = [
            use for use in judged(view, bound, uses) if allowed and use.department and use.department not in allowed
        ]
        if not wrong:
            return ()
        name = called(view, bound, wrong[0])
        limits = bound.the.other_names or f"科室 {listed(bound.the.departments)} "
        others = "、".join(sorted({use.department for use in wrong}))
        return (
            Hit(
                f"「{name}」限{limits}使用，开单科室为 {others}",
                f"{name} is for departments {bound.the.departments}; it was ordered by {others}",
                whole(wrong),
                parameters={"departments": bound.the.departments},
                inputs={"departments": others},
            ),
        )

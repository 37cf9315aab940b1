"""Ratio indicators of a visit: what share of its costs are drugs, tests, materials, treatment, CT, MRI."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from agents.core.rules.codes import item_codes
from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.view import Use, View
from schemas.book.entry import Share, Yuan
from schemas.codes import CATEGORY_INDEX, name_en, name_zh
from schemas.units import div_round, percent_text, ratio_bp, yuan_text


class CostRatioParameters(Parameters):
    """most: the share that is not asked about. minimum: total below which nothing is asked, yuan.

    categories: the charge categories whose share it is; the rule's knowledge points, if any, are items besides.
    """

    most: Share
    minimum: Yuan = 0
    categories: tuple[str, ...] = ()


class CostRatio(Kind[CostRatioParameters]):
    """The share of some categories or items in what the visit costs is beyond a line; judged when the visit has ended.

    An indicator: it says where to look, not that anything is wrong, and nothing is at stake (0 yuan); by how much the
    share goes beyond the line stands among the inputs.
    """

    name = "cost_ratio"
    title_zh = "费用占比统计"
    title_en = "share in the costs"
    trigger = Trigger.POINTS
    parameters = CostRatioParameters
    point_columns = ("item",)
    at_end = True

    def check(self, view: View, bound: Bound[CostRatioParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """At most one finding."""
        facts, parameters = view.facts, bound.parameters
        total = facts.total_fen
        if total <= 0 or total < parameters.minimum or view.proposed:
            return ()
        part = sum(facts.by_category[place] for place in _places(parameters.categories))
        if bound.points:
            codes = item_codes(";".join(point.item for point in bound.points))
            part += sum(use.amount_fen for use in view.charged(codes))
        if part * 10_000 <= parameters.most * total:
            return ()
        share, most = percent_text(ratio_bp(part, total)), percent_text(parameters.most)
        beyond = yuan_text(max(1, part - div_round(parameters.most * total, 10_000)))
        zh, en = bound.active.rule.name_zh, bound.active.rule.name_en
        if parameters.categories:
            zh = "、".join(name_zh("category", code) for code in parameters.categories)
            en = ", ".join(name_en("category", code) for code in parameters.categories)
        elif bound.points:
            zh = bound.points[0].name or zh
        return (
            Hit(
                f"{zh}占 {share}，超过 {most} 线 {beyond} 元（{yuan_text(part)}/{yuan_text(total)} 元）",
                f"{en[0].upper()}{en[1:]}: {share}, {beyond} yuan beyond {most} "
                f"({yuan_text(part)} of {yuan_text(total)} yuan)",
                parameters={"most": most, "minimum": f"{yuan_text(parameters.minimum)} 元"},
                inputs={
                    "part": f"{yuan_text(part)} 元",
                    "total": f"{yuan_text(total)} 元",
                    "share": share,
                    "beyond": f"{beyond} 元",
                },
                amount_fen=0,
            ),
        )


@lru_cache(maxsize=256)
def _places(codes: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(sorted({CATEGORY_INDEX[code] for code in codes if code in CATEGORY_INDEX}))

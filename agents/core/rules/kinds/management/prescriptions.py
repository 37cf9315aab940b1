"""Prescriptions as a whole: how many drugs are on one, and what may not be prescribed online."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from agents.core.rules.codes import Codes, item_codes
from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.view import CHARGE, OUTPATIENT, PROPOSED, Use, View
from schemas.codes import CATEGORY_INDEX
from schemas.units import day_text

DRUG_LISTS = frozenset({"101", "103"})  # 西药中成药, 自制剂
SOURCE_RANK = {CHARGE: 0, PROPOSED: 2}


class DrugCountParameters(Parameters):
    """most: drugs on one prescription, or on one day where lines name no prescription.

    modes: ways of care that are looked at (1 outpatient, 2 inpatient, 3 pharmacy). categories: charge categories that
    are drugs. not_counted: items that are none of their own, such as solvents (`X*`: beginnings).
    """

    most: Annotated[int, Field(ge=1)] = 5
    modes: tuple[str, ...] = (OUTPATIENT,)
    categories: tuple[str, ...] = ("09", "11")
    not_counted: tuple[str, ...] = ()


class DrugCount(Kind[DrugCountParameters]):
    """More different drugs on one prescription, or on one day, than allowed.

    What was charged, ordered and is being ordered counts once an item. The drugs beyond the limit are those that came
    last; an order being checked comes last of all.
    """

    name = "drug_count"
    title_zh = "药品种类超标"
    title_en = "too many drugs on a prescription"
    trigger = Trigger.VISIT
    parameters = DrugCountParameters

    def check(self, view: View, bound: Bound[DrugCountParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """One finding a prescription (or day)."""
        parameters = bound.parameters
        if view.facts.mode not in parameters.modes:
            return ()
        groups: dict[tuple[str, int], dict[str, list[Use]]] = {}
        categories, others = _categories(parameters.categories), _items(parameters.not_counted)
        for use in (*(line for lines in view.charges.values() for line in lines), *view.orders, *view.proposed):
            if not _is_drug(use, categories) or others.any_of(use.codes) or not use.is_open:
                continue
            groups.setdefault(_prescription(view, use), {}).setdefault(use.item, []).append(use)
        return [
            _hit(view, key, groups[key], parameters.most)
            for key in sorted(groups)
            if len(groups[key]) > parameters.most
        ]


def _prescription(view: View, use: Use) -> tuple[str, int]:
    prescription = use.prescription_id
    if not prescription and use.source == CHARGE:
        order = view.order_of(use)
        prescription = order.prescription_id if order is not None else ""
    return (prescription, 0) if prescription else ("", use.day)


def _is_drug(use: Use, categories: frozenset[int]) -> bool:
    return use.category in categories or (use.category < 0 and use.list_type in DRUG_LISTS)


def _hit(view: View, key: tuple[str, int], drugs: dict[str, list[Use]], most: int) -> Hit:
    ranked = sorted(drugs.values(), key=lambda lines: min(map(_order, lines)))
    cited = []
    for place, lines in enumerate(ranked):
        best = min(SOURCE_RANK.get(use.source, 1) for use in lines)
        cited += [
            Cited(use, use.amount_fen if place >= most else 0, is_violating=place >= most)
            for use in sorted(lines, key=_order)
            if SOURCE_RANK.get(use.source, 1) == best
        ]
    last = view.name(ranked[-1][0].item)
    prescription, day = key
    where_zh = f"处方 {prescription} " if prescription else f"{day_text(day)} 当日"
    where_en = f"Prescription {prescription}" if prescription else f"The day {day_text(day)}"
    return Hit(
        f"「{last}」等：{where_zh}共 {len(drugs)} 种药品，限 {most} 种",
        f"{where_en} has {len(drugs)} different drugs, at most {most}; the last is {last}",
        cited,
        prescription or day_text(day),
        parameters={"most": f"{most} 种"},
        inputs={"drugs": f"{len(drugs)} 种", "prescription": prescription or day_text(day)},
    )


def _order(use: Use) -> tuple[int, int, str]:
    return int(use.source == PROPOSED), use.at, use.id


@lru_cache(maxsize=256)
def _categories(codes: tuple[str, ...]) -> frozenset[int]:
    return frozenset(CATEGORY_INDEX[code] for code in codes if code in CATEGORY_INDEX)


@lru_cache(maxsize=256)
def _items(codes: tuple[str, ...]) -> Codes:
    return item_codes(";".join(codes))


class OnlineLimit(Kind[Parameters]):
    """A drug that may not be prescribed online, prescribed in an internet hospital's visit (麻醉药品、精神药品)."""

    name = "online_limit"
    title_zh = "超互联网医院药品支付范围"
    title_en = "not to be prescribed online"
    trigger = Trigger.ITEM
    point_columns = ("item",)
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Nothing of visits that are not said to be online."""
        if not view.facts.is_online:
            return ()
        name = view.name(bound.the.item)
        return (
            Hit(
                f"「{name}」互联网诊疗时开具麻醉药品精神药品",
                f"{name} is a narcotic or psychotropic drug, prescribed in an online visit",
                [Cited(use, use.amount_fen) for use in uses],
                inputs={"online": "是"},
            ),
        )

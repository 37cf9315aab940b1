"""The simulated settlement in words: one explanation for each amount, with the arithmetic, in Chinese and English.

Every formula is made of figures of the derivation (schemas.settlement.Step), ends in the amount it explains, and names
the book entry that decided. What differs from the insurer's settlement: schemas/difference.py.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from schemas.difference import Difference, difference_sentence, explain_difference
from schemas.settlement import LAYER_FIELDS, Period, SimulatedSettlement, Step
from schemas.settlement_words import FUND_KINDS, TELLERS, tell_fund
from schemas.units import day_text
from schemas.wording import LAYER_NAMES, Explanation, money, operand, share_text

__all__ = [
    "LAYER_NAMES",
    "Difference",
    "Explanation",
    "difference_sentence",
    "explain_difference",
    "explain_settlement",
    "money",
    "share_text",
]


def explain_settlement(settlement: SimulatedSettlement, sources: Mapping[str, str] | None = None) -> list[Explanation]:
    """Every amount of a settlement, in the order in which it was reckoned. `sources`: entry id → its source."""
    known = {settlement.benefit_id: settlement.benefit_source, **(sources or {})}
    told: list[Explanation] = []
    groups = [list(steps) for _, steps in groupby(settlement.steps, key=_period_of)]
    for steps in groups:
        year = _years(settlement, steps) if len(groups) > 1 else ("", "")
        for item in _stretch(settlement, steps):
            told.append(_signed(item, year, known, told))
    told += [_signed(item, ("", ""), known, told) for item in _whole(settlement)]
    told += [_period(number, period) for number, period in enumerate(settlement.periods, 1)]
    return told


def _period_of(step: Step) -> int:
    return step.period


def _years(settlement: SimulatedSettlement, steps: Sequence[Step]) -> tuple[str, str]:
    year = settlement.periods[steps[0].period].year
    return f"（{year} 年度）", f" ({year})"


def _signed(
    item: Explanation, year: tuple[str, str], sources: Mapping[str, str], told: Sequence[Explanation]
) -> Explanation:
    """The explanation with its year and the entry that decided, whose source is spelled out where it is first named."""
    entry, source = item.entry_id, sources.get(item.entry_id, "")
    is_first = source and all(other.entry_id != entry for other in told)
    by_zh = f"（依据：{entry}{f'，{source}' if is_first else ''}）" if entry else ""
    by_en = f" (by {entry}{f': {source}' if is_first else ''})" if entry else ""
    return msgspec.structs.replace(
        item,
        title_zh=item.title_zh + year[0],
        title_en=item.title_en + year[1],
        text_zh=f"{item.title_zh}{year[0]}：{item.text_zh}{by_zh}",
        text_en=f"{item.title_en}{year[1]}: {item.text_en}{by_en}",
        source=source,
    )


def _stretch(settlement: SimulatedSettlement, steps: Sequence[Step]) -> list[Explanation]:
    told = []
    ends = max((place for place, step in enumerate(steps) if step.kind in FUND_KINDS), default=-1)
    for place, step in enumerate(steps):
        teller = TELLERS.get(step.kind)
        if teller is not None:
            told.append(teller(settlement, step))
        if place == ends:
            told += tell_fund(steps)
    return told


def _whole(settlement: SimulatedSettlement) -> list[Explanation]:
    """What all funds pay, what is the patient's, and how it is paid."""
    if not settlement.fund_total_fen and not settlement.hospital_part_fen and not settlement.within_scope_fen:
        return [_cash(settlement)]
    parts = [settlement.basic_fund_fen, *(getattr(settlement, name) for name in LAYER_FIELDS.values())]
    sums = " + ".join(money(part) for part in (parts[0], *filter(None, parts[1:])))
    funds = f"{sums} = {money(settlement.fund_total_fen)}"
    hospital = settlement.hospital_part_fen
    less = f" − {operand(hospital)}" if hospital else ""
    total, fund, patient = settlement.total_fen, settlement.fund_total_fen, settlement.patient_part_fen
    own = f"{money(total)} − {operand(fund)}{less} = {money(patient)}"
    less_zh = "总费用 − 基金支付" + (" − 医院负担" if hospital else "")
    less_en = "total − funds" + (" − hospital's part" if hospital else "")
    return [
        Explanation("fund_total", "基金支付合计", "All funds", fund, funds, f"{funds} 元。", f"{funds} yuan."),
        Explanation(
            "patient_part",
            "个人负担",
            "Patient's part",
            patient,
            own,
            f"{less_zh}：{own} 元。",
            f"{less_en}: {own} yuan.",
        ),
        _cash(settlement),
    ]


def _cash(settlement: SimulatedSettlement) -> Explanation:
    account, aid = settlement.account_paid_fen, settlement.mutual_aid_paid_fen
    less = (f" − {money(account)}" if account else "") + (f" − {money(aid)}" if aid else "")
    cash = settlement.cash_paid_fen
    formula = f"{money(settlement.patient_part_fen)}{less} = {money(cash)}"
    return Explanation("cash_paid", "个人现金支付", "Cash", cash, formula, f"{formula} 元。", f"{formula} yuan.")


def _period(number: int, period: Period) -> Explanation:
    """One part of a visit that was cut by mid-stay settlements or the year's end."""
    first, last = day_text(period.first_day), day_text(period.last_day)
    total, fund, own = money(period.total_fen), money(period.fund_total_fen), money(period.patient_part_fen)
    hospital_zh = f"，医院负担 {money(period.hospital_part_fen)} 元" if period.hospital_part_fen else ""
    hospital_en = f", the hospital {money(period.hospital_part_fen)}" if period.hospital_part_fen else ""
    hospital = f" + {operand(period.hospital_part_fen)}" if period.hospital_part_fen else ""
    return Explanation(
        "period",
        f"第 {number} 段",
        f"Part {number}",
        period.total_fen,
        f"{fund}{hospital} + {operand(period.patient_part_fen)} = {total}",
        f"第 {number} 段（{first} 至 {last}，计入 {period.year} 年度）：费用 {total} 元，起付线 "
        f"{money(period.deductible_fen)} 元，基金支付 {fund} 元{hospital_zh}，个人负担 {own} 元。",
        f"Part {number} ({first} to {last}, counted to {period.year}): cost {total} yuan, deductible "
        f"{money(period.deductible_fen)}, the funds pay {fund}{hospital_en}, the patient {own}.",
    )

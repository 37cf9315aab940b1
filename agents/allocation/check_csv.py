"""The check table (核对表) as CSV, for the meeting that decides: one row a kind of visit, a last one with the sums."""

import csv
import io

from agents.allocation.words import (
    LIMITS,
    MEASURES,
    METHODS,
    Pair,
    decimal_text,
    derivation,
    kind_words,
    pick,
    signed_percent,
)
from agents.core.allocation.result import Allocation, QuotaRow
from schemas.units import yuan_text

_WHO = (
    ("科室", "department"),
    ("医疗类别", "care_type"),
    ("险种", "insurance_type"),
    ("就诊", "visits"),
    ("依据", "method"),
)
_HOW = (
    ("基期例数", "base_cases"), ("剔除例数", "trimmed_cases"), ("剔除金额", "trimmed_yuan"),
    ("平均住院日", "mean_days"), ("三年均值", "mean_yuan"), ("结构依据", "mix_system"),
    ("结构系数", "mix_factor"), ("预计权重", "mix_expected"), ("建议定额", "proposed_yuan"),
    ("上年基准", "reference_yuan"), ("人工系数", "factor"), ("限幅", "limited"), ("总额系数", "bound"),
    ("最终定额", "quota_yuan"), ("较上年", "change"), ("预计人次", "expected_cases"), ("预算口径", "basis"),
    ("预算折算比", "budget_ratio"), ("预算", "budget_yuan"), ("总额", "total"), ("推导", "derivation"),
    ("调整原因", "reason"), ("调整人", "who"),
)  # fmt: skip


def csv_name(year: int) -> str:
    """Its name."""
    return f"allocation-{year}.csv"


def allocation_csv(allocation: Allocation, lang: str) -> str:
    """The table, amounts in yuan, with a header in one language."""
    years = tuple(
        (f"{year}{zh}", f"{en}_{year}")
        for year in allocation.base_years
        for zh, en in (("例数", "cases"), ("次均", "mean_yuan"))
    )
    columns: tuple[Pair, ...] = (*_WHO, *years, *_HOW)
    out = io.StringIO()
    writer = csv.DictWriter(out, [name for _, name in columns], restval="", lineterminator="\n")
    writer.writerow({name: pick((zh, name), lang) for zh, name in columns})
    writer.writerows(_cells(row, allocation, lang) for row in allocation.quotas)
    writer.writerow(_sums(allocation, lang))
    return out.getvalue()


def _cells(row: QuotaRow, allocation: Allocation, lang: str) -> dict[str, str]:
    cells = {
        "department": row.department,
        "care_type": row.care_type,
        "insurance_type": row.insurance_type,
        "visits": kind_words(row, lang),
        "method": pick(METHODS[row.method], lang),
        "base_cases": str(row.cases),
        "trimmed_cases": str(row.trimmed_count),
        "trimmed_yuan": yuan_text(row.trimmed_fen),
        "mean_days": "" if row.mean_days_e4 is None else decimal_text(row.mean_days_e4, 2),
        "mean_yuan": "" if row.mean_fen is None else yuan_text(row.mean_fen),
        "mix_system": row.mix_system,
        "mix_factor": decimal_text(row.mix_factor_e4) if row.mix_system else "",
        "mix_expected": "" if row.mix_expected_e4 is None else decimal_text(row.mix_expected_e4),
        "proposed_yuan": yuan_text(row.proposed_fen),
        "reference_yuan": "" if row.reference_fen is None else yuan_text(row.reference_fen),
        "factor": decimal_text(row.factor_e4),
        "limited": pick(LIMITS[row.limited], lang) if row.limited else "",
        "bound": decimal_text(row.bound_e4),
        "quota_yuan": yuan_text(row.quota_fen),
        "change": "" if row.change_bp is None else signed_percent(row.change_bp),
        "expected_cases": str(row.expected_cases),
        "basis": pick(MEASURES[row.measure], lang),
        "budget_ratio": decimal_text(row.ratio_e4),
        "budget_yuan": yuan_text(row.budget_fen),
        "total": "" if row.pot is None else allocation.pots[row.pot].id or "--total",
        "derivation": pick(derivation(row), lang),
        "reason": row.reason,
        "who": row.who,
    }
    for year in row.years:
        cells[f"cases_{year.year}"] = str(year.cases)
        cells[f"mean_yuan_{year.year}"] = "" if year.mean_fen is None else yuan_text(year.mean_fen)
    return cells


def _sums(allocation: Allocation, lang: str) -> dict[str, str]:
    rows = allocation.quotas
    sums = {
        "department": pick(("合计", "all"), lang),
        "base_cases": str(sum(row.cases for row in rows)),
        "trimmed_cases": str(sum(row.trimmed_count for row in rows)),
        "trimmed_yuan": yuan_text(sum(row.trimmed_fen for row in rows)),
        "expected_cases": str(sum(row.expected_cases for row in rows)),
        "budget_yuan": yuan_text(sum(row.budget_fen for row in rows)),
    }
    for place, year in enumerate(allocation.base_years):
        sums[f"cases_{year}"] = str(sum(row.years[place].cases for row in rows))
    return sums

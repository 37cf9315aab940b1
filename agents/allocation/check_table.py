"""The check table (核对表) on screen: how each quota was reached, quotas and budgets, and the sum beside its total."""

from rich.console import Console
from rich.text import Text

from agents.allocation.grid import Grid
from agents.allocation.words import (
    LIMITS,
    MEASURES,
    METHODS,
    base_words,
    decimal_text,
    grouped_yuan,
    kind_words,
    note_words,
    pick,
    signed_percent,
)
from agents.core.allocation.result import Allocation, BudgetRow
from agents.core.allocation.season import month_amounts
from schemas.units import percent_text, ratio_bp


def show_allocation(console: Console, allocation: Allocation, how: str, lang: str) -> None:
    """Print how the quotas were reached, the quotas and budgets with their sum, the totals, and what to know."""
    title = pick((f"{allocation.year} 年科室二次分配", f"Secondary allocation {allocation.year}"), lang)
    console.print(Text(f"{title} · {allocation.hospital}", style="bold"))
    cases = pick((f"共 {allocation.cases:,} 例", f"{allocation.cases:,} cases"), lang)
    console.print(Text(pick(("，", ", "), lang).join([pick(base_words(allocation), lang), how, cases])))
    for grid in (_bases(allocation, lang), _quotas(allocation, lang), _budgets(allocation, lang)):
        console.print()
        grid.show(console)
    console.print()
    for line in _check_lines(allocation, lang):
        console.print(line)
    for note in allocation.notes:
        console.print(Text(f"· {pick(note_words(note), lang)}"))


def _check_lines(allocation: Allocation, lang: str) -> list[Text]:
    """Each total beside the sum of what was shared out of it."""
    lines = []
    for pot in allocation.pots:
        equal = pot.amount_fen == pot.sum_fen
        mark = "✓" if equal else "✗"
        name, total, shared = pot.id or "--total", grouped_yuan(pot.amount_fen), grouped_yuan(pot.sum_fen)
        wished, factor = grouped_yuan(pot.wished_fen), decimal_text(pot.factor_e4)
        zh = (
            f"{mark} 总额 {name}（{MEASURES[pot.measure][0]}）{total} 元，分配合计 {shared} 元"
            f"{'，逐分相符' if equal else '，不符'}；约束前 {wished} 元，总额系数 {factor}"
        )
        en = (
            f"{mark} total {name} ({MEASURES[pot.measure][1]}) {total} yuan, shared out {shared}"
            f"{', equal to the fen' if equal else ', NOT equal'}; unbound {wished}, factor {factor}"
        )
        lines.append(Text(pick((zh, en), lang), style="bold green" if equal else "bold red"))
    return lines


def _names(lang: str, *pairs: tuple[str, str]) -> list[str]:
    return [pick(pair, lang) for pair in pairs]


def _bases(allocation: Allocation, lang: str) -> Grid:
    grid = Grid(
        pick(("一、基数：各年次均（剔除后，元；* 该年例数不足，未计入）",
              "1. Base: mean of each year (trimmed, yuan; * too few cases, not counted)"), lang),
        _names(lang, ("科室", "department"), ("就诊", "visits")),
        [
            *_names(lang, ("例数", "cases")),
            *map(str, allocation.base_years),
            *_names(lang, ("剔除例", "trimmed"), ("剔除金额", "yuan"), ("三年均值", "mean"), ("结构", "mix")),
            *_names(lang, ("建议定额", "proposed")),
        ],
    )  # fmt: skip
    for row in allocation.quotas:
        means = [
            "—" if year.mean_fen is None else f"{grouped_yuan(year.mean_fen)}{'' if year.weight else '*'}"
            for year in row.years
        ]
        grid.add(
            row.department, kind_words(row, lang), f"{row.cases:,}", *means, f"{row.trimmed_count:,}",
            grouped_yuan(row.trimmed_fen), "—" if row.mean_fen is None else grouped_yuan(row.mean_fen),
            decimal_text(row.mix_factor_e4) if row.mix_system else "—", grouped_yuan(row.proposed_fen),
        )  # fmt: skip
    rows = allocation.quotas
    grid.sums = [
        pick(("合计", "all"), lang), "", f"{sum(row.cases for row in rows):,}", "", "", "",
        f"{sum(row.trimmed_count for row in rows):,}", grouped_yuan(sum(row.trimmed_fen for row in rows)), "", "", "",
    ]  # fmt: skip
    return grid


def _quotas(allocation: Allocation, lang: str) -> Grid:
    grid = Grid(
        pick(("二、定额与预算（元）", "2. Quotas and budgets (yuan)"), lang),
        _names(lang, ("科室", "department"), ("就诊", "visits"), ("依据", "by")),
        _names(
            lang, ("人工系数", "factor"), ("总额系数", "bound"), ("定额", "quota"), ("较上年", "change"),
            ("预计人次", "cases"), ("预算", "budget"),
        ),
    )  # fmt: skip
    for row in allocation.quotas:
        by = pick(METHODS[row.method], lang) + (f" {pick(LIMITS[row.limited], lang)}" if row.limited else "")
        grid.add(
            row.department, kind_words(row, lang), by,
            decimal_text(row.factor_e4) if row.factor_e4 != 10_000 else "—", decimal_text(row.bound_e4),
            grouped_yuan(row.quota_fen), signed_percent(row.change_bp), f"{row.expected_cases:,}",
            grouped_yuan(row.budget_fen),
        )  # fmt: skip
    cases = sum(row.expected_cases for row in allocation.quotas)
    total = grouped_yuan(allocation.total_fen)
    grid.sums = [pick(("合计", "all"), lang), "", "", "", "", "", "", f"{cases:,}", total]
    return grid


def _budgets(allocation: Allocation, lang: str) -> Grid:
    grid = Grid(
        pick(("三、科室预算（元）", "3. Budgets of departments (yuan)"), lang),
        _names(lang, ("科室", "department"), ("就诊", "visits"), ("口径", "counts")),
        _names(
            lang, ("全年", "year"), ("占比", "share"), ("一季度", "quarter 1"), ("二季度", "quarter 2"),
            ("三季度", "quarter 3"), ("四季度", "quarter 4"),
        ),
    )  # fmt: skip
    for row in allocation.budgets:
        grid.add(
            row.department, kind_words(row, lang), pick(MEASURES[row.measure], lang), grouped_yuan(row.amount_fen),
            percent_text(ratio_bp(row.amount_fen, allocation.total_fen)), *map(grouped_yuan, _quarters(row)),
        )  # fmt: skip
    sums = [sum(quarter) for quarter in zip(*map(_quarters, allocation.budgets), strict=True)]
    grid.sums = [pick(("合计", "all"), lang), "", "", grouped_yuan(allocation.total_fen), "", *map(grouped_yuan, sums)]
    return grid


def _quarters(row: BudgetRow) -> list[int]:
    months = month_amounts(row.amount_fen, row.months_bp)
    return [sum(months[start : start + 3]) for start in range(0, 12, 3)]

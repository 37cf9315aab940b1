"""The check table (核对表) on screen: how each quota was reached, quotas and budgets, and the sum beside its total."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

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
    for table in (_bases(allocation, lang), _quotas(allocation, lang), _budgets(allocation, lang)):
        console.print()
        console.print(table)
    console.print()
    for line in check_lines(allocation, lang):
        console.print(line)
    for note in allocation.notes:
        console.print(Text(f"· {pick(note_words(note), lang)}"))


def check_lines(allocation: Allocation, lang: str) -> list[Text]:
    """Each total beside the sum of what was shared out of it."""
    lines = []
    for pot in allocation.pots:
        equal = pot.amount_fen == pot.sum_fen
        mark = "✓" if equal else "✗"
        zh = (
            f"{mark} 总额 {pot.id or '--total'}（{MEASURES[pot.measure][0]}）{grouped_yuan(pot.amount_fen)} 元，"
            f"分配合计 {grouped_yuan(pot.sum_fen)} 元{'，逐分相符' if equal else '，不符'}；"
            f"约束前 {grouped_yuan(pot.wished_fen)} 元，总额系数 {decimal_text(pot.factor_e4)}"
        )
        en = (
            f"{mark} total {pot.id or '--total'} ({MEASURES[pot.measure][1]}) {grouped_yuan(pot.amount_fen)} yuan, "
            f"shared out {grouped_yuan(pot.sum_fen)}{', equal to the fen' if equal else ', NOT equal'}; "
            f"unbound {grouped_yuan(pot.wished_fen)}, factor {decimal_text(pot.factor_e4)}"
        )
        lines.append(Text(pick((zh, en), lang), style="bold green" if equal else "bold red"))
    return lines


def _bases(allocation: Allocation, lang: str) -> Table:
    years = [str(year) for year in allocation.base_years]
    table = _table(
        pick(("一、基数：各年次均（剔除后，元）", "1. Base: mean of each year (trimmed, yuan)"), lang),
        pick(("科室", "department"), lang), pick(("就诊", "visits"), lang),
    )  # fmt: skip
    _figures(
        table, pick(("例数", "cases"), lang), *years, pick(("剔除例", "trimmed"), lang),
        pick(("剔除金额", "trimmed"), lang), pick(("三年均值", "mean"), lang), pick(("结构", "mix"), lang),
        pick(("建议定额", "proposed"), lang),
    )  # fmt: skip
    for row in allocation.quotas:
        means = [
            "—" if year.mean_fen is None else f"{grouped_yuan(year.mean_fen)}{'' if year.weight else '*'}"
            for year in row.years
        ]
        table.add_row(
            row.department, kind_words(row, lang), f"{row.cases:,}", *means, f"{row.trimmed_count:,}",
            grouped_yuan(row.trimmed_fen), "—" if row.mean_fen is None else grouped_yuan(row.mean_fen),
            decimal_text(row.mix_factor_e4) if row.mix_system else "—", grouped_yuan(row.proposed_fen),
        )  # fmt: skip
    table.add_section()
    table.add_row(
        pick(("合计", "all"), lang), "", f"{sum(row.cases for row in allocation.quotas):,}", "", "", "",
        f"{sum(row.trimmed_count for row in allocation.quotas):,}",
        grouped_yuan(sum(row.trimmed_fen for row in allocation.quotas)), "", "", "",
    )  # fmt: skip
    return table


def _quotas(allocation: Allocation, lang: str) -> Table:
    table = _table(
        pick(("二、定额与预算（元）", "2. Quotas and budgets (yuan)"), lang),
        pick(("科室", "department"), lang), pick(("就诊", "visits"), lang), pick(("依据", "by"), lang),
    )  # fmt: skip
    _figures(
        table, pick(("人工系数", "factor"), lang), pick(("总额系数", "bound"), lang), pick(("定额", "quota"), lang),
        pick(("较上年", "change"), lang), pick(("预计人次", "cases"), lang), pick(("预算", "budget"), lang),
    )  # fmt: skip
    for row in allocation.quotas:
        by = pick(METHODS[row.method], lang) + (f" {pick(LIMITS[row.limited], lang)}" if row.limited else "")
        table.add_row(
            row.department, kind_words(row, lang), by,
            decimal_text(row.factor_e4) if row.factor_e4 != 10_000 else "—", decimal_text(row.bound_e4),
            Text(grouped_yuan(row.quota_fen), style="bold"), signed_percent(row.change_bp),
            f"{row.expected_cases:,}", grouped_yuan(row.budget_fen),
        )  # fmt: skip
    table.add_section()
    cases = sum(row.expected_cases for row in allocation.quotas)
    total = Text(grouped_yuan(allocation.total_fen), style="bold")
    table.add_row(pick(("合计", "all"), lang), "", "", "", "", "", "", f"{cases:,}", total)
    return table


def _budgets(allocation: Allocation, lang: str) -> Table:
    table = _table(
        pick(("三、科室预算（元）", "3. Budgets of departments (yuan)"), lang),
        pick(("科室", "department"), lang), pick(("就诊", "visits"), lang), pick(("口径", "counts"), lang),
    )  # fmt: skip
    quarters = [pick((f"{name}季度", f"quarter {number}"), lang) for number, name in enumerate("一二三四", start=1)]
    _figures(table, pick(("全年", "year"), lang), pick(("占比", "share"), lang), *quarters)
    for row in allocation.budgets:
        share = percent_text(ratio_bp(row.amount_fen, allocation.total_fen))
        table.add_row(
            row.department, kind_words(row, lang), pick(MEASURES[row.measure], lang), grouped_yuan(row.amount_fen),
            share, *map(grouped_yuan, _quarters(row)),
        )  # fmt: skip
    table.add_section()
    sums = [sum(quarter) for quarter in zip(*map(_quarters, allocation.budgets), strict=True)]
    table.add_row(
        pick(("合计", "all"), lang), "", "", Text(grouped_yuan(allocation.total_fen), style="bold"), "",
        *map(grouped_yuan, sums),
    )  # fmt: skip
    return table


def _quarters(row: BudgetRow) -> list[int]:
    months = month_amounts(row.amount_fen, row.months_bp)
    return [sum(months[start : start + 3]) for start in range(0, 12, 3)]


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", box=box.SIMPLE_HEAD,
        padding=(0, 1), show_edge=False,
    )  # fmt: skip
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _figures(table: Table, *columns: str) -> None:
    for column in columns:
        table.add_column(column, justify="right", overflow="fold")

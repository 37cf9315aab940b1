"""Execution against time on screen: each budget, what is spent of it, and what should be by now."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.allocation.words import MEASURES, grouped_yuan, pick
from agents.core.allocation.execution import Execution, ExecutionRow
from schemas.codes import name_en, name_zh
from schemas.ledger import WHOLE_HOSPITAL
from schemas.units import percent_text

_AHEAD_BP, _FAR_AHEAD_BP = 10_000, 11_000


def show_execution(console: Console, execution: Execution, lang: str) -> None:
    """Print one row a budget; what runs ahead of its time is yellow, from a tenth on red, and says so in words."""
    title = (
        f"{execution.year} 年预算执行，截至 {execution.through}",
        f"Budgets of {execution.year}, through {execution.through}",
    )
    console.print(Text(f"{pick(title, lang)} · {execution.hospital}", style="bold"))
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for zh, en in (("科室", "department"), ("就诊", "visits"), ("口径", "counts")):
        table.add_column(pick((zh, en), lang), overflow="fold")
    for zh, en in (
        ("预算", "budget"), ("已用", "spent"), ("已用比", "used"), ("时间比", "time"), ("应用", "due"),
        ("进度", "pace"), ("年末预计", "expected"), ("本月", "month"), ("人次", "cases"),
    ):  # fmt: skip
        table.add_column(pick((zh, en), lang), justify="right", overflow="fold")
    table.add_column(pick(("状态", "state"), lang), overflow="fold")
    for row in execution.rows:
        state, style = _state(row)
        table.add_row(
            pick(("全院", "hospital"), lang) if row.department == WHOLE_HOSPITAL else row.department,
            _visits(row, lang), pick(MEASURES[row.measure], lang), grouped_yuan(row.budget_fen),
            grouped_yuan(row.spent_fen), percent_text(row.used_bp), percent_text(row.time_bp),
            grouped_yuan(row.to_date_fen), Text(percent_text(row.pace_bp), style=style),
            "—" if row.expected_fen is None else grouped_yuan(row.expected_fen), percent_text(row.month_used_bp),
            f"{row.visits:,}", Text(pick(state, lang), style=style),
        )  # fmt: skip
    console.print(table)
    words = (
        "已用：费用按开单科室与发生月份，基金支付按负责科室与入院月份，含在院患者。进度＝已用÷应用（月份占比与天数）。",
        "Spent: charges by department and month, funds by month of admission, those in bed too. Pace = spent ÷ due.",
    )
    console.print(Text(pick(words, lang)))


def _state(row: ExecutionRow) -> tuple[tuple[str, str], str]:
    if row.spent_fen > row.budget_fen:
        return ("超预算", "over budget"), "bold red"
    if row.pace_bp is None or row.pace_bp <= _AHEAD_BP:
        return ("正常", "in time"), "green"
    if row.pace_bp < _FAR_AHEAD_BP:
        return ("略快", "ahead"), "yellow"
    return ("过快", "far ahead"), "bold red"


def _visits(row: ExecutionRow, lang: str) -> str:
    name = name_zh if lang == "zh" else name_en
    named = [("care_type", row.care_type), ("insurance_type", row.insurance_type)]
    found = [name(table, code) for table, code in named if code]
    return "·".join(found) or pick(("全部", "all"), lang)

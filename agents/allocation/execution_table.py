"""Execution against time on screen: each budget, what is spent of it, and what should be by now."""

from rich.console import Console
from rich.text import Text

from agents.allocation.grid import Grid
from agents.allocation.words import MEASURES, grouped_yuan, kind_words, pick
from agents.core.allocation.execution import Execution, ExecutionRow
from schemas.ledger import WHOLE_HOSPITAL
from schemas.units import percent_text

_AHEAD_BP, _FAR_AHEAD_BP = 10_000, 11_000
_TEXTS = (("科室", "department"), ("就诊", "visits"), ("口径", "counts"))
_FIGURES = (
    ("预算", "budget"), ("已用", "spent"), ("已用比", "used"), ("时间比", "time"), ("应用", "due"), ("进度", "pace"),
    ("年末预计", "expected"), ("本月已用比", "month used"), ("人次", "cases"),
)  # fmt: skip


def show_execution(console: Console, execution: Execution, lang: str) -> None:
    """Print one row a budget; what runs ahead of its time is yellow, from a tenth on red, and says so in words."""
    title = pick((f"{execution.year} 年预算执行", f"Budgets of {execution.year}"), lang)
    through = pick((f"截至 {execution.through}", f"through {execution.through}"), lang)
    console.print(Text(f"{title} · {through} · {execution.hospital}", style="bold"))
    grid = Grid(
        "",
        [pick(pair, lang) for pair in _TEXTS],
        [pick(pair, lang) for pair in _FIGURES],
        pick(("状态", "state"), lang),
    )
    for row in execution.rows:
        state, style = _state(row)
        grid.add(
            pick(("全院", "hospital"), lang) if row.department == WHOLE_HOSPITAL else row.department,
            kind_words(row, lang), pick(MEASURES[row.measure], lang), grouped_yuan(row.budget_fen),
            grouped_yuan(row.spent_fen), percent_text(row.used_bp), percent_text(row.time_bp),
            grouped_yuan(row.to_date_fen), percent_text(row.pace_bp),
            "—" if row.expected_fen is None else grouped_yuan(row.expected_fen), percent_text(row.month_used_bp),
            f"{row.visits:,}", pick(state, lang), style=style,
        )  # fmt: skip
    grid.show(console)
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

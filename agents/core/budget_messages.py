"""The sentences of budget alerts (预算执行), and the derivation behind them."""

from agents.core.budget import Execution
from agents.core.episodes import Telling
from agents.core.messages import derivation
from agents.core.policy import Watch
from schemas.alerts import Rule
from schemas.units import div_round, percent_text, reached_bp, yuan_text

#: Whose budget it is, in Chinese and English.
WHOSE = {Rule.DEPARTMENT_BUDGET: ("本科室", "The department"), Rule.HOSPITAL_BUDGET: ("全院", "The hospital")}
#: What is counted against it.
BASES = {
    "fund": ("基金支付（模拟）", "simulated payment of the funds"),
    "total": ("总费用", "total cost"),
    "basic": ("基本医疗费用", "basic cost"),
}


def month_text(month: int) -> tuple[str, str]:
    """A month (YYYYMM) in Chinese and English."""
    year, number = divmod(month, 100)
    return f"{year}年{number}月", f"{year}-{number:02d}"


def budget_telling(watch: Watch, version: str, month: int, found: Execution, *, cleared: bool) -> Telling:
    """Spending against the part of the month's budget that is due by now."""
    whose_zh, whose_en = WHOSE[watch.rule]
    basis_zh, basis_en = BASES[found.budget.basis]
    month_zh, month_en = month_text(month)
    spent, due, whole = yuan_text(found.spent_fen), yuan_text(found.to_date_fen), yuan_text(found.budget.amount_fen)
    pace_bp = reached_bp(found.spent_fen, found.to_date_fen)
    pace, used = percent_text(pace_bp), percent_text(reached_bp(found.spent_fen, found.budget.amount_fen))
    time = percent_text(div_round(10_000 * found.days_gone, found.days))
    why = derivation(
        watch,
        version,
        {
            "spent_fen": found.spent_fen,
            "month_budget_fen": found.budget.amount_fen,
            "days_gone": found.days_gone,
            "days": found.days,
            "to_date_fen": found.to_date_fen,
            "pace_bp": pace_bp,
            "min_total_fen": watch.min_total,
        },
        f"{basis_zh} {spent} ÷（{month_zh}预算 {whole} × {found.days_gone}/{found.days} 天 = {due}）= {pace}"
        f"（{found.budget.policy_id}）",
    )
    if cleared and found.to_date_fen < watch.min_total:
        return Telling(
            f"{whose_zh}{month_zh}截至目前的预算只有 {due} 元，不再比较进度。",
            f"{whose_en}'s budget for {month_en} is {due} yuan to date, too little to compare.",
            why,
            "bp",
        )
    if cleared:
        return Telling(
            f"{whose_zh}{month_zh}预算执行已回落：{basis_zh} {spent} 元，为截至目前预算 {due} 元的 {pace}。",
            f"{whose_en} spends its budget for {month_en} more slowly now: {basis_en} of {spent} yuan, {pace} of the"
            f" {due} due by now.",
            why,
            "bp",
        )
    return Telling(
        f"{whose_zh}{month_zh}预算执行偏快：{basis_zh} {spent} 元，为截至目前预算 {due} 元的 {pace}；"
        f"全月预算 {whole} 元已用 {used}，时间进度 {time}。",
        f"{whose_en} spends its budget for {month_en} too fast: {basis_en} of {spent} yuan, {pace} of the {due} due by"
        f" now; {used} of the month's {whole} is used, {time} of the month is over.",
        why,
        "bp",
    )


def no_budget_telling(watch: Watch, version: str, month: int, spent_fen: int) -> Telling:
    """The book in force has no budget any more: the alert ends."""
    whose_zh, whose_en = WHOSE[watch.rule]
    month_zh, month_en = month_text(month)
    why = derivation(watch, version, {"spent_fen": spent_fen}, f"{month_zh}无预算")
    return Telling(
        f"现行政策账簿中{whose_zh}{month_zh}没有预算，提醒结束。",
        f"The policy book in force has no budget of {whose_en.lower()} for {month_en}; this notice ended.",
        why,
        "bp",
    )

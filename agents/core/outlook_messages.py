"""The sentences of alerts that lean on the simulated settlement and the prediction, and the derivation behind them."""

from agents.core.episodes import Telling
from agents.core.messages import derivation
from agents.core.policy import Watch
from schemas.ledger import Settlement
from schemas.payment_words import method_names
from schemas.prediction import MethodOutlook, Prediction
from schemas.settlement import SimulatedSettlement
from schemas.units import percent_text, yuan_text


def standard_telling(watch: Watch, version: str, method: MethodOutlook, used_bp: int, *, cleared: bool) -> Telling:
    """Cost against the payment standard of the method in force (超支付标准)."""
    name_zh, name_en = method_names(method)
    use, cost, standard = percent_text(used_bp), yuan_text(method.covered_fen), yuan_text(method.base_fen)
    why = derivation(
        watch,
        version,
        {"covered_fen": method.covered_fen, "standard_fen": method.base_fen, "used_bp": used_bp},
        f"计入费用 {cost} ÷ {name_zh}支付标准 {standard} ({method.method_id}) = {use}",
    )
    if cleared:
        return Telling(
            f"费用已回落至支付标准的 {use}（{name_zh}，标准 {standard} 元）。",
            f"Cost is back to {use} of the payment standard ({name_en}, {standard} yuan).",
            why,
            "bp",
        )
    return Telling(
        f"费用已达支付标准的 {use}：{cost} 元，{name_zh}标准 {standard} 元。",
        f"Cost has reached {use} of the payment standard: {cost} of {standard} yuan ({name_en}).",
        why,
        "bp",
    )


def loss_telling(
    watch: Watch, version: str, method: MethodOutlook, prediction: Prediction, loss_fen: int, *, cleared: bool
) -> Telling:
    """The loss foreseen at discharge under the method in force (预测亏损)."""
    name_zh, name_en = method_names(method)
    loss, income = yuan_text(loss_fen), yuan_text(method.projected_income_fen)
    cost, days = yuan_text(prediction.projected_cost_fen), prediction.projected_days
    why = derivation(
        watch,
        version,
        {
            "cost_fen": prediction.cost_fen,
            "daily_fen": prediction.daily_fen,
            "days": prediction.days,
            "projected_days": days,
            "projected_cost_fen": prediction.projected_cost_fen,
            "projected_income_fen": method.projected_income_fen,
        },
        f"预测费用 {cost}（第 {days} 天出院）− {name_zh}预计收入 {income} = {yuan_text(-method.projected_profit_fen)}",
    )
    if cleared:
        return Telling(
            f"预测亏损已回落至 {loss} 元（{name_zh}）。",
            f"The predicted loss is down to {loss} yuan ({name_en}).",
            why,
            "fen",
        )
    return Telling(
        f"预测出院时亏损 {loss} 元：预计费用 {cost} 元，{name_zh}预计收入 {income} 元。",
        f"A loss of {loss} yuan is predicted at discharge: cost {cost}, income {income} yuan ({name_en}).",
        why,
        "fen",
    )


def cap_telling(watch: Watch, version: str, settled: SimulatedSettlement, used_bp: int, *, cleared: bool) -> Telling:
    """The year's payments of the basic fund against its cap (封顶线)."""
    use, used, cap = percent_text(used_bp), yuan_text(settled.cap_used_fen), yuan_text(settled.cap_fen or 0)
    why = derivation(
        watch,
        version,
        {"cap_used_fen": settled.cap_used_fen, "cap_fen": settled.cap_fen or 0, "over_cap_fen": settled.over_cap_fen},
        f"本年度统筹已支付 {used} ÷ 封顶线 {cap} ({settled.benefit_id}) = {use}",
    )
    if cleared:
        return Telling(
            f"本年度统筹支付已回落至封顶线的 {use}。",
            f"This year's payments of the basic fund are back to {use} of the cap.",
            why,
            "bp",
        )
    over_zh = f"，超出 {yuan_text(settled.over_cap_fen)} 元" if settled.over_cap_fen > 0 else ""
    over_en = f", {yuan_text(settled.over_cap_fen)} beyond it" if settled.over_cap_fen > 0 else ""
    return Telling(
        f"本年度统筹支付已达封顶线的 {use}：{used} 元，封顶线 {cap} 元{over_zh}。",
        f"This year's payments of the basic fund have reached {use} of the cap: {used} of {cap} yuan{over_en}.",
        why,
        "bp",
    )


def coverage_telling(watch: Watch, version: str, hours: int, amount_fen: int, *, cleared: bool) -> Telling:
    """No insurance is known of an inpatient (未刷卡)."""
    amount = yuan_text(amount_fen)
    why = derivation(
        watch,
        version,
        {"hours": hours, "limit_hours": watch.at[0], "amount_fen": amount_fen},
        f"入院 {hours} 小时仍无参保信息（提醒线 {watch.at[0]} 小时）",
    )
    if cleared:
        return Telling("参保信息已登记。", "The patient's insurance is registered now.", why, "hours")
    return Telling(
        f"入院已 {hours} 小时仍未刷卡（无参保信息），已发生费用 {amount} 元，暂按自费计。",
        f"No insurance is known {hours} hours after admission; {amount} yuan so far are reckoned as self-paid.",
        why,
        "hours",
    )


def difference_telling(
    watch: Watch,
    version: str,
    simulated: SimulatedSettlement,
    real: Settlement,
    causes: tuple[str, str],
    *,
    cleared: bool,
) -> Telling:
    """The simulated settlement against the insurer's; `causes`: what differs, in Chinese and in English."""
    ours, theirs = yuan_text(simulated.fund_total_fen), yuan_text(real.fund_total_fen)
    difference = simulated.fund_total_fen - real.fund_total_fen
    why = derivation(
        watch,
        version,
        {
            "simulated_fund_fen": simulated.fund_total_fen,
            "settled_fund_fen": real.fund_total_fen,
            "simulated_total_fen": simulated.total_fen,
            "settled_total_fen": real.total_fen,
            "simulated_deductible_fen": simulated.deductible_fen,
            "settled_deductible_fen": real.deductible_fen,
        },
        f"模拟基金支付 {ours} − 实际结算 {theirs} = {yuan_text(difference)}",
    )
    if cleared:
        return Telling(
            f"模拟结算与实际结算已一致（基金支付 {theirs} 元）。",
            f"Simulated and real settlement agree now (funds pay {theirs} yuan).",
            why,
            "fen",
        )
    return Telling(
        f"模拟与实际结算不一致：基金支付模拟 {ours} 元，实际 {theirs} 元，相差 {yuan_text(difference)} 元。{causes[0]}",
        f"Simulated and real settlement differ: the funds pay {ours} simulated, {theirs} settled, "
        f"{yuan_text(difference)} yuan apart. {causes[1]}",
        why,
        "fen",
    )

"""The arithmetic of a payment method in figures and words: standard, income, the funds' part, profit now and later.

Every formula is arithmetic in yuan (scores and weights as they are) that ends in the amount it explains.
"""

from collections.abc import Mapping

from schemas.payment_words import OUTLIERS, method_names
from schemas.prediction import MethodOutlook, Outlier, Prediction
from schemas.settlement import SimulatedSettlement
from schemas.wording import Explanation, money, share_text

PRICE_PLACES = 6


def explain_method(
    method: MethodOutlook, prediction: Prediction, settlement: SimulatedSettlement | None = None
) -> list[Explanation]:
    """Every amount of an admissible method; none of another. With the settlement also what the funds owe."""
    if not method.admissible:
        return []
    told = [*_standard(method), _income(method, prediction)]
    if settlement is not None:
        told.append(_fund_due(method, settlement))
    told.append(_profit(method, prediction))
    if (prediction.projected_cost_fen, prediction.projected_days) != (prediction.cost_fen, prediction.days):
        told.append(_projected(method, prediction))
    return told


def decimals(value: int, places: int) -> str:
    """A figure of `places` decimals as text, at least two of them: 13562000 with four is `1356.20`.

    Prices (six decimals) have separators like any other amount of money: `12,400.00`.
    """
    whole, rest = divmod(value, 10**places)
    text = f"{rest:0{places}d}".rstrip("0")
    return f"{whole:,}.{text:0<2}" if places == PRICE_PLACES else f"{whole}.{text:0<2}"


def _of(
    method: MethodOutlook, what: str, titles: tuple[str, str], amount: int, formula: str, zh: str, en: str
) -> Explanation:
    return Explanation(
        what, titles[0], titles[1], amount, formula, f"{titles[0]}：{zh}", f"{titles[1]}: {en}", method.method_id,
        method.source,
    )  # fmt: skip


def _standard(method: MethodOutlook) -> list[Explanation]:
    """The payment standard: before the deviation rules, and after them where they changed it."""
    numbers = method.numbers
    if method.standard_fen is None:
        return []
    title = ("支付标准", "Payment standard")
    if method.kind == "visit_quota":
        return _quota(method, title)
    if method.kind == "bed_day":
        return [_bed_days(method, title)]
    base = numbers.get("base_fen", method.standard_fen)
    amount = money(base)
    factors, zh, en = _factors(method)
    formula = f"{factors} = {amount}" if factors else amount
    text_zh, text_en = f"{zh} = {amount} 元。", f"{en} = {amount} yuan."
    if not factors:
        text_zh, text_en = f"{amount} 元（政策库规定）。", f"{amount} yuan, stated by the book."
    told = [_of(method, "base", title, base, formula, text_zh, text_en)]
    if method.deviation or method.outlier != Outlier.NORMAL:
        told.append(_deviated(method, base))
    return told


def _factors(method: MethodOutlook) -> tuple[str, str, str]:
    """What a group's standard is the product of: the formula's left side, and in words."""
    numbers = method.numbers
    parts: list[tuple[str, str, str]] = []

    def factor(name: str, places: int, zh: str, unit: str, en: str) -> None:
        if name in numbers:
            text = decimals(numbers[name], places)
            parts.append((text, f"{zh} {text}{f' {unit}' if unit else ''}", f"{en} {text}"))

    if method.kind == "drg_points":
        why_zh, why_en = _base_points(numbers)
        factor("points_e4", 4, f"基准点数{why_zh}", "点", f"base points{why_en}")
        factor("point_value_micro", 6, "点值", "元", "point value")
        if "budget_fen" in numbers:
            budget, total = money(numbers["budget_fen"]), decimals(numbers["total_points_e4"], 4)
            value = f"{budget} ÷ {total}"
            parts.append((f"({value})", f"点值（预算 {budget} 元 ÷ 总点数 {total}）", f"point value ({value})"))
    elif method.kind == "drg_rate":
        factor("weight_e4", 4, "权重", "", "weight")
        factor("rate_micro", 6, "费率", "元", "rate")
    elif method.kind == "dip":
        factor("score_e4", 4, "分值", "分", "score")
        factor("point_value_micro", 6, "点值", "元", "point value")
    else:
        return "", "", ""
    factor("coefficient_e4", 4, "机构系数", "", "hospital coefficient")
    factor("auxiliary_e4", 4, "辅助系数", "", "auxiliary coefficient")
    return tuple(" × ".join(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def _base_points(numbers: Mapping[str, int]) -> tuple[str, str]:
    """Where base points come from that the group does not state itself."""
    if "group_mean_fen" in numbers:
        of = f"{money(numbers['group_mean_fen'])} ÷ {money(numbers['mean_of_all_fen'])} × 100"
        return f"（病组次均 ÷ 全部次均：{of}）", f" (mean of the group ÷ mean of all: {of})"
    if "weight_e4" in numbers:
        weight = decimals(numbers["weight_e4"], 4)
        return f"（权重 {weight} × 100）", f" (weight {weight} × 100)"
    return "", ""


def _deviated(method: MethodOutlook, base: int) -> Explanation:
    """The deviation rule that holds, and what it makes of the standard."""
    numbers, standard = method.numbers, method.standard_fen or 0
    mean = numbers.get("mean_fen", numbers.get("reference_fen", 0))
    of_zh, of_en = ("次均费用", "the mean") if "mean_fen" in numbers else ("支付标准", "the standard")
    cost, amount, whole, mean_text = money(method.covered_fen), money(standard), money(base), money(mean)
    high = decimals(numbers.get("high_bp", 0), 4)
    formulas = {
        "low_ratio": f"{whole} × {cost} ÷ {mean_text}",
        "low_by_item": cost,
        "high_excess": f"{whole} × ({cost} ÷ {mean_text} − {high} + 1)",
        "high_by_item": f"{whole} + ({cost} − {high} × {mean_text})",
    }
    formula = formulas.get(method.deviation, whole)
    zh, en = OUTLIERS[Outlier(method.outlier)]
    mark_zh, mark_en = _mark(method)
    return _of(
        method,
        "standard",
        ("偏差调整后标准", "Standard after deviation rules"),
        standard,
        f"{formula} = {amount}",
        f"{zh}：计入费用 {cost} 元，{of_zh} {mean_text} 元，{mark_zh}；{formula} = {amount} 元。",
        f"{en}: cost {cost} yuan, {of_en} {mean_text}, {mark_en}; {formula} = {amount} yuan.",
    )


def _mark(method: MethodOutlook) -> tuple[str, str]:
    names = {
        Outlier.LOW: ("low_bp", "低于", "below"),
        Outlier.HIGH: ("high_bp", "高于", "above"),
        Outlier.EXTREME: ("extreme_bp", "高于", "above"),
    }
    name, zh, en = names[Outlier(method.outlier)]
    share = share_text(method.numbers.get(name, 0))
    return f"{zh}{'次均' if 'mean_fen' in method.numbers else '标准'}的 {share}", f"{en} {share} of it"


def _quota(method: MethodOutlook, title: tuple[str, str]) -> list[Explanation]:
    numbers, standard = method.numbers, method.standard_fen or 0
    quota, over = numbers["quota_fen"], numbers.get("over_fourfold_fen", 0)
    times = decimals(numbers["fourfold_bp"], 4)
    cost, limit, amount = money(method.covered_fen), money(method.covered_fen - over), money(standard)
    told = []
    if standard == quota:
        told.append(
            _of(method, "standard", title, standard, amount, f"人次定额 {amount} 元。", f"quota {amount} yuan.")
        )
    else:
        sums = f"{money(quota)} + {money(over)} = {amount}"
        told.append(
            _of(
                method,
                "standard",
                title,
                standard,
                sums,
                f"人次定额与超出部分 {sums} 元。",
                f"the quota and what lies over the mark: {sums} yuan.",
            )
        )
    if over:
        told.append(
            _of(
                method,
                "over_fourfold",
                ("超倍数定额部分", "Over the multiple of the quota"),
                over,
                f"{cost} − {times} × {money(quota)} = {money(over)}",
                f"计入费用 {cost} 元，超过定额的 {times} 倍（{limit} 元），超出 {money(over)} 元，另行审核。",
                f"cost {cost} yuan lies above {times} times the quota ({limit}) by {money(over)}: reviewed apart.",
            )
        )
    if numbers.get("low_cost"):
        mark = money(numbers["low_cost_at_fen"])
        told.append(
            _of(
                method,
                "low_cost",
                ("低额病例", "Low-cost case"),
                method.covered_fen,
                cost,
                f"计入费用 {cost} 元，截至目前不超过 {mark} 元（含），出院时如仍如此须自查。",
                f"cost so far of {cost} yuan is not above {mark}; to be reviewed if that holds at discharge.",
            )
        )
    return told


def _bed_days(method: MethodOutlook, title: tuple[str, str]) -> Explanation:
    numbers, parts, parts_zh = method.numbers, [], []
    for number in range(1, len(numbers) + 1):
        if f"days_{number}" not in numbers:
            break
        days, day = numbers[f"days_{number}"], money(numbers[f"day_fen_{number}"])
        parts.append(f"{days} × {day}")
        parts_zh.append(f"{days} 天 × {day} 元")
    amount = money(method.standard_fen or 0)
    left = " + ".join(parts) or "0"
    return _of(
        method,
        "standard",
        title,
        method.standard_fen or 0,
        f"{left} = {amount}",
        f"{' + '.join(parts_zh) or '0 天'} = {amount} 元。",
        f"{left} = {amount} yuan.",
    )


def _income(method: MethodOutlook, prediction: Prediction) -> Explanation:
    income, total = method.income_fen, prediction.cost_fen
    amount, title = money(income), ("医院所得", "Hospital's income")
    if method.kind == "capitation":
        head = money(method.numbers.get("per_head_year_fen", 0))
        return _of(
            method,
            "income",
            title,
            income,
            amount,
            f"人头费（每人每年 {head} 元）已付，本次只有个人负担 {amount} 元。",
            f"the insurer has paid {head} yuan a head and year; the visit brings the patient's part of {amount} yuan.",
        )
    if method.standard_fen is not None:
        beside = income - method.standard_fen
        left = f"{money(method.standard_fen)} {'+' if beside >= 0 else '−'} {money(abs(beside))}"
        return _of(
            method,
            "income",
            title,
            income,
            f"{left} = {amount}",
            f"支付标准与标准外由个人负担的费用 {left} = {amount} 元。",
            f"the standard and what the patient pays beside it: {left} = {amount} yuan.",
        )
    less = method.numbers.get("deduction_fen", 0)
    borne = total - less - income
    left = f"{money(total)} − {money(less)}" + (f" − {money(borne)}" if borne else "")
    zh, en = _deduction(method)
    borne_zh = f"，医院负担 {money(borne)} 元" if borne else ""
    borne_en = f", the hospital's own part {money(borne)}" if borne else ""
    return _of(
        method,
        "income",
        title,
        income,
        f"{left} = {amount}",
        f"总费用 {money(total)} 元{zh}{borne_zh}：{left} = {amount} 元。",
        f"total {money(total)} yuan{en}{borne_en}: {left} = {amount} yuan.",
    )


def _deduction(method: MethodOutlook) -> tuple[str, str]:
    numbers = method.numbers
    less, fund = money(numbers.get("deduction_fen", 0)), money(numbers.get("fund_fen", 0))
    if method.kind == "by_item":
        share = share_text(numbers.get("deduction_bp", 0))
        return f"，预计审核扣款为基金支付 {fund} 元的 {share}", f", expected deduction {share} of the funds' {fund}"
    if "budget_left_fen" not in numbers:
        return "，预算执行情况未知，按项目计", ", by item, since nobody says what is left of the budget"
    left, over = money(numbers["budget_left_fen"]), money(numbers["over_budget_fen"])
    share = share_text(numbers["overrun_share_bp"])
    return (
        f"，预算余额 {left} 元，基金支付 {fund} 元，超预算 {over} 元，医保分担 {share}，医院少得 {less} 元",
        f", budget left {left}, the funds' part {fund}, over it {over}, of which the insurer bears {share}",
    )


def _fund_due(method: MethodOutlook, settlement: SimulatedSettlement) -> Explanation:
    due, income, own = method.fund_due_fen, money(method.income_fen), money(settlement.patient_part_fen)
    amount = money(due)
    formula = f"{income} − {own} = {amount}"
    is_cut = method.income_fen < settlement.patient_part_fen
    if is_cut:
        formula = f"max(0, {income} − {own}) = {amount}"
    return _of(
        method,
        "fund_due",
        ("医保应付", "Due from the insurer"),
        due,
        formula,
        f"医院所得减个人负担 {formula} 元。",
        f"income less the patient's part: {formula} yuan.",
    )


def _profit(method: MethodOutlook, prediction: Prediction) -> Explanation:
    formula = f"{money(method.income_fen)} − {money(prediction.cost_fen)} = {money(method.profit_fen)}"
    titles = ("当前盈亏", "Profit so far")
    return _of(method, "profit", titles, method.profit_fen, formula, f"{formula} 元。", f"{formula} yuan.")


def _projected(method: MethodOutlook, prediction: Prediction) -> Explanation:
    profit = method.projected_profit_fen
    formula = f"{money(method.projected_income_fen)} − {money(prediction.projected_cost_fen)} = {money(profit)}"
    zh, en = OUTLIERS[Outlier(method.projected_outlier)]
    more_zh, more_en = ("", "") if method.projected_outlier == Outlier.NORMAL else (f"（{zh}）", f" ({en})")
    titles = ("出院时预测盈亏", "Profit at discharge")
    return _of(
        method, "projected_profit", titles, profit, formula, f"{formula} 元{more_zh}。", f"{formula} yuan{more_en}."
    )


def title_of(method: MethodOutlook) -> tuple[str, str]:
    """The method's name with its id, for headings."""
    zh, en = method_names(method)
    return f"{zh}（{method.method_id}）", f"{en} ({method.method_id})"

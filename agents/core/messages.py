"""The one sentence a nurse reads, in Chinese and English, and the derivation behind it. Whole sentences only."""

from agents.core.episodes import Telling
from agents.core.policy import QuotaInForce, Watch
from schemas.alerts import Derivation, Rule
from schemas.units import percent_text, reached_bp, yuan_text

#: rule → its name in Chinese and English.
NAMES = {
    Rule.VISIT_QUOTA: ("定额使用率", "Use of the visit quota"),
    Rule.CASE_COST: ("单病例费用", "Cost of the case"),
    Rule.DRUG_RATIO: ("药占比", "Drug ratio"),
    Rule.MATERIAL_RATIO: ("材料占比", "Material ratio"),
    Rule.SELF_PAY_RATIO: ("自费率", "Self-pay ratio"),
    Rule.LENGTH_OF_STAY: ("住院天数", "Length of stay"),
    Rule.VALUABLE_DRUG: ("贵重药品", "Valuable drug"),
    Rule.CONSUMABLE: ("高值耗材", "High-value consumable"),
    Rule.TRANSFER: ("转科", "Transfer"),
    Rule.DEPARTMENT_QUOTA: ("科室定额使用率", "Department's use of quota"),
    Rule.DEPARTMENT_DRUG_RATIO: ("科室药占比", "Department's drug ratio"),
    Rule.DEPARTMENT_MATERIAL_RATIO: ("科室材料占比", "Department's material ratio"),
}


def derivation(watch: Watch, policy_version: str, inputs: dict[str, int], formula: str) -> Derivation:
    """Inputs, arithmetic, and the policy entry that decided."""
    return Derivation(inputs, formula, watch.policy_id, policy_version, watch.source)


def quota_telling(
    watch: Watch, version: str, quota: QuotaInForce, used_fen: int, reached_fen: int, *, cleared: bool
) -> Telling:
    """人次定额 usage."""
    used_bp = reached_bp(used_fen, quota.quota_fen)
    basis_zh, basis_en = ("基本医疗费用", "basic cost") if quota.basis == "basic" else ("总费用", "total cost")
    use, money, limit = percent_text(used_bp), yuan_text(used_fen), yuan_text(quota.quota_fen)
    why = derivation(
        watch,
        version,
        {"used_fen": used_fen, "quota_fen": quota.quota_fen, "used_bp": used_bp, "reached_fen": reached_fen},
        f"{basis_zh} {money} ÷ 人次定额 {limit} ({quota.policy_id}) = {use}",
    )
    if cleared:
        return Telling(
            f"定额使用率已回落至 {use}（{basis_zh} {money} 元，定额 {limit} 元）。",
            f"Use of the visit quota is back to {use} ({basis_en} {money} of {limit} yuan).",
            why,
            "bp",
        )
    over = " 已超4倍定额，" if used_bp >= 40_000 else ""
    return Telling(
        f"{over}定额使用率 {use}：{basis_zh} {money} 元，人次定额 {limit} 元。".strip(),
        f"{use} of the visit quota is used: {basis_en} {money} of {limit} yuan"
        + ("; beyond four times the quota." if used_bp >= 40_000 else "."),
        why,
        "bp",
    )


def ratio_telling(watch: Watch, version: str, part_fen: int, total_fen: int, *, cleared: bool) -> Telling:
    """A ratio of two sums of money."""
    name_zh, name_en = NAMES[watch.rule]
    value_bp = reached_bp(part_fen, total_fen)
    value, line = percent_text(value_bp), percent_text(watch.at[0])
    why = derivation(
        watch,
        version,
        {"part_fen": part_fen, "total_fen": total_fen, "value_bp": value_bp, "min_total_fen": watch.min_total},
        f"{yuan_text(part_fen)} ÷ {yuan_text(total_fen)} = {value}（预警线 {line}）",
    )
    if cleared and (total_fen <= 0 or total_fen < watch.min_total):
        total = yuan_text(total_fen)
        return Telling(
            f"总费用已降至 {total} 元，不再计算{name_zh}。",
            f"The total is down to {total} yuan; {name_en[0].lower()}{name_en[1:]} is not reckoned below the minimum.",
            why,
            "bp",
        )
    if cleared:
        return Telling(
            f"{name_zh}已回落至 {value}，低于预警线 {line}。",
            f"{name_en} is back to {value}, below the line of {line}.",
            why,
            "bp",
        )
    return Telling(
        f"{name_zh} {value}，超过预警线 {line}（{yuan_text(part_fen)} / {yuan_text(total_fen)} 元）。",
        f"{name_en} is {value}, above the line of {line} ({yuan_text(part_fen)} of {yuan_text(total_fen)} yuan).",
        why,
        "bp",
    )


def money_telling(watch: Watch, version: str, amount_fen: int, reached_fen: int, *, cleared: bool) -> Telling:
    """An amount against its line."""
    name_zh, name_en = NAMES[watch.rule]
    money, line = yuan_text(amount_fen), yuan_text(reached_fen)
    why = derivation(
        watch,
        version,
        {"amount_fen": amount_fen, "line_fen": reached_fen},
        f"{name_zh} {money} ≥ {line}" if not cleared else f"{name_zh} {money} < {line}",
    )
    if cleared:
        return Telling(
            f"{name_zh}已回落至 {money} 元，低于 {line} 元。",
            f"{name_en} is back to {money} yuan, below {line}.",
            why,
            "fen",
        )
    return Telling(
        f"{name_zh}已达 {money} 元，超过 {line} 元。", f"{name_en} has reached {money} yuan, above {line}.", why, "fen"
    )


def days_telling(watch: Watch, version: str, days: int, standard: int, *, cleared: bool) -> Telling:
    """Length of stay against its standard."""
    why = derivation(watch, version, {"days": days, "standard_days": standard}, f"住院 {days} 天，标准 {standard} 天")
    if cleared:
        return Telling(
            f"住院天数更正为 {days} 天，低于 {standard} 天。",
            f"Length of stay was corrected to {days} days, below {standard}.",
            why,
            "days",
        )
    return Telling(
        f"已住院 {days} 天，达到标准 {standard} 天。",
        f"The stay has lasted {days} days; the standard is {standard}.",
        why,
        "days",
    )


def item_telling(watch: Watch, version: str, item: str, price_fen: int, amount_fen: int, *, cleared: bool) -> Telling:
    """A valuable drug or a high-value consumable in use."""
    name_zh, name_en = NAMES[watch.rule]
    why = derivation(
        watch,
        version,
        {"unit_price_fen": price_fen, "amount_fen": amount_fen, "line_fen": watch.at[0]},
        f"单价 {yuan_text(price_fen)}，预警线 {yuan_text(watch.at[0])}，累计 {yuan_text(amount_fen)}",
    )
    if cleared:
        return Telling(f"{name_zh} {item} 已全部退费。", f"{name_en} {item} has been refunded in full.", why, "fen")
    return Telling(
        f"使用{name_zh} {item}：单价 {yuan_text(price_fen)} 元，累计 {yuan_text(amount_fen)} 元。",
        f"{name_en} {item} is in use: {yuan_text(price_fen)} yuan each, {yuan_text(amount_fen)} in all.",
        why,
        "fen",
    )


def transfer_telling(
    watch: Watch, version: str, here: tuple[str, str], costs: list[tuple[str, int]], number: int, *, cleared: bool
) -> Telling:
    """A transfer: from, to, and how the cost so far is split over the departments."""
    before, after = here
    split = "，".join(f"{department} {yuan_text(fen)} 元" for department, fen in costs)
    split_en = ", ".join(f"{department} {yuan_text(fen)} yuan" for department, fen in costs)
    inputs = {"transfer_number": number}
    for department, fen in costs:  # a patient may come back: its segments add up
        inputs[f"{department}_fen"] = inputs.get(f"{department}_fen", 0) + fen
    why = derivation(watch, version, inputs, f"各段费用：{split}")
    if number == 0:
        return Telling(
            f"转科记录（{before} → {after}）已更正，提醒结束。",
            f"The transfer {before} → {after} was corrected; this notice ended.",
            why,
            "count",
        )
    if cleared:
        return Telling(
            f"第 {number} 次转科（{before} → {after}）提醒结束。",
            f"Notice of transfer {number} ({before} → {after}) ended.",
            why,
            "count",
        )
    return Telling(
        f"第 {number} 次转科：{before} → {after}；费用分段：{split}；定额改按 {after} 执行。",
        f"Transfer {number}: {before} → {after}; cost by department: {split_en}; the quota of {after} holds now.",
        why,
        "count",
    )

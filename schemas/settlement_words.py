"""Each step of a simulated settlement in words (schemas.settlement.StepKind), and the fund's part made of several."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from schemas.settlement import LAYER_FIELDS, SimulatedSettlement, Standing, Step, StepKind
from schemas.units import div_round
from schemas.wording import LAYER_NAMES, Explanation, money, operand, share_text

OPEN = -1
#: The steps that the fund's part is made of; it is told after the last of them.
FUND_KINDS = frozenset({StepKind.DEDUCTIBLE, StepKind.BAND, StepKind.FUND_LIMIT, StepKind.CAP})
#: What is said of everything, where nothing could be reckoned.
SELF_PAID: dict[str, tuple[str, str]] = {
    Standing.COVERAGE_PENDING: (
        "尚无参保信息（未刷卡），全部费用 {amount} 元暂按个人全自费计。",
        "no insurance is known yet, so all {amount} yuan are reckoned as paid by the patient.",
    ),
    Standing.NO_BENEFIT: (
        "政策库中没有适用于该参保险种、人员类别与医疗类别的待遇，全部费用 {amount} 元由个人负担。",
        "the book has no benefit for this insurance, person and care type; all {amount} yuan are the patient's.",
    ),
}


def _lines(settlement: SimulatedSettlement, step: Step) -> Explanation:
    full, over, first, within, unmapped = step.numbers
    formula = f"{money(full)} + {operand(over)} + {operand(first)} + {operand(within)} = {money(step.amount_fen)}"
    if settlement.standing != Standing.SIMULATED:
        zh, en = SELF_PAID[settlement.standing]
        amount = money(step.amount_fen)
        return Explanation(
            "total", "总费用", "Total", step.amount_fen, formula, zh.format(amount=amount), en.format(amount=amount)
        )
    zh = f"全自费 {money(full)} + 超限价 {operand(over)} + 先行自付 {operand(first)} + 符合政策范围 {operand(within)}"
    en = f"full self-pay {money(full)} + over price limits {operand(over)} + first self-pay {operand(first)}"
    en += f" + within scope {operand(within)}"
    more_zh = f"其中没有目录等级的费用 {money(unmapped)} 元。" if unmapped else ""
    more_en = f" Lines without a class: {money(unmapped)} yuan." if unmapped else ""
    total = money(step.amount_fen)
    return Explanation(
        "total",
        "总费用",
        "Total",
        step.amount_fen,
        formula,
        f"{zh} = {total} 元。{more_zh}",
        f"{en} = {total} yuan.{more_en}",
    )


def _test_limit(_: SimulatedSettlement, step: Step) -> Explanation:
    tested, limit, used, within = step.numbers
    over = step.amount_fen
    left = max(0, limit - used)
    before_zh = f"（本次住院此前已计入 {money(used)}）" if used else ""
    before_en = f" ({money(used)} reckoned before in this visit)" if used else ""
    excess = max(0, tested - left)
    ends = f"{money(tested)} − {money(left)} = {money(excess)}"
    zh = f"政策范围内检查化验费 {money(tested)} 元，限额 {money(limit)} 元{before_zh}，"
    zh += f"超出 {ends} 元，计入超限额由个人负担。" if over else f"未超限额，超出 {money(0)} 元。"
    en = f"examinations and tests within scope {money(tested)} yuan, limit {money(limit)}{before_en}; "
    en += f"{ends} yuan lie over it and are the patient's." if over else f"{money(0)} yuan lie over it."
    formula = f"max(0, {money(tested)} − {money(left)}) = {money(over)}"
    if excess > over:  # refunds of other lines have left less within scope than the tests alone
        formula = f"min({money(excess)}, {money(max(0, within))}) = {money(over)}"
        zh += f"政策范围内费用共 {money(within)} 元，以此为限，计 {money(over)} 元。"
        en += f" All that is within scope is {money(within)} yuan: {money(over)} are counted."
    return Explanation("test_over", "检验检查限额费用", "Test limit", over, formula, zh, en, step.entry_id)


def _scope_limit(settlement: SimulatedSettlement, step: Step) -> Explanation:
    return _limited(
        settlement,
        step,
        "scope_limit",
        ("病种限额（费用）", "Limit on the cost"),
        ("符合政策范围费用", "cost within scope"),
    )


def _fund_limit(settlement: SimulatedSettlement, step: Step) -> Explanation:
    return _limited(
        settlement,
        step,
        "fund_limit",
        ("病种限额（统筹支付）", "Limit on the payment"),
        ("统筹应付", "the fund would pay"),
    )


def _limited(
    settlement: SimulatedSettlement, step: Step, what: str, title: tuple[str, str], of: tuple[str, str]
) -> Explanation:
    amount, limit, used, yearly = step.numbers
    span_zh, span_en = ("本年度", "this year") if yearly else ("本次", "in this visit")
    used_zh = f"，{span_zh}此前已用 {money(used)} 元" if used else ""
    used_en = f", {money(used)} used before {span_en}" if used else ""
    disease = "" if step.name == settlement.pool else step.name
    name = f"（{disease}）" if disease else ""
    over = money(step.amount_fen)
    formula = f"max(0, {money(amount)} − {money(max(0, limit - used))}) = {over}"
    zh = f"{of[0]} {money(amount)} 元，限额{name} {money(limit)} 元{used_zh}，超出 {over} 元由个人负担。"
    code = f" {disease}" if disease else ""
    en = f"{of[1]} {money(amount)} yuan, limit{code} {money(limit)}{used_en}; {over} yuan over it are the patient's."
    return Explanation(what, *title, step.amount_fen, formula, zh, en, step.entry_id)


def _deductible(_: SimulatedSettlement, step: Step) -> Explanation:
    number, standard, paid, reckoned, yearly = step.numbers
    amount = money(step.amount_fen)
    left = f"{money(standard)} − {money(paid)}" if paid and paid < standard else money(max(0, standard - paid))
    formula = f"min({money(reckoned)}, {left}) = {amount}"
    if yearly:
        of_zh, of_en = "年度起付标准", "the year's deductible"
    elif paid:  # the year before the turn of the year has taken some of it
        of_zh, of_en = "本次住院的起付标准", "deductible of this stay"
    elif number:
        of_zh, of_en = f"本年度第 {number} 次住院起付标准", f"deductible of admission {number} of the year"
    else:
        of_zh, of_en = "起付标准", "deductible"
    paid_zh = f"，此前已付 {money(paid)} 元" if paid else ""
    paid_en = f", {money(paid)} paid before" if paid else ""
    zh = f"{of_zh} {money(standard)} 元{paid_zh}；取计入费用 {money(reckoned)} 与 {left} 中较小者 = {amount} 元。"
    en = f"{of_en} {money(standard)} yuan{paid_en}; the smaller of {money(reckoned)} and {left} = {amount} yuan."
    if not standard:
        zh, en = f"{of_zh} {money(0)} 元，不扣起付线。", f"{of_en} {money(0)}: nothing is deducted."
    return Explanation("deductible", "起付线", "Deductible", step.amount_fen, formula, zh, en, step.entry_id)


def _taken_back(_: SimulatedSettlement, step: Step) -> Explanation:
    amount = money(step.amount_fen)
    zh = f"退费多于收费，政策范围内 {amount} 元，由基金收回。"
    en = f"more was refunded than charged; the fund takes back {amount} yuan."
    return Explanation(
        "basic_fund", "统筹支付", "Basic fund", step.amount_fen, f"{amount} = {amount}", zh, en, step.entry_id
    )


def _cap(_: SimulatedSettlement, step: Step) -> Explanation:
    given, cap, used = step.numbers
    over = money(step.amount_fen)
    used_zh = f"，本年度此前已付 {money(used)} 元，余 {money(max(0, cap - used))} 元" if used else ""
    used_en = f", {money(used)} paid before this year, {money(max(0, cap - used))} left" if used else ""
    formula = f"max(0, {money(given)} − {money(max(0, cap - used))}) = {over}"
    zh = f"封顶线 {money(cap)} 元{used_zh}；本次统筹应付 {money(given)} 元，超出 {over} 元。"
    en = f"cap {money(cap)} yuan{used_en}; the fund would pay {money(given)}, {over} yuan over the cap."
    return Explanation("over_cap", "超封顶线", "Over the cap", step.amount_fen, formula, zh, en, step.entry_id)


def _layer(_: SimulatedSettlement, step: Step) -> Explanation:
    base, before, deductible, paid_before, cap = step.numbers[:5]
    bands = [step.numbers[place : place + 3] for place in range(5, len(step.numbers), 3)]
    gives, amount = sum(band[2] for band in bands), step.amount_fen
    title_zh, title_en = LAYER_NAMES.get(step.name, (step.name, step.name))
    sums = " + ".join(f"{money(part)} × {share_text(share)}" for part, share, _ in bands) or money(0)
    is_cut = amount < gives
    left = max(0, cap - paid_before)
    formula = f"min({sums}, {money(left)}) = {money(amount)}" if is_cut else f"{sums} = {money(amount)}"
    before_zh = f"，本年度此前累计 {money(before)} 元" if before else ""
    before_en = f", {money(before)} before this year" if before else ""
    above_zh = f"，起付 {money(deductible)} 元" if deductible else ""
    above_en = f", deductible {money(deductible)}" if deductible else ""
    cap_zh = cap_en = ""
    if is_cut:
        paid_zh = f"，此前已付 {money(paid_before)} 元" if paid_before else ""
        paid_en = f", {money(paid_before)} paid before" if paid_before else ""
        cap_zh, cap_en = f"限额 {money(cap)} 元{paid_zh}，", f"cap {money(cap)}{paid_en}: "
    zh = f"本次计入 {money(base)} 元{before_zh}{above_zh}；{cap_zh}{formula} 元。"
    en = f"base {money(base)} yuan{before_en}{above_en}; {cap_en}{formula} yuan."
    if not bands:
        zh = f"本次计入 {money(base)} 元{before_zh}{above_zh}，未超过起付，不支付。"
        en = f"base {money(base)} yuan{before_en}{above_en}: not above it, nothing is paid."
    what = LAYER_FIELDS.get(step.name, step.name).removesuffix("_fen")
    return Explanation(what, title_zh, title_en, amount, formula, zh, en, step.entry_id)


def _hospital(_: SimulatedSettlement, step: Step) -> Explanation:
    amount = money(step.amount_fen)
    zh, en = (
        f"超限价 {amount} 元由医院承担，不得向病人收取。",
        f"{amount} yuan over price caps are borne by the hospital.",
    )
    return Explanation(
        "hospital_part", "医院负担", "Hospital's part", step.amount_fen, f"{amount} = {amount}", zh, en, step.entry_id
    )


def _account(_: SimulatedSettlement, step: Step) -> Explanation:
    eligible, balance, is_used = step.numbers
    amount = money(step.amount_fen)
    formula = f"min({money(eligible)}, {money(max(0, balance))}) = {amount}"
    if not is_used:
        formula = f"{money(0)} = {amount}"
        zh, en = "本次不使用个人账户。", "the account is not used for this visit."
    elif balance < 0:
        zh = f"可由个人账户支付 {money(eligible)} 元，余额未知，按 0 计。"
        en = f"{money(eligible)} yuan could be paid from the account, whose balance is not known: nothing is reckoned."
    else:
        zh = f"可由个人账户支付 {money(eligible)} 元，余额 {money(balance)} 元；支付 {amount} 元。"
        en = f"{money(eligible)} yuan can be paid from it, its balance is {money(balance)}: it pays {amount} yuan."
    return Explanation(
        "account_paid", "个人账户支付", "Personal account", step.amount_fen, formula, zh, en, step.entry_id
    )


def _rate(step: Step) -> str:
    """The share of a band, with what becomes of it out of area."""
    _, _, _, share, factor, less = step.numbers
    text = share_text(share)
    if factor != 10_000:
        text += f" × {share_text(factor)}"
    return f"({text} − {share_text(less)})" if less else text


def _straight(step: Step) -> int:
    """What the band would give if nothing had been cumulated before."""
    amount, _, _, share, factor, less = step.numbers
    return div_round(amount * max(0, share * factor - less * 10_000), 10**8)


def tell_fund(steps: Sequence[Step]) -> list[Explanation]:
    """统筹支付 and 比例自付: the bands, less what lies over limits and cap."""
    bands = [step for step in steps if step.kind == StepKind.BAND]
    deductible = next((step for step in steps if step.kind == StepKind.DEDUCTIBLE), None)
    if deductible is None:
        return []
    cuts = [step for step in steps if step.kind in {StepKind.FUND_LIMIT, StepKind.CAP} and step.amount_fen]
    given, cut = sum(step.amount_fen for step in bands), sum(step.amount_fen for step in cuts)
    base = sum(step.numbers[0] for step in bands)
    amount, entry = given - cut, deductible.entry_id
    reckoned, deducted = deductible.numbers[3], deductible.amount_fen
    if len(bands) == 1:
        whole = f"({money(reckoned)} − {money(deducted)})" if deducted else money(reckoned)
        gives = f"{whole} × {_rate(bands[0])}"
    else:
        gives = " + ".join(f"{money(step.numbers[0])} × {_rate(step)}" for step in bands) or money(0)
    less = "".join(f" − {money(step.amount_fen)}" for step in cuts)
    formula = f"{gives}{less} = {money(amount)}"
    products = [f"{money(step.numbers[0])} × {_rate(step)} = {money(step.amount_fen)}" for step in bands]
    spans = [_span(step) for step in bands]
    parts_zh = "；".join(f"{zh}：{product}" for (zh, _), product in zip(spans, products, strict=True))
    parts_en = "; ".join(f"{en}: {product}" for (_, en), product in zip(spans, products, strict=True))
    detail = len(bands) > 1
    area = bands[0].name if bands else ""
    zh = f"{formula} 元。" + (f"分段：{parts_zh}。" if detail else "") + (f"异地就医（{area}）。" if area else "")
    en = f"{formula} yuan." + (f" Bands: {parts_en}." if detail else "") + (f" Out of area ({area})." if area else "")
    if any(step.amount_fen != _straight(step) for step in bands):
        zh += "按累计费用取整，与本次单独相乘相差一分。"
        en += " Rounded on the cumulated cost, a fen apart from this visit's product alone."
    own = base - given
    own_formula = f"{money(base)} − {money(given)} = {money(own)}"
    return [
        Explanation("basic_fund", "统筹支付", "Basic fund", amount, formula, zh, en, entry),
        Explanation(
            "proportion", "比例自付", "Patient's share of the bands", own, own_formula,
            f"{own_formula} 元。", f"{own_formula} yuan.", entry,
        ),
    ]  # fmt: skip


def _span(step: Step) -> tuple[str, str]:
    start, end = money(step.numbers[1]), step.numbers[2]
    if end == OPEN:
        return f"{start} 元以上", f"{start} and above"
    return f"{start}–{money(end)} 元", f"{start}–{money(end)}"


Teller: TypeAlias = Callable[[SimulatedSettlement, Step], Explanation]
#: StepKind → how it is told. Bands are told together (`tell_fund`), cash with the whole.
TELLERS: dict[str, Teller] = {
    StepKind.LINES: _lines,
    StepKind.TEST_LIMIT: _test_limit,
    StepKind.SCOPE_LIMIT: _scope_limit,
    StepKind.DEDUCTIBLE: _deductible,
    StepKind.FUND_LIMIT: _fund_limit,
    StepKind.CAP: _cap,
    StepKind.TAKEN_BACK: _taken_back,
    StepKind.LAYER: _layer,
    StepKind.HOSPITAL: _hospital,
    StepKind.ACCOUNT: _account,
}

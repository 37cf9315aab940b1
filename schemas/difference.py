"""The simulated settlement against the insurer's: each field that differs, with the most probable cause in words.

A cause is a conjecture from the figures alone; the field that comes first in the order of reckoning usually explains
those behind it, so it is the one to look at.
"""

import msgspec

from schemas.ledger import Settlement
from schemas.settlement import LAYER_FIELDS, SimulatedSettlement, Standing, StepKind
from schemas.units import div_round
from schemas.wording import LAYER_NAMES, money


class Difference(msgspec.Struct, frozen=True):
    """One field that differs: both figures (fen), simulated − real, and the probable cause. `field`: without `_fen`."""

    field: str
    title_zh: str
    title_en: str
    simulated_fen: int
    real_fen: int
    cause: str
    cause_zh: str
    cause_en: str

    @property
    def apart_fen(self) -> int:
        """Simulated − real."""
        return self.simulated_fen - self.real_fen

    @property
    def text_zh(self) -> str:
        """The difference as a sentence."""
        return (
            f"{self.title_zh}：模拟 {money(self.simulated_fen)} 元，实际 {money(self.real_fen)} 元，"
            f"相差 {money(self.apart_fen)} 元。{self.cause_zh}"
        )

    @property
    def text_en(self) -> str:
        """The difference as a sentence."""
        return (
            f"{self.title_en}: {money(self.simulated_fen)} simulated, {money(self.real_fen)} settled, "
            f"{money(self.apart_fen)} yuan apart. {self.cause_en}"
        )


#: Fields in the order of reckoning, with their names.
FIELDS = {
    "total_fen": ("总费用", "Total"),
    "full_self_pay_fen": ("全自费", "Full self-pay"),
    "over_limit_fen": ("超限价", "Over price limits"),
    "first_self_pay_fen": ("先行自付", "First self-pay"),
    "within_scope_fen": ("符合政策范围", "Within scope"),
    "deductible_fen": ("起付线", "Deductible"),
    "basic_fund_fen": ("统筹支付", "Basic fund"),
    **{name: LAYER_NAMES[kind] for kind, name in LAYER_FIELDS.items()},
    "fund_total_fen": ("基金支付合计", "All funds"),
    "hospital_part_fen": ("医院负担", "Hospital's part"),
    "patient_part_fen": ("个人负担", "Patient's part"),
    "account_paid_fen": ("个人账户支付", "Personal account"),
    "mutual_aid_paid_fen": ("账户共济支付", "Mutual aid"),
    "cash_paid_fen": ("个人现金支付", "Cash"),
}
LINE_FIELDS = ("full_self_pay_fen", "over_limit_fen", "first_self_pay_fen", "within_scope_fen")
#: cause → what it says.
CAUSES = {
    "no_coverage": (
        "模拟时没有参保信息或适用待遇，请核对刷卡登记与政策库。",
        "No insurance or no benefit was known to the simulation: check the registration and the book.",
    ),
    "lines_missing": (
        "医保结算的费用较少：部分明细可能未上传、被撤销，或结算后又有收费。",
        "The insurer counted less: lines were not uploaded or withdrawn, or were charged after the settlement.",
    ),
    "lines_more": (
        "医保结算的费用较多：本系统可能缺少明细，或结算后又有退费。",
        "The insurer counted more: lines are missing here, or were refunded after the settlement.",
    ),
    "catalogue": (
        "目录等级、自付比例、限价或审批限用标志与医保不一致，请核对三大目录与明细回传结果。",
        "Class, share, price cap, approval or limited use differ: check the catalogue against the 2301 results.",
    ),
    "test_limit": (
        "检验检查限额以上的费用，医保未计入超限额。",
        "The insurer does not count what lies over the test limit as over limit.",
    ),
    "admission_number": (
        "医保按另一住院次数计算了起付标准，或年度内已在他院住院。",
        "The insurer counted another number of admissions this year, perhaps one in another hospital.",
    ),
    "deductible_waived": (
        "医保未扣起付线：住院次数不同（多次住院免付）、转院免付，或身份免付。",
        "The insurer deducts nothing: another number of admissions, a transfer, or a person who is exempt.",
    ),
    "deductible_year": (
        "年度起付标准已付部分与医保不一致，请核对年度累计。",
        "What was paid of the year's deductible differs: check the year so far.",
    ),
    "deductible_standard": (
        "起付标准不同：医院级别、人员类别或年度参数与医保不一致。",
        "Another deductible holds: tier, kind of person or the year's parameters differ.",
    ),
    "follows": ("由前面各项的差异引起。", "It follows from what differs before it."),
    "ratio": (
        "支付比例不同：人员类别、医院级别、异地备案或病种待遇与医保不一致。",
        "Another ratio holds: kind of person, tier, out-of-area record or the benefit of a disease differs.",
    ),
    "cap": (
        "年度累计支付不同，封顶线或病种限额的余额与医保不一致。",
        "The year's payments differ, and with them what is left below the cap or a limit.",
    ),
    "layer_missing": (
        "医保支付了政策库中没有或未适用于该人员的一层，请核对人员身份与政策库。",
        "The insurer paid a layer that the book does not have, or not for this person.",
    ),
    "layer_not_paid": (
        "模拟中的这一层医保未支付：人员身份或待遇状态不同，或由其他环节另行结算。",
        "The insurer did not pay this layer: the person is not entitled, or it is settled elsewhere.",
    ),
    "layer_year": (
        "年度累计、起付或分段比例与医保不一致。",
        "The year's cumulated base, the deductible or the bands differ.",
    ),
    "bearer": (
        "超限价部分的承担方（医院或个人）与医保不一致。",
        "Who bears what is over price caps, hospital or patient, differs.",
    ),
    "account": (
        "个人账户余额或可支付范围不同，或病人选择不使用。",
        "The account's balance or what it may pay differs, or the patient did not use it.",
    ),
}


def explain_difference(simulated: SimulatedSettlement, real: Settlement) -> list[Difference]:
    """Every field that differs, in the order of reckoning. Empty where the two agree to the fen."""
    found: list[Difference] = []
    before: dict[str, int] = {}
    for name, (zh, en) in FIELDS.items():
        ours, theirs = getattr(simulated, name), getattr(real, name)
        if ours == theirs or (name in LINE_FIELDS and not _states_split(real)):
            continue
        cause, field = _cause(name, simulated, real, before), name.removesuffix("_fen")
        found.append(Difference(field, zh, en, ours, theirs, cause, *CAUSES[cause]))
        before[field] = ours - theirs
    return found


def difference_sentence(simulated: SimulatedSettlement, real: Settlement) -> tuple[str, str]:
    """The first difference with a cause of its own, in Chinese and English; empty where nothing differs."""
    found = explain_difference(simulated, real)
    if not found:
        return "", ""
    first = next((difference for difference in found if difference.cause != "follows"), found[0])
    return first.text_zh, first.text_en


def _states_split(real: Settlement) -> bool:
    """Whether the settlement says how the cost was split at all (some regions answer the sums only)."""
    return any(getattr(real, name) for name in LINE_FIELDS)


def _cause(name: str, simulated: SimulatedSettlement, real: Settlement, before: dict[str, int]) -> str:
    """The probable cause; `before`: what differed further up, simulated − real."""
    ours, theirs = getattr(simulated, name), getattr(real, name)
    if name == "total_fen":
        return "lines_missing" if ours > theirs else "lines_more"
    if simulated.standing != Standing.SIMULATED:
        return "follows" if before.keys() - {"total"} else "no_coverage"
    if name in LINE_FIELDS:
        return _line_cause(name, ours - theirs, simulated, before)
    if name == "deductible_fen":
        return _deductible_cause(simulated, theirs, before)
    if name == "basic_fund_fen":
        return _fund_cause(simulated, real, before)
    if name in LAYER_FIELDS.values():
        if not ours:
            return "layer_missing"
        if not theirs:
            return "layer_not_paid"
        return "follows" if before else "layer_year"
    if name == "hospital_part_fen":
        return "bearer"
    if name in {"account_paid_fen", "mutual_aid_paid_fen"}:
        return "follows" if "patient_part" in before else "account"
    return "follows"


def _line_cause(name: str, apart: int, simulated: SimulatedSettlement, before: dict[str, int]) -> str:
    if name == "over_limit_fen" and apart == simulated.test_over_fen:
        return "test_limit"
    total = before.get("total", 0)
    if total and (apart > 0) == (total > 0) and abs(apart) <= abs(total):
        return "follows"
    # Of equal totals one class gains what another loses: the first that differs says why.
    return "follows" if before.keys() - {"total"} else "catalogue"


def _deductible_cause(simulated: SimulatedSettlement, theirs: int, before: dict[str, int]) -> str:
    step = next((step for step in simulated.steps if step.kind == StepKind.DEDUCTIBLE), None)
    if step is None or (before and step.amount_fen == step.numbers[3]):
        return "follows"  # all that was reckoned went into the deductible
    number, _, _, _, is_yearly = step.numbers
    if is_yearly:
        return "deductible_year"
    if not theirs:
        return "deductible_waived"
    return "admission_number" if number else "deductible_standard"


def _fund_cause(simulated: SimulatedSettlement, real: Settlement, before: dict[str, int]) -> str:
    shares = {step.numbers[3:] for step in simulated.steps if step.kind == StepKind.BAND}
    is_cut = bool(simulated.over_cap_fen or simulated.over_disease_limit_fen)
    if before:
        base = real.within_scope_fen - real.deductible_fen
        expected = div_round(base * simulated.pool_share_bp, 10_000)
        is_same_ratio = len(shares) != 1 or is_cut or abs(expected - real.basic_fund_fen) <= max(1, base // 10_000)
        return "follows" if is_same_ratio or not _states_split(real) else "ratio"
    return "cap" if is_cut else "ratio"

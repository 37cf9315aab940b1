"""An allocation in words: what a reader must know of it, names of methods, measures, kinds of visit."""

from collections.abc import Mapping
from typing import Final

from agents.core.allocation.execution import ExecutionRow
from agents.core.allocation.plan import Plan
from agents.core.allocation.result import Allocation, BudgetRow, Method, Note, NoteKind, QuotaRow
from schemas.codes import name_en, name_zh
from schemas.units import percent_text, yuan_text

Pair = tuple[str, str]

MEASURES: Final[Mapping[str, Pair]] = {
    "basic": ("基本医疗费用", "basic cost"),
    "total": ("总费用", "total cost"),
    "fund": ("基金支付", "fund payments"),
}
METHODS: Final[Mapping[Method, Pair]] = {
    Method.MEAN: ("本科均值", "own mean"),
    Method.LAST: ("沿用原定额", "last quota"),
    Method.DEPARTMENT: ("科室均值", "department mean"),
    Method.HOSPITAL: ("全院均值", "hospital mean"),
    Method.FIXED: ("人工定额", "fixed by hand"),
}
LIMITS: Final[Mapping[str, Pair]] = {"floor": ("触及下限", "at its floor"), "ceiling": ("触及上限", "at its ceiling")}
_LEFT_OUT: Final[Mapping[str, Pair]] = {
    "other_hospital": ("属于其他医院", "are another hospital's"),
    "other_year": ("不在基期三年内", "are not of the three base years"),
    "other_care": ("不属于所选医疗类别", "are not of the care types asked for"),
    "other_insurance": ("不属于所选险种", "are not of the insurance types asked for"),
    "uninsured": ("未参保或险种未定（加 --uninsured 可计入）", "are uninsured (--uninsured counts them)"),
    "no_department": ("没有科室", "name no department"),
    "no_cost": ("费用为零或为负", "cost nothing"),
}
_RELEASED: Final[Mapping[str, Pair]] = {
    "floors": ("低于各科下限之和，已放开下限", "is less than all floors together, so floors were let go"),
    "ceilings": ("高于各科上限之和，已放开上限", "is more than all ceilings together, so ceilings were let go"),
}


def pick(pair: Pair, lang: str) -> str:
    """One of the two languages."""
    return pair[0] if lang == "zh" else pair[1]


def note_words(note: Note) -> Pair:
    """A note as a sentence, in Chinese and English."""
    numbers, names = note.numbers, note.names
    match note.kind:
        case NoteKind.LEFT_OUT:
            zh, en = _LEFT_OUT[names[0]]
            return (
                f"{numbers[0]:,} 次就诊未计入：{zh}。",
                f"Visits that do not count, because they {en}: {numbers[0]:,}.",
            )
        case NoteKind.INCOMPLETE_YEAR:
            return (
                f"{numbers[0]} 年只有 {numbers[1]} 个月有就诊（缺 {'、'.join(names)} 月），预计人次已折算为全年。",
                f"{numbers[0]} has visits in {numbers[1]} months only; expected cases are scaled up to a whole year.",
            )
        case NoteKind.NO_HISTORY_YEAR:
            return (
                f"{numbers[0]} 年没有任何就诊，均值与预计人次由其余年份得出。",
                f"{numbers[0]} has no visits at all: means and expected cases are those of the other years.",
            )
        case NoteKind.NO_MIX:
            return (
                f"{numbers[1]} 项均值中有 {numbers[0]} 项未按病种结构调整：有权重或分值的病例不足。",
                f"{numbers[0]} of {numbers[1]} means are not adjusted for the case mix: too few cases have a weight.",
            )
        case NoteKind.PARTIAL_BASE:
            return (
                f"{numbers[1]} 项均值中有 {numbers[0]} 项缺少某个基期年份（该年例数不足），权重由其余年份承担。",
                f"{numbers[0]} of {numbers[1]} means lack a base year (too few cases): the others bear its weight.",
            )
        case NoteKind.FUND_BORROWED:
            return (
                f"{numbers[0]} 项没有本科的基金支付数据，按全院同类就诊的基金支付比例折算。",
                f"Kinds of visit without fund payments of their own, reckoned by the hospital's share: {numbers[0]}.",
            )
        case NoteKind.UNBOUND:
            return (
                f"{numbers[1]} 项中有 {numbers[0]} 项没有总额约束：规则库中没有该年度医院预算，也未给出 --total。",
                f"{numbers[0]} of {numbers[1]} have no total: no hospital budget in the book, and no --total given.",
            )
        case NoteKind.UNUSED_TOTAL:
            return (
                f"总额 {names[0]}（{yuan_text(numbers[0])} 元）没有对应的就诊，未参与分配。",
                f"No visit is paid from the total {names[0]} ({yuan_text(numbers[0])} yuan): it is not shared out.",
            )
        case NoteKind.WIDER_TOTAL:
            return (
                f"总额 {names[0]}（{yuan_text(numbers[0])} 元）也适用于未参与分配的就诊，现已全部分给所选类别。",
                f"The total {names[0]} ({yuan_text(numbers[0])} yuan) is for other visits too; only these get it.",
            )
        case NoteKind.RELEASED:
            zh, en = _RELEASED[names[0]]
            return f"总额 {yuan_text(numbers[0])} 元{zh}。", f"The total of {yuan_text(numbers[0])} yuan {en}."
        case NoteKind.NO_BUDGET:
            return (
                f"{numbers[0]} 个科室没有预计人次，不给预算：{'、'.join(names)}。",
                f"Departments that expect no cases and get no budget: {', '.join(names)}.",
            )
        case NoteKind.OTHER_BASIS:
            return (
                f"{numbers[0]} 项的原定额口径不同，未用作比较。",
                f"Last quotas that count other money, and were not compared with: {numbers[0]}.",
            )


def kind_words(row: QuotaRow | BudgetRow | ExecutionRow, lang: str) -> str:
    """Care and insurance type of a row, by name."""
    name = name_zh if lang == "zh" else name_en
    named = (("care_type", row.care_type), ("insurance_type", row.insurance_type))
    found = [name(table, code) for table, code in named if code]
    return "·".join(found) or pick(("全部", "all"), lang)


def decimal_text(value_e4: int, places: int = 4) -> str:
    """A number held in 1e-4, with `places` decimals (cut, where it has more)."""
    whole, rest = divmod(abs(value_e4), 10_000)
    digits = f"{rest:04d}"[:places]
    return ("-" if value_e4 < 0 else "") + (f"{whole}.{digits}" if places else str(whole))


def grouped_yuan(fen: int) -> str:
    """Yuan with thousands separators, for tables."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def signed_percent(bp: int | None) -> str:
    """A change, with its sign."""
    if bp is None:
        return "—"
    return f"{'-' if bp < 0 else '+'}{abs(bp) // 100}.{abs(bp) % 100:02d}%"


def derivation(row: QuotaRow) -> Pair:
    """How a quota was reached, as one line of arithmetic; factors are shown with four decimals, and used exactly."""
    zh, en = [], []
    if row.method is Method.FIXED:
        zh.append(f"人工定额 {yuan_text(row.adjusted_fen)}")
        en.append(f"fixed at {yuan_text(row.adjusted_fen)}")
    elif row.method is Method.MEAN:
        assert row.mean_fen is not None
        zh.append(f"三年均值 {yuan_text(row.mean_fen)}")
        en.append(f"mean {yuan_text(row.mean_fen)}")
        if row.mix_system:
            zh.append(f"× 结构 {decimal_text(row.mix_factor_e4)}")
            en.append(f"× mix {decimal_text(row.mix_factor_e4)}")
    else:
        name_of = METHODS[row.method]
        zh.append(f"{name_of[0]} {yuan_text(row.proposed_fen)}")
        en.append(f"{name_of[1]} {yuan_text(row.proposed_fen)}")
    if row.growth_bp and row.method is Method.MEAN:
        zh.append(f"× 增长 {decimal_text(10_000 + row.growth_bp)}")
        en.append(f"× growth {decimal_text(10_000 + row.growth_bp)}")
    if row.limited and row.factor_e4 == 10_000 and row.adjusted_fen != row.proposed_fen:
        zh.append(f"→ 限幅 {yuan_text(row.adjusted_fen)}")
        en.append(f"→ limited to {yuan_text(row.adjusted_fen)}")
    if row.factor_e4 != 10_000:
        zh.append(f"× 人工系数 {decimal_text(row.factor_e4)}")
        en.append(f"× manual factor {decimal_text(row.factor_e4)}")
    if row.bound_e4 != 10_000:
        zh.append(f"× 总额系数 {decimal_text(row.bound_e4)}")
        en.append(f"× bound {decimal_text(row.bound_e4)}")
    if row.limited:
        zh.append(f"（{LIMITS[row.limited][0]}）")
        en.append(f"({LIMITS[row.limited][1]})")
    quota = yuan_text(row.quota_fen)
    return f"{' '.join(zh)}，得 {quota} 元", f"{' '.join(en)} gives {quota} yuan"


def method_words(plan: Plan) -> Pair:
    """How outliers, mix, growth and limits were treated, in a few words."""
    trim = plan.trim
    zh, en = [], []
    if trim.low_bp or trim.high_bp:
        low, high = percent_text(trim.low_bp), percent_text(trim.high_bp)
        zh.append(f"剔除每年最低 {low} 与最高 {high} 的病例")
        en.append(f"without each year's lowest {low} and highest {high} of cases")
    if trim.median_times_bp:
        times = decimal_text(trim.median_times_bp, 2)
        zh.append(f"剔除偏离中位数 {times} 倍以上的病例")
        en.append(f"without cases {times} times off the median")
    if not zh:
        zh.append("不剔除病例")
        en.append("no cases trimmed")
    if plan.growth_bp:
        zh.append(f"增长 {signed_percent(plan.growth_bp)}")
        en.append(f"growth {signed_percent(plan.growth_bp)}")
    if plan.limit_bp is not None:
        zh.append(f"涨跌不超过 {percent_text(plan.limit_bp)}")
        en.append(f"no change beyond {percent_text(plan.limit_bp)}")
    return "，".join(zh), ", ".join(en)


def base_words(allocation: Allocation) -> Pair:
    """The base in a few words: years, weights, measure."""
    first, _, last = allocation.base_years
    weights = ":".join(map(str, allocation.weights))
    zh, en = MEASURES[allocation.quota_measure]
    return (
        f"{first}–{last} 年次均{zh}，年份权重 {weights}",
        f"mean {en} of a visit {first}–{last}, weights of the years {weights}",
    )

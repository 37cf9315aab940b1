"""A simulated settlement as a sheet on a terminal: who, the amounts, how each came about, what is doubtful."""

from rich.console import Console
from rich.table import Table

from agents.core.outlook import settled_by_insurer
from agents.settlement_json import explanations, split_lines, warnings_of
from agents.sheet import say, say_list
from agents.visit_file import Opened
from schemas.codes import name_en, name_zh
from schemas.difference import FIELDS
from schemas.explanation import explain_difference, money
from schemas.settlement import LAYER_FIELDS
from schemas.units import day_text

SHOWN = (
    "total_fen", "full_self_pay_fen", "over_limit_fen", "first_self_pay_fen", "within_scope_fen", "deductible_fen",
    "basic_fund_fen", *LAYER_FIELDS.values(), "fund_total_fen", "hospital_part_fen", "patient_part_fen",
    "account_paid_fen", "cash_paid_fen",
)  # fmt: skip
#: Shown even where they are nothing.
ALWAYS_SHOWN = frozenset({
    "total_fen", "deductible_fen", "basic_fund_fen", "fund_total_fen", "patient_part_fen", "cash_paid_fen",
})  # fmt: skip


def show_settlement(console: Console, opened: Opened, *, is_chinese: bool) -> None:
    """Print the sheet in Chinese or English."""
    place = 0 if is_chinese else 1
    settlement = opened.outlook.settlement
    say(console, _heading(opened)[place])
    amounts = Table(title=("模拟结算单", "Simulated settlement")[place], title_justify="left")
    amounts.add_column(("项目", "Item")[place])
    amounts.add_column(("金额（元）", "Yuan")[place], justify="right")
    for name in SHOWN:
        fen = getattr(settlement, name)
        if fen or name in ALWAYS_SHOWN:
            amounts.add_row(FIELDS[name][place], money(fen))
    if settlement.test_within_fen or settlement.test_limit_fen is not None:
        names = ("其中：政策范围内检查化验费", "Of it: examinations and tests within scope")
        amounts.add_row(names[place], money(settlement.test_within_fen))
    if settlement.test_limit_fen is not None:
        amounts.add_row(("检验检查超限额费用", "Over the test limit")[place], money(settlement.test_over_fen))
    console.print(amounts)
    say(console, ("计算过程：", "How it came about:")[place])
    for number, item in enumerate(explanations(opened), 1):
        say(console, f"{number:>3}. {(item.text_zh, item.text_en)[place]}")
    count = len(split_lines(opened))
    say(console, (f"共 {count} 条明细，逐条分解见 --json。", f"{count} lines; --json shows how each was split.")[place])
    say_list(console, ("请注意：", "Please note:")[place], [texts[place] for texts in warnings_of(opened)])
    real = settled_by_insurer(opened.visit)
    if real is not None:
        differences = [(item.text_zh, item.text_en)[place] for item in explain_difference(settlement, real)]
        say_list(console, ("与实际结算的差异：", "Against the real settlement:")[place], differences)
        if not differences:
            say(console, ("与实际结算一致。", "The real settlement is the same.")[place])
    version = opened.policy.version
    say(
        console,
        (
            f"政策库：{version}。本单为模拟，以医保实际结算为准。",
            f"Policy book: {version}. This is a simulation; what the insurer settles counts.",
        )[place],
    )


def _heading(opened: Opened) -> tuple[str, str]:
    """Which visit, under which coverage, where, on which year."""
    case, year = opened.outlook.case, opened.year
    hospital = opened.policy.hospital(case.hospital)
    ended = day_text(case.end_day)
    span_zh = f"{day_text(case.admitted_day)} 至 {ended}" if not case.is_outpatient else ended
    span_en = f"{day_text(case.admitted_day)} to {ended}" if not case.is_outpatient else ended
    if not case.is_ended:
        span_zh, span_en = f"{span_zh}（在院）", f"{span_en} (not discharged)"
    who_zh = "，".join(
        name_zh(table, code) if code else f"{missing}未知"
        for table, code, missing in (
            ("insurance_type", case.insurance_type, "险种"),
            ("care_type", case.care_type, "医疗类别"),
            ("person_type", case.person_type, "人员类别"),
        )
    )
    who_en = ", ".join(
        name_en(table, code) if code else f"{missing} unknown"
        for table, code, missing in (
            ("insurance_type", case.insurance_type, "insurance"),
            ("care_type", case.care_type, "care type"),
            ("person_type", case.person_type, "person type"),
        )
    )
    before_zh = "" if case.is_outpatient else f"；{year.year} 年度此前住院 {year.admissions} 次"
    before_en = "" if case.is_outpatient else f"; earlier admissions in {year.year}: {year.admissions}"
    return (
        f"就诊 {case.visit_id}，{span_zh}；{who_zh}；医院级别 {hospital.tier or '未知'}{before_zh}。",
        f"Visit {case.visit_id}, {span_en}; {who_en}; hospital tier {hospital.tier or 'unknown'}{before_en}.",
    )

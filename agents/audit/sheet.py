"""An audited visit as a sheet on a terminal: each finding in a sentence with its lines; the check before discharge."""

from datetime import datetime

from rich.console import Console
from rich.table import Table

from agents.audit.auditing import Audited
from agents.audit.effect import Effect
from agents.rules.printing import phases_text
from agents.sheet import say, say_list
from schemas.book.rules import GRADE_NAMES, Grade
from schemas.codes import name_en, name_zh
from schemas.finding import Evidence, Finding
from schemas.units import day_text
from schemas.wording import money

SOURCES = {
    "charge": ("收费", "charge"),
    "order": ("医嘱", "order"),
    "proposed": ("拟开医嘱", "proposed order"),
    "visit": ("就诊", "visit"),
}
REFUND_COLUMNS = (
    ("明细", "项目", "退数量", "退金额", "原数量", "原金额", "规则"),
    ("line", "item", "refund qty", "refund", "qty", "amount", "rules"),
)


def show_audit(console: Console, audited: Audited, *, is_chinese: bool) -> None:
    """Print the findings by grade and amount, totals, and what was not checked."""
    place = 0 if is_chinese else 1
    shown = [finding for finding in audited.findings if not finding.is_shadow]
    say(console, _heading(audited)[place])
    _totals(console, shown, place)
    for number, finding in enumerate(shown, 1):
        grade = GRADE_NAMES[finding.grade][place]
        say(console, f"\n{number}. [{grade}] {(finding.message_zh, finding.message_en)[place]}")
        _lines(console, audited, finding, place)
    if not shown:
        say(console, ("没有发现问题。", "Nothing was found.")[place])
    orders = [finding for finding in audited.order_findings if not finding.is_shadow]
    if orders:
        say(console, ("\n未收费的医嘱，开单时会提示：", "\nOrders not charged yet, as an order check says:")[place])
        _sentences(console, tuple(orders), place)
    _rest(console, audited, place)


def show_self_check(console: Console, audited: Audited, effect: Effect | None, *, is_chinese: bool) -> None:
    """Print the three lists of 出院前自查, and what putting right the first would change."""
    place = 0 if is_chinese else 1
    check = audited.self_check
    say(console, _heading(audited)[place])
    say(
        console,
        (f"\n一、撤销或退费：{money(check.refund_fen)} 元", f"\n1. Withdraw or refund: {money(check.refund_fen)} yuan")[
            place
        ],
    )
    if check.refunds:
        table = _table(REFUND_COLUMNS[place], {2, 3, 4, 5})
        for line in check.refunds:
            table.add_row(
                line.use.id, line.name,
                ("改价", "price only")[place] if line.is_price_only else _quantity(line.quantity_e4),
                money(line.amount_fen),
                _quantity(line.use.quantity_e4), money(line.use.amount_fen), " ".join(line.rules),
            )  # fmt: skip
        console.print(table)
    say_list(
        console,
        ("撤销医嘱：", "Withdraw the orders:")[place],
        (f"{order.use.id} {order.name}" for order in check.withdrawals),
    )
    of_orders = [finding for finding in audited.order_findings if not finding.is_shadow]
    if of_orders:
        _sentences(console, tuple(of_orders), place)
    _sentences(console, check.violations, place)
    if effect is not None:
        say(console, _effect(effect)[place])
    heading = (
        f"\n二、核减或说明：{money(check.suspicion_fen)} 元",
        f"\n2. Reduce or explain: {money(check.suspicion_fen)} yuan",
    )
    say(console, heading[place])
    _sentences(console, check.suspicions, place)
    say(console, ("\n三、线索与提示", "\n3. Leads")[place])
    _sentences(console, check.leads, place)
    _rest(console, audited, place)


def _sentences(console: Console, findings: tuple[Finding, ...], place: int) -> None:
    for finding in findings:
        say(console, f"  - {(finding.message_zh, finding.message_en)[place]}")
    if not findings:
        say(console, ("  无", "  none")[place])


def _effect(effect: Effect) -> tuple[str, str]:
    fund = effect.fund_before_fen - effect.fund_after_fen
    patient = effect.patient_before_fen - effect.patient_after_fen
    before, after = money(effect.total_before_fen), money(effect.total_after_fen)
    zh = f"退费后模拟结算：总费用 {before} → {after}，基金少付 {money(fund)}，个人少付 {money(patient)}"
    en = f"Settled after the refunds: total {before} → {after}; funds {money(fund)} less, patient {money(patient)} less"
    return zh, en


def _heading(audited: Audited) -> tuple[str, str]:
    facts = audited.view.facts
    begun = day_text(facts.admitted_day) if facts.admitted_day is not None else "?"
    until = day_text(facts.discharged_day) if facts.discharged_day is not None else ""
    span_zh = begun if facts.is_outpatient else f"{begun} 至 {until or '今（在院）'}"
    span_en = begun if facts.is_outpatient else f"{begun} to {until or 'now (not discharged)'}"
    insurance = facts.insurance_type
    who_zh = name_zh("insurance_type", insurance) if insurance else "险种未知"
    who_en = name_en("insurance_type", insurance) if insurance else "insurance unknown"
    phases_zh, phases_en = phases_text(audited.phases, 0), phases_text(audited.phases, 1)
    version, total = audited.opened.policy.version, money(facts.total_fen)
    zh = f"就诊 {facts.visit_id}，{span_zh}；{who_zh}；总费用 {total} 元；{phases_zh}规则，政策库 {version}。"
    en = (
        f"Visit {facts.visit_id}, {span_en}; {who_en}; total {total} yuan; rules of {phases_en}; policy book {version}."
    )
    return zh, en


def _table(columns: tuple[str, ...], right: set[int]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number in right else "left", no_wrap=number != 1)
    return table


def _totals(console: Console, findings: list[Finding], place: int) -> None:
    table = _table((("级别", "发现", "金额（元）"), ("grade", "findings", "yuan"))[place], {1, 2})
    for grade in Grade:
        listed = [finding for finding in findings if finding.grade is grade]
        table.add_row(GRADE_NAMES[grade][place], str(len(listed)), money(sum(one.amount_fen for one in listed)))
    console.print(table)


def _lines(console: Console, audited: Audited, finding: Finding, place: int) -> None:
    if not finding.evidence:
        return
    columns = (
        ("", "明细", "项目", "时间", "数量", "涉及金额", "来源"),
        ("", "line", "item", "time", "qty", "at stake", "source"),
    )
    table = _table(columns[place], {4, 5})
    for line in finding.evidence:
        table.add_row(
            "   !" if line.is_violating else "   ·", line.line_id, line.name or line.item, _time(audited, line),
            _quantity(line.quantity_e4) if line.quantity_e4 else "", money(line.amount_fen) if line.amount_fen else "",
            SOURCES.get(line.source, (line.source, line.source))[place],
        )  # fmt: skip
    console.print(table)
    more = finding.evidence_count - len(finding.evidence)
    if more:
        say(console, (f"    … 另有 {more} 条", f"    … {more} more")[place])


def _time(audited: Audited, line: Evidence) -> str:
    if not line.at:
        return ""
    return datetime.fromtimestamp(line.at / 1000, audited.opened.policy.zone).strftime("%Y-%m-%d %H:%M")


def _rest(console: Console, audited: Audited, place: int) -> None:
    skipped = [(one.rule, one.reason[place]) for one in audited.not_checked]
    texts = [f"{rule.code} {(rule.name_zh, rule.name_en)[place]}: {reason}" for rule, reason in skipped]
    say_list(console, ("\n未检查：", "\nNot checked:")[place], texts)
    say_list(console, ("\n请注意：", "\nPlease note:")[place], [texts[place] for texts in audited.warnings])
    trial = sum(finding.is_shadow for finding in audited.findings)
    if trial:
        say(
            console, (f"试运行规则另有 {trial} 处，不计入。", f"Rules on trial found {trial} more; not counted.")[place]
        )
    say(console, ("疑点须经核实，不是定论。", "These are points to look into, not verdicts.")[place])


def _quantity(value_e4: int) -> str:
    whole, rest = divmod(abs(value_e4), 10_000)
    text = f"{whole}.{rest:04d}".rstrip("0").rstrip(".")
    return f"-{text}" if value_e4 < 0 else text

"""What happened, from the views in ClickHouse: alerts, the costliest visits, departments, dead letters."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from clickhouse_driver import Client
from rich.text import Text

from deploy.demo.alert_board import LEVEL_NAMES
from deploy.demo.hospital.departments import BY_CODE
from deploy.demo.screen import STYLES, Screen
from deploy.demo.tables import plain_table
from deploy.demo.verdict import Verdict
from schemas.alerts import Level
from schemas.reasons import MEANING, Reason

RULE_NAMES = {
    "visit_quota": ("人次定额", "visit quota"),
    "case_cost": ("单病例费用", "case cost"),
    "drug_ratio": ("药占比", "drug ratio"),
    "material_ratio": ("材料占比", "material ratio"),
    "self_pay_ratio": ("自费率", "self-pay ratio"),
    "length_of_stay": ("住院日", "length of stay"),
    "valuable_drug": ("贵重药品", "valuable drug"),
    "consumable": ("高值耗材", "consumable"),
    "transfer": ("转科", "transfer"),
    "payment_standard": ("超支付标准", "payment standard"),
    "predicted_loss": ("预测亏损", "predicted loss"),
    "cap_reached": ("封顶线", "cap reached"),
    "coverage_missing": ("未刷卡", "coverage missing"),
    "settlement_difference": ("模拟≠实际", "settled otherwise"),
    "department_quota": ("科室定额", "department quota"),
    "department_drug_ratio": ("科室药占比", "department drug ratio"),
    "department_material_ratio": ("科室材料占比", "department material ratio"),
    "department_budget": ("科室预算", "department budget"),
    "hospital_budget": ("医院预算", "hospital budget"),
}


def report_alerts(screen: Screen, client: Client) -> None:
    """Alerts by rule and by the worst level they reached."""
    rows: list[tuple[str, str, str, int]] = client.execute(
        "SELECT rule, peak_level, status, count() FROM v_alert GROUP BY rule, peak_level, status"
    )
    peaks: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    ended: dict[str, int] = defaultdict(int)
    for rule, level, status, count in rows:
        peaks[rule][level] += count
        ended[rule] += count if status == "cleared" else 0
    screen.heading("告警：按规则与最高级别", "alerts by rule and by the worst level they reached")
    table = plain_table("规则\nrule", "")
    for level in LEVEL_NAMES:
        zh, en, mark = LEVEL_NAMES[level]
        table.add_column(f"{mark}{zh}\n{en}", justify="right", style=STYLES[level])
    table.add_column("合计\nall", justify="right")
    table.add_column("已解除\ncleared", justify="right")
    for rule, (zh, en) in RULE_NAMES.items():
        counts = peaks.get(rule, {})
        figures = [counts.get(level.value, 0) for level in LEVEL_NAMES]
        table.add_row(zh, en, *(_count(figure) for figure in figures), _count(sum(figures)), _count(ended[rule]))
    totals = [sum(counts.get(level.value, 0) for counts in peaks.values()) for level in LEVEL_NAMES]
    table.add_section()
    table.add_row("合计", "all", *(_count(total) for total in totals), _count(sum(totals)), _count(sum(ended.values())))
    screen.say(table)
    answered = client.execute("SELECT count() FROM v_alert_answer")[0][0]
    screen.say(f"护士站已答复 {answered} 条告警  {answered} alerts were answered by nurse stations")


def report_costliest(screen: Screen, client: Client) -> None:
    """The five costliest visits with their ratios and their use of the quota."""
    rows = client.execute(
        "SELECT visit_id, department, status_zh, length_of_stay_days, amount_yuan, drug_percent, material_percent,"
        " self_pay_percent, quota_used_percent, worst_level FROM v_visit ORDER BY amount_fen DESC, visit_id LIMIT 5"
    )
    screen.heading("费用最高的五次就诊", "the five costliest visits")
    table = plain_table("就诊\nvisit", "科室\ndepartment", "状态\nstatus", figures=(
        "住院日\ndays",
        "总费用\nyuan",
        "药占比\ndrugs",
        "材料占比\nmaterial",
        "自费率\nself-pay",
        "定额使用\nquota use",
    ))  # fmt: skip
    for visit, department, status, days, amount, drug, material, self_pay, quota, level in rows:
        table.add_row(
            visit, _department(department), status, _shown(days), f"{amount:,.2f}", _percent(drug), _percent(material),
            _percent(self_pay), Text(_percent(quota), style=_style(level)),
        )  # fmt: skip
    screen.say(table)


def report_departments(screen: Screen, client: Client) -> None:
    """Each department's month against the quotas of its visits."""
    rows = client.execute(
        "SELECT department, month, amount_yuan, basic_fen, quota_fen, quota_used_percent, over_quota_count,"
        " over_4x_count, drug_percent, material_percent FROM v_department_month WHERE responsible_count > 0"
        " ORDER BY month, quota_used_percent DESC, department"
    )
    screen.heading("科室与定额", "departments against quota (visits by month of admission)")
    table = plain_table("月\nmonth", "科室\ndepartment", figures=(
        "总费用\nyuan",
        "定额合计\nquotas",
        "定额使用\nquota use",
        "超定额\nover",
        "超4倍\nover 4×",
        "药占比\ndrugs",
        "材料占比\nmaterial",
    ))  # fmt: skip
    last = None
    for department, month, amount, _, quota, used, over, over_4x, drug, material in rows:
        if last not in {None, month}:
            table.add_section()
        last = month
        style = "bold red" if used and used >= 100 else "yellow" if used and used >= 80 else ""
        table.add_row(
            str(month), _department(department), f"{amount:,.2f}", f"{Decimal(quota) / 100:,.0f}",
            Text(_percent(used), style=style), _count(over), _count(over_4x), _percent(drug), _percent(material),
        )  # fmt: skip
    screen.say(table)


def report_dead_letters(screen: Screen, found: dict[str, int], expected: dict[str, int]) -> None:
    """Refused messages by reason, beside how many the hospital sent."""
    screen.heading("死信：被拒消息及原因", "dead letters by reason")
    table = plain_table()
    for name, width in (("原因\nreason", 6), ("收到\nfound", 5), ("应有\nsent", 5), ("含义", 18)):
        table.add_column(name, justify="right" if width == 5 else "left", no_wrap=True, min_width=width)
    table.add_column("\nmeaning", max_width=50)
    for reason in sorted(found.keys() | expected.keys()):
        zh, en = MEANING[Reason(reason)]
        differs = found.get(reason, 0) != expected.get(reason, 0)
        count = Text(_count(found.get(reason, 0)), style="bold red" if differs else "")
        table.add_row(reason, count, _count(expected.get(reason, 0)), zh, en)
    table.add_section()
    table.add_row("all", _count(sum(found.values())), _count(sum(expected.values())), "合计")
    screen.say(table)


def _count(number: int) -> str:
    return f"{number:,}" if number else "·"


def _percent(value: Any) -> str:
    return "—" if value is None else f"{value:.1f}%"


def _shown(value: Any) -> str:
    return "—" if value is None else str(value)


def _department(code: str) -> str:
    department = BY_CODE.get(code)
    return department.name if department else code


def _style(level: str) -> str:
    return STYLES[Level(level)] if level else ""


def report_verdict(screen: Screen, verdict: Verdict) -> None:
    """The auditor's word, and the comparison with what the hospital expected."""
    screen.heading("审计结论", "the verdict")
    total = f"{verdict.total_fen / 100:,.2f}"
    mark = "✓" if verdict.auditor_silent else "✗"
    says = "无差异，逐分相符  silent: equal to the fen" if verdict.auditor_silent else "有差异  differences"
    screen.say(Text(f"{mark} 审计员 kongfei verify：{says}", style=_verdict_style(verdict.auditor_silent)))
    for line in verdict.auditor_says.splitlines():
        screen.say(Text(f"  {line}"))
    if not verdict.compared:
        return
    mark = "✗" if verdict.differences else "✓"
    compared = f"{mark} 与医院自身预期比对  against the hospital's own expectation"
    screen.say(Text(compared, style=_verdict_style(not verdict.differences)))
    screen.say(
        Text(
            f"  {verdict.visits:,} 次就诊 visits · {verdict.departments} 个科室月 department months"
            f" · {verdict.days} 天 days · 合计 total {total} 元 yuan"
        )
    )
    screen.say(
        Text(
            f"  模拟结算与医保实付：{verdict.settled:,} 次已结算，{verdict.settled - verdict.disputed:,} 次逐分相符，"
            f"{verdict.disputed} 次医保另有认定"
        )
    )
    screen.say(
        Text(
            f"  simulated = really settled, to the fen, for {verdict.settled - verdict.disputed:,} of"
            f" {verdict.settled:,} visits; the insurer decided {verdict.disputed} otherwise"
        )
    )
    screen.say(
        Text(
            f"  两库规则：核对 {verdict.scripted} 项预设情形（应有、应撤回、不应有），"
            f"其中 {verdict.withdrawn} 项经退费或更正已撤回"
        )
    )
    screen.say(
        Text(
            f"  rules: {verdict.scripted} scripted cases were held to what they must find or must not;"
            f" {verdict.withdrawn} findings were withdrawn"
        )
    )
    for line in verdict.differences:
        screen.say(Text(f"  {line}"))


def _verdict_style(good: bool) -> str:
    return "bold green" if good else "bold red"

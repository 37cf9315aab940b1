"""What the rules found, from ClickHouse: the board of findings, the costliest as sentences, the order checks."""

from collections.abc import Sequence
from typing import Any

from clickhouse_driver import Client
from rich.text import Text

from deploy.demo.hospital.departments import BY_CODE
from deploy.demo.screen import WIDTH, Screen
from deploy.demo.tables import folded, plain_table, shortened

GRADES = {
    "violation": ("明确违规", "violation", "■", "bold red"),
    "suspicion": ("可疑", "suspect", "▲", "yellow"),
    "lead": ("线索", "lead", "●", "cyan"),
}
OUTCOMES = {
    "passed": ("通过", "passed"),
    "findings": ("有提示", "with findings"),
    "unfinished": ("校验未完成", "unfinished"),
}
WAYS = {"topic": ("医嘱主题 his.order.v1", "by topic"), "http": ("HTTP 3101", "over HTTP")}
_BOARD = """
    SELECT scene, any(n.name_zh) AS zh, any(n.name_en) AS en, countIf(status = 'open' AND grade = 'violation'),
        countIf(status = 'open' AND grade = 'suspicion'), countIf(status = 'open' AND grade = 'lead'),
        sumIf(amount_fen, status = 'open'), countIf(status = 'withdrawn')
    FROM
    (
        SELECT scene, status, grade, amount_fen FROM finding FINAL LEFT ARRAY JOIN scenes AS scene WHERE NOT is_shadow
    ) AS f
    LEFT JOIN (SELECT code, name_zh, name_en FROM code_name FINAL WHERE code_table = 'scene') AS n
        ON n.code = toString(f.scene)
    GROUP BY scene ORDER BY if(scene = 0, 99, scene)
"""
_TOTAL = """
    SELECT countIf(status = 'open' AND NOT is_shadow), sumIf(amount_fen, status = 'open' AND NOT is_shadow),
        countIf(status = 'withdrawn' AND NOT is_shadow), countIf(is_shadow AND status = 'open'),
        countIf(length(answer_at) > 0), uniqExactIf(rule, NOT is_shadow)
    FROM finding FINAL
"""
_COSTLIEST = """
    SELECT grade, department, bed, visit_id, message_zh, message_en FROM v_finding WHERE amount_fen > 0
    ORDER BY grade = 'violation' DESC, amount_fen DESC, finding_id LIMIT 1 BY rule LIMIT 6
"""
_CHECKS = """
    SELECT via, outcome, count(),
        quantileExactIf(0.5)(took_us, took_us > 0), quantileExactIf(0.99)(took_us, took_us > 0)
    FROM order_check FINAL GROUP BY via, outcome ORDER BY via DESC, outcome DESC
"""


def report_findings(screen: Screen, client: Client) -> None:
    """Findings by scene and grade, then the costliest ones of different rules as sentences."""
    screen.heading("两库规则：按场景与级别的疑点", "findings of the rules, by scene and grade")
    columns = (*(f"{mark}{zh}\n{en}" for zh, en, mark, _ in GRADES.values()), "涉及金额\nat stake", "撤回\ngone")
    table = plain_table("", "场景\nscene", "", figures=columns)
    for scene, zh, en, violations, suspicions, leads, fen, gone in client.execute(_BOARD):
        name = (f"{scene}", shortened(zh, 24), shortened(en, 18)) if scene else ("", "其他（数据质量）", "others")
        table.add_row(*name, *map(_count, (violations, suspicions, leads)), _yuan(fen), _count(gone))
    screen.say(table)
    stands, fen, gone, on_trial, answered, rules = client.execute(_TOTAL)[0]
    screen.say_folded(
        f"{rules} 条规则命中：成立 {stands} 条，{_yuan(fen) or '0'} 元；"
        f"原因消除后（退费、更正、数据到齐）撤回 {gone} 条；试运行 {on_trial} 条，不提示；已答复 {answered} 条。"
        "一条疑点属于两个场景的，各计一次。"
    )
    screen.say_folded(
        f"{rules} rules found something: {stands} findings stand; {gone} were withdrawn when their cause was gone"
        f" (refunds, corrections, late data); {on_trial} of a rule on trial are shown to nobody; {answered} were"
        " answered. A finding of two scenes counts in both."
    )
    screen.heading("金额最大的疑点，每条规则一例", "the costliest findings, one a rule")
    for row in client.execute(_COSTLIEST):
        for line in _sentences(row):
            screen.say(line)


def report_checks(screen: Screen, client: Client) -> None:
    """Order checks by the way they were asked and by outcome, with the time an answer took in the worker."""
    screen.heading("医嘱校验", "order checks (3101)")
    table = plain_table("方式\nway", "", "结果\noutcome", "", figures=("次数\nchecks", "中位数\np50", "p99\np99"))
    for via, outcome, count, half, most in client.execute(_CHECKS):
        times = (_milliseconds(half), _milliseconds(most))
        table.add_row(*WAYS.get(via, (via, "")), *OUTCOMES.get(outcome, (outcome, "")), f"{count:,}", *times)
    screen.say(table)


def _sentences(row: Sequence[Any]) -> list[Text]:
    grade, department, bed, visit, zh, en = row
    grade_zh, _, mark, style = GRADES[grade]
    known = BY_CODE.get(department)
    where = " ".join(part for part in (known.name if known else department, bed, visit) if part)
    return [
        Text(f"{mark}{grade_zh} {where}", style=style),
        *(Text(line) for line in folded(zh, WIDTH - 2, "  ")),
        *(Text(line, style="dim") for line in folded(en, WIDTH - 2, "  ")),
    ]


def _milliseconds(microseconds: float) -> str:
    return f"{microseconds / 1000:.1f} ms" if microseconds > 0 else "—"  # not a number: nobody measured


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def _yuan(fen: int) -> str:
    return f"{fen / 100:,.2f}" if fen else ""

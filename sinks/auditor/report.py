"""Shows what the auditor found: tables for people (Chinese first), one object for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.units import yuan_text
from sinks.auditor.check import Check, Difference
from sinks.auditor.recount import Recount

MOST_SHOWN = 50


def differences_of(checks: Sequence[Check]) -> list[Difference]:
    """All differences, check by check."""
    return [difference for check in checks for difference in check.differences]


def as_object(recount: Recount, checks: Sequence[Check], notes: Sequence[str]) -> dict[str, Any]:
    """The whole result, for --json. Amounts in fen."""
    found = differences_of(checks)
    return {
        "ok": not found,
        "ingested": dict(recount.ingested),
        "applied": dict(recount.counts()),
        "department_answers": recount.department_answers,
        "duplicates": dict(recount.duplicates),
        "refused": len(recount.refused),
        "rivalries": len(recount.rivals),
        "checks": [
            {
                "name": check.name_en,
                "name_zh": check.name_zh,
                "compared": check.compared,
                "sum_fen": check.sum_fen,
                "differences": len(check.differences),
            }
            for check in checks
        ],
        "differences": [
            {
                "what": difference.what_en,
                "what_zh": difference.what_zh,
                "subject": difference.subject,
                "expected": difference.expected,
                "found": difference.found,
            }
            for difference in found
        ],
        "notes": list(notes),
    }


def show(console: Console, recount: Recount, checks: Sequence[Check], notes: Sequence[str], most: int) -> None:
    """Print the verdict, what was compared, and the differences (at most `most`; 0: all)."""
    console.print(_counted(recount))
    table = Table(title="核对 ClickHouse | ClickHouse against the raw topics")
    table.add_column("核对项 check", overflow="fold")
    for name in ("已核对 compared", "金额（元） yuan", "差异 differences"):
        table.add_column(name, justify="right")
    for check in checks:
        wrong = len(check.differences)
        table.add_row(
            f"{check.name_zh}\n[dim]{check.name_en}[/dim]",
            f"{check.compared:,}",
            "" if check.sum_fen is None else yuan_text(check.sum_fen),
            Text(f"{wrong:,}", style="bold red" if wrong else "green"),
        )
    console.print(table)
    found = differences_of(checks)
    if found:
        console.print(_differences(found[: most or len(found)]))
        if most and len(found) > most:
            console.print(f"另有 {len(found) - most} 处差异（--all 显示全部） | {len(found) - most} more (--all)")
    for note in notes:
        console.print(f"注意 {note}", style="yellow", markup=False)
    if found:
        console.print(f"不一致：{len(found)} 处差异 | NOT equal: {len(found)} differences", style="bold red")
    else:
        console.print("完全一致，分文不差 | equal, to the fen", style="bold green")


def _counted(recount: Recount) -> Table:
    table = Table("原始主题 raw topic", title="原始消息 | raw messages")
    table.add_column("收到 ingested", justify="right")
    table.add_column("重复 duplicates", justify="right")
    table.add_column("拒收 refused", justify="right")
    refused: Mapping[str, int] = _refused_by_topic(recount)
    for topic in sorted({*recount.ingested, *refused}):
        table.add_row(
            topic,
            f"{recount.ingested[topic]:,}",
            f"{recount.duplicates[topic]:,}",
            f"{refused.get(topic, 0):,}",
        )
    return table


def _refused_by_topic(recount: Recount) -> dict[str, int]:
    found: dict[str, int] = {}
    for position in recount.refused:
        found[position.topic] = found.get(position.topic, 0) + 1
    return found


def _differences(found: Sequence[Difference]) -> Table:
    table = Table(
        "项目 what", "对象 subject", "应为 expected", "实为 found", title="差异 | differences", show_lines=True
    )
    for difference in found:
        table.add_row(
            Text(f"{difference.what_zh}\n{difference.what_en}"),
            Text(difference.subject, overflow="fold"),
            Text(difference.expected, overflow="fold"),
            Text(difference.found, overflow="fold"),
        )
    return table

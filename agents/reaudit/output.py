"""What a run is written as: rows of a CSV, one JSON object (its findings as they come), a sheet on the terminal."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import chain
from typing import IO, Any

import msgspec
from rich.console import Console
from rich.text import Text

from agents.allocation.grid import Grid
from agents.reaudit.run import Reaudit
from agents.reaudit.summary import Summary
from schemas.book.rules import GRADE_NAMES, Grade
from schemas.units import day_of, day_text, yuan_text
from schemas.visit_history import ReauditRow, Run, Standing
from schemas.wording import money

STANDINGS = {
    Standing.NEW: ("新发现", "new"),
    Standing.SAME: ("一致", "same"),
    Standing.CHANGED: ("金额变化", "changed"),
    Standing.GONE: ("不再发现", "gone"),
}
#: Columns of the CSV: name, heading in Chinese, heading in English.
COLUMNS = (
    ("standing", "比对", "standing"),
    ("ended_on", "结束日期", "ended on"),
    ("patient_id", "病人号", "patient"),
    ("visit_id", "就诊号", "visit"),
    ("department", "科室", "department"),
    ("doctor", "医师", "doctor"),
    ("rule", "规则编码", "rule"),
    ("rule_name", "规则", "rule name"),
    ("grade", "结果类型", "grade"),
    ("scenes", "场景", "scenes"),
    ("amount", "涉及金额（元）", "at stake (yuan)"),
    ("stored_amount", "已存金额（元）", "stored (yuan)"),
    ("what", "发现", "what is wrong"),
    ("clause", "依据", "clause"),
    ("advice", "建议", "instead"),
    ("lines", "明细", "lines"),
    ("on_trial", "试运行", "on trial"),
    ("finding_id", "编号", "finding id"),
)
#: Rows of each table of the sheet.
MOST_ROWS = 20
_TITLES = {
    "scene": ("按场景", "By scene"),
    "rule": ("按规则", "By rule"),
    "department": ("按科室", "By department"),
    "doctor": ("按医师", "By doctor"),
}
_FIGURES = (
    ("发现", "findings"), ("其中违规", "violations"), ("涉及金额", "at stake"), ("新发现", "new"),
    ("新发现金额", "new, yuan"), ("不再发现", "gone"),
)  # fmt: skip


def rows_to_csv(rows: Iterable[ReauditRow], file: IO[str], place: int, zone: tzinfo) -> Iterator[ReauditRow]:
    """Write each row as it goes by. place: 0 Chinese, 1 English."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column[1 + place] for column in COLUMNS])
    for row in rows:
        cells = _cells(row, place, zone)
        writer.writerow([_plain(cells[name]) for name, *_ in COLUMNS])
        yield row


def _plain(text: str) -> str:
    """A cell that a spreadsheet takes for text: what begins like a formula is quoted."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text


def _cells(row: ReauditRow, place: int, zone: tzinfo) -> dict[str, str]:
    found = row.finding or row.stored
    assert found is not None
    texts = {name: "" for name, *_ in COLUMNS}
    texts |= {
        "standing": STANDINGS[row.standing][place],
        "ended_on": day_text(day_of(row.visit_ended_at, zone)) if row.visit_ended_at else "",
        "patient_id": found.patient_id,
        "visit_id": found.visit_id,
        "department": found.department,
        "doctor": found.doctor,
        "rule": found.rule,
        "rule_name": found.rule_name_en if place else found.rule_name_zh,
        "grade": GRADE_NAMES[Grade(found.grade)][place],
        "scenes": ";".join(map(str, found.scenes)),
        "stored_amount": yuan_text(row.stored.amount_fen) if row.stored else "",
        "what": found.what_en if place else found.what_zh,
        "on_trial": "1" if found.is_shadow else "",
        "finding_id": found.finding_id,
    }
    finding = row.finding
    if finding is not None:
        lines = [line.line_id for line in finding.evidence if line.is_violating]
        texts |= {
            "amount": yuan_text(finding.amount_fen),
            "clause": finding.clause_en if place else finding.clause_zh,
            "advice": finding.advice_en if place else finding.advice_zh,
            "lines": ";".join(lines),
        }
    return texts


def rows_to_json(rows: Iterable[ReauditRow], run: Run, file: IO[str]) -> Iterator[ReauditRow]:
    """Begin the object when the store answers, and write each row as it goes by; `end_json` ends it."""
    coming = iter(rows)
    first = next(coming, None)
    head = json.dumps(msgspec.to_builtins(run), ensure_ascii=False)
    file.write(f'{{"run": {head},\n"findings": [')
    separator = "\n"
    for row in chain(() if first is None else (first,), coming):
        file.write(f"{separator}{json.dumps(_row_json(row), ensure_ascii=False)}")
        separator = ",\n"
        yield row


def _row_json(row: ReauditRow) -> dict[str, Any]:
    return {
        "standing": row.standing.value,
        "visit_ended_at": row.visit_ended_at,
        "finding": msgspec.to_builtins(row.finding),
        "stored": msgspec.to_builtins(row.stored),
    }


def end_json(summary: Summary, reaudit: Reaudit, kept: int | None, file: IO[str]) -> None:
    """Write what comes after the findings."""
    counts = reaudit.counts
    tail = {
        "summary": summary.as_json(),
        "patients": counts.patients,
        "visits": counts.visits,
        "entries": counts.entries,
        "not_checked": {code: list(names) for code, names in reaudit.not_checked.items()},
        "failures": counts.failures,
        "kept_rows": kept,
    }
    file.write(f"\n],\n{json.dumps(tail, ensure_ascii=False)[1:]}\n")


def show_summary(console: Console, summary: Summary, reaudit: Reaudit, place: int) -> None:
    """The sheet: what was gone through, the sums, the tables, what could not be judged."""
    run, counts, total = reaudit.run, reaudit.counts, summary.total
    say = console.print
    title = ("复审（飞检自查）", "Re-audit")[place]
    say(Text(f"{title} {run.hospital} {run.first}～{run.last} · {run.policy_version}", style="bold"))
    say(
        Text(
            (
                (
                    f"患者 {counts.patients:,}，就诊 {counts.visits:,}，事件 {counts.entries:,}；"
                    f"发现 {total.findings:,} 处，涉及金额 {money(total.amount_fen)} 元"
                ),
                (
                    f"{counts.patients:,} patients, {counts.visits:,} visits, {counts.entries:,} events;"
                    f" {total.findings:,} findings, {money(total.amount_fen)} yuan at stake"
                ),
            )[place]
        )
    )
    fresh, fresh_fen = total.new - summary.over_many.new, total.new_fen - summary.over_many.new_fen
    say(
        Text(
            (
                (
                    f"与已存发现比对：一致 {total.same:,}，金额变化 {total.changed:,}，新发现 {fresh:,}"
                    f"（{money(fresh_fen)} 元），不再发现 {total.gone:,}（{money(total.gone_fen)} 元）；"
                    f"跨就诊规则（仅复审运行）{summary.over_many.findings:,}；试运行规则 {summary.shadow.findings:,}"
                ),
                (
                    f"Beside what is stored: {total.same:,} the same, {total.changed:,} of another amount,"
                    f" {fresh:,} new ({money(fresh_fen)} yuan), {total.gone:,} found no more"
                    f" ({money(total.gone_fen)} yuan);"
                    f" {summary.over_many.findings:,} of rules over many visits (re-audits only);"
                    f" {summary.shadow.findings:,} of rules on trial"
                ),
            )[place]
        )
    )
    note = (
        "同一明细可能被多条规则引用，各规则金额不可相加为应退金额；线索供核实，不作认定。",
        (
            "A line may be at stake under several rules: amounts do not add up to what is to be paid back. Leads are"
            " to be looked at, and decide nothing."
        ),
    )
    say(Text(note[place]))
    for by, titles in _TITLES.items():
        _show_groups(console, summary, by, titles[place], place)
    _show_not_judged(console, reaudit, place)


def _show_groups(console: Console, summary: Summary, by: str, title: str, place: int) -> None:
    groups = summary.groups(by)
    if not groups:
        return
    more = len(groups) - MOST_ROWS
    if more > 0:
        title += (f"（前 {MOST_ROWS}，共 {len(groups)}）", f" (the first {MOST_ROWS} of {len(groups)})")[place]
    names = ("编码", "key")[place], ("名称", "name")[place]
    grid = Grid(title, names, [pair[place] for pair in _FIGURES])
    for group in groups[:MOST_ROWS]:
        tally = group.tally
        name = group.name_en if place else group.name_zh
        grid.add(
            group.key, "" if name == group.key else name, f"{tally.findings:,}", f"{tally.violations:,}",
            money(tally.amount_fen), f"{tally.new:,}", money(tally.new_fen), f"{tally.gone:,}",
        )  # fmt: skip
    console.print()
    grid.show(console)


def _show_not_judged(console: Console, reaudit: Reaudit, place: int) -> None:
    for code, names in sorted(reaudit.not_checked.items()):
        text = f"未检查 {code}：缺少输入 {'、'.join(names)}", f"Not checked: {code} needs {', '.join(names)}"
        console.print(Text(text[place], style="yellow"))
    for code, visits in sorted(reaudit.counts.failures.items()):
        text = f"规则 {code} 有 {visits} 次未能判断", f"Rule {code} could not judge {visits} times"
        console.print(Text(text[place], style="red"))

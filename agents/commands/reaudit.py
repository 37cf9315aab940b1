"""`kongfei reaudit`: audits past visits anew under a book, and compares with what is stored (飞检自查)."""

import json
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from agents.commands.visit_arguments import LANGUAGES, AsJson, BookFolder, Language, is_chinese, refuse
from schemas.book.entry import both

if TYPE_CHECKING:
    from agents.core.policy import Policy
    from schemas.visit_history import ReauditRow


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reaudit")(reaudit_command)


def reaudit_command(
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="First day on which a visit ended.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Last such day, included.")],
    book: BookFolder = None,
    hospital: Annotated[str, typer.Option(help="Code; without: the book's only one, or KONGFEI_HOSPITAL.")] = "",
    rules: Annotated[
        list[str] | None, typer.Option(help="Only these: codes or numbers, repeatable or with commas.")
    ] = None,
    inputs: Annotated[
        Path | None, typer.Option(metavar="FILE", help='Optional inputs: {"hospital": {…}, "visits": {ID: {…}}}.')
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write every finding here.")] = None,
    store: Annotated[bool, typer.Option("--store", help="Keep what is found in the store, in a table apart.")] = False,
    source: Annotated[str, typer.Option(help="Store that visits are read from.")] = "clickhouse",
    as_json: AsJson = False,
    lang: Language = LANGUAGES[0],
) -> None:
    """Audit every visit that ended in these days with the book's rules (飞检自查): what it finds anew or no more.

    Exits with 1 where the book, the days or a rule cannot be used. Nothing is written without --csv or --store.
    """
    import sys  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415 - loads slowly, and every command registers beside this one

    from agents.book import PolicyError, load_policy  # noqa: PLC0415
    from agents.core.policy import Policy as Made  # noqa: PLC0415
    from agents.reaudit.output import end_json, rows_to_csv, rows_to_json, show_summary  # noqa: PLC0415
    from agents.reaudit.progress import Progress  # noqa: PLC0415
    from agents.reaudit.run import Reaudit, chosen_rules  # noqa: PLC0415
    from agents.reaudit.sources import finding_reader, run_writer, visit_reader  # noqa: PLC0415
    from agents.reaudit.summary import Summary  # noqa: PLC0415
    from schemas.visit_history import Run  # noqa: PLC0415
    from streams.settings import load_settings  # noqa: PLC0415

    place = 0 if is_chinese(lang) else 1
    begin, end = _days(first, last)
    settings = load_settings()
    try:
        whole = load_policy(book or settings.book_dir, ZoneInfo(settings.timezone))
    except PolicyError as error:
        refuse(error)
    policy = Made(chosen_rules(whole.book, rules or ()), whole.zone)
    hospital = hospital or _only_hospital(policy) or settings.hospital
    started = datetime.now(UTC)
    chosen = tuple(rule.code for rule in policy.book.rules) if rules else ()
    run = Run(
        run_id=f"{hospital}-{begin}-{end}-{started:%Y%m%dT%H%M%S}Z",
        hospital=hospital,
        first=begin,
        last=end,
        policy_version=policy.version,
        started_at=int(started.timestamp() * 1000),
        rules=chosen,
    )
    reaudit = Reaudit(run, policy, _inputs(inputs))
    summary = Summary(policy.book.scenes, reaudit.over_many)
    stored = finding_reader(source)(settings, hospital, begin, end)
    logs = visit_reader(source)(settings, hospital, begin, end)
    kept = None
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(Console(stderr=True), place))
        rows: Iterable[ReauditRow] = summary.passing(reaudit.rows(logs, stored, progress.show))
        if csv_file is not None:
            try:
                # With the mark by which Excel knows UTF-8.
                file = stack.enter_context(csv_file.open("w", encoding="utf-8-sig", newline=""))
            except OSError as error:
                refuse(ValueError(f"{csv_file}: {error.strerror}"))
            rows = rows_to_csv(rows, file, place, policy.zone)
        if as_json:
            rows = rows_to_json(rows, run, sys.stdout)
        if store:
            kept = run_writer(source)(settings, run, rows)
        else:
            for _ in rows:
                pass
    if as_json:
        end_json(summary, reaudit, kept, sys.stdout)
        return
    show_summary(_console(), summary, reaudit, place)
    if kept is not None:
        typer.echo((f"已存入 {kept} 行，批次 {run.run_id}", f"kept {kept} rows of run {run.run_id}")[place])
    if csv_file is not None:
        typer.echo((f"已写出 {csv_file}", f"wrote {csv_file}")[place])


def _console() -> Any:
    import os  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=150)


def _days(first: str, last: str) -> tuple[str, str]:
    days = []
    for text, option in ((first, "--from"), (last, "--to")):
        try:
            days.append(date.fromisoformat(text).isoformat())
        except ValueError as error:
            wrong = both(f"应为日期，如 2026-01-31（{text}）", f"must be a day such as 2026-01-31 ({text})")
            raise typer.BadParameter(wrong, param_hint=option) from error
    if days[0] > days[1]:
        raise typer.BadParameter(both("--from 晚于 --to", "--from is after --to"), param_hint="--from")
    return days[0], days[1]


def _only_hospital(policy: "Policy") -> str:
    codes = {found.code for found in policy.book.hospitals}
    return codes.pop() if len(codes) == 1 else ""


def _inputs(path: Path | None) -> dict[str, dict[str, Any]]:
    """Inputs by visit id; those under "" are of the hospital."""
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        refuse(ValueError(f"{path}: {error}"))
    visits = content.get("visits", {}) if isinstance(content, dict) else None
    general = content.get("hospital", {}) if isinstance(content, dict) else None
    if not isinstance(visits, dict) or not isinstance(general, dict) or content.keys() - {"visits", "hospital"}:
        refuse(
            ValueError(
                f"{path}: "
                + both(
                    '应为 {"hospital": {输入名: 数据}, "visits": {就诊号: {输入名: 数据}}}',
                    'must be {"hospital": {name: data}, "visits": {visit id: {name: data}}}',
                )
            )
        )
    return {"": general, **visits}

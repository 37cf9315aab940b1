"""The commands this package adds to `kongfei`: migrate, sink, sql, verify. What they need is imported when called."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from streams.logs import configure_logs
from streams.settings import load_settings

EXIT_DIFFERENT = 1


def register(app: typer.Typer) -> None:
    """Add the commands (entry point group "kongfei.commands")."""
    app.command("migrate")(migrate_command)
    app.command("sink")(sink_command)
    app.command("sql")(sql_command)
    app.command("verify")(verify_command)


def migrate_command() -> None:
    """Bring ClickHouse's tables and views up to this version. What is there already is left as it is."""
    from sinks.clickhouse.connection import clear_errors  # noqa: PLC0415 - clients load slowly
    from sinks.clickhouse.migrate import migrate  # noqa: PLC0415

    settings = load_settings()
    with clear_errors(settings.clickhouse_url):
        applied = migrate(settings)
    for migration in applied:
        Console().print(f"applied {migration.number:04d} {migration.name}", markup=False, highlight=False)
    if not applied:
        Console().print("every migration is applied already")


def sink_command(
    migrate_first: Annotated[bool, typer.Option("--migrate", help="Apply migrations first.")] = False,
) -> None:
    """Write the ledger, facts, alerts, findings, order checks and dead letters to ClickHouse, in the foreground."""
    from sinks.sink import run_sink  # noqa: PLC0415

    settings = load_settings()
    configure_logs(settings)
    run_sink(settings, migrate_first=migrate_first)


def sql_command(
    query: Annotated[str, typer.Argument(help="One statement; the views are listed by --views.")] = "",
    show_views: Annotated[bool, typer.Option("--views", help="List the views and what they hold.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer as CSV.")] = False,
    limit: Annotated[int, typer.Option(help="Most rows a table shows; 0: all.")] = 200,
    write: Annotated[bool, typer.Option("--write", help="Allow statements that change something.")] = False,
) -> None:
    """Ask ClickHouse. Only reads, unless --write is given."""
    from sinks.clickhouse import query as asking  # noqa: PLC0415

    settings = load_settings()
    if not show_views and not query.strip():
        raise typer.BadParameter("a statement, or --views", param_hint="QUERY")
    answer = asking.views(settings) if show_views else asking.run_query(settings, query, read_only=not write)
    if as_json:
        typer.echo(asking.to_json(answer))
    elif as_csv:
        typer.echo(asking.to_csv(answer), nl=False)
    else:
        asking.show_table(Console(), answer, limit)


def verify_command(
    wait: Annotated[float, typer.Option(help="First wait so many seconds for every stage to read its inputs.")] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Show every difference, not only the first ones.")] = False,
) -> None:
    """Recompute every total from the raw topics and compare with ClickHouse, to the fen. Run it at rest.

    Exits with 1 when anything differs.
    """
    from sinks.auditor import report  # noqa: PLC0415
    from sinks.auditor.verify import Listener, run_audit  # noqa: PLC0415

    settings = load_settings()
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("准备 | preparing", total=None)
        verdict = run_audit(
            settings,
            wait,
            Listener(
                waiting=lambda stage, left: progress.update(
                    task, description=f"等待 {stage}，余 {left} 条 | waiting for {stage}, {left} left"
                ),
                reading=lambda count: progress.update(
                    task, description="读取原始主题 | reading the raw topics", total=count, completed=0
                ),
                advanced=lambda count: progress.advance(task, count),
            ),
        )
    if as_json:
        found = report.as_object(verdict.recount, verdict.checks, verdict.notes)
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        most = 0 if show_all else report.MOST_SHOWN
        report.show(Console(), verdict.recount, verdict.checks, verdict.notes, most)
    if not verdict.is_equal:
        raise typer.Exit(EXIT_DIFFERENT)

"""The commands this package adds to `kongfei`: migrate, sink, sql, verify. What they need is imported when called."""

from typing import Annotated

import typer
from rich.console import Console

from streams.logs import configure_logs
from streams.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the commands (entry point group "kongfei.commands")."""
    app.command("migrate")(migrate_command)
    app.command("sink")(sink_command)


def migrate_command() -> None:
    """Bring ClickHouse's tables and views up to this version. What is there already is left as it is."""
    from sinks.clickhouse.migrate import migrate  # noqa: PLC0415 - clients load slowly, and most commands need none

    applied = migrate(load_settings())
    for migration in applied:
        Console().print(f"applied {migration.number:04d} {migration.name}", markup=False)
    if not applied:
        Console().print("every migration is applied already")


def sink_command(
    migrate_first: Annotated[bool, typer.Option("--migrate", help="Apply migrations first.")] = False,
) -> None:
    """Write the ledger, facts, alerts and dead letters to ClickHouse, in the foreground."""
    from sinks.sink import run_sink  # noqa: PLC0415

    settings = load_settings()
    configure_logs(settings)
    if migrate_first:
        migrate_command()
    run_sink(settings)

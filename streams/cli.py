"""The command line, `kongfei`. Owns the process edge: what fails is said in one clear line, with a non-zero status.

Packages above bring their commands through the entry point group "kongfei.commands": each entry is a function
`register(app: typer.Typer) -> None`.
"""

import sys
from importlib.metadata import entry_points
from typing import Annotated

import typer
from kafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from streams.logs import SafeError, configure_logs
from streams.settings import Settings, SettingsError, load_settings, variable_of

GROUP = "kongfei.commands"
EXIT_DIFFERENT, EXIT_MISCONFIGURED = 1, 2

app = typer.Typer(
    name="kongfei",
    help="Kongfei (控费): a streaming pipeline that keeps medical-insurance costs under control.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
topics_app = typer.Typer(help="Topics: create them, check them.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
console = Console()


@topics_app.command("create")
def topics_create() -> None:
    """Create the topics that are missing. What exists is left as it is."""
    from streams.admin import create_topics  # noqa: PLC0415 - Kafka's clients load slowly, and most commands need none

    made = create_topics(load_settings())
    console.print(f"created {len(made)}: {', '.join(made)}" if made else "every topic exists already")


@topics_app.command("check")
def topics_check() -> None:
    """Report every difference between the topics and what they must be like."""
    from streams.admin import check_topics  # noqa: PLC0415

    differences = check_topics(load_settings())
    for difference in differences:
        console.print(str(difference), markup=False)
    if differences:
        raise typer.Exit(EXIT_DIFFERENT)
    console.print("every topic is as it must be")


@app.command()
def worker(
    stage: Annotated[str | None, typer.Argument(help="intake, cost or departments; without: all of them.")] = None,
) -> None:
    """Run one stage in the foreground, or all under a supervisor that restarts what dies."""
    from streams.stages import load_stage, stage_names  # noqa: PLC0415
    from streams.supervisor import stop_with_parent, supervise  # noqa: PLC0415

    settings = load_settings()
    configure_logs(settings)
    if stage is None:
        supervise(stage_names(), settings)
        return
    make = load_stage(stage)
    stop_with_parent()
    from streams.runner import run_stage  # noqa: PLC0415

    run_stage(make, settings)


@app.command("settings")
def show_settings() -> None:
    """Show every setting, its environment variable and its value; secrets are masked."""
    settings = load_settings()
    table = Table("variable", "value", "meaning")
    for name, value in settings.masked.items():
        table.add_row(variable_of(name), value, Settings.model_fields[name].description or "")
    console.print(table)


@app.command("metrics")
def show_metrics() -> None:
    """Print every metric with its meaning, as a Markdown table."""
    from streams.metrics import every_metric  # noqa: PLC0415

    lines = ["| metric | kind | labels | meaning |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{metric.name}` | {metric.kind} | {', '.join(metric.labels)} | {metric.meaning} |"
        for metric in every_metric()
    ]
    typer.echo("\n".join(lines))


def load_commands() -> None:
    """Add the commands of this package and of those above it."""
    from streams.operator_commands import register  # noqa: PLC0415

    register(app)
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        entry.load()(app)


def main() -> None:
    """Run the command line; exits non-zero, with a line that says why, when something failed."""
    load_commands()
    try:
        app()
    except (SettingsError, SafeError, KafkaError) as error:
        typer.echo(f"kongfei: {error}", err=True)
        sys.exit(EXIT_MISCONFIGURED)


if __name__ == "__main__":
    main()

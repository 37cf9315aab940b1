"""Commands for whoever looks after the pipeline, `kongfei play` and `kongfei dlq`. Owns their printing and no more."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from schemas.reasons import RejectError
from schemas.units import parse_ms
from streams.dead_letters import Letter, Replay, Selection, WouldFailAgain, read_letters
from streams.logs import SafeError
from streams.play import Pace, Player
from streams.publisher import Publisher
from streams.settings import Settings, load_settings

dlq_app = typer.Typer(help="Dead letters: list, show, replay.", no_args_is_help=True)
console = Console()
notes = Console(stderr=True)

Reasons = Annotated[list[str] | None, typer.Option("--reason", help="V203, or a family such as V2; may be repeated.")]
Topics = Annotated[list[str] | None, typer.Option("--topic", help="Topic the message came from; may be repeated.")]
Stages = Annotated[list[str] | None, typer.Option("--stage", help="Stage that refused it; may be repeated.")]
Since = Annotated[str | None, typer.Option(help="Refused records from this time on: 2026-01-31 08:00:00.")]
Until = Annotated[str | None, typer.Option(help="Refused records before this time.")]
Offsets = Annotated[str | None, typer.Option(help="Offsets of the refused records in their topic: 100-200.")]
Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(play)
    app.add_typer(dlq_app, name="dlq")


def play(
    file: Annotated[Path, typer.Argument(help="Events, one JSON object a line; may be gzipped.")],
    speed: Annotated[float | None, typer.Option(min=0.001, help="So many times as fast as it was recorded.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.001, help="So many lines a second.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="YAML file that reads a foreign shape.")] = None,
    hospital: Annotated[str | None, typer.Option(help="Hospital of lines that do not say one.")] = None,
    resume: Annotated[
        bool | None, typer.Option("--resume/--restart", help="Default: go on where a broken-off play ended.")
    ] = None,
) -> None:
    """Publish a file of events in file order, as fast as possible unless a speed or rate is given."""
    settings = load_settings()
    if hospital:
        settings = settings.model_copy(update={"hospital": hospital})
    with Publisher(settings=settings) as publisher:
        player = Player(file, settings, publisher, mapping)
        if resume is False or (resume is None and player.place.finished):
            player.restart()
        if player.place.line:
            notes.print(f"going on after line {player.place.line}")
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=notes) as progress:
            task = progress.add_task(file.name, total=file.stat().st_size)
            played = player.play(Pace(speed, rate), lambda position: progress.update(task, completed=position))
            progress.update(task, completed=file.stat().st_size)
    console.print(f"published {played} events from {file.name}; Kafka confirmed {publisher.report.confirmed}")
    if player.unreadable:
        console.print(f"{player.unreadable} lines cannot be read and were published as they are: kongfei dlq list")


@dlq_app.command("list")
def list_letters(
    reason: Reasons = None,
    topic: Topics = None,
    stage: Stages = None,
    since: Since = None,
    until: Until = None,
    offsets: Offsets = None,
    limit: Limit = 50,
) -> None:
    """List dead letters, oldest first within a partition. No content is shown."""
    settings = load_settings()
    table = Table("place", "at", "reason", "stage", "from", "detail")
    shown = 0
    for letter in read_letters(settings, _selection(settings, reason, topic, stage, since, until, offsets), limit):
        content = letter.content
        source = f"{content.source_topic}[{content.source_partition}]@{content.source_offset}"
        table.add_row(letter.place, _when(letter, settings), content.reason, content.stage, source, content.detail)
        shown += 1
    console.print(table)
    console.print(f"{shown} dead letters" + (f" (the first {limit})" if shown == limit else ""))


@dlq_app.command("show")
def show_letter(
    place: Annotated[str, typer.Argument(help="partition:offset, as listed.")],
    raw: Annotated[
        bool, typer.Option("--raw", help="Write the original bytes to standard output, nothing else.")
    ] = False,
) -> None:
    """Show one dead letter with its original content, which may be a patient's data."""
    settings = load_settings()
    found = next(read_letters(settings, Selection(place=place), 1), None)
    if found is None:
        raise SafeError(f"there is no dead letter at {place}")
    content = found.content
    if raw:
        sys.stdout.buffer.write(content.value or b"")
        return
    for name in ("reason", "detail", "stage", "source_topic", "source_partition", "source_offset", "content"):
        console.print(f"{name}: {getattr(content, name)}", markup=False)
    console.print(f"at: {_when(found, settings)}")
    console.print(f"key: {(content.key or b'').decode('utf-8', 'backslashreplace')}", markup=False)
    console.print((content.value or b"").decode("utf-8", "backslashreplace"), markup=False)


@dlq_app.command("replay")
def replay_letters(
    reason: Reasons = None,
    topic: Topics = None,
    stage: Stages = None,
    since: Since = None,
    until: Until = None,
    offsets: Offsets = None,
    place: Annotated[str | None, typer.Option(help="One dead letter: partition:offset.")] = None,
    limit: Limit = 1_000,
    would_fail_again: Annotated[
        WouldFailAgain,
        typer.Option(
            help="What to do with a message that would be refused again: stop there, skip it, or publish it all the "
            "same and have it refused again."
        ),
    ] = WouldFailAgain.STOP,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing, say what would be sent.")] = False,
) -> None:
    """Publish dead letters to their topics once more. Messages that intake knows already change nothing."""
    settings = load_settings()
    selection = _selection(settings, reason, topic, stage, since, until, offsets, place)
    letters = read_letters(settings, selection, limit)

    def tell(letter: Letter, fate: str) -> None:
        console.print(f"{letter.place} {letter.content.reason}: {fate}", markup=False)

    if dry_run:
        report = Replay(settings, None, would_fail_again).run(letters, tell)
    else:
        with Publisher(settings=settings) as publisher:
            report = Replay(settings, publisher, would_fail_again).run(letters, tell)
    verb = "would be published" if dry_run else "published"
    console.print(f"{report.selected} selected, {report.published} {verb}, {report.skipped} skipped")


def _selection(
    settings: Settings,
    reason: list[str] | None,
    topic: list[str] | None,
    stage: list[str] | None,
    since: str | None,
    until: str | None,
    offsets: str | None,
    place: str | None = None,
) -> Selection:
    first, _, last = (offsets or "").partition("-")
    if not all(text.isdigit() for text in (first, last) if text):
        raise SafeError(f"--offsets: {offsets!r} is not like 100-200")
    return Selection(
        reasons=tuple(reason or ()),
        source_topics=tuple(name.removeprefix(settings.topic_prefix) for name in topic or ()),
        stages=tuple(stage or ()),
        since_ms=_ms(settings, since, "--since"),
        until_ms=_ms(settings, until, "--until"),
        first_offset=int(first) if first else None,
        last_offset=int(last) if last else None,
        place=place,
    )


def _ms(settings: Settings, text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        return parse_ms(text, ZoneInfo(settings.timezone), option)
    except RejectError as error:
        raise SafeError(f"{option}: {text!r} is not a time like 2026-01-31 08:00:00") from error


def _when(letter: Letter, settings: Settings) -> str:
    at = datetime.fromtimestamp(letter.content.at / 1000, ZoneInfo(settings.timezone))
    return at.strftime("%Y-%m-%d %H:%M:%S")

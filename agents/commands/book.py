"""`kongfei book check|show|diff|publish`. Owns their printing and exit codes and no more."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer
from kafka.errors import KafkaError

from agents.book.difference import compare_books, flat, rows_of
from agents.book.folder import DEFAULT_FOLDER, read_book, read_folder
from agents.book.mistakes import Mistake, PolicyError
from agents.book.printing import (
    NAMES,
    choice_lines,
    choices_as_json,
    count_lines,
    counts,
    difference_lines,
    mistake_lines,
    section_lines,
)
from agents.book.published import PUBLISHED, SHIPPED, InForce, book_in_force, configured_book, newest_usable
from agents.book.publishing import NotPublishableError, propose, publish
from agents.book.wording import unknown
from agents.core.choice import explain_choice
from agents.core.policy import Policy
from schemas.book import Book, Scope
from schemas.book.book import ENTRY_SECTIONS
from schemas.book.entry import both
from schemas.units import EPOCH_ORDINAL
from streams.bulletin import Posted, read_bulletin
from streams.logs import SafeError
from streams.settings import Settings, load_settings
from streams.topics import Topic

EXIT_BROKEN = 1
#: Parts that `show --json` lists only when they are asked for: a full library has 250,000 points.
ONLY_BY_NAME = frozenset({"points"})
SUBJECT_FIELDS = ("hospital", "department", "insurance_type", "care_type", "region", "date")

Folder = Annotated[Path, typer.Argument(help="The book's folder, with book.yaml in it.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]

book_app = typer.Typer(
    help="The policy book (政策规则库): check it, show it, compare it, publish it.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(book_app, name="book")


@book_app.command()
def check(folder: Folder, as_json: AsJson = False) -> None:
    """Say all that is wrong with a book, with file, line and field. Exit code 1 where it cannot be used."""
    settings = load_settings()
    book, errors, warnings = _judged(folder, settings)
    if as_json:
        _print_json({
            "path": str(folder), "version": book.version if book else None, "ok": book is not None,
            "counts": counts(book) if book else {},
            "errors": [_mistake_as_json(mistake) for mistake in errors],
            "warnings": [_mistake_as_json(mistake) for mistake in warnings],
        })  # fmt: skip
    else:
        _print(_judgement_lines(folder, book, errors, warnings))
    if errors:
        raise typer.Exit(EXIT_BROKEN)


@book_app.command()
def show(
    folder: Annotated[Path | None, typer.Argument(help="Without: the book in force.")] = None,
    section: Annotated[str | None, typer.Option(help="Only this part, entry by entry.")] = None,
    subject: Annotated[
        str | None,
        typer.Option(
            "--for", help="Which entries hold, and why: hospital=…,department=…,insurance_type=…,care_type=…,date=…"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a book; with --for which entry of each part wins for that subject, and why the others lose."""
    settings = load_settings()
    found = _named_book(str(folder) if folder else None, settings)
    if section is not None and section not in NAMES:
        raise SafeError(f"--section {section}: {unknown(section, tuple(NAMES)[1:])}")
    if subject is not None:
        _show_choices(found, subject, section, settings, as_json=as_json)
        return
    names = [section] if section else []
    if as_json:
        parts = {
            name: {called: flat(row) for called, row in rows_of(found.book, name).items()}
            for name in names or [name for name in counts(found.book) if name not in ONLY_BY_NAME]
        }
        _print_json(_origin_as_json(found) | {"counts": counts(found.book), "sections": parts})
        return
    _print(_origin_lines(found))
    if names:
        _print(line for name in names for line in section_lines(found.book, name))
    else:
        _print(count_lines(found.book))


@book_app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A folder, `published` or `default`.")],
    new: Annotated[str, typer.Argument(help="A folder, `published` or `default`.")],
    as_json: AsJson = False,
) -> None:
    """What changed from one book to another: entries and rows added (+), removed (−), changed (~) field by field."""
    settings = load_settings()
    change = compare_books(_named_book(old, settings).book, _named_book(new, settings).book)
    if as_json:
        _print_json(change.as_json())
    else:
        _print(difference_lines(change))


@book_app.command("publish")
def publish_book(
    folder: Folder,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be published, and send nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a book and publish it: every running worker takes it up within seconds, without a restart.

    A broken book is never published. Warnings are shown and do not stop it. A version name that was published before
    with other content is refused: facts name the version they were reckoned under.
    """
    settings = load_settings()
    try:
        proposal = propose(settings, folder, _today(settings))
    except PolicyError as error:
        _print(mistake_lines("错误 errors", error.mistakes))
        typer.echo(both("没有发布：这本政策规则库有错误", "not published: the book is broken"), err=True)
        raise typer.Exit(EXIT_BROKEN) from error
    except NotPublishableError as error:
        typer.echo(f"{both('没有发布', 'not published')}: {error}", err=True)
        raise typer.Exit(EXIT_BROKEN) from error
    book, offset = proposal.folder.book, None
    if not (dry_run or proposal.is_in_force):
        offset = publish(settings, proposal)
    if as_json:
        _print_json({
            "version": book.version, "before": proposal.before or None, "is_in_force": proposal.is_in_force,
            "published": offset is not None, "offset": offset, "bytes": len(proposal.value),
            "warnings": [_mistake_as_json(mistake) for mistake in proposal.folder.warnings],
            "change": proposal.change.as_json() if proposal.change else None,
        })  # fmt: skip
        return
    _print(mistake_lines("警告 warnings", proposal.folder.warnings))
    if proposal.change is not None:
        _print(difference_lines(proposal.change))
    typer.echo(_outcome(book, proposal.before, offset, is_in_force=proposal.is_in_force))


def _outcome(book: Book, before: str, offset: int | None, *, is_in_force: bool) -> str:
    version = book.version
    if is_in_force:
        return both(f"{version} 已经在用，无需再发布", f"{version} is in force already: nothing to publish")
    zh, en = (f"，接替 {before}", f", after {before}") if before else ("", "")
    if offset is None:
        return both(
            f"试运行：将发布 {version}{zh}，没有发送", f"dry run: would publish {version}{en}; nothing was sent"
        )
    return both(
        f"已发布 {version}{zh}（{Topic.POLICY_BOOK} 第 {offset} 条，已由 Kafka 确认）",
        f"published {version}{en} ({Topic.POLICY_BOOK} offset {offset}, confirmed by Kafka)",
    )


# Which book is meant --------------------------------------------------------------------------------------------------


def _named_book(name: str | None, settings: Settings) -> InForce:
    """A folder's book, `published`, `default`, or (without a name) the one in force."""
    if name is None:
        try:
            return book_in_force(settings, _tell_refused)
        except KafkaError as error:
            what = type(error).__name__
            zh = f"连不上 Kafka（{what}），不知道是否发布过；以下是配置的政策规则库"
            typer.echo(both(zh, f"Kafka does not answer ({what}): this is the configured book"), err=True)
            return configured_book(settings)
    if name == PUBLISHED:
        found = newest_usable(read_bulletin(settings, Topic.POLICY_BOOK), _tell_refused)
        if found is None:
            raise SafeError(both("还没有发布过政策规则库", "no book has been published yet"))
        record, book = found
        return InForce(book, PUBLISHED, record.offset, record.at)
    if name == SHIPPED and not Path(name).exists():
        return InForce(read_book(DEFAULT_FOLDER), SHIPPED)
    return InForce(read_book(Path(name)), name)


def _tell_refused(record: Posted, error: PolicyError) -> None:
    text = both(f"第 {record.offset} 条不能用，未采用", f"offset {record.offset} cannot be used and is left alone")
    typer.echo(f"{Topic.POLICY_BOOK}: {text}\n{error}", err=True)


def _judged(folder: Path, settings: Settings) -> tuple[Book | None, list[Mistake], list[Mistake]]:
    try:
        read = read_folder(folder, _today(settings))
    except PolicyError as error:
        return None, error.mistakes, error.warnings
    return read.book, [], read.warnings


def _today(settings: Settings) -> date:
    return datetime.now(ZoneInfo(settings.timezone)).date()


# For whom -------------------------------------------------------------------------------------------------------------


def _show_choices(found: InForce, text: str, section: str | None, settings: Settings, *, as_json: bool) -> None:
    given = _subject_of(text)
    day = _day(given.pop("date", ""), settings)
    subject = _scope(found.book, given, settings)
    sections = (section,) if section else ENTRY_SECTIONS
    if section and section not in ENTRY_SECTIONS:
        raise SafeError(both(f"{section} 没有适用范围", f"{section} has no entries that compete"))
    choices = explain_choice(found.book, subject, day.toordinal() - EPOCH_ORDINAL, sections)
    named = {name: value for name, value in subject.model_dump().items() if value} | {"date": day.isoformat()}
    if as_json:
        _print_json(_origin_as_json(found) | {"for": named, "choices": choices_as_json(choices)})
        return
    _print(_origin_lines(found))
    typer.echo("对象 for: " + ", ".join(f"{name}={value}" for name, value in named.items()))
    _print(choice_lines(choices))


def _subject_of(text: str) -> dict[str, str]:
    given = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise SafeError(f"--for {part}: {both('应写成 名称=值', 'must be name=value')}")
        if name not in SUBJECT_FIELDS:
            raise SafeError(f"--for {name}: {unknown(name, SUBJECT_FIELDS)}")
        given[name] = value
    return given


def _day(text: str, settings: Settings) -> date:
    try:
        return date.fromisoformat(text) if text else _today(settings)
    except ValueError as error:
        raise SafeError(f"--for date={text}: {both('日期写成 2026-01-31', 'write a day as 2026-01-31')}") from error


def _scope(book: Book, given: dict[str, str], settings: Settings) -> Scope:
    """The subject. Unless they are given: the only hospital of the book, else this installation's; its region."""
    listed = [hospital.code for hospital in book.hospitals]
    hospital = given.get("hospital") or (listed[0] if len(listed) == 1 else settings.hospital)
    region = (
        given.get("region")
        or Policy(Book(version="-", region=book.region, hospitals=book.hospitals)).hospital(hospital).region
    )
    return Scope(**given | {"hospital": hospital, "region": region})


# Printing -------------------------------------------------------------------------------------------------------------


def _judgement_lines(folder: Path, book: Book | None, errors: list[Mistake], warnings: list[Mistake]) -> Iterable[str]:
    yield from mistake_lines("错误 errors", errors)
    yield from mistake_lines("警告 warnings", warnings)
    if book is None:
        yield both(
            f"不能使用 {folder}：错误 {len(errors)} 个，警告 {len(warnings)} 个",
            f"cannot be used; errors: {len(errors)}, warnings: {len(warnings)}",
        )
        return
    yield from count_lines(book)
    named = f"{book.version} {book.name}".rstrip()
    yield both(f"可以使用：{named}，警告 {len(warnings)} 个", f"good: {book.version}, warnings: {len(warnings)}")


def _origin_lines(found: InForce) -> Iterable[str]:
    yield f"{found.book.version}  {found.book.name}".rstrip()
    if found.offset is not None and found.at is not None:
        when = datetime.fromtimestamp(found.at / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        yield f"来源 source: {both('已发布', 'published')} {when}, {Topic.POLICY_BOOK} offset {found.offset}"
    elif found.source == SHIPPED:
        yield f"来源 source: {both('自带的示例', 'the examples that ship')}"
    else:
        yield f"来源 source: {found.source}"


def _origin_as_json(found: InForce) -> dict[str, Any]:
    return {
        "version": found.book.version,
        "name": found.book.name,
        "source": found.source,
        "offset": found.offset,
        "published_at": found.at,
    }


def _mistake_as_json(mistake: Mistake) -> dict[str, Any]:
    return {"path": mistake.path, "line": mistake.line or None, "field": mistake.field, "text": mistake.text}


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _print_json(content: dict[str, Any]) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(content), indent=2).decode())

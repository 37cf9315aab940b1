"""What the commands on a visit's file have in common: their options, and opening the file under a book."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeAlias
from zoneinfo import ZoneInfo

import typer

from agents.what_if import ALLOWED

if TYPE_CHECKING:
    from agents.visit_file import Opened

EXIT_REFUSED = 1
LANGUAGES = ("zh", "en")

VisitFile: TypeAlias = Annotated[
    Path, typer.Argument(metavar="VISIT.json", help="Events of the visit: JSON or NDJSON.")
]
BookFolder: TypeAlias = Annotated[
    Path | None, typer.Option("--book", metavar="DIR", help="Policy book; without: the one of the settings.")
]
WhatIfs: TypeAlias = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help=f"What if. Keys: {', '.join(ALLOWED)}.")
]
At: TypeAlias = Annotated[str, typer.Option("--at", metavar="DATE", help="As the visit stood at the end of this day.")]
VisitId: TypeAlias = Annotated[str, typer.Option("--visit", help="Which visit, where the file has several.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")]
Language: TypeAlias = Annotated[str, typer.Option("--lang", help="Language of the sheet: zh or en.")]


def is_chinese(language: str) -> bool:
    """Whether the sheet is to be in Chinese; anything but zh and en is refused."""
    if language not in LANGUAGES:
        raise typer.BadParameter("zh or en", param_hint="--lang")
    return language == LANGUAGES[0]


def opened_or_exit(file: Path, book: Path | None, changes: Sequence[str] | None, at: str, visit_id: str) -> "Opened":
    """The visit of the file, reckoned under the book; what cannot be used is told whole, and ends the command."""
    from agents.book import PolicyError, load_policy  # noqa: PLC0415 - loads slowly, and every command registers here
    from agents.visit_file import VisitFileError, open_visit  # noqa: PLC0415
    from agents.what_if import WhatIfError, read_what_if  # noqa: PLC0415
    from streams.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    try:
        what_if = read_what_if(changes or ())
        policy = load_policy(book or settings.book_dir, ZoneInfo(settings.timezone))
        return open_visit(file, policy, settings.hospital, what_if=what_if, at=at, visit_id=visit_id)
    except (WhatIfError, PolicyError, VisitFileError) as error:
        refuse(error)


def refuse(error: Exception) -> NoReturn:
    """Say every mistake, and end the command."""
    typer.echo(str(error), err=True)
    raise typer.Exit(EXIT_REFUSED) from error

"""`kongfei settle VISIT.json --book DIR`: what the insurer would pay for a visit, and why (模拟结算)."""

import json
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from agents.what_if import ALLOWED

EXIT_REFUSED = 1
LANGUAGES = ("zh", "en")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settle")(settle_command)


def settle_command(
    visit_file: Annotated[Path, typer.Argument(metavar="VISIT.json", help="Events of the visit: JSON or NDJSON.")],
    book: Annotated[
        Path | None, typer.Option("--book", metavar="DIR", help="Policy book; without: the one of the settings.")
    ] = None,
    settings_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help=f"What if. Keys: {', '.join(ALLOWED)}."),
    ] = None,
    at: Annotated[str, typer.Option("--at", metavar="DATE", help="As the visit stood at the end of this day.")] = "",
    visit_id: Annotated[str, typer.Option("--visit", help="Which visit, where the file has several.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
    lang: Annotated[str, typer.Option("--lang", help="Language of the sheet: zh or en.")] = LANGUAGES[0],
) -> None:
    """Settle a visit as the insurer would (模拟结算): every amount with its arithmetic and the entry that decided.

    Exits with 1 where the file, the book or a setting cannot be used; every mistake is told at once.
    """
    from rich.console import Console  # noqa: PLC0415 - loads slowly, and every other command registers beside this one

    from agents.book import PolicyError, load_policy  # noqa: PLC0415
    from agents.settlement_json import settlement_json  # noqa: PLC0415
    from agents.settlement_sheet import show_settlement  # noqa: PLC0415
    from agents.visit_file import VisitFileError, open_visit  # noqa: PLC0415
    from agents.what_if import WhatIfError, read_what_if  # noqa: PLC0415
    from streams.settings import load_settings  # noqa: PLC0415

    if lang not in LANGUAGES:
        raise typer.BadParameter("zh or en", param_hint="--lang")
    settings = load_settings()
    try:
        what_if = read_what_if(settings_ or ())
        policy = load_policy(book or settings.book_dir, ZoneInfo(settings.timezone))
        opened = open_visit(visit_file, policy, settings.hospital, what_if=what_if, at=at, visit_id=visit_id)
    except (WhatIfError, PolicyError, VisitFileError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_REFUSED) from error
    if as_json:
        typer.echo(json.dumps(settlement_json(opened), ensure_ascii=False, indent=2))
    else:
        show_settlement(Console(), opened, is_chinese=lang == LANGUAGES[0])

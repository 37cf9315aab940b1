"""`kongfei settle VISIT.json --book DIR`: what the insurer would pay for a visit, and why (模拟结算)."""

import json

import typer

from agents.commands.visit_arguments import (
    LANGUAGES,
    AsJson,
    At,
    BookFolder,
    Language,
    VisitFile,
    VisitId,
    WhatIfs,
    is_chinese,
    opened_or_exit,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settle")(settle_command)


def settle_command(
    visit_file: VisitFile,
    book: BookFolder = None,
    settings_: WhatIfs = None,
    at: At = "",
    visit_id: VisitId = "",
    as_json: AsJson = False,
    lang: Language = LANGUAGES[0],
) -> None:
    """Settle a visit as the insurer would (模拟结算): every amount with its arithmetic and the entry that decided.

    Exits with 1 where the file, the book or a setting cannot be used; every mistake is told at once.
    """
    from rich.console import Console  # noqa: PLC0415 - loads slowly, and every other command registers beside this one

    from agents.settlement_json import settlement_json  # noqa: PLC0415
    from agents.settlement_sheet import show_settlement  # noqa: PLC0415

    in_chinese = is_chinese(lang)
    opened = opened_or_exit(visit_file, book, settings_, at, visit_id)
    if as_json:
        typer.echo(json.dumps(settlement_json(opened), ensure_ascii=False, indent=2))
    else:
        show_settlement(Console(), opened, is_chinese=in_chinese)

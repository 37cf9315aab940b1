"""`kongfei predict VISIT.json --book DIR`: what each payment method would bring for a visit, now and at discharge."""

import json
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from agents.what_if import ALLOWED

EXIT_REFUSED = 1
LANGUAGES = ("zh", "en")
#: The comparison has nine columns: a file or a pipe gets room for them.
WIDTH = 160


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("predict")(predict_command)


def predict_command(
    visit_file: Annotated[Path, typer.Argument(metavar="VISIT.json", help="Events of the visit: JSON or NDJSON.")],
    book: Annotated[
        Path | None, typer.Option("--book", metavar="DIR", help="Policy book; without: the one of the settings.")
    ] = None,
    settings_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help=f"What if. Keys: {', '.join(ALLOWED)}."),
    ] = None,
    method: Annotated[
        str, typer.Option("--method", metavar="ID", help="One method in detail, as if it were in force.")
    ] = "",
    budget_left: Annotated[
        str, typer.Option("--budget-left", metavar="YUAN", help="What is left of the budget before this visit.")
    ] = "",
    at: Annotated[str, typer.Option("--at", metavar="DATE", help="As the visit stood at the end of this day.")] = "",
    visit_id: Annotated[str, typer.Option("--visit", help="Which visit, where the file has several.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
    lang: Annotated[str, typer.Option("--lang", help="Language of the sheet: zh or en.")] = LANGUAGES[0],
) -> None:
    """Compare the payment methods for a visit (结算方式预测): admissible or not and why, income, profit, the best.

    Exits with 1 where the file, the book or a setting cannot be used; every mistake is told at once.
    """
    from rich.console import Console  # noqa: PLC0415 - loads slowly, and every other command registers beside this one

    from agents.book import PolicyError, load_policy  # noqa: PLC0415
    from agents.prediction import PredictionError, predict_visit  # noqa: PLC0415
    from agents.prediction_json import prediction_json  # noqa: PLC0415
    from agents.prediction_sheet import show_prediction  # noqa: PLC0415
    from agents.visit_file import VisitFileError, open_visit  # noqa: PLC0415
    from agents.what_if import WhatIfError, read_what_if  # noqa: PLC0415
    from streams.settings import load_settings  # noqa: PLC0415

    if lang not in LANGUAGES:
        raise typer.BadParameter("zh or en", param_hint="--lang")
    left = _yuan(budget_left)
    settings = load_settings()
    try:
        what_if = read_what_if(settings_ or ())
        policy = load_policy(book or settings.book_dir, ZoneInfo(settings.timezone))
        opened = open_visit(visit_file, policy, settings.hospital, what_if=what_if, at=at, visit_id=visit_id)
        predicted = predict_visit(opened, method=method, budget_left_fen=left)
    except (WhatIfError, PolicyError, VisitFileError, PredictionError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_REFUSED) from error
    if as_json:
        typer.echo(json.dumps(prediction_json(predicted), ensure_ascii=False, indent=2))
    else:
        console = Console()
        if not console.is_terminal:
            console = Console(width=WIDTH)
        show_prediction(console, predicted, in_detail=bool(method), is_chinese=lang == LANGUAGES[0])


def _yuan(text: str) -> int | None:
    """An amount of the command line in fen; None where it is not said."""
    from schemas.reasons import RejectError  # noqa: PLC0415
    from schemas.units import parse_fen  # noqa: PLC0415

    if not text:
        return None
    try:
        return parse_fen(text)
    except RejectError as error:
        raise typer.BadParameter(
            "应为金额（元） | must be yuan, such as 120000.00", param_hint="--budget-left"
        ) from error

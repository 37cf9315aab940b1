"""`kongfei predict VISIT.json --book DIR`: what each payment method would bring for a visit, now and at discharge."""

import json
from typing import Annotated

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
    refuse,
)

#: The comparison has nine columns: a file or a pipe gets room for them.
WIDTH = 160


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("predict")(predict_command)


def predict_command(
    visit_file: VisitFile,
    book: BookFolder = None,
    settings_: WhatIfs = None,
    method: Annotated[
        str, typer.Option("--method", metavar="ID", help="One method in detail, as if it were in force.")
    ] = "",
    budget_left: Annotated[
        str, typer.Option("--budget-left", metavar="YUAN", help="What is left of the budget before this visit.")
    ] = "",
    at: At = "",
    visit_id: VisitId = "",
    as_json: AsJson = False,
    lang: Language = LANGUAGES[0],
) -> None:
    """Compare the payment methods for a visit (结算方式预测): admissible or not and why, income, profit, the best.

    Exits with 1 where the file, the book or a setting cannot be used; every mistake is told at once.
    """
    from rich.console import Console  # noqa: PLC0415 - loads slowly, and every other command registers beside this one

    from agents.prediction import PredictionError, predict_visit  # noqa: PLC0415
    from agents.prediction_json import prediction_json  # noqa: PLC0415
    from agents.prediction_sheet import show_prediction  # noqa: PLC0415

    in_chinese, left = is_chinese(lang), _yuan(budget_left)
    opened = opened_or_exit(visit_file, book, settings_, at, visit_id)
    try:
        predicted = predict_visit(opened, method=method, budget_left_fen=left)
    except PredictionError as error:
        refuse(error)
    if as_json:
        typer.echo(json.dumps(prediction_json(predicted), ensure_ascii=False, indent=2))
    else:
        console = Console()
        if not console.is_terminal:
            console = Console(width=WIDTH)
        show_prediction(console, predicted, in_detail=bool(method), is_chinese=in_chinese)


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

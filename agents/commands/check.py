"""`kongfei check order`, `kongfei check feedback`: ask a worker as a HIS would, to connect one and to try rules."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agents.commands.visit_arguments import LANGUAGES, AsJson, Language, is_chinese, refuse

EXIT_REFUSED, EXIT_UNFINISHED = 1, 3
DEFAULT_URL = "http://127.0.0.1:8310"
#: What may be written for dspo_way.
WAYS = {"continue": "1", "revise": "2", "self_pay": "3", "delete": "4"}

Url = Annotated[str, typer.Option("--url", metavar="URL", help="A worker's KONGFEI_ANSWER_ADDRESS; any will do.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    check = typer.Typer(
        help="Order checks over HTTP (3101, 3102, 3103): ask a worker as HIS does.", no_args_is_help=True
    )
    check.command("order")(order_command)
    check.command("feedback")(feedback_command)
    app.add_typer(check, name="check")


def order_command(
    request_file: Annotated[Path, typer.Argument(metavar="REQUEST.json", help="A 3101 or 3102 request, or its data.")],
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
    lang: Language = LANGUAGES[0],
) -> None:
    """Have an order checked (事前审核), and print the answer as a sheet.

    Exits with 0 where the check was finished, with 3 where it was not, with 1 where it was refused or nobody answered.
    """
    from rich.console import Console  # noqa: PLC0415 - loads slowly, and every other command registers beside this one

    from agents.order_check.asking import AskingError, as_text, ask, read_request  # noqa: PLC0415
    from agents.order_check.sheet import show_answer  # noqa: PLC0415

    in_chinese = is_chinese(lang)
    try:
        request = read_request(request_file)
        answer = ask(url, "/3102" if str(request.get("infno")) == "3102" else "/3101", request)
    except AskingError as error:
        refuse(error)
    if as_json:
        typer.echo(as_text(answer))
    elif answer["infcode"] == "0":
        show_answer(Console(), answer, is_chinese=in_chinese)
    if answer["infcode"] != "0":
        typer.echo(answer["err_msg"], err=True)
        raise typer.Exit(EXIT_REFUSED)
    if answer["output"]["check_status"] == "unfinished":
        raise typer.Exit(EXIT_UNFINISHED)


def feedback_command(
    findings: Annotated[list[str], typer.Argument(metavar="JR_ID…", help="The findings that are answered.")],
    way: Annotated[str, typer.Option("--way", help="continue, revise, self_pay or delete; or dspo_way 1 to 4.")],
    operator: Annotated[str, typer.Option("--operator", metavar="CODE", help="Who answers (opter).")],
    reason: Annotated[str, typer.Option("--reason", help="Required for continue, at most 500 characters.")] = "",
    patient: Annotated[str, typer.Option("--patient", help="Where the answer is not known any more.")] = "",
    visit: Annotated[str, typer.Option("--visit", help="Likewise.")] = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
    lang: Language = LANGUAGES[0],
) -> None:
    """Answer findings (3103 反馈): what was decided, and why. Sent again it changes nothing.

    Exits with 0 when it is written down, with 1 where it was refused, or must be sent again.
    """
    from agents.order_check.asking import AskingError, as_text, ask  # noqa: PLC0415

    in_chinese = is_chinese(lang)
    warnings = [
        {"warn_rslt_id": finding, "dspo_way": WAYS.get(way, way), "dspo_way_rea": reason} for finding in findings
    ]
    data = {"warn_type": "1", "warns": warnings} | ({"patn_id": patient, "mdtrt_id": visit} if patient or visit else {})
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    try:
        answer = ask(url, "/3103", {"infno": "3103", "opter": operator, "inf_time": now, "input": {"data": data}})
    except AskingError as error:
        refuse(error)
    if as_json:
        typer.echo(as_text(answer))
    if answer["infcode"] != "0":
        typer.echo(answer["err_msg"], err=True)
        raise typer.Exit(EXIT_REFUSED)
    if not as_json:
        count = len(answer["output"]["feedback"])
        typer.echo(f"已记录 {count} 条反馈" if in_chinese else f"{count} answers are on record")

"""`kongfei audit VISIT.json --book DIR`: what the rules find in a visit, and what to put right before discharge."""

import json
from typing import TYPE_CHECKING, Annotated

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
    refuse,
)

if TYPE_CHECKING:
    from schemas.book.rules import Phase

#: Evidence has seven columns: a file or a pipe gets room for them.
WIDTH = 160


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit_command)


def audit_command(
    visit_file: VisitFile,
    book: BookFolder = None,
    settings_: WhatIfs = None,
    phase: Annotated[
        list[str] | None,
        typer.Option("--phase", metavar="PHASE", help="Only rules of this phase: order, charge, review (repeatable)."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--input", metavar="NAME=FILE", help="What a rule needs besides events: JSON or CSV (repeatable)."
        ),
    ] = None,
    pre_discharge: Annotated[
        bool, typer.Option("--pre-discharge", help="出院前自查: what to refund, to explain, to look at.")
    ] = False,
    at: At = "",
    visit_id: VisitId = "",
    as_json: AsJson = False,
    lang: Language = LANGUAGES[0],
) -> None:
    """Audit a visit with the rules of the book: findings with clause, lines, amount and advice.

    Other visits of the patient in the file are its past; visits of other patients serve the rules over many. Exits
    with 1 where the file, the book, an input or a setting cannot be used.
    """
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - loads slowly, and every other command registers beside this one

    from rich.console import Console  # noqa: PLC0415

    from agents.audit.as_json import audit_json  # noqa: PLC0415
    from agents.audit.auditing import audit_visit  # noqa: PLC0415
    from agents.audit.effect import effect_of  # noqa: PLC0415
    from agents.audit.inputs import read_inputs  # noqa: PLC0415
    from agents.audit.sheet import show_audit, show_self_check  # noqa: PLC0415
    from agents.book import load_policy  # noqa: PLC0415
    from agents.visit_file import open_visit  # noqa: PLC0415
    from agents.what_if import read_what_if  # noqa: PLC0415
    from streams.logs import SafeError  # noqa: PLC0415
    from streams.settings import load_settings  # noqa: PLC0415

    in_chinese, phases, settings = is_chinese(lang), _phases(phase or ()), load_settings()
    try:
        what_if = read_what_if(settings_ or ())
        policy = load_policy(book or settings.book_dir, ZoneInfo(settings.timezone))
        inputs = read_inputs(given or (), {name for rule in policy.book.rules for name in rule.needs})
        opened = open_visit(visit_file, policy, settings.hospital, what_if=what_if, at=at, visit_id=visit_id)
        audited = audit_visit(opened, phases=phases, inputs=inputs, is_leaving=pre_discharge)
        effect = None
        if pre_discharge:
            effect = effect_of(
                audited, visit_file, policy, settings.hospital, what_if=what_if, at=at, visit_id=visit_id
            )
    except SafeError as error:
        refuse(error)
    if as_json:
        typer.echo(json.dumps(audit_json(audited, effect), ensure_ascii=False, indent=2))
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    if pre_discharge:
        show_self_check(console, audited, effect, is_chinese=in_chinese)
    else:
        show_audit(console, audited, is_chinese=in_chinese)


def _phases(given: "list[str] | tuple[()]") -> "tuple[Phase, ...]":
    from schemas.book.rules import Phase  # noqa: PLC0415

    try:
        return tuple(Phase(name) for name in given)
    except ValueError as error:
        raise typer.BadParameter(", ".join(Phase), param_hint="--phase") from error

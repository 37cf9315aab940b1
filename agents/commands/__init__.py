"""The commands that the rules bring to `kongfei`, one module a command."""

import typer

from agents.commands import allocate, audit, book, check, predict, reaudit, rules, settle


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (book, rules, settle, predict, audit, allocate, check, reaudit):
        command.register(app)

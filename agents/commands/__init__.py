"""The commands that the rules bring to `kongfei`, one module a command."""

import typer

from agents.commands import allocate, book, check, predict, rules, settle


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (book, rules, settle, predict, allocate, check):
        command.register(app)

"""`kongfei book check|show|diff|publish`."""

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

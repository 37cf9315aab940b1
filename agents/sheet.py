"""Lines of a sheet on the terminal: as they are, never broken or coloured, so that they can be copied and compared."""

from collections.abc import Iterable

from rich.console import Console


def say(console: Console, text: str) -> None:
    """One line."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def say_list(console: Console, heading: str, texts: Iterable[str]) -> None:
    """A heading and its points; nothing where there are none."""
    points = list(texts)
    if points:
        say(console, heading)
        for text in points:
            say(console, f"  - {text}")

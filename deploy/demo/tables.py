"""The tables of the demo: plain, aligned, no lines but below the head."""

from collections.abc import Sequence

from rich import box
from rich.table import Table


def plain_table(*columns: str, figures: Sequence[str] = ()) -> Table:
    """A table with these columns of text, then columns of figures (aligned to the right); none is ever broken."""
    table = Table(expand=False, header_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    for column in figures:
        table.add_column(column, justify="right", no_wrap=True)
    return table

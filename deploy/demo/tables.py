"""The tables of the demo: plain, aligned, no lines but below the head; and its long sentences, broken by width."""

import re
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table

#: What is never parted: a word or a figure, an opening mark and what it opens, any other character by itself.
_PIECES = re.compile(r"[(（「《]*[\w.,%+*/:-]+|[(（「《]+.|\s|.", re.ASCII)
#: What must not begin a line: it may stand in the margin.
_CLOSING = frozenset("，。；：、」）！？%)")


def plain_table(*columns: str, figures: Sequence[str] = ()) -> Table:
    """A table with these columns of text, then columns of figures (aligned to the right); none is ever broken."""
    table = Table(expand=False, header_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    for column in figures:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def folded(text: str, width: int, indent: str) -> list[str]:
    """A sentence in Chinese or English as lines of at most `width` cells and one closing mark, each after `indent`."""
    lines, line = [], indent
    for piece in _PIECES.findall(text):
        is_full = cell_len(line) + cell_len(piece) > width
        if is_full and piece not in _CLOSING and line.strip():
            lines.append(line.rstrip())
            line = indent
        if piece.strip() or line != indent:
            line += piece
    return [*lines, line.rstrip()]


def shortened(text: str, width: int) -> str:
    """A name for a narrow column: without what stands in brackets or after a colon, at most `width` cells."""
    text = re.split("[（:]", text)[0].strip()
    while cell_len(text) > width:
        text = f"{text.rstrip('…')[:-1]}…"
    return text

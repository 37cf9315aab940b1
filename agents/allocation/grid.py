"""A table of texts and figures for a terminal: as a table where it fits, else row by row. Figures are never broken."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_GAP = 3


@dataclass(slots=True)
class Grid:
    """Names of the text columns and of the figure columns, rows of cells (and the style of each), a last row of sums.

    state: a text column at the right end, empty: none.
    """

    title: str
    texts: Sequence[str]
    figures: Sequence[str]
    state: str = ""
    rows: list[tuple[list[str], str]] = field(default_factory=list)
    sums: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """All columns, in order."""
        return [*self.texts, *self.figures, *([self.state] if self.state else [])]

    def add(self, *cells: str, style: str = "") -> None:
        """Add a row."""
        self.rows.append((list(cells), style))

    def show(self, console: Console) -> None:
        """Print it."""
        if self.title:
            console.print(Text(self.title, style="bold"))
        if self._width() <= console.width:
            console.print(self._table())
            return
        for cells, style in self.rows:
            self._show_row(console, cells, style)
        if self.sums:
            self._show_row(console, self.sums, "bold")

    def _width(self) -> int:
        lines = [self.names, *(cells for cells, _ in self.rows), self.sums or self.names]
        return sum(max(map(cell_len, column)) + _GAP for column in zip(*lines, strict=True))

    def _table(self) -> Table:
        table = Table(header_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
        for place, name in enumerate(self.names):
            is_figure = len(self.texts) <= place < len(self.texts) + len(self.figures)
            table.add_column(Text(name), justify="right" if is_figure else "left", no_wrap=True)
        for cells, style in self.rows:
            table.add_row(*map(Text, cells), style=style)
        if self.sums:
            table.add_section()
            table.add_row(*map(Text, self.sums), style="bold")
        return table

    def _show_row(self, console: Console, cells: Sequence[str], style: str) -> None:
        head = " · ".join(cell for cell in cells[: len(self.texts)] if cell)
        console.print(Text(head, style=style or "bold"))
        line = ""
        for name, cell in zip(self.names[len(self.texts) :], cells[len(self.texts) :], strict=True):
            if not cell:
                continue
            pair = f"   {name} {cell}"
            if line and cell_len(line + pair) > console.width:
                console.print(Text(line))
                line = ""
            line += pair
        console.print(Text(line))

"""How far a run is, on the error stream: a bar on a terminal, else a line at every tenth of the patients."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from agents.reaudit.run import Counts


class Progress:
    """Shows the counts of a run; a context manager."""

    def __init__(self, console: Console, place: int) -> None:
        """place: 0 Chinese, 1 English."""
        self._console = console
        self._place = place
        self._told = 0
        self._bar: Bar | None = None
        if console.is_terminal:
            text = ("复审患者", "patients")[place]
            columns = (TextColumn(text), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Bar(*columns, console=console, transient=True)
            self._task = self._bar.add_task(text, total=None)

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def show(self, counts: Counts) -> None:
        """Called after each patient."""
        if self._bar is not None:
            self._bar.update(self._task, completed=counts.patients, total=counts.patients_in_all or None)
            return
        tenth = 10 * counts.patients // counts.patients_in_all if counts.patients_in_all else 0
        if tenth > self._told:
            self._told = tenth
            words = (
                (
                    f"已复审患者 {counts.patients:,}/{counts.patients_in_all:,}，就诊 {counts.visits:,}，"
                    f"发现 {counts.findings:,}"
                ),
                (
                    f"{counts.patients:,} of {counts.patients_in_all:,} patients, {counts.visits:,} visits,"
                    f" {counts.findings:,} findings"
                ),
            )
            self._console.print(Text(words[self._place]))

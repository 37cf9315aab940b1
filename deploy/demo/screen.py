"""What the demo shows while it runs: a live picture on a terminal, plain lines anywhere else. Chinese first."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from deploy.demo.alert_board import LEVEL_NAMES, News
from deploy.demo.gauges import Reading
from deploy.demo.tables import folded
from schemas import units
from schemas.alerts import Level

WIDTH = 100
TICKER_LINES = 8
PLAIN_SECONDS = 2.0
PLAIN_NEWS = 4
STYLES = {Level.PURPLE: "bold magenta", Level.RED: "bold red", Level.YELLOW: "yellow", Level.NOTICE: "cyan"}


@dataclass(frozen=True, slots=True)
class Picture:
    """One moment of the run. `accepted`: how many of the messages intake must accept; `hospital_time` in epoch ms."""

    total: int
    accepted: int
    published: int
    reading: Reading
    per_second: int
    open_alerts: Counter[Level] = field(default_factory=Counter)
    hospital_time: int = 0


class Screen:
    """Prints. `is_live` on a terminal, else every line stands for itself and holds no control characters."""

    def __init__(self) -> None:
        probe = Console()
        self.is_live = probe.is_terminal and not probe.is_dumb_terminal
        width = min(WIDTH, probe.width) if self.is_live else WIDTH
        self.console = Console(width=width, highlight=False) if self.is_live else _plain_console()
        self._live: Live | None = None
        self._ticker: list[News] = []
        self._begun = 0.0
        self._printed = 0.0

    def title(self, zh: str, en: str) -> None:
        """The head of everything."""
        self.console.print(Panel(Text(f"{zh}\n{en}", justify="center"), style="bold" if self.is_live else ""))

    def heading(self, zh: str, en: str) -> None:
        """The head of a part."""
        self.console.print()
        self.console.print(Rule(f"{zh}  {en}", align="left", style="blue" if self.is_live else ""))

    def say(self, line: RenderableType) -> None:
        """One line, or a table."""
        self.console.print(line)

    def say_folded(self, text: str) -> None:
        """A long sentence, broken by width and never before a closing mark."""
        for line in folded(text, self.console.width - 2, ""):
            self.console.print(Text(line))

    def say_whole(self, line: Text) -> None:
        """One line that is to be copied: never broken, however long."""
        self.console.print(line, soft_wrap=True)

    @contextmanager
    def step(self, zh: str, en: str) -> Iterator[None]:
        """A step of the preparation; says how long it took."""
        begun = time.monotonic()
        if self.is_live:
            with self.console.status(f"{zh}  {en} …"):
                yield
        else:
            yield
        self.console.print(f"✓ {zh}  {en}  ({time.monotonic() - begun:.1f} s)")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While this holds, `show` draws the live picture. Seconds count from the first time."""
        self._begun = self._begun or time.monotonic()
        if not self.is_live:
            yield
            return
        with Live(console=self.console, auto_refresh=False, transient=True) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def show(self, picture: Picture, news: list[News]) -> None:
        """The present state and what happened since the last call."""
        self._ticker = [*self._ticker, *news][-200:]
        if self._live is not None:
            self._live.update(self._drawn(picture), refresh=True)
        elif time.monotonic() - self._printed >= PLAIN_SECONDS:
            self._printed = time.monotonic()
            self._print_lines(picture)
            self._ticker.clear()

    def _print_lines(self, picture: Picture) -> None:
        reading, elapsed = picture.reading, f"{time.monotonic() - self._begun:5.1f} s"
        figures = (
            f"[{elapsed}] 发布 {picture.published:,}/{picture.total:,} · 账目 {reading.ledger:,}"
            f" · 核算 {reading.applied:,} · 入库 {reading.rows:,} 行 · {picture.per_second:,}/s"
        )
        levels = f"{'':>10}医院时间 {_time_text(picture.hospital_time)} · 未结告警 {_levels_text(picture.open_alerts)}"
        for line in (figures, levels):
            self.console.print(Text(line), no_wrap=True, overflow="ellipsis")
        for item in self._ticker[-PLAIN_NEWS:]:
            self.console.print(Text(f"{'':>10}{item.text}"), no_wrap=True, overflow="ellipsis")

    def _drawn(self, picture: Picture) -> RenderableType:
        reading = picture.reading
        table = Table.grid(padding=(0, 1))
        for style, justify in (("bold", "left"), ("dim", "left"), ("", "left"), ("", "right")):
            table.add_column(style=style, justify=justify, no_wrap=True)  # type: ignore[arg-type]
        bar = max(20, self.console.width - 62)
        for zh, en, done, of in (
            ("发布", "published", picture.published, picture.total),
            ("账目", "ledger", reading.ledger, picture.accepted),
            ("核算", "applied", reading.applied, picture.accepted),
        ):
            figure = f"{done:,} / {of:,}"
            table.add_row(zh, en, ProgressBar(total=max(of, 1), completed=min(done, of), width=bar), figure)
        table.add_row("入库", "rows", "", f"{reading.rows:,}")
        table.add_row("速度", "events/s", "", f"{picture.per_second:,}")
        levels = Text("未结告警 open alerts  ", style="bold")
        for level, count in picture.open_alerts.items():
            zh, en, mark = LEVEL_NAMES[level]
            levels.append(f"{mark}{zh} {en} {count}   ", style=STYLES[level])
        ticker = [_ticker_line(item) for item in self._ticker[-TICKER_LINES:]]
        blank = [Text("")] * (TICKER_LINES - len(ticker))
        return Panel(
            Group(table, Text(""), levels, Text(""), *ticker, *blank),
            title=f"控费流水线 pipeline · 医院时间 hospital time {_time_text(picture.hospital_time)}",
            subtitle=f"{time.monotonic() - self._begun:.0f} s",
        )


def per_second_meter() -> Callable[[int], int]:
    """A function that turns a growing count into a rate over the last seconds."""
    seen: list[tuple[float, int]] = []

    def rate(count: int) -> int:
        now = time.monotonic()
        seen.append((now, count))
        while len(seen) > 2 and now - seen[0][0] > 3:
            seen.pop(0)
        elapsed = now - seen[0][0]
        return round((count - seen[0][1]) / elapsed) if elapsed > 0 else 0

    return rate


def _ticker_line(news: News) -> Text:
    return Text(news.text, style=STYLES[news.level], no_wrap=True, overflow="ellipsis")


def _levels_text(levels: Counter[Level]) -> str:
    return " · ".join(f"{LEVEL_NAMES[level][0]} {count}" for level, count in levels.items()) or "0"


def _time_text(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, units.SHANGHAI):%Y-%m-%d %H:%M}" if ms else "—"


def _plain_console() -> Console:
    return Console(width=WIDTH, force_terminal=False, color_system=None, highlight=False, legacy_windows=False)

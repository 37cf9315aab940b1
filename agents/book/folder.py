"""Reads a book's folder: `book.yaml`, every other YAML file beside it (sections, merged), the tables, the rule library.

All that is wrong is said at once: each file, each entry and each row is judged by itself. A book with an error is
never used.
"""

from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path
from typing import Any

from agents.book.collector import collector_paused
from agents.book.judging import LISTS, TABLES, Places, judge
from agents.book.library import LIBRARY, own_rules, take_library
from agents.book.mistakes import Mistake, PolicyError, in_order
from agents.book.tables import KINDS, Table, TableKind, read_table
from agents.book.wording import unknown
from agents.book.yaml_file import YamlFile, read_yaml
from agents.core.policy import Policy
from schemas.book import Book
from schemas.book.entry import both
from schemas.units import SHANGHAI

FILE_NAME = "book.yaml"
#: What holds where no folder is named: general 示例 thresholds, and no quotas, for those only a hospital knows.
DEFAULT_FOLDER = Path(__file__).parents[1] / "default_book"
#: What only book.yaml says.
HEAD = ("format", "version", "name", "status", "region", "tier", "tiers", "hospitals", LIBRARY)
DRG = ("version", "grouper")


@dataclass(slots=True)
class BookFolder:
    """A folder that was read: its book, what is doubtful about it, and where everything stands."""

    path: Path
    book: Book
    warnings: list[Mistake]
    places: Places


def load_policy(folder: Path | None, zone: tzinfo = SHANGHAI) -> Policy:
    """The compiled policy of a folder, or the one that ships. Raises PolicyError."""
    return Policy(read_book(folder or DEFAULT_FOLDER), zone)


def read_book(folder: Path) -> Book:
    """The book of a folder. Raises PolicyError with all that is wrong with it."""
    return read_folder(folder).book


def read_folder(folder: Path, today: date | None = None) -> BookFolder:
    """The book of a folder, with warnings and places. Raises PolicyError with every error.

    today: to warn of entries that have expired by then. The error's `warnings` has what is doubtful besides.
    """
    reading = _Reading(folder)
    with collector_paused():
        book = reading.read(today)
    errors = [mistake for mistake in reading.mistakes if mistake.is_error]
    if errors or book is None:
        raise PolicyError(errors, [mistake for mistake in reading.mistakes if not mistake.is_error])
    return BookFolder(folder, book, in_order(reading.mistakes), reading.places)


class _Reading:
    """One pass over a folder: collects content and mistakes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mistakes: list[Mistake] = []
        self.places = Places(YamlFile(folder / FILE_NAME, None, None, []))
        self.content: dict[str, Any] = {}

    def read(self, today: date | None) -> Book | None:
        """The book, if there is anything of one; what is wrong is in `mistakes`."""
        head = self.places.head.path
        if not head.is_file():
            self._say(self._place_of_missing(), 0, "", self._missing())
        others = sorted({*self.folder.glob("*.yaml"), *self.folder.glob("*.yml")} - {head})
        for path in (head, *others):
            try:
                if path.is_file():
                    self._take_in(read_yaml(path), is_head=path == head)
            except PolicyError as error:
                self.mistakes += error.mistakes
        if self.places.head.content is not None:
            self._read_tables(self.places.head)
            self._note_unused()
        own = own_rules(self.folder)
        self.mistakes += own.mistakes
        self.mistakes += take_library(self.content, self.places, own)
        book, mistakes = judge(self.content, self.places, today, unread=own.unread)
        self.mistakes += mistakes
        return book

    def _place_of_missing(self) -> Path:
        return self.folder / FILE_NAME if self.folder.is_dir() else self.folder

    def _missing(self) -> str:
        if not self.folder.exists():
            return both("找不到这个目录", "there is no such folder")
        if not self.folder.is_dir():
            return both("应为目录", "must be a folder")
        return both("找不到文件，每本政策规则库都须有 book.yaml", "no such file: every book has a book.yaml")

    # YAML -----------------------------------------------------------------------------------------------------------

    def _take_in(self, file: YamlFile, *, is_head: bool) -> None:
        """Merge what one file says into the content."""
        self.mistakes += file.mistakes
        if file.content is None and not is_head:
            return
        if not isinstance(file.content, dict):
            self._say(file.path, 1, "", both("应为“字段: 值”的写法", "must be fields with values"))
            return
        if is_head:
            self.places.head = file
        known = (*HEAD, TABLES, *LISTS) if is_head else LISTS
        for name, value in file.content.items():
            if name in known:
                self._merge(file, name, value)
            elif name in {*HEAD, TABLES}:
                text = both("此项只能写在 book.yaml 中", "only book.yaml may say this")
                self._say(file.path, file.line(name), str(name), text)
            else:
                self._say(file.path, file.line(str(name)), str(name), unknown(str(name), known))

    def _merge(self, file: YamlFile, name: str, value: Any) -> None:
        if name not in LISTS:
            if value is not None:
                self.content[name] = value
            return
        if value is None:
            return
        if not isinstance(value, list):
            text = both("应为列表：每个条目以“- ”开头", "must be a list: each entry begins with “- ”")
            self._say(file.path, file.line(name), name, text)
            return
        self.content.setdefault(name, []).extend(value)
        self.places.entries.setdefault(name, []).extend((file, (name, position)) for position in range(len(value)))

    # Tables ---------------------------------------------------------------------------------------------------------

    def _read_tables(self, head: YamlFile) -> None:
        named = self.content.pop(TABLES, {})
        if not isinstance(named, dict):
            self._say(head.path, head.line(TABLES), TABLES, both("应为“表: 文件”的写法", "must be tables with files"))
            return
        drg = named.pop("drg", None) or {}
        if not isinstance(drg, dict):
            text = both("应为“表: 文件”的写法", "must be tables with files")
            self._say(head.path, head.line(TABLES, "drg"), "tables.drg", text)
            drg = {}
        self.content["drg"] = {name: drg.pop(name) for name in DRG if drg.get(name) is not None}
        plain = tuple(name for name in KINDS if "." not in name)
        for name, files in named.items():
            self._read_table(head, (str(name),), files, (*plain, "drg"))
        below = tuple(name.removeprefix("drg.") for name in KINDS if "." in name)
        for name, files in drg.items():
            self._read_table(head, ("drg", str(name)), files, (*DRG, *below))

    def _note_unused(self) -> None:
        used = {path.resolve() for table in self.places.tables.values() for path, _ in table.files}
        for path in sorted(self.folder.glob("*.csv")):
            if path.resolve() not in used:
                text = both("book.yaml 的 tables 没有用到这个文件", "no table of book.yaml names this file")
                self.mistakes.append(Mistake(str(path), 0, "", text, is_error=False))

    def _read_table(self, head: YamlFile, steps: tuple[str, ...], files: Any, known: tuple[str, ...]) -> None:
        shown = ".".join((TABLES, *steps))
        line = head.line(TABLES, *steps)
        kind = KINDS.get(".".join(steps))
        if kind is None:
            self._say(head.path, line, shown, unknown(steps[-1], known))
            return
        names = [files] if isinstance(files, str) else files or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            text = both("应为 CSV 文件名，或文件名的列表", "must be the name of a CSV file, or a list of names")
            self._say(head.path, line, shown, text)
            return
        table = self.places.tables.setdefault(kind.name, Table())
        for name in names:
            self._read_file(kind, head, line, shown, name, table)
        self.mistakes += table.mistakes
        target = self.content if len(steps) == 1 else self.content["drg"]
        target[steps[-1]] = tuple(table.rows)

    def _read_file(self, kind: TableKind, head: YamlFile, line: int, shown: str, name: str, table: Table) -> None:
        path = self.folder / name
        if not path.is_file():
            self._say(head.path, line, shown, both(f"找不到文件 {name}", f"there is no file {name}"))
            return
        try:
            read_table(kind, path, table)
        except PolicyError as error:
            self.mistakes += error.mistakes

    def _say(self, path: Path, line: int, field_name: str, text: str) -> None:
        self.mistakes.append(Mistake(str(path), line, field_name, text))

"""Reads a book's folder: `book.yaml`, every other YAML file beside it (sections, merged), and the CSV tables it names.

All that is wrong is said at once: each file, each entry and each row is judged by itself. A book with an error is
never used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.book.mistakes import Mistake, PolicyError, in_order
from agents.book.names import names_at
from agents.book.tables import KINDS, Table, TableKind, read_table
from agents.book.wording import sentence, unknown
from agents.book.yaml_file import YamlFile, read_yaml
from agents.core.policy import Policy
from schemas.book import Book
from schemas.book.book import ENTRY_SECTIONS
from schemas.book.entry import both
from schemas.units import SHANGHAI

FILE_NAME = "book.yaml"
#: What holds where no folder is named: general 示例 thresholds, and no quotas, for those only a hospital knows.
DEFAULT_FOLDER = Path(__file__).parents[1] / "default_book"
#: What only book.yaml says.
HEAD = ("format", "version", "name", "status", "region", "tier", "tiers", "hospitals")
TABLES = "tables"
DRG = ("version", "grouper")


@dataclass(slots=True)
class BookFolder:
    """A folder that was read: its book, what is doubtful about it, and where everything stands."""

    path: Path
    book: Book
    warnings: list[Mistake]
    places: "Places"


@dataclass(slots=True)
class Places:
    """Where each part of the book stands: file and line."""

    head: YamlFile | None = None
    #: section → (file, position in the file's own section) of each entry
    entries: dict[str, list[tuple[YamlFile, int]]] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)

    def find(self, steps: tuple[int | str, ...]) -> tuple[str, int]:
        """File and line of what pydantic or a check calls by these keys and positions."""
        name = table_name(steps)
        if name in self.tables:
            position = steps[name.count(".") + 1]
            path, line = self.tables[name].place(int(position))
            return str(path), line
        section = str(steps[0]) if steps else ""
        if section in self.entries and len(steps) > 1:
            file, position = self.entries[section][int(steps[1])]
            return str(file.path), file.line(section, position, *steps[2:])
        assert self.head is not None, "a book has a head"
        if section == "drg":
            return str(self.head.path), self.head.line(TABLES, *steps)
        return str(self.head.path), self.head.line(*steps)


def table_name(steps: tuple[int | str, ...]) -> str:
    """The table whose row these steps name, as in KINDS; empty: they name none."""
    for length in (1, 2):
        name = ".".join(str(step) for step in steps[:length])
        if name in KINDS and len(steps) > length and isinstance(steps[length], int):
            return name
    return ""


def load_policy(folder: Path | None, zone: tzinfo = SHANGHAI) -> Policy:
    """The compiled policy of a folder, or the one that ships. Raises PolicyError."""
    return Policy(read_book(folder or DEFAULT_FOLDER), zone)


def read_book(folder: Path) -> Book:
    """The book of a folder. Raises PolicyError with all that is wrong with it."""
    return read_folder(folder).book


def read_folder(folder: Path) -> BookFolder:
    """The book of a folder, with warnings and places. Raises PolicyError with every error."""
    reading = _Reading(folder)
    book = reading.read()
    errors = [mistake for mistake in reading.mistakes if mistake.is_error]
    if errors or book is None:
        raise PolicyError(errors)
    return BookFolder(folder, book, in_order(reading.mistakes), reading.places)


class _Reading:
    """One pass over a folder: collects content and mistakes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mistakes: list[Mistake] = []
        self.places = Places()
        self.content: dict[str, Any] = {}

    def read(self) -> Book | None:
        """The book, if there is anything of one; what is wrong is in `mistakes`."""
        head = self.folder / FILE_NAME
        if not head.is_file():
            self._say(self._place_of_missing(), 0, "", self._missing())
            return None
        others = sorted({*self.folder.glob("*.yaml"), *self.folder.glob("*.yml")} - {head})
        for path in (head, *others):
            try:
                self._take_in(read_yaml(path), is_head=path == head)
            except PolicyError as error:
                self.mistakes += error.mistakes
        if self.places.head is None:
            return None
        self._read_tables(self.places.head)
        return self._judge()

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
        if is_head:
            self.places.head = file
        if file.content is None and not is_head:
            return
        if not isinstance(file.content, dict):
            self._say(file.path, 1, "", both("应为“字段: 值”的写法", "must be fields with values"))
            return
        known = (*HEAD, TABLES, *ENTRY_SECTIONS) if is_head else ENTRY_SECTIONS
        for name, value in file.content.items():
            if name in known:
                self._merge(file, name, value)
            elif name in {*HEAD, TABLES}:
                text = both("此项只能写在 book.yaml 中", "only book.yaml may say this")
                self._say(file.path, file.line(name), str(name), text)
            else:
                self._say(file.path, file.line(str(name)), str(name), unknown(str(name), known))

    def _merge(self, file: YamlFile, name: str, value: Any) -> None:
        if name not in ENTRY_SECTIONS:
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
        self.places.entries.setdefault(name, []).extend((file, position) for position in range(len(value)))

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

    # The book as a whole --------------------------------------------------------------------------------------------

    def _judge(self) -> Book | None:
        try:
            return Book.model_validate(self.content)
        except ValidationError as error:
            self.mistakes += dict.fromkeys(self._mistakes(error))
            return None

    def _mistakes(self, error: ValidationError) -> Iterator[Mistake]:
        found = error.errors(include_url=False)
        for item in found:
            steps = tuple(item["loc"])
            if item["type"] == "too_short" and any(
                other["loc"][: len(steps)] == steps != other["loc"] for other in found
            ):
                continue  # it is too short only because what stands there could not be read
            known = names_at(steps[:-1])
            steps = _as_written(steps, self.content, names_a_field=item["type"] in {"missing", "extra_forbidden"})
            if item["type"].startswith("union_tag"):
                steps = (*steps, "kind")
            path, line = self.places.find(steps)
            yield Mistake(path, line, self._shown(steps), sentence(item, _given(self.content, steps), known))

    def _shown(self, steps: tuple[int | str, ...]) -> str:
        """Steps as a person reads them: entries by their id, other positions from 1."""
        parts: list[str] = []
        found: Any = self.content
        for step in steps:
            found = _below(found, step)
            name = str(found.get("id") or found.get("code") or "") if isinstance(found, dict) else ""
            parts.append((name or f"#{step + 1}") if isinstance(step, int) else step)
        return ".".join(parts)

    def _say(self, path: Path, line: int, field_name: str, text: str) -> None:
        self.mistakes.append(Mistake(str(path), line, field_name, text))


def _as_written(steps: tuple[int | str, ...], content: Any, *, names_a_field: bool) -> tuple[int | str, ...]:
    """Without what pydantic adds to the place: the kind of a payment method, the arm of a union that it tried.

    names_a_field: the last step is a field that is missing or unknown.
    """
    written: list[int | str] = []
    found = content
    for position, step in enumerate(steps):
        is_field = isinstance(found, dict) and (step in found or (names_a_field and position == len(steps) - 1))
        if isinstance(step, str) and not is_field:
            continue
        written.append(step)
        found = _below(found, step)
    return tuple(written)


def _given(content: Any, steps: tuple[int | str, ...]) -> Any:
    """What was written at a place; None: nothing."""
    found = content
    for step in steps:
        found = _below(found, step)
    return found


def _below(found: Any, step: int | str) -> Any:
    if isinstance(found, dict):
        return found.get(step)
    if isinstance(found, list | tuple) and isinstance(step, int) and step < len(found):
        return found[step]
    return None

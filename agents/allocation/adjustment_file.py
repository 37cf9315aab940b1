"""Reads manual adjustments (人工调整): a CSV with a header, or a YAML file with `adjustments:`, a list of entries.

Columns and fields are those of agents/core/allocation/adjustment.py: department, care_type, insurance_type, one of
factor, quota and budget, cases, mix, reason, who. Two for the same visits contradict each other and are a mistake.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from agents.book.mistakes import Mistake, PolicyError
from agents.book.tables import Table, TableKind, read_table
from agents.book.wording import sentence, unknown
from agents.book.yaml_file import YamlFile, read_yaml
from agents.core.allocation.adjustment import Adjustment
from schemas.book.entry import both

SECTION = "adjustments"
_KIND = TableKind(SECTION, Adjustment, (("department",), ("reason",), ("who",)))
_FIELDS = tuple(Adjustment.model_fields)


def read_adjustments(path: Path) -> tuple[Adjustment, ...]:
    """The adjustments of a file (.csv, else YAML). Raises PolicyError with all that is wrong with it."""
    found, mistakes = _read_csv(path) if path.suffix.lower() == ".csv" else _read_yaml(path)
    first: dict[tuple[str, str, str], int] = {}
    for line, adjustment in found:
        before = first.setdefault(adjustment.kind, line)
        if before != line:
            text = both(f"与第 {before} 行针对同样的就诊", f"is about the same visits as line {before}")
            mistakes.append(Mistake(str(path), line, f"{SECTION}.{adjustment.department}", text))
    if mistakes:
        raise PolicyError(mistakes)
    return tuple(adjustment for _, adjustment in found)


def _read_csv(path: Path) -> tuple[list[tuple[int, Adjustment]], list[Mistake]]:
    table = Table()
    read_table(_KIND, path, table)
    # A column that is not known would be a factor that is not applied: here it is no mere warning.
    mistakes = [Mistake(found.path, found.line, found.field, found.text) for found in table.mistakes]
    return list(zip(table.lines, table.rows, strict=True)), mistakes


def _read_yaml(path: Path) -> tuple[list[tuple[int, Adjustment]], list[Mistake]]:
    file = read_yaml(path)
    mistakes = list(file.mistakes)
    content = file.content if isinstance(file.content, dict) else {}
    entries = content.get(SECTION)
    if not isinstance(entries, list):
        text = both("应有 adjustments：条目的列表", "must have adjustments: a list of entries")
        raise PolicyError([*mistakes, Mistake(str(path), file.line(SECTION), SECTION, text)])
    mistakes += [
        Mistake(str(path), file.line(str(name)), str(name), unknown(str(name), (SECTION,)))
        for name in content
        if name != SECTION
    ]
    found = []
    for place, entry in enumerate(entries):
        try:
            found.append((file.line(SECTION, place), Adjustment.model_validate(entry)))
        except ValidationError as error:
            mistakes += _mistakes(file, place, entry, error)
    return found, mistakes


def _mistakes(file: YamlFile, place: int, entry: object, error: ValidationError) -> Iterator[Mistake]:
    for item in error.errors(include_url=False):
        steps = tuple(item["loc"])
        name = ".".join([SECTION, f"#{place + 1}", *map(str, steps)])
        given = entry.get(str(steps[0])) if isinstance(entry, dict) and steps else ""
        yield Mistake(str(file.path), file.line(SECTION, place, *steps), name, sentence(item, given, _FIELDS))

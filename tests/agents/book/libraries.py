"""Full libraries for tests: a book with the national rules, and as many knowledge points as a region has."""

import csv
from dataclasses import fields
from itertools import cycle
from pathlib import Path

from pydantic import TypeAdapter

from agents.core.rules.kind import Trigger
from agents.core.rules.kinds import KINDS
from agents.rule_library.rule_file import shipped_rules
from schemas.book.points import Point

COLUMNS = [field.name for field in fields(Point)]
_ADAPTER = TypeAdapter(Point)


def write_library(folder: Path, rows: int, version: str = "full") -> Path:
    """A book of the national rules and `rows` points: those that ship, again and again, of other items."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.yaml").write_text(
        f"version: {version}\nlibrary: [national]\ntables: {{points: points.csv}}\n", encoding="utf-8"
    )
    models = [
        _ADAPTER.dump_python(point, mode="json")
        for _, file in shipped_rules()
        if KINDS[file.rule.kind].trigger is Trigger.ITEM
        for point in file.points
    ]
    with (folder / "points.csv").open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        for number, model in zip(range(rows), cycle(models), strict=False):
            row = {name: "" if value is None else value for name, value in model.items()}
            writer.writerow(row | {"id": "", "item": f"XA{number:08d}", "name": f"示例项目{number}"})
    return folder

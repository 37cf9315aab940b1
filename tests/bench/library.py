"""A rule library of full size: the shipped rules, and their example points again and again under made-up codes.

How many points a rule has follows nothing but the shape of its own example points, so every column that its kind reads
is filled as it would be.
"""

import csv
import dataclasses
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

from agents.core.rules.kind import Trigger
from agents.core.rules.kinds import KINDS
from agents.rule_library.rule_file import read_rule_file, shipped_files
from schemas.book.points import Point, codes

POINTS = 250_000
#: Items that points are about: about four points an item, as in the national library.
ITEMS = 60_000
COLUMNS = tuple(field.name for field in dataclasses.fields(Point))
TRIGGERS = frozenset({Trigger.ITEM, Trigger.GROUP})
GROUP_SIZE = 6


def item_code(number: int) -> str:
    """A made-up national code."""
    return f"XB{number:05d}A001010101{number % 97:02d}"


def templates() -> list[Point]:
    """Example points that are about items."""
    found = []
    for path in shipped_files():
        file = read_rule_file(path)
        kind = KINDS.get(file.rule.kind)
        if kind is not None and kind.trigger in TRIGGERS and not file.rule.needs:
            found += [point for point in file.points if point.item]
    return found


def points(count: int = POINTS, seed: int = 1) -> Iterator[dict[str, str]]:
    """Rows of a table of points."""
    random, shapes = Random(seed), templates()
    by_group: dict[tuple[str, str], list[Point]] = {}
    singles = []
    for point in shapes:
        if point.group:
            by_group.setdefault((point.rule, point.group), []).append(point)
        else:
            singles.append(point)
    groups = list(by_group.values())
    made = 0
    seen: set[tuple[str, str, str]] = set()
    while made < count:
        if groups and random.random() < 0.1:
            shape = groups[made % len(groups)]
            for point in shape[:GROUP_SIZE]:
                yield _row(point, random, f"{point.group}-{made}")
                made += 1
            continue
        point = singles[made % len(singles)]
        row = _row(point, random, point.group)
        key = (row["rule"], row["item"], row.get("others", ""))
        if key not in seen:
            seen.add(key)
            yield row
            made += 1


def _row(point: Point, random: Random, group: str) -> dict[str, str]:
    row = {}
    for name in COLUMNS:
        value = getattr(point, name)
        if value is None or value == "" or isinstance(value, date):
            continue
        row[name] = _written(name, value)
    row.pop("id", None)
    row["item"] = item_code(random.randrange(ITEMS))
    row["name"] = f"示例项目{row['item'][2:7]}"
    row["source"] = "示例：生成的知识点"
    if group:
        row["group"] = group
    if "others" in row:
        row["others"] = ";".join(item_code(random.randrange(ITEMS)) for _ in codes(row["others"])[:5])
    return row


def _written(name: str, value: object) -> str:
    """A value as its column is written."""
    if name == "share":
        return str(value)
    if name == "amount":
        return f"{int(str(value)) // 100}.{int(str(value)) % 100:02d}"
    if name == "quantity":
        return f"{int(str(value)) // 10_000}.{int(str(value)) % 10_000:04d}"
    if name == "price":
        return f"{int(str(value)) // 1_000_000}.{int(str(value)) % 1_000_000:06d}"
    return str(value)


def write_library(folder: Path, count: int = POINTS) -> Path:
    """A book's folder with so many points."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.yaml").write_text(
        "version: bench-library\nname: bench\nlibrary: [national]\ntables:\n  points: points.csv\n"
        'hospitals:\n  - {code: H1, region: "330100", tier: "3"}\n',
        encoding="utf-8",
    )
    with (folder / "points.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(points(count))
    return folder

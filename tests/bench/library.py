"""A rule library of full size: the shipped rules, and their example points again and again under made-up codes.

Every column that a kind reads is filled as in the examples; how many points a class has follows the published numbers.
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


#: Published points of a class, where their number is known (两库 2025); the national library repeats each for every
#: product of a drug, so the numbers say how the classes stand to each other.
PUBLISHED = {
    1: 18, 2: 6, 3: 37, 4: 116, 5: 110, 7: 24, 8: 510, 10: 59, 12: 123, 13: 76, 15: 378, 23: 11, 25: 900, 27: 67, 29: 1,
    31: 14, 47: 22, 65: 366, 67: 640, 80: 30, 81: 391,
}  # fmt: skip
#: What stands for a class whose number is not known.
UNKNOWN = 200


def templates() -> dict[int, list[list[Point]]]:
    """Example points that are about items, by the number of their class: single ones, and groups."""
    found: dict[int, list[list[Point]]] = {}
    for path in shipped_files():
        file = read_rule_file(path)
        kind = KINDS.get(file.rule.kind)
        if kind is None or kind.trigger not in TRIGGERS or file.rule.needs or not file.rule.number:
            continue
        groups: dict[str, list[Point]] = {}
        for point in file.points:
            if point.item and "*" not in point.item:
                groups.setdefault(point.group or f"only-{id(point)}", []).append(point)
        if groups:
            found.setdefault(file.rule.number, []).extend(groups.values())
    return found


def points(count: int = POINTS, seed: int = 1) -> Iterator[dict[str, str]]:
    """Rows of a table of points."""
    random, shapes = Random(seed), templates()
    numbers = sorted(shapes)
    weights = [PUBLISHED.get(number, UNKNOWN) for number in numbers]
    made = 0
    seen: set[tuple[str, str, str]] = set()
    while made < count:
        shape = random.choice(shapes[random.choices(numbers, weights)[0]])
        group = f"{shape[0].group}-{made}" if shape[0].group else ""
        for point in shape[:GROUP_SIZE]:
            row = _row(point, random, group)
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

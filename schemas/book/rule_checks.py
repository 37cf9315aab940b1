"""Checks of the rule library in a book: rules, settings, exemptions, scenes, prescribers and points among each other.

What only the kinds of rules know (their parameters and columns) is checked by agents/book/kind_checks.py.
"""

from collections.abc import Hashable, Iterable, Iterator
from operator import attrgetter

from schemas.book.book import Book
from schemas.book.entry import BookEntry, Scope, both
from schemas.book.findings import Finding
from schemas.book.overlaps import overlapping
from schemas.book.points import Point
from schemas.book.rules import Exemption, RuleSetting

#: More findings of one sort about points than a person will read.
MOST_POINTS = 20
#: What an exemption lists; one of them at least must be filled.
EXEMPTION_LISTS = ("diagnoses", "procedures", "care_types", "discharge_ways", "items")
#: The columns that say when a point holds, as against what it then says.
CONDITIONS = attrgetter(
    "rule", "item", "group", "role", "others", "diagnoses", "procedures", "sex", "age_from", "age_to",
    "insurance_types", "care_types", "departments", "specialities", "grades", "mode", "tier", "region",
    "insurance_type",
)  # fmt: skip


def check_rules(book: Book) -> Iterator[Finding]:
    """Everything about the rule library that needs no kind."""
    codes: dict[Hashable, int] = {}
    for index, rule in enumerate(book.rules):
        yield from _twice("rules", codes, rule.code, index, rule.code)
    scenes: dict[Hashable, int] = {}
    for index, scene in enumerate(book.scenes):
        yield from _twice("scenes", scenes, scene.number, index, str(scene.number))
    doctors: dict[Hashable, int] = {}
    for index, row in enumerate(book.prescribers):
        yield from _twice("prescribers", doctors, row.doctor, index, row.doctor)
    yield from _check_exemptions(book)
    yield from _check_settings(book)
    yield from check_points(book.points, {rule.code for rule in book.rules})


def _twice(section: str, seen: dict[Hashable, int], key: Hashable, index: int, what: str) -> Iterator[Finding]:
    first = seen.setdefault(key, index)
    if first != index:
        text = both(f"{what} 写了两次，无法判定以谁为准", f"{what} stands twice")
        yield Finding((section, index), text, other=(section, first))


def _check_exemptions(book: Book) -> Iterator[Finding]:
    known = {exemption.id for exemption in book.exemptions}
    for index, rule in enumerate(book.rules):
        for place, name in enumerate(rule.exemptions):
            if name not in known:
                text = both(f"没有豁免“{name}”", f"there is no exemption {name}")
                yield Finding(("rules", index, "exemptions", place), text, is_of_absence=True)
    for index, exemption in enumerate(book.exemptions):
        if not any(getattr(exemption, name) for name in EXEMPTION_LISTS):
            text = both(
                "没有写豁免条件：诊断、手术、医疗类别、离院方式、项目至少写一种",
                "no condition: name diagnoses, procedures, care types, discharge ways or items",
            )
            yield Finding(("exemptions", index), text)
        if exemption.scope != Scope() or _is_dated(exemption):
            text = both(
                "豁免对全书有效，不能限定范围或日期", "an exemption holds everywhere and always: no scope, no dates"
            )
            yield Finding(("exemptions", index), text)


def _is_dated(entry: BookEntry) -> bool:
    days = Exemption.model_fields["effective_from"].default, Exemption.model_fields["effective_to"].default
    return (entry.effective_from, entry.effective_to) != days


def _check_settings(book: Book) -> Iterator[Finding]:
    codes = {rule.code for rule in book.rules}
    scenes = {scene for rule in book.rules for scene in rule.scenes}
    said: set[str] = set()
    for index, setting in enumerate(book.rule_settings):
        if bool(setting.rule) == bool(setting.scene):
            text = both(
                "rule（规则编码）与 scene（场景）须写一个，只能写一个",
                "name a rule or a scene: one of them, and only one",
            )
            yield Finding(("rule_settings", index), text)
        elif setting.subject not in said and (
            (setting.rule and setting.rule not in codes) or (setting.scene and setting.scene not in scenes)
        ):
            said.add(setting.subject)  # one finding, however many settings are about it
            yield _unknown_subject(index, setting)
        elif not _changes(setting):
            text = both("这条设置没有改变任何东西", "this setting changes nothing")
            yield Finding(("rule_settings", index), text, is_error=False)


def _changes(setting: RuleSetting) -> bool:
    return bool(setting.parameters) or any(said is not None for said in (setting.state, setting.grade, setting.phases))


def _unknown_subject(index: int, setting: RuleSetting) -> Finding:
    if setting.rule:
        text = both(f"没有规则 {setting.rule}", f"there is no rule {setting.rule}")
        return Finding(("rule_settings", index, "rule"), text, is_of_absence=True)
    text = both(f"没有属于场景 {setting.scene} 的规则", f"no rule belongs to scene {setting.scene}")
    return Finding(("rule_settings", index, "scene"), text, is_error=False, is_of_absence=True)


# Points ---------------------------------------------------------------------------------------------------------------


def check_points(points: Iterable[Point], codes: set[str]) -> Iterator[Finding]:
    """Points of rules that the book does not have (one finding a rule), points that stand twice, ids used twice."""
    strangers: dict[str, list[int]] = {}
    ids: dict[tuple[str, str], int] = {}
    first_of: dict[int, int] = {}
    alike: dict[int, list[int]] = {}
    rows = tuple(points)
    twice: list[tuple[int, int]] = []
    for index, point in enumerate(rows):
        if point.rule not in codes:
            strangers.setdefault(point.rule, []).append(index)
            continue
        if point.id and (first := ids.setdefault((point.rule, point.id), index)) != index:
            twice.append((first, index))
        key = hash(CONDITIONS(point))
        first = first_of.setdefault(key, index)
        if first != index:
            alike.setdefault(key, [first]).append(index)
    for rule, indices in strangers.items():
        text = both(f"没有规则 {rule}（{len(indices):,} 行）", f"there is no rule {rule} ({len(indices):,} rows)")
        yield Finding(("points", indices[0], "rule"), text, is_of_absence=True)
    yield from _listed(twice, "本规则的知识点 id“{}”写了两次", "two points of the rule have the id {}", rows, "id")
    doubled = [
        pair
        for indices in alike.values()
        for pair in overlapping((index, rows[index]) for index in indices)
        if CONDITIONS(rows[pair[0]]) == CONDITIONS(rows[pair[1]])
    ]
    yield from _listed(doubled, "规则 {} 的同一知识点写了两行", "a point of {} stands twice", rows, "rule")


def _listed(pairs: list[tuple[int, int]], zh: str, en: str, rows: tuple[Point, ...], column: str) -> Iterator[Finding]:
    """The first of many findings, and how many more there are."""
    for first, index in pairs[:MOST_POINTS]:
        name = getattr(rows[index], column)
        yield Finding(("points", index), both(zh.format(name), en.format(name)), other=("points", first))
    if len(pairs) > MOST_POINTS:
        count = len(pairs) - MOST_POINTS
        text = both(f"还有 {count:,} 行同样的错误未列出", f"{count:,} more rows of this kind not listed")
        yield Finding(("points", pairs[MOST_POINTS][1]), text)

"""The rule library of a book: what ships (`library:` in book.yaml), and rules of its own (`rules/*.yaml` beside it).

A rule file of the book's own is written like those that ship (agents/rule_library), its points and cases in it. One
with the code of a rule that ships takes its place, points and all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.book.judging import Places, Steps, as_written, value_at
from agents.book.mistakes import Mistake, PolicyError
from agents.book.names import names_at
from agents.book.wording import UNKNOWN_NAMES, sentence, unknown
from agents.book.yaml_file import YamlFile, read_yaml
from agents.rule_library import rule_file as rule_files
from schemas.book.entry import both

#: What a book may take in of what ships: rules with scenes and exemptions; their 示例 knowledge points too.
NATIONAL, EXAMPLES = "national", "examples"
LIBRARY = "library"
RULES_FOLDER = "rules"


@dataclass(slots=True)
class OwnRules:
    """The rule files of a book. unread: codes of rules whose file cannot be used, as far as one can be seen."""

    files: list[tuple[YamlFile, rule_files.RuleFile]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def own_rules(folder: Path) -> OwnRules:
    """Read `rules/*.yaml` of a book's folder; all that is wrong with them is in `mistakes`."""
    found = OwnRules()
    below = folder / RULES_FOLDER
    for path in sorted({*below.glob("*.yaml"), *below.glob("*.yml")}):
        try:
            file = read_yaml(path)
        except PolicyError as error:
            found.mistakes += error.mistakes
            continue
        found.mistakes += file.mistakes
        content = rule_files.with_codes(file.content)
        try:
            found.files.append((file, rule_files.RuleFile.model_validate(content)))
        except ValidationError as error:
            found.mistakes += _unreadable(file, content, error)
            code = value_at(content, ("rule", "code"))
            found.unread.add(str(code))
    return found


def _unreadable(file: YamlFile, content: Any, error: ValidationError) -> Iterator[Mistake]:
    seen: set[Steps] = set()
    for item in error.errors(include_url=False):
        steps: Steps = tuple(item["loc"])
        known = names_at(steps[:-1], rule_files.RuleFile)
        steps = as_written(steps, content, names_a_field=item["type"] in {"missing", *UNKNOWN_NAMES})
        if steps in seen:
            continue  # another arm of a union that does not fit either
        seen.add(steps)
        name = ".".join(f"#{step + 1}" if isinstance(step, int) else step for step in steps)
        yield Mistake(str(file.path), file.line(*steps), name, sentence(item, value_at(content, steps), known))


def take_library(content: dict[str, Any], places: Places, own: OwnRules) -> list[Mistake]:
    """Add what ships and what is the book's own to its content; what is wrong with `library:` itself."""
    wanted, mistakes = _wanted(content.pop(LIBRARY, None), places)
    replaced = {rule_file.rule.code for _, rule_file in own.files} | own.unread
    shipped = [
        (YamlFile(path, None, None, []), rule_file)
        for path, rule_file in (rule_files.shipped_rules() if wanted else ())
        if rule_file.rule.code not in replaced
    ]
    rules = [*own.files, *shipped]
    if rules:
        content["rules"] = [rule_file.rule for _, rule_file in rules]
        places.entries["rules"] = [(file, ("rule",)) for file, _ in rules]
    listed = [*own.files, *(shipped if EXAMPLES in wanted else ())]
    more = [
        (point, (file, ("points", position)))
        for file, rule_file in listed
        for position, point in enumerate(rule_file.points)
    ]
    if more:
        content["points"] = (*content.get("points", ()), *(point for point, _ in more))
        places.more_rows["points"] = [place for _, place in more]
    if wanted:
        _take_common(content, places)
    return mistakes


def _wanted(said: Any, places: Places) -> tuple[tuple[str, ...], list[Mistake]]:
    head = places.head
    if said is None:
        return (), []
    listed = [said] if isinstance(said, str) else said
    if not isinstance(listed, list):
        text = both(f"应为列表，如 [{NATIONAL}]", f"must be a list, such as [{NATIONAL}]")
        return (), [Mistake(str(head.path), head.line(LIBRARY), LIBRARY, text)]
    mistakes = [
        Mistake(str(head.path), head.line(LIBRARY, place), LIBRARY, unknown(str(name), (NATIONAL, EXAMPLES)))
        for place, name in enumerate(listed)
        if name not in {NATIONAL, EXAMPLES}
    ]
    if EXAMPLES in listed and NATIONAL not in listed:
        text = both(
            f"{EXAMPLES} 是 {NATIONAL} 规则的示例知识点，须与它一起写",
            f"{EXAMPLES} are points of the {NATIONAL} rules: write both",
        )
        mistakes.append(Mistake(str(head.path), head.line(LIBRARY), LIBRARY, text))
    return (() if mistakes else tuple(listed)), mistakes


def _take_common(content: dict[str, Any], places: Places) -> None:
    """Scenes and exemptions that ship, under the book's own: a scene of its own says only what differs."""
    common = rule_files.shipped_common()
    scenes = {scene.number: scene for scene in common.scenes}
    own = content.get("scenes", [])
    for place, said in enumerate(own):
        number = said.get("number") if isinstance(said, dict) else None
        if isinstance(number, int) and number in scenes:
            own[place] = {**scenes[number].model_dump(), **said}
    _take_rest(content, places, "scenes", "number", {scene.number: scene for scene in common.scenes})
    _take_rest(content, places, "exemptions", "id", {exemption.id: exemption for exemption in common.exemptions})


def _take_rest(content: dict[str, Any], places: Places, section: str, key: str, shipped: Mapping[Any, object]) -> None:
    """Add those of a section that ship and that the book does not have itself."""
    said = content.setdefault(section, [])
    taken = {one.get(key) for one in said if isinstance(one, dict)}
    rest = [one for name, one in shipped.items() if name not in taken]
    said.extend(rest)
    file = YamlFile(rule_files.COMMON, None, None, [])
    places.entries.setdefault(section, []).extend((file, ()) for _ in rest)

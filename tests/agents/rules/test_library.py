"""The rules that ship: complete, well formed, and held to what they say by their own cases."""

import pytest

from agents.book.kind_checks import check_whole
from agents.core.rules.kinds import KINDS
from agents.rule_library.mutations import run_mutations
from agents.rule_library.rule_file import FOLDERS, RuleFile, shipped_common, shipped_files, shipped_rules
from agents.rules.testing import judge_file
from schemas.book import Book
from schemas.book.rules import Grade, RuleCategory

RULES = dict(shipped_rules())
NAMES = [path.stem for path in RULES]
NATIONAL_CLASSES = 88
#: Scene 15 (定额、占比…) is watched by thresholds, and by the indicators of the national classes.
SCENES = range(1, 16)


@pytest.mark.parametrize("file", RULES.values(), ids=NAMES)
def test_every_case_of_a_rule_holds_and_nothing_is_wrong_with_the_rule(file: RuleFile) -> None:
    result = judge_file(file, shipped_common().exemptions)
    assert [(case.name, case.problem) for case in result.cases if not case.holds] == []
    assert result.complaints == ()


@pytest.mark.slow
@pytest.mark.parametrize("file", RULES.values(), ids=NAMES)
def test_every_change_of_a_parameter_or_a_column_makes_a_case_fail(file: RuleFile) -> None:
    result = run_mutations(file)
    assert [(change.place, change.change) for change in result.survivors] == []


def test_all_national_classes_are_there() -> None:
    numbers = {file.rule.number for file in RULES.values() if file.rule.number}
    assert numbers == set(range(1, NATIONAL_CLASSES + 1))


def test_no_code_stands_twice() -> None:
    codes = [file.rule.code for file in RULES.values()]
    assert sorted(codes) == sorted(set(codes))


def test_each_file_stands_in_the_folder_of_its_category_and_names_its_number() -> None:
    folders = dict(zip(RuleCategory, FOLDERS, strict=True))
    for path, file in RULES.items():
        rule = file.rule
        begins = f"{rule.number:02d}_" if rule.number else "D"
        assert path.parent.name == folders[rule.category], path
        assert path.name.startswith(begins), path


def test_every_scene_has_rules() -> None:
    used = {scene for file in RULES.values() for scene in file.rule.scenes}
    assert [scene for scene in SCENES if scene not in used] == []
    assert sorted(scene.number for scene in shipped_common().scenes) == list(SCENES)


def test_every_kind_is_used_by_a_rule() -> None:
    assert sorted(set(KINDS) - {file.rule.kind for file in RULES.values()}) == []


def test_policy_limits_are_violations_or_suspicions_and_indicators_leads() -> None:
    for file in RULES.values():
        rule = file.rule
        if rule.category is RuleCategory.POLICY:
            assert rule.grade in {Grade.VIOLATION, Grade.SUSPICION}, rule.code
        if rule.code.startswith("ZB"):
            assert rule.grade is Grade.LEAD, rule.code


def test_every_rule_says_in_both_languages_what_it_is_and_what_to_do() -> None:
    for file in RULES.values():
        rule = file.rule
        texts = (
            rule.definition_zh, rule.definition_en, rule.clause_zh, rule.clause_en, rule.advice_zh, rule.advice_en,
        )  # fmt: skip
        assert all(texts), rule.code


def test_the_library_as_a_whole_is_a_book_without_mistakes() -> None:
    common = shipped_common()
    files = list(RULES.values())
    book = Book(
        version="library",
        rules=tuple(file.rule for file in files),
        points=tuple(point for file in files for point in file.points),
        exemptions=common.exemptions,
        scenes=common.scenes,
    )
    assert [finding.text for finding in check_whole(book)] == []


def test_no_rule_file_is_left_out() -> None:
    assert list(RULES) == shipped_files()

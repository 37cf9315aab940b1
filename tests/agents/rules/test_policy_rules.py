"""The 34 rules on what the insurance pays: every case of every rule file, and every value of it held by a case."""

from functools import cache
from pathlib import Path

import pytest

from agents.book.kind_checks import check_whole
from agents.rule_library.mutations import run_mutations
from agents.rule_library.rule_file import FOLDER, RuleFile, read_rule_file, shipped_common
from agents.rule_library.testing import FEWEST_CASES, run_case
from schemas.book import Book
from schemas.book.points import Point
from schemas.book.rules import Grade, Phase

PATHS = sorted((FOLDER / "policy").glob("*.yaml"))
CASES = [(path, number) for path in PATHS for number in range(len(read_rule_file(path).cases))]


@cache
def file_of(path: Path) -> RuleFile:
    return read_rule_file(path)


def test_the_classes_1_to_34_are_there_each_once() -> None:
    assert [file_of(path).rule.number for path in PATHS] == list(range(1, 35))
    assert len({file_of(path).rule.code for path in PATHS}) == 34


@pytest.mark.parametrize(("path", "number"), CASES, ids=lambda value: value.stem if isinstance(value, Path) else None)
def test_the_rule_finds_what_the_case_says(path: Path, number: int) -> None:
    file = file_of(path)
    assert run_case(file, file.cases[number]).problem == ""


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_parameter_and_column_is_held_by_a_case(path: Path) -> None:
    result = run_mutations(file_of(path))
    assert [(survivor.place, survivor.change) for survivor in result.survivors] == []
    assert result.count > 0


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_rule_has_cases_of_every_sort(path: Path) -> None:
    file = file_of(path)
    assert sum(case.is_positive for case in file.cases) >= FEWEST_CASES
    assert sum(not case.is_positive for case in file.cases) >= FEWEST_CASES
    if Phase.ORDER in file.rule.phases:
        assert any(case.check is not None and case.is_positive for case in file.cases)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_is_found_names_the_item_and_fits_on_a_screen(path: Path) -> None:
    file = file_of(path)
    for case in file.cases:
        for hit in run_case(file, case).found:
            assert hit.what_zh.startswith("「"), hit.what_zh
            assert not hit.what_zh.endswith(("。", "；", " ")), hit.what_zh
            assert len(hit.what_zh) <= 80, hit.what_zh
            assert hit.what_en, hit.what_zh


def test_only_the_second_line_rule_leaves_room_for_judgement() -> None:
    softer = [file_of(path).rule.number for path in PATHS if file_of(path).rule.grade is not Grade.VIOLATION]
    assert softer == [5]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_examples_say_that_they_are_examples(path: Path) -> None:
    file = file_of(path)
    assert file.rule.source.startswith("示例")
    assert all(point.source.startswith("示例") for point in file.points)


def book_of(*more: Point) -> Book:
    """The 34 rules with their example points, and more points."""
    files, common = [file_of(path) for path in PATHS], shipped_common()
    points = [point for file in files for point in file.points]
    rules = tuple(file.rule for file in files)
    return Book(
        version="policy", rules=rules, points=(*points, *more), scenes=common.scenes, exemptions=common.exemptions
    )


def test_a_book_of_these_rules_has_nothing_wrong_or_doubtful() -> None:
    assert check_whole(book_of()) == []


@pytest.mark.parametrize("kind", ["quantity_a_day", "charged_together", "course_days", "bundle_split"])
def test_a_role_that_the_kind_does_not_know_is_a_mistake(kind: str) -> None:
    file = next(file_of(path) for path in PATHS if file_of(path).rule.kind == kind)
    point = Point(rule=file.rule.code, item="X", others="Y", group="g", role="others ", quantity="1", days=1)
    wrong = [finding for finding in check_whole(book_of(point)) if finding.is_error]
    assert [finding.steps[-1] for finding in wrong] == ["role"]


def test_a_tier_that_the_book_does_not_name_is_a_mistake() -> None:
    wrong = check_whole(book_of(Point(rule="GZ10000101012000", item="X", tier="三级")))
    assert [finding.steps[-1] for finding in wrong] == ["tier"]

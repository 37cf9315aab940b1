"""Whether the mutations of a rule file tell a rule that its cases hold from one that they do not."""

from typing import Any

import pytest

from agents.rule_library.changes import dropped, moved_age, moved_number, number_changes, parameter_changes
from agents.rule_library.mutations import mutations_of, run_mutations
from agents.rule_library.rule_file import FOLDER, RuleFile, read_rule_file, with_codes
from agents.rule_library.testing import run_case, run_file

DRUG = "XB05BAU006B002010100454"
CHARGE = {"item": DRUG, "quantity": "1", "price": "100.00"}


def rule_file(cases: list[dict[str, Any]], **changes: Any) -> RuleFile:
    rule = {
        "code": "T1", "name_zh": "限险种", "name_en": "Insurance", "category": "policy", "kind": "insurance_limit",
        "grade": "violation", "phases": ["charge"], "period": "line", "clause_zh": "示例", "source": "示例",
        "parameters": {"allowed": ["510"]},
    }  # fmt: skip
    points = [{"item": DRUG, "name": "示例药品"}]
    return RuleFile.model_validate(with_codes({"rule": rule, "points": points, "cases": cases} | changes))


def charged(name: str, insurance: str, finds: object) -> dict[str, Any]:
    return {"name": name, "finds": finds, "visit": {"insurance_type": insurance}, "charges": [CHARGE]}


WEAK = [charged("职工医保", "310", [{"amount": "100.00", "lines": ["c1"]}])]
STRONG = [*WEAK, charged("生育保险", "510", finds=False)]


def test_a_parameter_that_no_case_holds_is_told() -> None:
    survivors = run_mutations(rule_file(WEAK)).survivors
    assert [(change.place, change.change) for change in survivors] == [("parameters.allowed", "510 → ZZZ9")]


def test_a_case_on_the_other_side_of_the_limit_notices_the_change() -> None:
    assert run_mutations(rule_file(STRONG)).survivors == ()


def test_a_column_without_effect_is_told() -> None:
    file = rule_file(STRONG, points=[{"item": DRUG, "days": 14}])
    places = {change.place for change in run_mutations(file).survivors}
    assert places == {"points.days"}


def test_texts_for_people_are_left_alone() -> None:
    file = rule_file(STRONG, points=[{"item": DRUG, "name": "药", "unit": "支", "clause": "条款", "advice": "改用"}])
    assert {change.place for change in mutations_of(file)} == {"parameters.allowed", "points.item"}


def test_a_case_that_finds_something_else_says_what_was_expected_and_what_was_found() -> None:
    wrong = charged("金额写错", "310", [{"amount": "99.00", "lines": ["c1"]}])
    assert run_case(rule_file([wrong]), rule_file([wrong]).cases[0]).problem == (
        "应为 99.00 元 [c1]，实为 100.00 元 [c1] | expected 99.00 yuan [c1], found 100.00 yuan [c1]"
    )


def test_a_case_whose_events_are_refused_fails() -> None:
    broken = {"name": "没有数量", "finds": False, "charges": [{"item": DRUG, "quantity": "x", "price": "1"}]}
    assert "案例的事件不能用" in run_case(rule_file([broken]), rule_file([broken]).cases[0]).problem


def test_fewer_than_three_cases_of_each_sort_are_a_complaint() -> None:
    result = run_file(rule_file(STRONG))
    assert all(case.holds for case in result.cases)
    assert not result.holds
    assert "正例 1、反例 1" in result.complaints[0]


@pytest.mark.parametrize(
    ("text", "changed"),
    [("14", ["15", "13"]), ("0.50", ["0.51", "0.49"]), ("85%", ["86%", "84%"]), ("12.5%", ["12.6%", "12.4%"]),
     ("0", ["1"]), ("10.00", ["10.01", "9.99"])],
)  # fmt: skip
def test_numbers_go_one_step_of_their_written_precision(text: str, changed: list[str]) -> None:
    assert list(number_changes(text)) == changed


def test_numbers_of_points_go_one_step_of_what_they_need() -> None:
    assert (moved_number(20_000, 10_000, 1), moved_number(25_000, 10_000, -1)) == (30_000, 24_000)
    assert moved_number(0, 1, -1) == 0


def test_ages_go_one_of_their_unit() -> None:
    assert (moved_age("14y", 1), moved_age("28d", -1), moved_age("0d", -1)) == ("15y", "27d", "0d")


def test_a_switch_is_flipped_and_a_list_loses_each_of_its_elements_in_turn() -> None:
    assert list(parameter_changes(True, bool)) == [False]
    assert list(parameter_changes(("a", "b"), tuple[str, ...])) == [("b",), ("a",), ("ZZZ9",)]
    assert list(dropped("I10;E11")) == ["E11", "I10"]


def test_a_text_that_is_a_number_to_nobody_is_not_counted_up() -> None:
    assert list(parameter_changes("310", str)) == ["ZZZ9"]


def test_mutations_reach_every_written_parameter_and_column_of_the_rules_that_ship() -> None:
    file = read_rule_file(FOLDER / "policy" / "01_work_injury_drug.yaml")
    places = {change.place for change in mutations_of(file)}
    assert {f"parameters.{name}" for name in file.rule.parameters} <= places
    assert "points.item" in places

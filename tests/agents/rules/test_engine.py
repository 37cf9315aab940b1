"""What the engine itself sees to, whatever the kind: dates and insurance of points, groups, settings, names."""

from datetime import date
from typing import Any

import msgspec
import pytest

from agents.core.policy import Policy
from agents.core.rules.engine import audit
from agents.core.rules.findings import audit_findings, message_en, message_zh
from agents.core.rules.rulebook import RuleBook, point_name
from agents.core.rules.view import Facts, Use, View
from schemas.book import Book, Hospital
from schemas.book.entry import Scope
from schemas.book.points import Point
from schemas.book.rules import Phase, Rule, RuleSetting, RuleState, Scene
from schemas.units import day_number

DAY = day_number("2026-03-02")
PHASES = tuple(Phase)


def rule(**changes: Any) -> Rule:
    fields: dict[str, Any] = {
        "code": "T1", "name_zh": "限性别", "name_en": "by sex", "category": "medical", "kind": "sex_limit",
        "grade": "suspicion", "phases": ["order", "charge"], "period": "line", "scenes": [1], "clause_zh": "依据",
        "source": "示例",
    }  # fmt: skip
    return Rule.model_validate(fields | changes)


def view(item: str = "X1", **facts: Any) -> View:
    use = Use("c1", "charge", item, DAY * 86_400_000, DAY, 10_000, 1_000)
    known: dict[str, Any] = {
        "hospital": "H1", "patient_id": "P1", "visit_id": "V1", "sex": "1", "region": "330100", "admitted_day": DAY,
        "today": DAY, "insurance_type": "310", "department": "D01",
    }  # fmt: skip
    return View(Facts(**known | facts), {item: (use,)})


def found(book: Book, seen: View) -> list[str]:
    rules = RuleBook(book)
    scoped = rules.scoped(seen.facts, DAY)
    return [draft.subject for draft in audit(seen, scoped, PHASES)]


def book(*points: Point, **more: Any) -> Book:
    fields: dict[str, Any] = {"rules": (rule(),), "hospitals": (Hospital(code="H1", region="330100", tier="3"),)}
    return Book(version="t", points=points, **fields | more)


WOMEN = Point(rule="T1", item="X1", sex="2")


def test_a_point_holds_on_the_days_on_which_it_is_in_force() -> None:
    today, tomorrow = date(2026, 3, 2), date(2026, 3, 3)
    assert found(book(WOMEN), view()) == ["X1"]
    assert found(book(Point(rule="T1", item="X1", sex="2", effective_from=tomorrow)), view()) == []
    assert found(book(Point(rule="T1", item="X1", sex="2", effective_to=today)), view()) == ["X1"]
    assert found(book(Point(rule="T1", item="X1", sex="2", effective_to=date(2026, 3, 1))), view()) == []


def test_a_point_holds_in_its_region_and_for_its_insurance() -> None:
    assert found(book(Point(rule="T1", item="X1", sex="2", region="330000")), view()) == ["X1"]
    assert found(book(Point(rule="T1", item="X1", sex="2", region="440000")), view()) == []
    assert found(book(Point(rule="T1", item="X1", sex="2", insurance_type="310")), view()) == ["X1"]
    assert found(book(Point(rule="T1", item="X1", sex="2", insurance_type="390")), view()) == []


def test_points_of_a_group_hold_in_their_time_too() -> None:
    duplicates = rule(kind="duplicate_class", parameters={})
    one = {"rule": "T1", "group": "G"}
    uses = {
        item: (Use(f"c-{item}", "charge", item, DAY * 86_400_000, DAY, 10_000, 1_000, category=8),)
        for item in ("X1", "X2")
    }
    seen = View(view().facts, uses)
    both = (Point(item="X1", **one), Point(item="X2", **one))
    gone = (Point(item="X1", **one), Point(item="X2", effective_to=date(2026, 3, 1), **one))
    assert found(book(*both, rules=(duplicates,)), seen) == ["G"]
    assert found(book(*gone, rules=(duplicates,)), seen) == []


def test_items_may_be_named_by_their_beginning_or_by_the_hospitals_code() -> None:
    assert found(book(Point(rule="T1", item="X*", sex="2")), view()) == ["X*"]
    assert found(book(Point(rule="T1", item="Y*;X1", sex="2")), view()) == ["Y*;X1"]
    use = msgspec.structs.replace(view().charges["X1"][0], hospital_item="HIS7")
    assert found(book(Point(rule="T1", item="HIS7", sex="2")), View(view().facts, {"X1": (use,)})) == ["HIS7"]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"rule": "T1", "state": "retired"}, []),
        ({"rule": "T1", "state": "retired", "scope": Scope(department="D02")}, ["X1"]),
        ({"scene": 1, "state": "retired"}, []),
        ({"scene": 2, "state": "retired"}, ["X1"]),
        ({"rule": "T1", "state": "retired", "effective_to": date(2026, 3, 1)}, ["X1"]),
    ],
)
def test_a_setting_changes_a_rule_where_it_holds(setting: dict[str, Any], expected: list[str]) -> None:
    settings = (RuleSetting(id="s", source="示例", **setting),)
    assert found(book(WOMEN, rule_settings=settings), view()) == expected


def test_the_most_specific_setting_wins_and_one_of_the_rule_outweighs_one_of_its_scene() -> None:
    settings = (
        RuleSetting(id="a", source="示例", rule="T1", state=RuleState.RETIRED),
        RuleSetting(id="b", source="示例", rule="T1", state=RuleState.SHADOW, scope=Scope(department="D01")),
        RuleSetting(id="c", source="示例", scene=1, state=RuleState.RETIRED, scope=Scope(department="D01")),
    )
    made = book(WOMEN, rule_settings=settings)
    rules = RuleBook(made)
    seen = view()
    findings = audit_findings(seen, rules.scoped(seen.facts, DAY), "t", PHASES)
    assert [(finding.subject, finding.is_shadow) for finding in findings] == [("X1", True)]


def test_a_scene_that_is_off_takes_its_rules_along() -> None:
    off = (Scene(number=1, name_zh="性别", name_en="Sex", is_on=False),)
    assert found(book(WOMEN, scenes=off), view()) == []
    assert found(book(WOMEN, scenes=off, rules=(rule(scenes=[1, 2]),)), view()) == ["X1"]


def test_a_point_keeps_its_name_wherever_its_row_is() -> None:
    assert point_name(Point(rule="T1", item="X1", others="X2")) == "X1+X2"
    assert point_name(Point(rule="T1", id="own", item="X1")) == "own"
    twice = RuleBook(book(WOMEN, Point(rule="T1", item="X1", sex="2", age_from="18y")))
    assert twice.point_names == ["X1", "X1#2"]


def test_a_rule_whose_input_nobody_gave_is_not_run() -> None:
    needing = book(WOMEN, rules=(rule(needs=["medical_record"]),))
    assert found(needing, view()) == []
    seen = view()
    seen.inputs = {"medical_record": {}}
    assert found(needing, seen) == ["X1"]


def test_a_sentence_says_what_which_clause_how_much_and_what_to_do() -> None:
    assert message_zh("甲", "乙。", 123_456, "丙。") == "甲；依据：乙；涉及金额 1,234.56 元；建议：丙。"
    assert message_zh("甲", "乙", 0, "") == "甲；依据：乙。"
    assert message_en("A", "B.", 0, "C.") == "A. Basis: B. Instead: C."


def test_a_policy_reads_the_hospital_once() -> None:
    policy = Policy(Book(version="t", region="330100", tier="2"))
    assert policy.hospital("X") is policy.hospital("X")
    assert policy.hospital("X").tier == "2"

"""The rules of management (classes 35–63): their cases hold, are needed, and their sentences explain themselves."""

import re
from typing import Any

import pytest

from agents.rule_library.case_visit import findings_of_made, make_case
from agents.rule_library.mutations import run_mutations
from agents.rule_library.rule_file import FOLDER, RuleCase, RuleFile, read_rule_file
from agents.rule_library.testing import run_file, shipped_exemptions
from schemas.book.rules import Phase, RuleCategory

FILES = {path.stem: read_rule_file(path) for path in sorted((FOLDER / "management").glob("*.yaml"))}
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@pytest.fixture(params=FILES.values(), ids=FILES.keys())
def file(request: pytest.FixtureRequest) -> RuleFile:
    found: RuleFile = request.param
    return found


def test_every_class_from_35_to_63_has_a_rule_under_its_own_code():
    assert {file.rule.number for file in FILES.values()} == set(range(35, 64))
    assert len({file.rule.code for file in FILES.values()}) == len(FILES)
    assert all(file.rule.category is RuleCategory.MANAGEMENT for file in FILES.values())


def test_every_case_holds(file: RuleFile):
    result = run_file(file)
    assert not result.complaints
    assert {case.name: case.problem for case in result.cases if case.problem} == {}


def test_every_parameter_and_column_is_held_by_a_case(file: RuleFile):
    assert [f"{change.place} {change.change}" for change in run_mutations(file).survivors] == []


def test_a_rule_of_the_order_check_has_a_case_that_checks_an_order(file: RuleFile):
    assert Phase.ORDER not in file.rule.phases or any(case.check is not None for case in file.cases)


def test_a_rule_that_looks_at_lines_has_a_case_whose_cause_is_refunded(file: RuleFile):
    looks_at_lines = any(case.charges and case.finds for case in file.cases)
    assert not looks_at_lines or any("refund_of" in charge for case in file.cases for charge in case.charges)


def test_sentences_are_short_and_every_number_of_them_was_measured_or_decides(file: RuleFile):
    for case in file.cases:
        for finding in findings_of_made(file, make_case(case), shipped_exemptions()):
            assert len(finding.what_zh) <= 60
            assert not finding.what_zh.endswith("。")
            assert finding.what_en
            assert finding.message_zh
            known = [*finding.parameters.values(), *finding.inputs.values(), *(point.name for point in file.points)]
            known += [text for line in finding.evidence for text in (line.item, line.name)]
            measured = {number for text in known for number in NUMBER.findall(text)}
            assert set(NUMBER.findall(finding.what_zh)) <= measured, finding.what_zh


def numbered(case: RuleCase) -> list[dict[str, Any]]:
    """The case's charges with the ids they take by their place."""
    return [{"charge_id": f"c{place}", **charge} for place, charge in enumerate(case.charges, 1)]


def found(file: RuleFile, case: RuleCase) -> list[tuple[Any, ...]]:
    """What the rule finds, but for when it was told."""
    findings = findings_of_made(file, make_case(case), shipped_exemptions())
    return sorted((one.finding_id, one.amount_fen, one.evidence, one.what_zh) for one in findings)


def test_the_order_in_which_lines_come_changes_nothing(file: RuleFile):
    for case in file.cases:
        charges = numbered(case)
        backwards = case.model_copy(update={"charges": tuple(reversed(charges))})
        assert found(file, backwards) == found(file, case), case.name


def test_a_line_that_is_charged_and_taken_back_whole_changes_nothing(file: RuleFile):
    for case in file.cases:
        for charge in [charge for charge in case.charges if "refund_of" not in charge][:1]:
            again = {**charge, "charge_id": "again"}
            refund = {
                "charge_id": "back",
                "refund_of": "again",
                "quantity": None,
                "at": charge.get("at", case.visit.admitted),
            }
            more = case.model_copy(update={"charges": (again, refund, *numbered(case))})
            assert found(file, more) == found(file, case), case.name


def test_no_sentence_accuses(file: RuleFile):
    rule = file.rule
    for text in (rule.advice_zh, rule.definition_zh, rule.advice_en, rule.definition_en):
        assert not re.search(r"骗保|欺诈|作假|fraud|cheat", text)


def test_no_advice_changes_a_diagnosis_to_make_a_claim_payable(file: RuleFile):
    assert not re.search(r"(更换|改为|修改).{0,4}诊断", file.rule.advice_zh)

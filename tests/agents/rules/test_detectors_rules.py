"""The shipped detectors: every case holds, and every parameter and column is held by a case."""

import pytest

from agents.rule_library.case_visit import findings_of_made, make_case
from agents.rule_library.mutations import run_mutations
from agents.rule_library.rule_file import FOLDER, RuleFile, read_rule_file
from agents.rule_library.testing import run_file, shipped_exemptions

#: Kinds of which a finding tells only the parameter of its own case (the kind of disease; name or price).
CHOOSES = {"discharge_supply", "item_drift"}
FILES = [read_rule_file(path) for path in sorted((FOLDER / "detectors").glob("*.yaml"))]
EACH = pytest.mark.parametrize("file", [pytest.param(file, id=file.rule.code) for file in FILES])


@EACH
def test_every_case_finds_what_it_says(file: RuleFile) -> None:
    result = run_file(file)
    assert not result.complaints
    assert {case.name: case.problem for case in result.cases if not case.holds} == {}


@EACH
def test_every_parameter_and_column_is_held_by_a_case(file: RuleFile) -> None:
    result = run_mutations(file)
    assert [(mutation.place, mutation.change) for mutation in result.survivors] == []


@EACH
def test_every_parameter_that_decided_is_told(file: RuleFile) -> None:
    for case in file.cases:
        for finding in findings_of_made(file, make_case(case), shipped_exemptions()):
            of_kind = set(file.rule.parameters) if file.rule.kind not in CHOOSES else set()
            assert of_kind <= finding.parameters.keys()
            assert finding.inputs
            assert finding.what_en


@EACH
def test_no_sentence_accuses(file: RuleFile) -> None:
    """Leads and questions: no finding, definition or advice says that somebody cheated."""
    words = [hit.what_zh for case in run_file(file).cases for hit in case.found]
    words += [file.rule.name_zh, file.rule.definition_zh, file.rule.advice_zh]
    for word in ("骗保", "欺诈", "造假", "伪造", "虚假"):
        assert not any(word in text for text in words)
    if file.rule.period.value != "line":
        assert file.rule.grade.value in {"lead", "suspicion"}


@EACH
def test_order_checks_stand_beside_rules_that_run_on_orders(file: RuleFile) -> None:
    runs_on_orders = "order" in {phase.value for phase in file.rule.phases}
    assert any(case.check is not None for case in file.cases) == runs_on_orders

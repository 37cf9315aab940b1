"""Every case of the medical rules holds, and each parameter and column of them is held by a case."""

import pytest

from agents.rule_library.case_visit import make_case
from agents.rule_library.mutations import run_mutations
from agents.rule_library.rule_file import FOLDER, RuleCase, RuleFile, read_rule_file
from agents.rule_library.testing import judge_case, run_case, run_file, shipped_exemptions
from schemas.book.points import codes
from schemas.book.rules import Phase, RuleCategory

PATHS = sorted((FOLDER / "medical").glob("*.yaml"))
FILES = {path.stem: read_rule_file(path) for path in PATHS}
NUMBERS = range(64, 89)


def cases(*, audits_only: bool = False) -> list[object]:
    return [
        pytest.param(file, case, id=f"{stem[:2]}-{case.name}")
        for stem, file in FILES.items()
        for case in file.cases
        if not audits_only or case.check is None
    ]


def test_every_medical_class_has_its_rule() -> None:
    assert sorted(file.rule.number for file in FILES.values()) == list(NUMBERS)
    assert {file.rule.category for file in FILES.values()} == {RuleCategory.MEDICAL}
    assert [int(path.name[:2]) for path in PATHS] == list(NUMBERS)


@pytest.mark.parametrize(("file", "case"), cases())
def test_the_rule_finds_what_the_case_says(file: RuleFile, case: RuleCase) -> None:
    assert run_case(file, case).problem == ""


@pytest.mark.parametrize("stem", FILES)
def test_there_are_cases_enough_and_an_order_check_where_orders_are_checked(stem: str) -> None:
    file = FILES[stem]
    assert run_file(file).complaints == ()
    if Phase.ORDER in file.rule.phases:
        assert any(case.check is not None and case.is_positive for case in file.cases)


@pytest.mark.parametrize("stem", FILES)
def test_a_changed_value_of_the_rule_makes_a_case_fail(stem: str) -> None:
    result = run_mutations(FILES[stem])
    assert result.count > 0
    assert [(change.place, change.change) for change in result.survivors] == []


@pytest.mark.parametrize(("file", "case"), cases(audits_only=True))
def test_a_line_and_its_full_refund_change_nothing(file: RuleFile, case: RuleCase) -> None:
    item = codes(file.points[0].item)[0].rstrip("*") or "X"
    at = str(next((line["at"] for line in case.charges if "at" in line), case.visit.admitted))
    added = {"charge_id": "added", "item": item, "quantity": "7", "price": "3.00", "at": at}
    back = {"charge_id": "back", "item": item, "quantity": "-7", "price": "3.00", "at": at, "refund_of": "added"}
    numbered = tuple({"charge_id": f"c{place}", **line} for place, line in enumerate(case.charges, 1))
    longer = case.model_copy(update={"charges": (added, *numbered, back)})
    before = judge_case(file, make_case(case), shipped_exemptions())
    after = judge_case(file, make_case(longer), shipped_exemptions())
    assert after.found == before.found


@pytest.mark.parametrize(("file", "case"), cases(audits_only=True))
def test_lines_that_arrive_in_another_order_give_the_same_findings(file: RuleFile, case: RuleCase) -> None:
    numbered = [{"charge_id": f"c{place}", **line} for place, line in enumerate(case.charges, 1)]
    turned = case.model_copy(update={"charges": tuple(reversed(numbered))})
    before = judge_case(file, make_case(case), shipped_exemptions())
    assert judge_case(file, make_case(turned), shipped_exemptions()).found == before.found


@pytest.mark.parametrize(("file", "case"), cases())
def test_what_is_said_names_the_item_and_fits_a_card(file: RuleFile, case: RuleCase) -> None:
    for hit in run_case(file, case).found:
        assert hit.what_zh.startswith("「")
        assert not hit.what_zh.endswith(("。", "；"))
        assert len(hit.what_zh) <= 80
        assert hit.what_en.isprintable()
        assert hit.what_en[-1] not in ".;"
        assert hit.amount_fen > 0


def test_sources_are_marked_as_examples_and_codes_of_our_own_say_so() -> None:
    for stem, file in FILES.items():
        assert file.rule.source.startswith("示例"), stem
        assert all(point.source.startswith("示例") for point in file.points), stem
        if file.rule.code.startswith("KF"):
            assert "自编" in file.rule.source, stem

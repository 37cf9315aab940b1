"""A simulated settlement against the insurer's: which field differs, and the cause a person should look at first."""

import pytest

from agents.core.settlement.settle import settle
from schemas.explanation import difference_sentence, explain_difference
from schemas.ledger import Settlement
from schemas.settlement import SimulatedSettlement
from tests.agents.settlement import books
from tests.agents.settlement.test_settle import ANYBODY
from tests.schemas.test_explanation import KUNMING, settled

MONEY = [name for name in Settlement.__struct_fields__ if name.endswith("_fen")]
TEST_LIMITED = KUNMING | {"test_limit": "1000"}


def real_of(simulated: SimulatedSettlement, **changes: int) -> Settlement:
    """The insurer's settlement: what was simulated, with changes in fen."""
    figures = {name: getattr(simulated, name) for name in MONEY}
    figures |= {f"{name}_fen": getattr(simulated, f"{name}_fen") + fen for name, fen in changes.items()}
    return Settlement(
        settlement_id="S", kind="settled", insurance_type="310", care_type="21", clearing_way="", clearing_type="",
        **figures,
    )  # fmt: skip


def causes(simulated, **changes):
    return {item.field: item.cause for item in explain_difference(simulated, real_of(simulated, **changes))}


@pytest.fixture
def simulated() -> SimulatedSettlement:
    """G1 with a civil servant's subsidy: 20,000 yuan, 14,110 of them from the fund."""
    layer = {
        "id": "l", "source": "示例", "kind": "civil_servant", "order": 1, "base": ["proportion"],
        "bands": [{"share": "50%"}],
    }  # fmt: skip
    return settled(KUNMING, (150_000, 20_000, 50_000, 1_780_000, 0), [layer])


def test_equal_settlements_differ_in_nothing(simulated):
    assert explain_difference(simulated, real_of(simulated)) == []
    assert difference_sentence(simulated, real_of(simulated)) == ("", "")


def test_another_deductible_is_another_number_of_admissions(simulated):
    found = causes(
        simulated, deductible=-60_000, basic_fund=51_000, fund_total=51_000, patient_part=-51_000, cash_paid=-51_000
    )
    assert found == {
        "deductible": "admission_number", "basic_fund": "follows", "fund_total": "follows", "patient_part": "follows",
        "cash_paid": "follows",
    }  # fmt: skip
    assert causes(simulated, deductible=-120_000)["deductible"] == "deductible_waived"


def test_of_an_outpatient_or_a_year_another_deductible_has_other_causes():
    outpatient = settled(KUNMING, (0, 0, 0, 500_000, 0), is_outpatient=True)
    yearly = settled(KUNMING | {"deductible_per": "year"}, (0, 0, 0, 500_000, 0))
    assert causes(outpatient, deductible=-1)["deductible"] == "deductible_standard"
    assert causes(yearly, deductible=-1)["deductible"] == "deductible_year"


def test_another_split_of_the_same_total_is_the_catalogue(simulated):
    found = causes(simulated, first_self_pay=10_000, within_scope=-10_000, basic_fund=-8_500)
    assert found == {"first_self_pay": "catalogue", "within_scope": "follows", "basic_fund": "follows"}


def test_a_smaller_total_is_missing_lines_a_larger_one_refunds(simulated):
    assert causes(simulated, total=-100, within_scope=-100) == {"total": "lines_missing", "within_scope": "follows"}
    assert causes(simulated, total=100, within_scope=100) == {"total": "lines_more", "within_scope": "follows"}


def test_the_same_base_and_another_payment_is_another_ratio(simulated):
    assert causes(simulated, basic_fund=16_600)["basic_fund"] == "ratio"
    also = causes(simulated, deductible=-60_000, basic_fund=-100_000)
    assert also["basic_fund"] == "ratio"  # (17,800 − 600) × 85 % would be 14,620.00


def test_at_the_cap_another_payment_is_the_cap():
    capped = settled(KUNMING | {"cap": "1000"}, (0, 0, 0, 1_780_000, 0))
    assert causes(capped, basic_fund=-100)["basic_fund"] == "cap"


def test_layers_that_only_one_side_pays_are_named(simulated):
    assert causes(simulated, assistance=100)["assistance"] == "layer_missing"
    assert causes(simulated, civil_servant=-simulated.civil_servant_fen)["civil_servant"] == "layer_not_paid"
    assert causes(simulated, civil_servant=-1)["civil_servant"] == "layer_year"


def test_what_lies_over_the_test_limit_is_told_as_such():
    limited = settled(TEST_LIMITED, (0, 0, 0, 500_000, 300_000))
    found = causes(limited, over_limit=-200_000, within_scope=200_000, basic_fund=170_000)
    assert found == {"over_limit": "test_limit", "within_scope": "follows", "basic_fund": "follows"}


def test_account_and_hospital_have_causes_of_their_own(simulated):
    assert causes(simulated, account_paid=100, cash_paid=-100) == {"account_paid": "account", "cash_paid": "follows"}
    assert causes(simulated, hospital_part=100)["hospital_part"] == "bearer"


def test_a_settlement_that_states_no_split_is_compared_by_its_sums_only(simulated):
    parts = ("full_self_pay", "over_limit", "first_self_pay", "within_scope")
    silent = {name: -getattr(simulated, f"{name}_fen") for name in parts}
    assert causes(simulated, **silent) == {}


def test_without_coverage_the_first_difference_says_so():
    case = books.case_of_visit(ANYBODY, books.sums_of(0, 0, 0, 500_000, 0))
    terms = books.terms_of(KUNMING, [], "3")
    real = real_of(settle(case, terms))
    terms.standing = "coverage_pending"
    found = explain_difference(settle(case, terms), real)
    assert found[0].cause == "no_coverage"
    assert {item.cause for item in found[1:]} == {"follows"}


def test_the_sentence_names_both_figures_and_the_first_cause_of_its_own(simulated):
    zh, en = difference_sentence(simulated, real_of(simulated, deductible=-60_000, basic_fund=51_000))
    assert zh == (
        "起付线：模拟 1,200.00 元，实际 600.00 元，相差 600.00 元。"
        "医保按另一住院次数计算了起付标准，或年度内已在他院住院。"
    )
    assert en.startswith("Deductible: 1,200.00 simulated, 600.00 settled, 600.00 yuan apart. ")

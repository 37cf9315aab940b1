"""What-if settings: read, refused in words, and applied to the visit, its hospital and its year."""

import json

import pytest

from agents.visit_file import open_visit
from agents.what_if import ALLOWED, WhatIfError, read_what_if
from tests.agents.settlement.golden_cases import events_of, policy_of

CASE = {
    "book": "shangluo",
    "visit": {"hospital": "T3", "diagnosis": "I10.x05", "balance": "100.00", "year": {"admissions": 1}},
    "lines": [{"amount": "10460.00"}],
}


@pytest.fixture
def reckon(tmp_path):
    """The case under some settings."""

    def reckoned(*settings, case=CASE):
        path = tmp_path / "visit.json"
        path.write_text(json.dumps(events_of(case)), encoding="utf-8")
        return open_visit(path, policy_of(case["book"]), "T3", what_if=read_what_if(settings))

    return reckoned


def settled(opened):
    found = opened.outlook.settlement
    return found.deductible_fen, found.basic_fund_fen


@pytest.mark.parametrize(
    ("settings", "deductible", "fund"),
    [
        ((), 46_000, 920_000),
        (("admissions=0",), 60_000, 907_120),
        (("admissions=2",), 32_000, 932_880),
        (("person_type=1201",), 46_000, 940_000),
        (("tier=1", "admissions=0"), 30_000, 934_720),
        (("insurance_type=390",), 40_000, 754_500),
        (("insurance_type=390", "out_of_area=referred"), 40_000, 679_050),
        (("insurance_type=390", "tier=4"), 50_000, 697_200),
        (("insurance_type=",), 0, 0),
        (("year.inpatient.fund=279990.00",), 46_000, 1_000),
        (
            (
                "year.inpatient.fund=279990.00",
                "year.inpatient.fund=270000",
            ),
            46_000,
            920_000,
        ),
    ],
)
def test_a_setting_changes_what_the_visit_comes_to(reckon, settings, deductible, fund):
    assert settled(reckon(*settings)) == (deductible, fund)


def test_a_swapped_insurance_splits_the_lines_afresh(reckon):
    case = {"book": "rules", "visit": {"insurance": ""}, "lines": [{"amount": "100.00", "class": "乙"}]}
    assert reckon(case=case).visit.rating.lines["V1-L1"] == (10_000, 0, 0, 0)
    assert reckon("insurance_type=310", case=case).visit.rating.lines["V1-L1"] == (0, 0, 2_000, 8_000)


def test_the_account_may_be_set_and_left_unused(reckon):
    case = {"book": "rules", "lines": [{"amount": "3000.00"}]}
    paid = [
        reckon(*settings, case=case).outlook.settlement.account_paid_fen
        for settings in ((), ("account_balance=12.34",), ("account_balance=12.34", "account_used=0"))
    ]
    assert paid == [0, 1_234, 0]


def test_disease_diagnosis_and_department_are_set_on_the_stay(reckon):
    case = {"book": "rules", "visit": {"care": "14"}, "lines": [{"amount": "1000.00"}]}
    assert reckon(case=case).outlook.settlement.basic_fund_fen == 80_000
    assert reckon("disease_code=M03900", case=case).outlook.settlement.basic_fund_fen == 60_000
    assert reckon("main_diagnosis=M03900", case=case).outlook.settlement.basic_fund_fen == 60_000
    found = reckon("department=D9", "main_diagnosis=J18", case=case).outlook.case
    assert (found.department, found.main_diagnosis, found.diagnoses) == ("D9", "J18", ("J18",))


def test_limits_and_layers_of_the_year_may_be_set(reckon):
    case = {"book": "rules", "visit": {"care": "14", "disease": "M03900"}, "lines": [{"amount": "1000.00"}]}
    assert reckon("year.limits.M03900=590.00", case=case).outlook.settlement.basic_fund_fen == 1_000
    ill = {"book": "shangluo", "visit": {"insurance": "390"}, "lines": [{"amount": "10400.00"}]}
    found = reckon("year.critical_illness.base=28000", "year.critical_illness.paid=299999", case=ill)
    assert found.outlook.settlement.critical_illness_fen == 100
    assert found.year.layers["critical_illness"].base_fen == 2_800_000


def test_another_care_type_makes_it_an_outpatient_visit(reckon):
    opened = reckon("care_type=11", case={"book": "rules", "lines": [{"amount": "500.00"}]})
    assert opened.outlook.case.is_outpatient
    assert settled(opened) == (30_000, 10_000)


def test_all_that_is_wrong_is_said_at_once_with_the_names_that_are_allowed():
    with pytest.raises(WhatIfError) as error:
        read_what_if([
            "tier", "colour=red", "admissions=two", "account_balance=1.234", "account_used=maybe",
            "year.inpatient.paid=1", "year.large_amount.fund=1", "year.inpatient.fund=-1", "tier=2",
        ])  # fmt: skip
    lines = str(error.value).splitlines()
    assert len(lines) == 8
    assert all("|" in line for line in lines)
    assert all(name in lines[1] for name in ALLOWED)
    assert "year.POOL" in lines[5]
    assert "large_amount" in lines[6]

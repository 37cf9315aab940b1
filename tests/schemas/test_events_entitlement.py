"""What an admission says of the patient's benefits, and a settlement of being one in mid-stay."""

import pytest

from schemas.reasons import Reason
from tests.schemas.border import AT, AT_MS, read, reason, refusal

YEAR = {
    "year": 2024, "as_of": AT, "admissions": 2,
    "pools": {"inpatient": {"deductible": "800.00", "base": "12000", "fund": 950_000}},
    "layers": {"critical_illness": {"base": "10000.01", "paid": 0}},
    "limits": {"M01600": "1500.00"},
}  # fmt: skip


def test_the_patients_benefits_are_read_under_their_national_names():
    event = read("admission", sp_psn_type="3", balc="1234.56", acct_used_flag="1", out_of_area="referred")
    named = {"special_person": "3", "account_balance": 123_456, "account_used": True, "out_of_area": "referred"}
    assert {name: getattr(event, name) for name in named} == named


@pytest.mark.parametrize("nothing", [None, "", ...])
@pytest.mark.parametrize("name", ["account_balance", "account_used", "balc", "acct_used_flag"])
def test_an_account_of_which_nothing_is_said_is_unknown(name, nothing):
    event = read("admission", **{name: nothing})
    assert (event.account_balance, event.account_used) == (None, None)


def test_an_empty_account_is_known_to_be_empty():
    assert read("admission", balc="0").account_balance == 0
    assert read("admission", acct_used_flag="0").account_used is False


def test_the_year_so_far_is_read_in_fen():
    year = read("admission", year_to_date=YEAR).year_to_date
    assert (year.year, year.as_of, year.admissions) == (2024, AT_MS, 2)
    pool = year.pools["inpatient"]
    assert (pool.deductible, pool.base, pool.fund) == (80_000, 1_200_000, 950_000)
    assert (year.layers["critical_illness"].base, year.limits) == (1_000_001, {"M01600": 150_000})


def test_a_null_in_the_year_so_far_says_nothing():
    said = {"year": 2024, "as_of": None, "pools": {"inpatient": {"deductible": None, "fund": 5}}, "layers": None}
    year = read("admission", year_to_date=said).year_to_date
    assert (year.as_of, year.pools["inpatient"].deductible, year.pools["inpatient"].fund, year.layers) == (
        None, 0, 5, {},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"year": None}, Reason.MISSING_FIELD),
        ({"year": 1989}, Reason.OUT_OF_RANGE),
        ({"year": 2024.5}, Reason.WRONG_TYPE),
        ({"as_of": "soon"}, Reason.BAD_TIME),
        ({"admissions": -1}, Reason.OUT_OF_RANGE),
        ({"admissions": 1001}, Reason.OUT_OF_RANGE),
        ({"pools": []}, Reason.WRONG_TYPE),
        ({"pools": {"inpatient": 5}}, Reason.WRONG_TYPE),
        ({"pools": {"inpatient": {"fund": 1.5}}}, Reason.FLOAT_AMOUNT),
        ({"pools": {"inpatient": {"fund": "1.001"}}}, Reason.BAD_DECIMAL),
        ({"pools": {"inpatient": {"fund": 10**16}}}, Reason.OUT_OF_RANGE),
        ({"pools": {"inpatient": {"paid": 1}}}, Reason.WRONG_TYPE),
        ({"pools": {"a\x00": {}}}, Reason.CONTROL_CHARACTER),
        ({"pools": {f"p{number}": {} for number in range(101)}}, Reason.TOO_LONG),
        ({"layers": {"x" * 65: {}}}, Reason.TOO_LONG),
        ({"limits": {"I10": None}}, Reason.WRONG_TYPE),
        ({"limits": {"I10": "x"}}, Reason.BAD_DECIMAL),
        ({"deductible": 1}, Reason.WRONG_TYPE),
    ],
    ids=str,
)
def test_a_year_so_far_that_is_none_is_refused_with_its_reason(changes, why):
    assert reason("admission", year_to_date=YEAR | changes) is why


@pytest.mark.parametrize("value", [[], 5, "2024", [["year", 2024]]])
def test_what_is_no_year_so_far_is_refused(value):
    assert reason("admission", year_to_date=value) is Reason.WRONG_TYPE


def test_a_refusal_names_the_field_but_no_disease():
    refused = refusal("admission", year_to_date=YEAR | {"pools": {"Z51.101": {"paid": "88.00"}}})
    assert refused.detail == "year_to_date.pools.….paid: Extra inputs are not permitted"


@pytest.mark.parametrize(("flag", "mid_stay"), [("1", True), ("0", False), (True, True), (None, False), ("", False)])
def test_a_settlement_says_whether_it_is_one_in_mid_stay(flag, mid_stay):
    assert read("settlement", mid_setl_flag=flag).mid_stay is mid_stay
    assert read("settlement", mid_stay=flag).mid_stay is mid_stay

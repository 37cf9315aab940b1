"""The demo's insurer reckons as its book says, worked out by hand: lines, deductible, cap, layers, limits, disputes."""

import pytest

from deploy.demo.hospital.catalogue import catalogue
from deploy.demo.hospital.insurer import Billed, Claim, Dispute, Insurer, parts_of
from deploy.demo.hospital.people import Person, YearBefore

ONE = 10_000


def billed(key: str, units: int = 1, *refunds: int, approval: str = "", met: bool | None = None) -> Billed:
    item = catalogue()[key]
    amount = item.price_micro * units // 10_000
    return Billed(item, units * ONE, amount, approval, met, refunds)


def person(insurance: str = "310", kind: str = "1101", **more: object) -> Person:
    return Person("P1", "99", "1", "1970-01-01", insurance, kind, **more)  # type: ignore[arg-type]


def claim(who: Person, *lines: Billed, care_type: str = "21", **more: object) -> Claim:
    return Claim(who, care_type, care_type in {"11", "14"}, lines, **more)  # type: ignore[arg-type]


def test_a_class_b_line_pays_its_share_first() -> None:
    assert parts_of(billed("CTEN"), 1000) == (0, 0, 4800, 43_200)


def test_a_class_b_line_without_a_share_of_its_own_takes_the_benefits() -> None:
    assert parts_of(billed("HXZT", 100), 1500) == (0, 0, 1293, 7327)


def test_what_lies_over_the_price_cap_is_apart() -> None:
    # 7580 − 7000 = 580 over; (7580 − 580) × 15 %
    assert parts_of(billed("MHIP"), 1000) == (0, 58_000, 105_000, 595_000)


@pytest.mark.parametrize(
    "line", [billed("BED1"), billed("MPIC", approval="2"), billed("ALBU", met=False)], ids=["丙", "refused", "not met"]
)
def test_some_lines_are_the_patients_whole(line: Billed) -> None:
    assert parts_of(line, 1000) == (line.amount_fen, 0, 0, 0)


def test_a_restricted_item_whose_condition_is_met_is_paid_like_any_other() -> None:
    assert parts_of(billed("ALBU", met=True), 1000) == (0, 0, 7560, 30_240)


def test_a_line_refunded_in_pieces_leaves_nothing() -> None:
    assert parts_of(billed("MERO", 3, 6890, 6890, 6890), 1000) == (0, 0, 0, 0)


def test_the_second_admission_pays_half_the_deductible_and_the_third_none() -> None:
    insurer = Insurer()
    paid = [insurer.settle(claim(person(), billed("OPLC")))["deductible"] for _ in range(4)]
    assert paid == [80_000, 40_000, 0, 0]


def test_the_fund_pays_the_share_of_what_is_left() -> None:
    # (2150 − 800) × 86 % = 1161; × 91 % = 1228.50 for the retired
    assert Insurer().settle(claim(person(), billed("OPLC")))["basic_fund"] == 116_100
    assert Insurer().settle(claim(person(kind="1201"), billed("OPLC")))["basic_fund"] == 122_850


def test_beyond_the_years_cap_the_large_amount_layer_pays_nine_tenths() -> None:
    before = YearBefore(3, 120_000, 34_000_000, 29_900_000)
    paid = Insurer().settle(claim(person(year_before=before), billed("OPCO")))
    # 3960 × 86 % = 3405.60, of which 1000 are left under 300,000; 2405.60 × 90 % = 2165.04
    assert (paid["basic_fund"], paid["large_amount"]) == (100_000, 216_504)
    assert paid["fund_total"] + paid["patient_part"] == paid["total"]


def test_a_resident_beyond_the_deductible_of_the_year_has_critical_illness_cover() -> None:
    before = YearBefore(2, 120_000, 3_000_000, 1_950_000, 1_170_000)
    paid = Insurer().settle(claim(person("390", "1501", year_before=before), billed("OPCO")))
    # 3960 × 35 % = 1386 on 11,700 before: 1086 above 12,000, × 60 %
    assert (paid["basic_fund"], paid["critical_illness"]) == (257_400, 65_160)


def test_out_of_area_without_referral_the_share_is_cut() -> None:
    paid = Insurer().settle(claim(person(out_of_area="unreferred"), billed("OPLC")))
    assert paid["basic_fund"] == 92_880  # 1350 × 86 % × 80 %


def test_a_yearly_limit_is_used_up_over_the_year() -> None:
    insurer = Insurer()
    visits = [claim(person(), billed("OPLC"), care_type="14", disease_code="M03900") for _ in range(3)]
    assert [insurer.settle(visit)["basic_fund"] for visit in visits] == [172_000, 68_000, 0]


def test_a_delivery_is_paid_up_to_its_limit() -> None:
    paid = Insurer().settle(claim(person(), billed("OPCS", 4), care_type="52", procedures=("74.1x00",)))
    assert (paid["total"], paid["basic_fund"]) == (624_000, 520_000)


def test_the_personal_account_pays_what_it_may_and_has() -> None:
    paid = Insurer().settle(claim(person(balance_fen=50_000), billed("OPLC"), billed("BED1")))
    assert (paid["account_paid"], paid["cash_paid"]) == (50_000, paid["patient_part"] - 50_000)
    assert Insurer().settle(claim(person(balance_fen=50_000, account_used=False), billed("OPLC")))["account_paid"] == 0


def test_a_disputed_settlement_differs_from_the_terms() -> None:
    lines = (billed("OPLC"), billed("CTPL"))
    asked = person(kind="1201", year_before=YearBefore(1, 80_000, 100_000, 86_000))

    def fund(dispute: Dispute | None) -> int:
        return Insurer().settle(claim(asked, *lines), dispute)["fund_total"]

    assert fund(None) == 181_090  # (2390 − 400) × 91 %
    assert fund(Dispute.FIRST_DEDUCTIBLE) == 144_690
    assert fund(Dispute.OTHER_PERSON) == 171_140
    assert fund(Dispute.ITEM_REFUSED) == 0  # 240 are within scope, all of it deductible


def test_the_statement_of_the_year_holds_what_was_settled() -> None:
    insurer, who = Insurer(), person(year_before=YearBefore(1, 80_000, 100_000, 86_000))
    insurer.settle(claim(who, billed("OPLC")))
    said = insurer.statement(who)
    assert said["admissions"] == 2
    assert said["pools"]["inpatient"] == {"deductible": 120_000, "base": 275_000, "fund": 236_500}

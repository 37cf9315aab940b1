"""Kinds of policy rules where they are tricky: ages by the calendar, windows over month ends, excess to the fen."""

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.rules.kinds import KINDS
from agents.core.rules.kinds.policy import KINDS as POLICY_KINDS
from agents.core.rules.kinds.policy.counting import beyond, beyond_fen, days_text, quantity_text
from agents.core.rules.kinds.policy.patient import age_words, day_of_age
from agents.core.rules.view import CHARGE, Use, years_between
from agents.rule_library.case_visit import findings_of_made, make_case
from agents.rule_library.rule_file import RuleCase, RuleFile
from schemas.units import EPOCH_ORDINAL, day_number, day_text

A, B = "002501010150000", "002501010160000"


def file_of(kind: str, points: list[dict[str, Any]], **rule: Any) -> RuleFile:
    """A rule of a kind, for cases made here."""
    return RuleFile.model_validate({
        "rule": {
            "code": "T1", "name_zh": "限试验", "name_en": "Limited on trial", "category": "policy", "kind": kind,
            "grade": "violation", "phases": ["order", "charge"], "period": "visit", "clause_zh": "条款",
            "source": "示例", **rule,
        },
        "points": [{"rule": "T1", **point} for point in points],
        "cases": [{"name": "none", "finds": False}],
    })  # fmt: skip


def found(file: RuleFile, **case: Any) -> list[tuple[int, tuple[str, ...]]]:
    """What the rule finds in a case: amounts (fen) and violating lines."""
    made = make_case(RuleCase.model_validate({"name": "case", "finds": False, **case}))
    findings = findings_of_made(file, made, ())
    return [
        (finding.amount_fen, tuple(sorted(line.line_id for line in finding.evidence if line.is_violating)))
        for finding in findings
    ]


def use(place: int, quantity_e4: int, amount_fen: int, days: int = 0) -> Use:
    return Use(f"c{place}", CHARGE, A, place, 0, quantity_e4, amount_fen, days=days)


def test_every_kind_is_known_by_its_name() -> None:
    assert all(KINDS[kind.name] is kind for kind in POLICY_KINDS)
    assert len({kind.name for kind in POLICY_KINDS}) == len(POLICY_KINDS) == 20


@pytest.mark.parametrize(
    ("born", "age", "reached"),
    [
        ("2012-02-29", "14y", "2026-03-01"),
        ("2012-02-29", "16y", "2028-02-29"),
        ("2025-08-31", "6m", "2026-03-01"),
        ("2025-12-31", "2m", "2026-03-01"),
        ("2025-10-31", "1m", "2025-12-01"),
        ("2026-02-01", "28d", "2026-03-01"),
        ("2025-12-15", "12m", "2026-12-15"),
    ],
)
def test_ages_are_reached_by_the_calendar(born: str, age: str, reached: str) -> None:
    assert day_text(day_of_age(day_number(born), age)) == reached


@given(st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.integers(0, 120))
def test_an_age_is_reached_on_the_first_day_of_that_age(born: date, years: int) -> None:
    birth_day = born.toordinal() - EPOCH_ORDINAL
    day = day_of_age(birth_day, f"{years}y")
    assert years_between(birth_day, day) == years
    assert years == 0 or years_between(birth_day, day - 1) == years - 1


def test_an_age_beyond_all_dates_is_never_reached() -> None:
    assert day_text(day_of_age(day_number("2020-01-01"), "99999y")) == "9999-12-31"


@pytest.mark.parametrize(
    ("born", "day", "words"),
    [("2026-02-01", "2026-03-02", "29 天"), ("2025-09-03", "2026-03-02", "5 个月"), ("2024-01-15", "2026-03-02",
     "2 岁 1 个月"), ("2024-03-02", "2026-03-02", "2 岁"), ("1980-03-03", "2026-03-02", "45 岁")],
)  # fmt: skip
def test_ages_are_told_as_people_say_them(born: str, day: str, words: str) -> None:
    assert age_words(day_number(born), day_number(day))[0] == words


def test_what_is_beyond_a_quantity_is_shared_by_line() -> None:
    lines = [use(1, 15_000, 150), use(2, 10_000, 100), use(3, 10_000, 101)]
    assert [(line.use.id, line.quantity_e4, line.amount_fen) for line in beyond(lines, 20_000)] == [
        ("c2", 5_000, 50),
        ("c3", 10_000, 101),
    ]


def test_lines_without_a_quantity_go_beyond_nothing() -> None:
    assert beyond([use(1, 0, 500), use(2, 0, 500)], 0) == []


def test_a_line_for_several_days_counts_one_day_of_it() -> None:
    assert beyond([use(1, 70_000, 700, days=7)], 10_000) == []
    assert beyond([use(1, 140_000, 1_400, days=7)], 10_000)[0].amount_fen == 700


@given(st.lists(st.tuples(st.integers(0, 99_999), st.integers(0, 10**9)), max_size=8), st.integers(-5, 200_000))
def test_the_excess_of_quantities_is_their_sum_less_what_is_allowed(
    lines: list[tuple[int, int]], allowed_e4: int
) -> None:
    uses = [use(place, quantity, amount) for place, (quantity, amount) in enumerate(lines)]
    excess = beyond(uses, allowed_e4)
    assert sum(line.quantity_e4 for line in excess) == max(
        0, sum(quantity for quantity, _ in lines) - max(0, allowed_e4)
    )
    assert all(0 <= line.amount_fen <= line.use.amount_fen for line in excess)


@given(st.lists(st.integers(0, 10**9), max_size=8), st.integers(-5, 10**9))
def test_the_excess_of_amounts_is_their_sum_less_what_is_allowed(amounts: list[int], allowed_fen: int) -> None:
    excess = beyond_fen([use(place, 10_000, amount) for place, amount in enumerate(amounts)], allowed_fen)
    assert sum(line.amount_fen for line in excess) == max(0, sum(amounts) - max(0, allowed_fen))


def test_quantities_and_days_are_told_short() -> None:
    assert [quantity_text(value) for value in (10_000, 15_000, 1, 0)] == ["1", "1.5", "0.0001", "0"]
    first = day_number("2026-02-27")
    assert days_text([first + 2, first, first]) == ("2026-02-27、2026-03-01", "2026-02-27, 2026-03-01")
    assert days_text(range(first, first + 4))[0] == "2026-02-27、2026-02-28 等 4 天"


def test_a_period_runs_over_the_end_of_a_month() -> None:
    file = file_of("times_in_period", [{"item": A, "times": 1, "days": 30}])
    first = {"item": A, "price": "10.00", "at": "2026-01-31 10:00"}
    stay = {"admitted": "2026-01-31 09:00"}
    charges = [first, {"item": A, "price": "10.00", "at": "2026-03-01 10:00"}]
    assert found(file, visit=stay, charges=charges) == [(1_000, ("c2",))]
    charges[1] = {"item": A, "price": "10.00", "at": "2026-03-02 10:00"}
    assert found(file, visit=stay, charges=charges) == []


def test_a_finding_names_the_earlier_visit_it_rests_on() -> None:
    file = file_of("times_in_period", [{"item": A, "times": 1, "days": 30}])
    before = [{"visit": {"id": "OLD", "admitted": "2026-02-20 09:00"}, "charges": [{"item": A, "price": "10.00"}]}]
    case = RuleCase.model_validate({"name": "c", "finds": True, "before": before,
                                    "charges": [{"item": A, "price": "10.00"}]})  # fmt: skip
    (finding,) = findings_of_made(file, make_case(case), ())
    assert [line.line_id for line in finding.evidence if line.source == "visit"] == ["OLD"]
    assert "2026-03-22" in finding.advice_zh


def test_one_price_for_a_part_of_a_set_is_rounded_once() -> None:
    points = [
        {"item": A, "group": "g", "price": "999.99"},
        {"item": B, "group": "g", "price": "333.33"},
    ]
    file = file_of("set_discount", points, parameters={"further": "50%"}, phases=["charge"])
    charges = [{"item": A, "price": "999.99"}, {"item": B, "price": "333.33"}]
    assert found(file, charges=charges) == [(16_666, ("c2",))]


def test_what_a_split_bundle_costs_too_much_is_shared_out_to_the_fen() -> None:
    points = [{"item": "BUNDLE", "group": "g", "role": "bundle", "price": "10.00"}]
    points += [{"item": f"PART{place}", "group": "g", "role": "part"} for place in range(3)]
    file = file_of("bundle_split", points, phases=["charge"])
    made = make_case(
        RuleCase.model_validate(
            {
                "name": "c",
                "finds": True,
                "charges": [{"item": f"PART{place}", "price": "6.67"} for place in range(3)],
            }
        )
    )
    (finding,) = findings_of_made(file, made, ())
    assert finding.amount_fen == 1_001 == sum(line.amount_fen for line in finding.evidence)


def test_a_rule_on_treatment_looks_at_lines_that_the_patient_pays_too() -> None:
    points = [{"item": A, "sex": "2"}]
    charges = [{"item": A, "price": "10.00", "level": "03"}]
    assert found(file_of("sex_limit", points), charges=charges) == []
    assert found(file_of("sex_limit", points, category="medical"), charges=charges) == [(1_000, ("c1",))]


@pytest.mark.parametrize(("sex", "finds"), [("2", []), ("1", [(1_000, ("c1",))]), ("", []), ("9", [])])
def test_a_limit_of_sex_needs_a_known_sex(sex: str, finds: list[Any]) -> None:
    file = file_of("sex_limit", [{"item": A, "sex": "2"}])
    assert found(file, visit={"sex": sex}, charges=[{"item": A, "price": "10.00"}]) == finds


@pytest.mark.parametrize(("diagnoses", "finds"), [(["K25.9"], [(1_000, ("c1",))]), (["I10"], []), ([], [])])
def test_a_forbidden_diagnosis_is_a_fault_only_where_it_is_stated(diagnoses: list[str], finds: list[Any]) -> None:
    file = file_of("diagnosis_limit", [{"item": A, "diagnoses": "K25-K27"}], parameters={"forbidden": True})
    assert found(file, visit={"diagnoses": diagnoses}, charges=[{"item": A, "price": "10.00"}]) == finds


def test_a_limit_of_insurance_that_names_nobody_finds_nothing() -> None:
    file = file_of("insurance_limit", [{"item": A}])
    assert found(file, charges=[{"item": A, "price": "10.00"}]) == []
    file = file_of("insurance_limit", [{"item": A, "insurance_types": "390;510"}])
    assert found(file, charges=[{"item": A, "price": "10.00"}]) == [(1_000, ("c1",))]
    assert found(file, visit={"insurance_type": "390"}, charges=[{"item": A, "price": "10.00"}]) == []


def test_two_uses_a_period_are_paid_and_the_third_is_not() -> None:
    file = file_of("times_in_period", [{"item": A, "times": 2, "days": 10}])
    charges = [{"item": A, "price": "10.00", "at": f"2026-03-{day:02d} 10:00"} for day in (2, 5, 11, 12)]
    assert found(file, charges=charges) == [(1_000, ("c3",))]


def test_an_order_on_record_that_is_charged_counts_once() -> None:
    file = file_of("quantity_a_day", [{"item": A, "quantity": "2"}])
    orders = [{"item": A, "price": "10.00", "long_term": True}, {"item": A, "price": "10.00"}]
    charges = [{"item": A, "price": "10.00", "order_id": "o1"}]
    assert found(file, orders=orders[:1], charges=charges, check=[{"item": A, "price": "10.00"}]) == []
    assert found(file, orders=orders, charges=charges, check=[{"item": A, "price": "10.00"}]) == [(1_000, ("p1",))]


def test_a_course_counts_each_day_once_and_ends_with_a_pause() -> None:
    file = file_of("course_days", [{"item": A, "days": 2}], parameters={"pause_days": 3})
    days = ("02-27", "02-28", "02-28", "03-03", "03-07", "03-08")
    charges = [{"item": A, "price": "10.00", "at": f"2026-{day} 10:00"} for day in days]
    assert found(file, visit={"admitted": "2026-02-27 09:00"}, charges=charges) == [(1_000, ("c4",))]


def test_a_total_of_a_year_begins_anew_on_new_years_day() -> None:
    file = file_of("total_amount", [{"item": A, "amount": "15.00"}], parameters={"per": "year"})
    charges = [{"item": A, "price": "10.00", "at": moment} for moment in ("2025-12-31 23:59", "2026-01-01 00:00")]
    stay = {"admitted": "2025-12-31 08:00"}
    assert found(file, visit=stay, charges=charges) == []
    charges.append({"item": A, "price": "10.00", "at": "2026-01-02 10:00"})
    assert found(file, visit=stay, charges=charges) == [(500, ("c3",))]


def test_a_hospital_code_beside_the_national_one_is_the_same_item() -> None:
    file = file_of("quantity_a_day", [{"item": "H1", "quantity": "1"}])
    charges = [{"item": A, "hospital_item_code": "H1", "price": "10.00"}, {"item": "H1", "price": "12.00"}]
    assert found(file, charges=charges) == [(1_200, ("c2",))]


LINES = st.lists(
    st.tuples(st.sampled_from((A, B)), st.integers(0, 40), st.integers(1, 4), st.sampled_from(("10.00", "33.33"))),
    min_size=1,
    max_size=6,
)
FILES = (
    file_of("quantity_a_day", [{"item": A, "quantity": "1"}]),
    file_of("times_in_period", [{"item": A, "times": 1, "days": 14}]),
    file_of("course_days", [{"item": A, "days": 3}], parameters={"pause_days": 7}),
    file_of("course_days", [{"item": A, "days": 5, "role": "interval"}]),
    file_of("total_amount", [{"item": f"{A};{B}", "amount": "50.00"}]),
    file_of("price_cap", [{"item": A, "price": "20.00"}]),
    file_of("charged_together", [{"item": A, "others": B, "days": 2}]),
    file_of("set_discount", [{"item": A, "group": "g", "price": "40.00"}, {"item": B, "group": "g", "price": "30.00"}],
            parameters={"further": "50%"}),
    file_of("bundle_split", [{"item": "X", "group": "g", "role": "bundle", "price": "20.00"},
                             {"item": A, "group": "g", "role": "part"}, {"item": B, "group": "g", "role": "part"}]),
)  # fmt: skip


def charges_of(lines: list[tuple[str, int, int, str]]) -> list[dict[str, Any]]:
    return [
        {"charge_id": f"c{place}", "item": item, "quantity": str(quantity), "price": price, "at": moment(day)}
        for place, (item, day, quantity, price) in enumerate(lines, 1)
    ]


def moment(day: int) -> str:
    return f"{day_text(day_number('2026-02-01') + day)} 10:00"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.rule.kind)
@given(lines=LINES, seed=st.integers(0, 2**32))
def test_the_order_in_which_charges_arrive_changes_nothing(
    file: RuleFile, lines: list[tuple[str, int, int, str]], seed: int
) -> None:
    charges = charges_of(lines)
    shuffled = random.Random(seed).sample(charges, len(charges))
    stay = {"admitted": "2026-02-01 08:00"}
    assert found(file, visit=stay, charges=charges) == found(file, visit=stay, charges=shuffled)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.rule.kind)
@given(lines=LINES, extra=st.tuples(st.sampled_from((A, B)), st.integers(0, 40)))
def test_a_line_and_its_full_refund_change_nothing(
    file: RuleFile, lines: list[tuple[str, int, int, str]], extra: tuple[str, int]
) -> None:
    charges = charges_of(lines)
    item, day = extra
    added = {"charge_id": "x", "item": item, "quantity": "2", "price": "33.33", "at": moment(day)}
    back = {**added, "charge_id": "y", "quantity": "-2", "refund_of": "x"}
    stay = {"admitted": "2026-02-01 08:00"}
    assert found(file, visit=stay, charges=charges) == found(file, visit=stay, charges=[*charges, added, back])

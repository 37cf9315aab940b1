"""Which methods are told, which is in force, what is asked; and how long it takes."""

import timeit
from typing import Any

import pytest

from agents.core.payment.methods import MethodsBook
from agents.core.payment.predict import predict
from agents.core.payment.projection import recent_pace
from agents.core.settlement.lines import LineSums, Split
from tests.agents.payment.test_properties import POLICY
from tests.agents.payment.worlds import book_of, case_of, foresee, settlement_of

DIP = {"id": "dip", "kind": "dip", "point_value": "10"}
ROW = {"code": "A", "diagnosis": "K35", "score": "900"}


def kinds(policy: Any, **visit: Any) -> list[str]:
    return [question.kind for question in foresee(policy, visit).questions]


def test_of_hundreds_of_single_diseases_only_those_of_the_diagnosis_are_told() -> None:
    singles = [
        {
            "id": f"s{number}", "kind": "single_disease", "disease": f"s{number}", "standard": "5000",
            "conditions": {"diagnoses": [f"K{number:02d}"], "procedures": ["47.01"]},
        }
        for number in range(100)
    ]  # fmt: skip
    policy = book_of(methods=[{"id": "item", "kind": "by_item"}, *singles])
    case = case_of({"main": "K35.800"})
    told = predict(case, settlement_of({}, case), MethodsBook(policy).methods(case))
    assert [method.method_id for method in told.methods] == ["item", "s35"]
    assert told.methods[1].reasons == ("procedure",)
    assert len(foresee(policy, {"main": "K35.800"}).methods) == 101


def test_retired_draft_and_expired_methods_are_not_told() -> None:
    policy = book_of(
        methods=[
            {"id": "retired", "kind": "by_item", "status": "retired"},
            {"id": "draft", "kind": "by_item", "status": "draft"},
            {"id": "old", "kind": "by_item", "effective_to": "2025-12-31"},
            {"id": "elsewhere", "kind": "by_item", "scope": {"region": "440000"}},
            {"id": "now", "kind": "by_item"},
        ]
    )
    assert [method.method_id for method in foresee(policy, {}).methods] == ["now"]


def test_a_more_specific_method_for_other_care_does_not_hide_the_general_one() -> None:
    policy = book_of(
        methods=[
            {"id": "general", "kind": "bed_day", "bands": [{"standard": "300"}]},
            {
                "id": "hospital", "kind": "bed_day", "bands": [{"standard": "400"}], "scope": {"hospital": "H1"},
                "conditions": {"care_types": ["52"]},
            },
        ]
    )  # fmt: skip
    assert foresee(policy, {}).best == "general"
    assert foresee(policy, {"care_type": "52"}).best == "hospital"


def test_a_care_type_is_a_prefix_so_that_local_codes_count() -> None:
    policy = book_of(methods=[{"id": "item", "kind": "by_item", "conditions": {"care_types": ["21"]}}])
    assert foresee(policy, {"care_type": "2102"}).in_force == "item"
    assert foresee(policy, {"care_type": "52"}).in_force == ""


def test_the_way_of_discharge_is_open_while_the_stay_runs() -> None:
    policy = book_of(methods=[{"id": "item", "kind": "by_item", "conditions": {"discharge_ways": ["1"]}}])
    assert foresee(policy, {"ended": False, "days": 3}).in_force == "item"
    assert foresee(policy, {"discharge_way": "5"}).methods[0].reasons == ("discharge_way",)


def test_a_running_stay_is_not_yet_too_cheap() -> None:
    policy = book_of(methods=[{"id": "item", "kind": "by_item", "conditions": {"min_total": "20000.00"}}])
    assert foresee(policy, {"ended": False, "days": 3}).in_force == "item"
    assert foresee(policy, {}).methods[0].reasons == ("too_cheap",)


def test_a_stay_that_is_not_expected_to_last_that_long_is_too_short() -> None:
    policy = book_of(
        methods=[{"id": "bed", "kind": "bed_day", "bands": [{"standard": "300"}], "conditions": {"min_days": 61}}],
        projections=[{"expected_days": 8}],
    )
    assert foresee(policy, {"ended": False, "days": 3}).methods[0].reasons == ("too_short",)
    assert foresee(policy, {"ended": False, "days": 61}).methods[0].admissible


def test_visits_of_other_care_are_neither_grouped_nor_asked() -> None:
    policy = book_of(methods=[DIP | {"conditions": {"care_types": ["21"]}}], dip=[ROW])
    prediction = foresee(policy, {"care_type": "52", "main": "O80.000"})
    assert (prediction.groups, prediction.questions) == ((), ())
    assert prediction.methods[0].reasons == ("care_type",)


def test_outpatients_have_no_bed_days_and_are_asked_nothing() -> None:
    policy = book_of(methods=[{"id": "bed", "kind": "bed_day", "bands": [{"standard": "300"}]}, DIP], dip=[ROW])
    prediction = foresee(policy, {"outpatient": True, "main": ""})
    assert prediction.method("bed").reasons == ("too_short",)
    assert prediction.questions == ()


@pytest.mark.parametrize(
    ("visit", "asked"),
    [
        ({}, []),
        ({"main": ""}, ["no_main_diagnosis"]),
        ({"main": "K35.900"}, ["unspecified_diagnosis"]),
        ({"main": "J18.000"}, ["diagnosis_not_listed"]),
        ({"operation_charged": "800.00"}, ["operation_not_coded"]),
        ({"operation_charged": "800.00", "procedures": ["47.0100"]}, ["procedure_not_known"]),
        ({"main": "K36.x00", "procedures": ["47.0100", "54.1100"]}, ["ambiguous"]),
        ({"main": "Z51.100"}, ["ungrouped"]),
    ],
)
def test_gaps_of_the_record_are_questions(visit: dict[str, Any], asked: list[str]) -> None:
    rows = [
        ROW,
        {"code": "B", "diagnosis": "K36", "procedures": "47.01", "score": "1"},
        {"code": "C", "diagnosis": "K36", "procedures": "54.11", "score": "2"},
        {"code": "D", "diagnosis": "Z51.1", "procedures": "99.25", "score": "2"},
    ]
    assert kinds(book_of(methods=[DIP], dip=rows), **visit) == asked


def test_a_drg_grouper_asks_for_sex_and_birth_date() -> None:
    asked = kinds(POLICY, sex="", birth_date="")
    assert asked == ["sex_missing", "birth_date_missing"]


def test_a_visit_under_no_grouped_method_is_asked_nothing_about_groups() -> None:
    policy = book_of(methods=[{"id": "item", "kind": "by_item"}], dip=[ROW])
    prediction = foresee(policy, {"main": "J18.000"})
    assert (prediction.groups, prediction.questions) == ((), ())


def test_a_group_the_book_gives_no_weight_is_no_group() -> None:
    policy = book_of(
        methods=[{"id": "drg", "kind": "drg_rate", "rate": "9000"}],
        drg={
            "mdc": [{"mdc": "G", "order": 5, "diagnoses": "K35"}],
            "rules": [{"mdc": "G", "adrg": "GU1", "section": "medicine"}],
        },
    )
    prediction = foresee(policy, {})
    assert prediction.groups[0].status == "weight_missing"
    assert prediction.methods[0].reasons == ("no_group",)


def test_a_refunded_day_says_nothing_of_the_pace() -> None:
    def day(fen: int) -> LineSums:
        sums = LineSums()
        sums.add(Split(0, 0, 0, fen))
        return sums

    by_day = {10: day(900), 11: day(0), 12: day(300), 13: day(50), 20: day(70)}
    assert recent_pace(by_day, 13, 3) == 600
    assert recent_pace(by_day, 14, 2) == 175
    assert recent_pace({13: day(50)}, 13, 3) == 50
    assert recent_pace({13: day(-50)}, 13, 3) == 0
    assert recent_pace({}, 13, 3) == 0


def test_with_only_the_sums_changed_a_prediction_takes_microseconds() -> None:
    visit = {"ended": False, "days": 12, "by_day": ["1000.00"] * 12, "procedures": ["47.0100"], "disease_code": "X"}
    case = case_of(visit)
    settlement = settlement_of(visit, case)
    book = MethodsBook(POLICY)
    assert len(predict(case, settlement, book.methods(case)).methods) == 9
    best = min(timeit.repeat(lambda: predict(case, settlement, book.methods(case)), number=500, repeat=7)) / 500
    assert best < 500e-6  # nine methods, some 45 µs on an idle machine

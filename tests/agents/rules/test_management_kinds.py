"""Kinds of management rules where cases of rule files do not reach: odd input, order of arrival, near departments."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.rules.kind import ActiveRule, Bound, Hit, Trigger
from agents.core.rules.kinds.management import KINDS
from agents.core.rules.kinds.management.antibiotics import AntibioticLevelParameters, read_surgery_record
from agents.core.rules.kinds.management.frequency import FrequentVisits
from agents.core.rules.kinds.management.persons import has_reached
from agents.core.rules.kinds.management.prescriptions import DrugCount
from agents.core.rules.kinds.management.readmission import SplitStay, beginning
from agents.core.rules.kinds.management.settlement_list import day_of_text, read_settlement_list
from agents.core.rules.kinds.management.stock import StockBalance
from agents.core.rules.kinds.management.wording import quantity_text, span_en, span_zh
from agents.core.rules.population import PopulationKind
from agents.core.rules.view import CHARGE, ORDER, PROPOSED, Facts, Past, Use, View, years_between
from agents.rule_library.rule_file import FOLDER, read_rule_file
from schemas.book.points import Point
from schemas.book.rules import Rule
from schemas.ledger import Diagnosis, Procedure
from schemas.units import SHANGHAI, day_number, day_of, parse_ms

RULES = [read_rule_file(path) for path in sorted((FOLDER / "management").glob("*.yaml"))]
KIND = {kind.name: kind for kind in KINDS}


def at(text: str) -> int:
    return parse_ms(text, SHANGHAI)


def bound_of(kind: Any, point: Point | None = None, points: tuple[Point, ...] = (), **parameters: Any) -> Bound[Any]:
    rule = Rule(
        code="T", name_zh="试", name_en="t", category="management", kind=kind.name, grade="lead", phases=("review",),
        period="visit", clause_zh="条", source="示例",
    )  # fmt: skip
    active = ActiveRule(rule, kind, kind.parameters.model_validate(parameters), rule.grade, rule.phases, rule.state)
    return Bound(active, point, points)


def line(line_id: str, item: str = "XA01", when: str = "2026-03-02 09:00", **more: Any) -> Use:
    moment = at(when)
    told = {"source": CHARGE, "quantity_e4": 10_000, "amount_fen": 1_000, "price_micro": 10_000_000, "category": 8}
    return Use(id=line_id, item=item, at=moment, day=day_of(moment, SHANGHAI), **{**told, **more})


def view_of_lines(lines: list[Use], facts: Facts, **more: Any) -> View:
    charges: dict[str, list[Use]] = {}
    for use in sorted(lines, key=lambda one: (one.at, one.id)):
        charges.setdefault(use.item, []).append(use)
    return View(facts, charges, **more)


def stay(visit_id: str, admitted: str, ended: str, **more: Any) -> Past:
    told = {
        "is_outpatient": False, "mode": "2", "department": "D01", "main_diagnosis": "I25.103", "diagnoses": (),
        "procedures": (), "care_type": "21", "insurance_type": "310", "discharge_way": "1", "doctor": "DR1",
        "amount_fen": 0,
    }  # fmt: skip
    return Past(visit_id=visit_id, admitted_at=at(admitted), ended_at=at(ended), **{**told, **more})


def readmitted(department: str = "D01", **more: Any) -> Facts:
    moment = at("2026-03-10 09:00")
    told = {"mode": "2", "insurance_type": "310", "main_diagnosis": "I25.100", "department": department}
    return Facts(admitted_at=moment, admitted_day=day_of(moment, SHANGHAI), **{**told, **more})


# Words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("quantity_e4", "text"), [(10_000, "1"), (15_000, "1.5"), (1, "0.0001"), (-20_500, "-2.05")])
def test_quantities_lose_needless_decimals(quantity_e4: int, text: str):
    assert quantity_text(quantity_e4) == text


def test_spans_are_said_in_hours_and_minutes():
    assert (span_zh(36 * 3_600_000), span_en(36 * 3_600_000)) == ("36 小时", "36 h")
    assert (span_zh(86_460_000), span_en(86_460_000)) == ("24 小时 1 分", "24 h 1 min")


# Ages -----------------------------------------------------------------------------------------------------------------


def test_someone_born_on_29_february_turns_one_on_the_first_of_march():
    born = day_number("2024-02-29")
    before, after = day_number("2025-02-28"), day_number("2025-03-01")
    assert not has_reached((before - born, years_between(born, before)), "1y")
    assert has_reached((after - born, years_between(born, after)), "1y")


def test_months_are_twelfths_of_a_year():
    assert not has_reached((182, 0), "6m")
    assert has_reached((183, 0), "6m")


# Split stays ----------------------------------------------------------------------------------------------------------


def test_departments_that_count_as_one_are_the_same_department():
    view = View(readmitted("D02"), {}, past=[stay("A", "2026-02-20 09:00", "2026-03-01 09:00")])
    assert not list(SplitStay().check(view, bound_of(SplitStay()), ()))
    near = bound_of(SplitStay(), near_departments=("D05;D06", "D01;D02"))
    assert [hit.subject for hit in SplitStay().check(view, near, ())] == ["same"]


def test_near_departments_are_no_transfer():
    view = View(readmitted("D02"), {}, past=[stay("A", "2026-02-20 09:00", "2026-03-10 08:00", main_diagnosis="K80")])
    assert [hit.subject for hit in SplitStay().check(view, bound_of(SplitStay()), ())] == ["transfer"]
    near = bound_of(SplitStay(), near_departments=("D01;D02",))
    assert not list(SplitStay().check(view, near, ()))


def test_of_several_stays_before_the_latest_is_named():
    past = [stay("A", "2026-02-20 09:00", "2026-02-28 09:00"), stay("B", "2026-03-01 09:00", "2026-03-05 09:00")]
    hits = list(SplitStay().check(View(readmitted(), {}, past=past), bound_of(SplitStay()), ()))
    assert [hit.visits for hit in hits] == [("B",)]


def test_a_stay_without_an_operation_is_another_treatment_than_one_with():
    past = [stay("A", "2026-02-20 09:00", "2026-03-01 09:00", procedures=("36.0600",))]
    assert not list(SplitStay().check(View(readmitted(), {}, past=past), bound_of(SplitStay()), ()))


def test_asked_before_the_admission_is_known_the_moment_of_asking_counts():
    past = [stay("A", "2026-02-20 09:00", "2026-03-01 09:00")]
    asked = replace(readmitted(), admitted_at=None, admitted_day=None, as_of=at("2026-03-16 09:00"))
    assert [hit.subject for hit in SplitStay().check(View(asked, {}, past=past), bound_of(SplitStay()), ())] == ["same"]
    later = replace(asked, as_of=at("2026-03-17 00:00"))
    assert not list(SplitStay().check(View(later, {}, past=past), bound_of(SplitStay()), ()))
    charged = view_of_lines([line("c1")], asked, past=past)
    assert not list(SplitStay().check(charged, bound_of(SplitStay()), ()))


def test_the_point_of_a_code_is_no_character():
    assert beginning("I25.103", 4) == "I251"
    assert beginning("i25", 4) == "I25"


# Frequency ------------------------------------------------------------------------------------------------------------


def test_a_window_of_one_day_is_the_day_of_the_visit_alone():
    facts = replace(readmitted(), mode="1", is_outpatient=True)
    times = ("2026-03-09 23:59", "2026-03-10 00:00", "2026-03-10 08:00")
    past = [stay(f"A{place}", time, time, mode="1", is_outpatient=True) for place, time in enumerate(times)]
    hits = list(
        FrequentVisits().check(View(facts, {}, past=past), bound_of(FrequentVisits(), most=2, days=1, modes=("1",)), ())
    )
    assert [hit.visits for hit in hits] == [("A1", "A2")]


# Prescriptions --------------------------------------------------------------------------------------------------------

CLINIC = Facts(mode="1", is_outpatient=True)


def told(hits: Any) -> list[tuple[Any, ...]]:
    return [
        (hit.subject, hit.what_zh, sorted((cited.use.id, cited.amount_fen, cited.is_violating) for cited in hit.lines))
        for hit in hits
    ]


def test_the_drug_beyond_the_limit_is_the_last_one_whatever_order_the_lines_came_in():
    lines = [line(f"c{number}", f"XA0{number}", f"2026-03-02 09:0{number}") for number in range(1, 5)]
    bound = bound_of(DrugCount(), most=3)
    results = {
        str(told(DrugCount().check(view_of_lines(list(some), CLINIC), bound, ()))) for some in permutations(lines)
    }
    assert len(results) == 1
    (hit,) = DrugCount().check(view_of_lines(lines, CLINIC), bound, ())
    assert [cited.use.id for cited in hit.lines if cited.is_violating] == ["c4"]


def test_a_proposed_drug_comes_last_even_if_it_begins_earlier():
    lines = [line("c1", "XA01"), line("c2", "XA02")]
    proposed = line("p1", "XA03", "2026-03-02 08:00", source=PROPOSED)
    (hit,) = DrugCount().check(view_of_lines(lines, CLINIC, proposed=[proposed]), bound_of(DrugCount(), most=2), ())
    assert [cited.use.id for cited in hit.lines if cited.is_violating] == ["p1"]


def test_a_stopped_order_counts_no_more():
    orders = [line("o1", "XA03", source=ORDER, is_open=False)]
    view = view_of_lines([line("c1", "XA01"), line("c2", "XA02")], CLINIC, orders=orders)
    assert not list(DrugCount().check(view, bound_of(DrugCount(), most=2), ()))


# Stock ----------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=8), st.integers(0, 100))
def test_what_was_charged_beyond_the_dispensed_is_cited_once_and_never_more_than_charged(
    quantities: list[int], dispensed: int
):
    lines = [
        line(f"c{place}", when=f"2026-03-02 09:{place:02d}", quantity_e4=quantity, amount_fen=quantity // 100)
        for place, quantity in enumerate(quantities)
    ]
    view = view_of_lines(lines, Facts(), inputs={"stock_ledger": {"items": {"XA01": {"dispensed": dispensed}}}})
    hits = list(StockBalance().check(view, bound_of(StockBalance(), items=("X*",)), view.charges["XA01"]))
    charged = sum(quantities)
    assert bool(hits) == (charged > dispensed * 10_000)
    for hit in hits:
        at_stake = sum(cited.amount_fen for cited in hit.lines)
        assert all(0 <= cited.amount_fen <= cited.use.amount_fen for cited in hit.lines)
        assert abs(at_stake - (charged - dispensed * 10_000) // 100) <= len(lines)


# Inputs of another shape ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"setlinfo": []},
        {"setlinfo": {}, "diseinfo": {}},
        {"setlinfo": {}, "iteminfo": ["x"]},
    ],
)
def test_a_settlement_list_of_another_shape_is_refused_in_both_languages(value: object):
    with pytest.raises(ValueError, match=r"settlement_list.*\|.*settlement_list"):
        read_settlement_list(value)


@pytest.mark.parametrize("value", [None, {"operations": {}}, {"doses": [{"item": "X", "at": "soon"}]}])
def test_a_surgery_record_of_another_shape_is_refused_in_both_languages(value: object):
    with pytest.raises(ValueError, match=r"surgery_record.*\|.*surgery_record"):
        read_surgery_record(value, Facts())


@pytest.mark.parametrize(
    "value", [None, {"items": []}, {"items": {"XA01": 3}}, {"items": {"XA01": {"dispensed": "some"}}}]
)
def test_a_stock_ledger_of_another_shape_is_refused_in_both_languages(value: object):
    view = view_of_lines([line("c1")], Facts(), inputs={"stock_ledger": value})
    with pytest.raises(ValueError, match=r"stock_ledger.*\|.*stock_ledger"):
        list(StockBalance().check(view, bound_of(StockBalance(), items=("X*",)), view.charges["XA01"]))


def test_days_of_the_settlement_list_are_read_in_both_spellings():
    assert day_of_text("20260302") == day_of_text("2026-03-02 09:00:00") == day_number("2026-03-02")
    assert day_of_text("") is None
    assert day_of_text("2026-13-02") is None


def test_a_title_without_a_level_is_refused():
    with pytest.raises(ValueError, match=r"职称:级别"):
        AntibioticLevelParameters(grades=("主任医师",))


# Whatever a visit is like ---------------------------------------------------------------------------------------------

TIMES = st.one_of(st.none(), st.integers(at("2026-01-01"), at("2026-12-31")))
TEXTS = st.sampled_from(["", "1", "2", "D01", "I25.103", "N40.x00", "P22.0", "310"])
LINES = st.builds(
    line,
    st.text("abc", min_size=1, max_size=3),
    st.sampled_from(["", "XA01", "XJ01", "001204000060000", "002103000010000"]),
    st.sampled_from(["2026-03-02 09:00", "2025-03-02 09:00"]),
    quantity_e4=st.integers(0, 50_000),
    amount_fen=st.integers(0, 500_000),
    price_micro=st.integers(0, 50_000_000),
    category=st.integers(-1, 13),
    recorded_at=TIMES.map(lambda value: value or 0),
    source=st.sampled_from([CHARGE, PROPOSED]),
)


@st.composite
def odd_facts(draw: st.DrawFn) -> Facts:
    admitted, discharged = draw(TIMES), draw(TIMES)
    return Facts(
        mode=draw(st.sampled_from(["", "1", "2", "3", "4"])),
        is_outpatient=draw(st.booleans()),
        is_ended=draw(st.booleans()),
        is_urgent=draw(st.booleans()),
        is_online=draw(st.booleans()),
        insurance_type=draw(TEXTS),
        sex=draw(TEXTS),
        department=draw(TEXTS),
        birth_day=draw(st.one_of(st.none(), st.integers(-20_000, 25_000))),
        main_diagnosis=draw(TEXTS).upper(),
        diagnoses=tuple(Diagnosis(code) for code in draw(st.lists(TEXTS, max_size=3))),
        procedures=tuple(
            Procedure(code) for code in draw(st.lists(st.sampled_from(["", "68.4", "51.23"]), max_size=2))
        ),
        admitted_at=admitted,
        discharged_at=discharged,
        admitted_day=None if admitted is None else day_of(admitted, SHANGHAI),
        discharged_day=None if discharged is None else day_of(discharged, SHANGHAI),
        settled_total_fen=draw(st.one_of(st.none(), st.integers(0, 1_000_000))),
        total_fen=draw(st.integers(-100, 1_000_000)),
        by_category=tuple(draw(st.lists(st.integers(-100, 100_000), min_size=14, max_size=14))),
    )


PASTS = st.builds(
    stay,
    st.text("abc", min_size=1, max_size=3),
    st.just("2026-02-20 09:00"),
    st.sampled_from(["2026-02-25 09:00", "2026-05-25 09:00"]),
    mode=st.sampled_from(["", "1", "2"]),
    department=TEXTS,
    main_diagnosis=TEXTS,
    insurance_type=TEXTS,
)


@given(odd_facts(), st.lists(LINES, max_size=6, unique_by=lambda use: use.id), st.lists(PASTS, max_size=3))
def test_no_kind_raises_or_cites_more_than_a_line_whatever_the_visit(facts: Facts, lines: list[Use], past: list[Past]):
    charged = [use for use in lines if use.source == CHARGE]
    proposed = [use for use in lines if use.source == PROPOSED]
    view = view_of_lines(charged, facts, proposed=proposed, past=past)
    for file in RULES:
        kind = KIND[file.rule.kind]
        if isinstance(kind, PopulationKind):
            continue
        parameters = dict(file.rule.parameters)
        groups: list[tuple[Point | None, tuple[Point, ...]]]
        if kind.trigger is Trigger.POINTS:
            groups = [(None, file.points)]
        else:
            groups = [(point, ()) for point in file.points] or [(None, ())]
        for point, points in groups:
            bound = bound_of(kind, point, points, **parameters)
            calls = [lines[:1], lines] if kind.trigger in {Trigger.ITEM, Trigger.EVERY_ITEM} else [[]]
            for uses in calls:
                if uses or kind.trigger not in {Trigger.ITEM, Trigger.EVERY_ITEM}:
                    for hit in kind.check(view, bound, uses):
                        assert isinstance(hit, Hit)
                        assert all(0 <= cited.amount_fen <= cited.use.amount_fen for cited in hit.lines)

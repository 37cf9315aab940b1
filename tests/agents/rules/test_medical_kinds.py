"""What medical kinds do at their edges: odd input, many lines, earlier visits, orders beside orders."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.rules.engine import Draft, audit, check_orders
from agents.core.rules.kinds.medical import KINDS
from agents.core.rules.rulebook import RuleBook
from agents.core.rules.view import CHARGE, INPATIENT, ORDER, OUTPATIENT, PROPOSED, Facts, Past, PastUse, Use, View
from schemas.book import Book
from schemas.book.points import Point
from schemas.book.rules import Phase, Rule
from schemas.ledger import Diagnosis, Procedure

DAY_MS = 86_400_000
FIRST = 20_000


def use(line: str, item: str, day: int = FIRST, **more: Any) -> Use:
    fields = {"quantity_e4": 10_000, "amount_fen": 1_000, "source": CHARGE} | more
    return Use(line, fields.pop("source"), item, day * DAY_MS, day, **fields)


def rules_of(kind: str, points: Sequence[dict[str, Any]], **parameters: Any) -> RuleBook:
    rule = Rule(
        code="R1", name_zh="规则", name_en="rule", category="medical", kind=kind, grade="suspicion",
        phases=("order", "charge"), period="visit", clause_zh="条款", source="示例", parameters=parameters,
    )  # fmt: skip
    return RuleBook(Book(version="test", rules=(rule,), points=tuple(Point(rule="R1", **point) for point in points)))


def view_of(
    charges: Sequence[Use] = (),
    orders: Sequence[Use] = (),
    proposed: Sequence[Use] = (),
    past: Sequence[Past] = (),
    **facts: Any,
) -> View:
    said = {"admitted_day": FIRST, "today": FIRST, "mode": INPATIENT} | facts
    by_item: dict[str, list[Use]] = {}
    for line in sorted(charges, key=lambda one: (one.at, one.id)):
        by_item.setdefault(line.item, []).append(line)
    return View(Facts(**said), by_item, orders, proposed, past)


def found(rules: RuleBook, view: View) -> list[Draft]:
    scoped = rules.scoped(view.facts, FIRST)
    drafts = check_orders(view, scoped) if view.proposed else audit(view, scoped, tuple(Phase))
    assert view.failures == []
    return drafts


def at_fault(rules: RuleBook, view: View) -> dict[str, int]:
    return {line.use.id: line.amount_fen for one in found(rules, view) for line in one.hit.lines if line.is_violating}


def past_use(item: str, until: int, visit_id: str = "V0") -> Past:
    used = (PastUse(item, {FIRST - 10: 10_000}, until),)
    return Past(visit_id, 0, 1, True, OUTPATIENT, "D", "", (), (), "11", "310", "1", "DR", 100, uses=used)


# Daily doses ---------------------------------------------------------------------------------------

DOSE = [{"item": "X", "quantity": "2", "unit": "g", "role": "500mg", "mode": "2"}]


def test_an_order_that_is_placed_again_does_not_count_beside_itself() -> None:
    order = {"dose": "1g", "frequency": "bid", "long_term": True, "order_id": "o1"}
    view = view_of(orders=[use("o1", "X", source=ORDER, **order)], proposed=[use("o1", "X", source=PROPOSED, **order)])
    assert found(rules_of("daily_dose", DOSE), view) == []


@pytest.mark.parametrize(("day", "expected"), [(FIRST + 2, {"p1": 333}), (FIRST + 3, {})])
def test_an_order_counts_beside_another_until_its_last_day(day: int, expected: dict[str, int]) -> None:
    running = use("o1", "X", source=ORDER, dose="1g", frequency="qd", days=3)
    placed = use("p1", "X", day, source=PROPOSED, dose="1g", frequency="bid")
    assert at_fault(rules_of("daily_dose", DOSE), view_of(orders=[running], proposed=[placed])) == expected


def test_a_stopped_order_counts_no_more() -> None:
    stopped = use("o1", "X", source=ORDER, dose="2g", frequency="qd", long_term=True, is_open=False)
    placed = use("p1", "X", source=PROPOSED, dose="1g", frequency="bid")
    assert found(rules_of("daily_dose", DOSE), view_of(orders=[stopped], proposed=[placed])) == []


@pytest.mark.parametrize("more", [{"quantity_e4": 0}, {"amount_fen": 0}, {"days": 3660}, {"quantity_e4": 1}])
def test_odd_lines_raise_nothing(more: dict[str, int]) -> None:
    assert at_fault(rules_of("daily_dose", DOSE), view_of([use("c1", "X", **more)])) == {}


@pytest.mark.parametrize(("facts", "expected"), [({}, {"c1": 333}), ({"is_outpatient": True, "mode": OUTPATIENT}, {})])
def test_days_of_an_order_are_the_supply_of_a_line_only_outside_a_stay(
    facts: dict[str, Any], expected: dict[str, int]
) -> None:
    order = use("o1", "X", source=ORDER, days=7)
    line = use("c1", "X", quantity_e4=60_000, order_id="o1")
    assert at_fault(rules_of("daily_dose", DOSE), view_of([line], [order], **facts)) == expected


# Classes and pairs ---------------------------------------------------------------------------------------

CLASS = [{"item": "A", "group": "类"}, {"item": "B", "group": "类"}, {"item": "C", "group": "类"}]
PAIR = [{"item": "A", "others": "B"}]


def test_two_brands_of_one_name_are_two_medicines() -> None:
    view = view_of([use("c1", "A", name="同名药"), use("c2", "B", name="同名药")])
    assert at_fault(rules_of("duplicate_class", CLASS), view) == {"c2": 1_000}


def test_a_line_that_two_points_of_a_class_are_about_is_one_medicine() -> None:
    rules = rules_of("duplicate_class", [{"item": "A*", "group": "类"}, {"item": "A1", "group": "类", "role": "药"}])
    assert found(rules, view_of([use("c1", "A1")], proposed=[use("p1", "A1", source=PROPOSED)])) == []


def test_points_of_a_class_hold_for_their_insurance_and_their_days_only() -> None:
    lines = [use("c1", "A"), use("c2", "B")]
    of_another = rules_of("duplicate_class", [{"item": "A;B", "group": "类", "insurance_type": "390"}])
    assert at_fault(of_another, view_of(lines, insurance_type="390")) == {"c2": 1_000}
    assert at_fault(of_another, view_of(lines, insurance_type="310")) == {}
    expired = rules_of("duplicate_class", [CLASS[0], CLASS[1] | {"effective_to": "2020-01-01"}])
    assert at_fault(expired, view_of(lines)) == {}


def test_what_is_being_placed_is_at_fault_even_where_it_began_first() -> None:
    view = view_of(
        [use("c1", "A", FIRST), use("c2", "B", FIRST + 1)],
        proposed=[use("p1", "A", FIRST + 1, source=PROPOSED)],
    )
    assert at_fault(rules_of("duplicate_class", CLASS), view) == {"p1": 1_000}
    assert at_fault(rules_of("incompatible_pair", PAIR), view) == {"p1": 1_000}


def test_the_third_of_two_allowed_is_at_fault_only_while_both_others_are_in_use() -> None:
    lines = [use("c1", "A", days=4), use("c2", "B", days=2), use("c3", "C", FIRST + 1, days=4)]
    view = view_of(lines, is_outpatient=True)
    assert at_fault(rules_of("duplicate_class", CLASS, most=2), view) == {"c3": 250}


@pytest.mark.parametrize(("until", "expected"), [(FIRST, {}), (FIRST + 1, {"c1": 1_000})])
def test_a_supply_of_an_earlier_visit_lasts_to_the_day_before_its_end(until: int, expected: dict[str, int]) -> None:
    view = view_of([use("c1", "A")], past=[past_use("B", until)])
    assert at_fault(rules_of("duplicate_class", CLASS, counts_history=True), view) == expected
    assert at_fault(rules_of("duplicate_class", CLASS), view) == {}
    drafts = found(rules_of("incompatible_pair", PAIR, counts_history=True), view)
    assert [draft.hit.visits for draft in drafts] == ([("V0",)] if expected else [])


def test_the_same_medicine_of_an_earlier_visit_is_no_duplicate() -> None:
    view = view_of([use("c1", "A")], past=[past_use("A", FIRST + 9)])
    assert found(rules_of("duplicate_class", CLASS, counts_history=True), view) == []


def test_a_pair_that_names_one_item_on_both_sides_does_not_meet_itself() -> None:
    rules = rules_of("incompatible_pair", [{"item": "A;B", "others": "A;B"}])
    assert found(rules, view_of([use("c1", "A"), use("c2", "B")])) == []


def test_a_pair_meets_where_one_side_is_only_on_order() -> None:
    open_order = use("o1", "A", FIRST - 3, source=ORDER, long_term=True)
    view = view_of(orders=[open_order], proposed=[use("p1", "B", source=PROPOSED)])
    assert at_fault(rules_of("incompatible_pair", PAIR), view) == {"p1": 1_000}


# Companions, indications, quantities, herbs -----------------------------------------------------------

COMPANION = [{"item": "A", "others": "S", "procedures": "36.0", "days": 1}]


def test_an_operation_of_the_visit_is_a_companion_whenever_it_was() -> None:
    rules = rules_of("required_companion", COMPANION)
    assert at_fault(rules, view_of([use("c1", "A")], is_ended=True)) == {"c1": 1_000}
    assert found(rules, view_of([use("c1", "A")], is_ended=True, procedures=(Procedure("36.07"),))) == []


def test_of_many_lines_only_those_without_a_companion_nearby_are_cited() -> None:
    lines = [use(f"c{day}", "A", FIRST + day) for day in range(6)] + [use("s", "S", FIRST + 1)]
    assert at_fault(rules_of("required_companion", COMPANION), view_of(lines, is_ended=True)) == {
        "c3": 1_000, "c4": 1_000, "c5": 1_000,
    }  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=20), st.integers(1, 9))
def test_repetition_is_what_a_count_of_each_window_says(done: list[tuple[int, int]], days: int) -> None:
    lines = [
        use(f"c{place:02d}", "A", FIRST + day, quantity_e4=times * 10_000, amount_fen=times * 100)
        for place, (day, times) in enumerate(done)
    ]
    expected = {}
    ordered = sorted(lines, key=lambda one: (one.day, one.id))
    for place, line in enumerate(ordered):
        times = max(1, line.quantity_e4 // 10_000)
        before = sum(max(1, one.quantity_e4 // 10_000) for one in ordered[:place] if line.day - one.day < days)
        over = min(times, before + times - 2)
        if over > 0:
            expected[line.id] = line.amount_fen * over // times
    rules = rules_of("without_indication", [{"item": "A", "days": days, "times": 2}])
    assert at_fault(rules, view_of(lines)) == expected


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_the_excess_of_a_consumable_is_exactly_what_goes_beyond(quantities: list[int]) -> None:
    lines = [
        use(f"c{place:02d}", "A", quantity_e4=quantity * 10_000, amount_fen=quantity * 100)
        for place, quantity in enumerate(quantities)
    ]
    rules = rules_of("consumable_quantity", [{"item": "A", "quantity": "3", "procedures": "43"}])
    view = view_of(lines, procedures=(Procedure("43.9"), Procedure("43.7"), Procedure("50.1")))
    assert sum(at_fault(rules, view).values()) == max(0, sum(quantities) - 6) * 100


def test_grams_are_not_judged_where_one_herb_has_none() -> None:
    rules = rules_of("herbal_prescription", [{"item": "T*", "quantity": "10"}])
    heavy = use("c1", "T1", dose="50g", prescription_id="RX")
    silent = use("c2", "T2", prescription_id="RX")
    assert at_fault(rules, view_of([heavy])) == {"c1": 800}
    assert at_fault(rules, view_of([heavy, silent])) == {}


def test_herbs_of_one_prescription_are_judged_together_whether_charged_or_being_placed() -> None:
    rules = rules_of("herbal_prescription", [{"item": "T*", "times": 2}])
    on_order = [
        use("o1", "T1", source=ORDER, prescription_id="RX"),
        use("o2", "T2", source=ORDER, prescription_id="RX"),
    ]
    placed = use("p1", "T3", source=PROPOSED, prescription_id="RX")
    assert at_fault(rules, view_of(orders=on_order, proposed=[placed])) == {"p1": 1_000}


def test_men_are_never_taken_for_pregnant_and_a_state_that_is_not_known_is_not_guessed() -> None:
    rules = rules_of("pregnancy_limit", [{"item": "A"}], pregnant_diagnoses=("O10-O48",))
    line, pregnant = [use("c1", "A")], (Diagnosis("O26.9"),)
    assert at_fault(rules, view_of(line, sex="2", diagnoses=pregnant)) == {"c1": 1_000}
    assert at_fault(rules, view_of(line, sex="", diagnoses=pregnant)) == {"c1": 1_000}
    assert at_fault(rules, view_of(line, sex="1", diagnoses=pregnant, pregnancy="1")) == {}
    assert at_fault(rules, view_of(line, sex="2")) == {}


def test_herbs_ordered_by_the_dose_are_counted_over_their_days() -> None:
    order = use("o1", "T1", source=ORDER, quantity_e4=100_000, days=7)
    charged = use("c1", "T1", quantity_e4=710_000, amount_fen=7_100, order_id="o1")
    point = [{"item": "T*"}]
    assert at_fault(rules_of("charged_beyond_ordered", point, quantity_of="dose"), view_of([charged], [order])) == {
        "c1": 100
    }
    assert at_fault(rules_of("charged_beyond_ordered", point), view_of([charged], [order])) == {"c1": 6_100}


# All of them ---------------------------------------------------------------------------------------

ANY_POINT = {
    "item": "A;B;C", "others": "C;D", "group": "类", "quantity": "1", "unit": "g", "role": "500mg", "days": 2,
    "times": 1, "diagnoses": "J06", "procedures": "43",
}  # fmt: skip
ANY_USE = st.builds(
    lambda place, item, day, more: use(f"u{place}", item, FIRST + day, **more),
    st.integers(0, 10**6),
    st.sampled_from("ABCD"),
    st.integers(-3, 40),
    st.fixed_dictionaries(
        {},
        optional={
            "quantity_e4": st.sampled_from([0, 1, 10_000, 10**9]),
            "amount_fen": st.sampled_from([0, 1, 10**9]),
            "days": st.sampled_from([0, 1, 3660]),
            "dose": st.sampled_from(["", "1g", "1-2片", "半片"]),
            "frequency": st.sampled_from(["", "tid", "prn"]),
            "order_id": st.sampled_from(["", "o1", "nobody"]),
            "prescription_id": st.sampled_from(["", "RX"]),
            "long_term": st.booleans(),
            "ends_at": st.sampled_from([0, 1, FIRST * DAY_MS]),
        },
    ),
)
USES = st.lists(ANY_USE, max_size=8, unique_by=lambda one: one.id)


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
@given(charges=USES, orders=USES, proposed=USES, ended=st.booleans())
def test_nothing_that_a_hospital_may_send_makes_a_kind_fail(
    kind: str, charges: list[Use], orders: list[Use], proposed: list[Use], ended: bool
) -> None:
    rules = rules_of(kind, [{name: value for name, value in ANY_POINT.items() if name in columns_of(kind)}])
    on_order = [replaced(one, source=ORDER) for one in orders]
    placed = [replaced(one, source=PROPOSED) for one in proposed]
    for view in (view_of(charges, on_order, is_ended=ended), view_of(charges, on_order, placed, is_ended=ended)):
        for draft in found(rules, view):
            assert all(0 <= line.amount_fen <= line.use.amount_fen for line in draft.hit.lines)
            if view.proposed:
                assert all(line.use.source == PROPOSED for line in draft.hit.lines if line.is_violating)


def columns_of(kind: str) -> tuple[str, ...]:
    return (*next(known.point_columns for known in KINDS if known.name == kind), "item", "unit")


def replaced(one: Use, **changes: Any) -> Use:
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return Use(**(fields | changes))

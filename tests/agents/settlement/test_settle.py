"""Every settlement equals the second reckoning and keeps its identities; what must be monotone is."""

from fractions import Fraction

from hypothesis import assume, example, given
from hypothesis import strategies as st

from agents.core.settlement.lines import LineSums
from agents.core.settlement.settle import settle
from tests.agents.settlement import books
from tests.agents.settlement.identities import check_identities, check_periods, check_steps_add_up
from tests.agents.settlement.reference import settle_by_hand

ANYBODY = {
    "tier": "3", "person": "1101", "special": "", "area": "", "diseases": [], "procedures": [],
    "is_outpatient": False, "balance": None, "account_used": True,
}  # fmt: skip
FULL_SHARE = {"ratios": [{"bands": [{"share": "85%"}]}], "deductibles": [{"amounts": ["1200"]}]}


@given(books.benefits, books.layers(), books.visits, books.sums, books.years)
def test_a_settlement_equals_the_second_reckoning_to_the_fen(benefit, layers, who, sums, year):
    terms = books.terms_of(benefit, layers, who["tier"])
    found = settle(books.case_of_visit(who, books.sums_of(*sums)), terms, books.year_of_drawn(year))
    yuan = dict(zip(("full", "over", "first", "within", "tests"), (Fraction(fen, 100) for fen in sums), strict=True))
    expected = settle_by_hand(benefit, layers, who, yuan, year)
    assert {name: getattr(found, f"{name}_fen") for name in expected} == {
        name: int(value * 100) for name, value in expected.items()
    }


@given(books.benefits, books.layers(), books.visits, books.sums, books.years)
def test_identities_hold_and_steps_add_up_whatever_comes(benefit, layers, who, sums, year):
    terms = books.terms_of(benefit, layers, who["tier"])
    found = settle(books.case_of_visit(who, books.sums_of(*sums)), terms, books.year_of_drawn(year))
    check_identities(found)
    check_steps_add_up(found)


@given(books.benefits, books.visits, books.sums, books.years, st.integers(0, 500_000))
def test_more_cost_within_scope_never_lowers_the_funds_part(benefit, who, sums, year, more):
    terms = books.terms_of(benefit, [], who["tier"])
    full, over, first, within, tests = sums
    before = settle(books.case_of_visit(who, books.sums_of(*sums)), terms, books.year_of_drawn(year))
    dearer = books.sums_of(full, over, first, within + more, tests)
    after = settle(books.case_of_visit(who, dearer), terms, books.year_of_drawn(year))
    assert after.basic_fund_fen >= before.basic_fund_fen
    assert after.patient_part_fen - before.patient_part_fen <= more


@given(books.benefits, books.layers(), books.visits, books.sums, books.years)
def test_nothing_is_paid_twice_a_patient_never_gains(benefit, layers, who, sums, year):
    assume(min(sums) >= 0)
    terms = books.terms_of(benefit, layers, who["tier"])
    found = settle(books.case_of_visit(who, books.sums_of(*sums)), terms, books.year_of_drawn(year))
    assert found.patient_part_fen >= 0
    assert found.cash_paid_fen >= 0


@given(
    books.benefits, books.layers(), books.visits, books.years,
    st.lists(st.tuples(st.integers(0, 9), books.sums), min_size=1, max_size=6), st.sets(st.integers(0, 9), max_size=3),
)  # fmt: skip
def test_periods_between_mid_stay_settlements_sum_to_the_whole(benefit, layers, who, year, charges, cuts):
    by_day, whole = {}, LineSums()
    for day, sums in charges:
        by_day.setdefault(books.DAY - day, LineSums()).add_sums(books.sums_of(*sums))
        whole.add_sums(books.sums_of(*sums))
    terms = books.terms_of(benefit, layers, who["tier"])
    at_once = settle(books.case_of_visit(who, whole, by_day=by_day), terms, books.year_of_drawn(year))
    days = tuple(books.DAY - cut for cut in cuts)
    cut = settle(books.case_of_visit(who, whole, by_day=by_day, mid_stay_days=days), terms, books.year_of_drawn(year))
    check_periods(cut)
    check_identities(cut)
    check_steps_add_up(cut)
    assert len(cut.periods) in {0, len(cuts - {0}) + 1}
    for name in cut.__struct_fields__:
        if name not in {"periods", "steps"}:
            assert getattr(cut, name) == getattr(at_once, name)


@given(
    books.benefits, books.layers(), books.visits,
    st.lists(st.tuples(st.integers(-20, 20), books.sums), min_size=1, max_size=6),
    st.sets(st.integers(0, 19), max_size=2),
)  # fmt: skip
def test_a_stay_split_at_the_years_end_keeps_every_identity(benefit, layers, who, charges, cuts):
    new_year = books.day_number("2026-01-01")
    by_day, whole = {}, LineSums()
    for day, sums in charges:
        by_day.setdefault(new_year + day, LineSums()).add_sums(books.sums_of(*sums))
        whole.add_sums(books.sums_of(*sums))
    terms = books.terms_of(benefit | {"year_end": "split"}, layers, who["tier"])
    case = books.case_of_visit(
        who, whole, by_day=by_day, admitted_day=new_year - 10, end_day=new_year + 10,
        mid_stay_days=tuple(new_year - 10 + cut for cut in cuts),
    )  # fmt: skip
    found = settle(case, terms, lambda year: books.year_of_drawn({}) if year == 2026 else None)
    check_periods(found)
    check_identities(found)
    check_steps_add_up(found)
    assert {period.year for period in found.periods} == {2025, 2026}


@given(
    who=books.visits,
    charges=st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 900_000)), min_size=1, max_size=6),
    bands=books.bands(),
)
@example(who=ANYBODY, charges=[(-1, 333), (1, 333)], bands=[{"from": "0", "share": "85%"}])
def test_what_is_per_visit_goes_on_over_the_years_end(who, charges, bands):
    """With nothing per year and the same terms in both years, the split changes no figure."""
    new_year = books.day_number("2026-01-01")
    by_day, whole = {}, LineSums()
    for day, within in charges:
        by_day.setdefault(new_year + day, LineSums()).add_sums(books.sums_of(0, 0, 0, within, 0))
        whole.add_sums(books.sums_of(0, 0, 0, within, 0))
    benefit = {"ratios": [{"bands": bands}], "deductibles": [{"amounts": ["1200", "600"]}], "account": ["proportion"]}
    found = {}
    for year_end in ("discharge", "split"):
        terms = books.terms_of(benefit | {"year_end": year_end}, [], who["tier"])
        case = books.case_of_visit(who, whole, by_day=by_day, admitted_day=new_year - 9, end_day=new_year + 9)
        found[year_end] = settle(case, terms)
    for name in ("deductible_fen", "basic_fund_fen", "patient_part_fen", "account_paid_fen", "deductible_standard_fen"):
        assert getattr(found["split"], name) == getattr(found["discharge"], name)


def test_without_terms_for_a_day_everything_is_the_patients():
    terms = books.terms_of(FULL_SHARE, [], "3")
    case = books.case_of_visit(ANYBODY, books.sums_of(1, 2, 3, 400_000, 0))
    assert settle(case, terms).basic_fund_fen == 238_000
    terms.standing = "coverage_pending"
    found = settle(case, terms)
    assert (found.full_self_pay_fen, found.patient_part_fen, found.fund_total_fen) == (400_006, 400_006, 0)

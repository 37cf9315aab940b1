"""The year so far: what an ended visit adds, and which visits stand before another."""

import msgspec
from hypothesis import given

from agents.core.settlement.settle import settle
from agents.core.settlement.year import Ended, YearShare, ended_of, year_before
from schemas.ledger import LayerYear, PoolYear, YearToDate
from tests.agents.settlement import books
from tests.agents.settlement.test_settle import ANYBODY

RICH = {
    "ratios": [{"bands": [{"share": "80%"}]}],
    "deductibles": [{"amounts": ["1000", "500"]}],
    "cap": "3000",
    "limits": [{"disease": "I10", "per": "year", "amount": "5000"}],
}
ABOVE = [{
    "id": "l", "source": "示例", "kind": "critical_illness", "order": 1, "base": ["deductible", "proportion"],
    "deductible": "500", "bands": [{"share": "50%"}],
}]  # fmt: skip


def visit(visit_id, admitted_at, ended_at, **share):
    return Ended(visit_id, admitted_at, ended_at, (YearShare(2026, "inpatient", **share),))


def a_case(visit_id="V1", admitted_at=100, ended_at=200, **more):
    case = books.case_of_visit(ANYBODY | {"diseases": ["I10"]}, books.sums_of(0, 0, 0, 600_000, 0))
    case.visit_id, case.admitted_at, case.ended_at = visit_id, admitted_at, ended_at
    case.is_ended = True
    for name, value in more.items():
        setattr(case, name, value)
    return case


def test_an_ended_visit_adds_what_its_steps_say():
    case = a_case()
    settlement = settle(case, books.terms_of(RICH, ABOVE, "3"))
    # 6000 − 1000 = 5000 × 80 % = 4000, capped at 3000; 大病 base 1000 + 1000, (2000 − 500) × 50 %
    assert ended_of(case, settlement) == Ended(
        "V1",
        100,
        200,
        (
            YearShare(
                2026,
                "inpatient",
                1,
                100_000,
                500_000,
                300_000,
                {"critical_illness": (200_000, 75_000)},
                {"I10": 300_000},
            ),
        ),
    )


def test_an_uncovered_visit_adds_nothing_and_an_outpatient_visit_no_admission():
    terms = books.terms_of(RICH, [], "3")
    case = a_case(is_outpatient=True)
    (share,) = ended_of(case, settle(case, terms)).years
    assert share.admissions == 0
    assert ended_of(case, settle(case, terms)).ended_at == case.admitted_at
    terms.standing = "coverage_pending"
    assert ended_of(case, settle(case, terms)).years == ()


def test_what_is_added_travels():
    ended = visit("V1", 1, 2, layers={"other": (3, 4)}, limits={"I10": 5})
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(ended), type=Ended) == ended


def test_a_visit_begins_with_the_visits_that_ended_before_it():
    before = [visit("A", 10, 50, admissions=1, fund_fen=7), visit("B", 60, 90, admissions=1, deductible_fen=3)]
    after = [visit("C", 100, 250, admissions=1), visit("V1", 100, 200, admissions=1)]
    found = year_before(a_case(), None, [*after, *before], 2026)
    assert found == YearToDate(2026, 0, 2, {"inpatient": PoolYear(3, 0, 7)})


def test_a_visit_in_hospital_stands_behind_all_that_ended():
    ended = [visit("C", 150, 250, admissions=1)]
    assert year_before(a_case(is_ended=False), None, ended, 2026).admissions == 1


def test_a_statement_holds_what_ended_before_it_and_only_its_own_year():
    stated = YearToDate(2026, 60, 4, {"inpatient": PoolYear(1, 2, 3)}, {"other": LayerYear(5, 6)}, {"I10": 8})
    ended = [
        visit("A", 10, 50, admissions=1, fund_fen=100),
        visit("B", 55, 60, admissions=1, fund_fen=10, layers={"other": (1, 1)}, limits={"I10": 2}),
    ]
    assert year_before(a_case(), stated, ended, 2026) == YearToDate(
        2026, 60, 5, {"inpatient": PoolYear(1, 2, 13)}, {"other": LayerYear(6, 7)}, {"I10": 10}
    )
    assert year_before(a_case(), stated, ended, 2025) == YearToDate(2025)


@given(books.benefits, books.layers(), books.visits, books.sums, books.years)
def test_the_year_after_a_visit_is_the_year_before_and_what_it_paid(benefit, layers, who, sums, year):
    terms = books.terms_of(benefit, layers, who["tier"])
    case = books.case_of_visit(who, books.sums_of(*sums))
    stated = books.year_of_drawn(year)
    found = settle(case, terms, stated)
    later = a_case("V2", case.admitted_at + 10, 10**9)
    after = year_before(later, stated, [ended_of(case, found)], 2026)
    pool, was = after.pools.get("inpatient", PoolYear()), stated.pools.get("inpatient", PoolYear())
    assert pool.fund_fen - was.fund_fen == found.basic_fund_fen
    assert pool.deductible_fen - was.deductible_fen == found.deductible_fen
    assert after.admissions - stated.admissions == (found.admission_number > 0)
    for kind in books.KINDS:
        paid = after.layers.get(kind, LayerYear()).paid_fen - stated.layers.get(kind, LayerYear()).paid_fen
        assert paid == getattr(found, f"{'other_fund' if kind == 'other' else kind}_fen")

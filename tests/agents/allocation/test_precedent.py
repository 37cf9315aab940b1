"""What the book says beforehand: totals of the year, quotas of the year before."""

from agents.core.allocation.plan import Measure, Pot
from agents.core.allocation.precedent import LastQuotas, totals_of
from agents.core.allocation.sample import Key
from agents.core.policy import Policy
from schemas.book import Book, Budget, Quota, Scope

HERE = Scope(region="610100", hospital="H1")


def budget(yuan, **said):
    plain = {"id": f"b{yuan}", "source": "test", "year": 2026, "amount": yuan, "scope": {"hospital": "H1"}}
    return Budget.model_validate(plain | said)


def last(key, *quotas, measure=Measure.BASIC):
    found = [Quota.model_validate({"id": f"q{place}", "source": "test"} | quota) for place, quota in enumerate(quotas)]
    return LastQuotas(Policy(Book(version="1", quotas=tuple(found))), "H1", 2026, measure)(key)


def test_the_hospitals_budget_of_the_year_is_the_total():
    assert totals_of([budget(100, basis="fund")], HERE, 2026) == (Pot(10_000, Measure.FUND, id="b100"),)


def test_budgets_of_departments_other_years_other_hospitals_and_retired_ones_are_no_totals():
    others = [
        budget(1, scope={"hospital": "H1", "department": "A"}), budget(2, year=2025), budget(3, status="retired"),
        budget(4, scope={"hospital": "H2"}), budget(5, scope={"region": "610100"}),
    ]  # fmt: skip

    assert totals_of(others, HERE, 2026) == ()


def test_there_is_a_total_for_each_kind_of_visit():
    inpatient = budget(2, scope={"hospital": "H1", "care_type": "21"})
    residents = budget(3, scope={"hospital": "H1", "insurance_type": "390"})

    found = totals_of([budget(1), inpatient, residents], HERE, 2026)
    assert {(pot.care_type, pot.insurance_type): pot.id for pot in found} == {
        ("", ""): "b1", ("21", ""): "b2", ("", "390"): "b3",
    }  # fmt: skip


def test_a_budget_in_force_outweighs_a_draft_and_a_draft_is_better_than_none():
    draft = budget(9, status="draft", scope={"hospital": "H1", "department": "*"})

    assert [pot.id for pot in totals_of([draft, budget(1)], HERE, 2026)] == ["b1"]
    assert [pot.id for pot in totals_of([draft], HERE, 2026)] == ["b9"]


def test_the_last_quota_is_the_one_in_force_on_the_last_day_before_the_year():
    old = {"quota": 700, "effective_to": "2025-06-30"}
    late = {"quota": 800, "effective_from": "2025-07-01", "effective_to": "2025-12-31"}
    new = {"quota": 900, "effective_from": "2026-01-01"}

    assert last(Key("A", "21", ""), old, late, new) == 80_000
    assert last(Key("A", "21", ""), old, new) is None


def test_the_most_specific_last_quota_counts_and_one_of_another_insurance_does_not():
    general, own = {"quota": 100}, {"quota": 200, "scope": {"department": "A", "care_type": "21"}}
    residents = {"quota": 300, "scope": {"department": "A", "care_type": "21", "insurance_type": "390"}}

    assert last(Key("A", "21", ""), general, own, residents) == 20_000
    assert last(Key("A", "21", "390"), general, own, residents) == 30_000
    assert last(Key("B", "21", ""), general, own, residents) == 10_000


def test_a_last_quota_that_counts_other_money_is_none_and_noted():
    book = Book(version="1", quotas=(Quota.model_validate({"id": "q", "source": "t", "quota": 1, "basis": "total"}),))
    quotas = LastQuotas(Policy(book), "H1", 2026, Measure.BASIC)

    assert quotas(Key("A", "21", "")) is None
    assert quotas.other_basis == {Key("A", "21", "")}

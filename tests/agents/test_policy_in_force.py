"""Which quota and thresholds hold for whom and when: the most specific valid entry wins."""

import pytest

from agents.core import policy as module
from agents.core.policy import Policy
from schemas.alerts import Rule
from schemas.book import Book, Quota
from schemas.units import day_number
from tests.agents.books import QUOTA_LEVELS, book, quota, watch

DAY = day_number("2026-06-01")


def in_force(*scopes, region="", day=DAY, subject=("H1", "D1", "21", "310")) -> str | None:
    quotas = tuple(
        Quota.model_validate({"id": str(scope), "source": "s", "quota": 1, "scope": scope}) for scope in scopes
    )
    found = Policy(Book(version="v", quotas=quotas, region=region)).watches(*subject, day).quota
    return found.policy_id if found else None


ORDERED = [
    {}, {"region": "R"}, {"hospital": "H1"}, {"insurance_type": "310"}, {"insurance_type": "310", "hospital": "H1"},
    {"care_type": "21"}, {"care_type": "21", "insurance_type": "310", "hospital": "H1", "region": "R"},
    {"department": "D1"}, {"department": "D1", "care_type": "21"},
]  # fmt: skip


@pytest.mark.parametrize("count", range(1, len(ORDERED) + 1))
def test_the_most_specific_entry_wins_in_whatever_order_they_stand(count):
    scopes = ORDERED[:count]
    assert in_force(*scopes, region="R") == in_force(*reversed(scopes), region="R") == str(scopes[-1])


OTHERS = [
    {"region": "R"}, {"hospital": "H2"}, {"department": "D2"}, {"care_type": "11"}, {"insurance_type": "390"},
    {"department": "D1", "care_type": "11"},
]  # fmt: skip


@pytest.mark.parametrize("scope", OTHERS)
def test_an_entry_for_others_does_not_hold(scope):
    assert in_force(scope) is None


def test_an_entry_that_names_something_does_not_hold_where_it_is_unknown():
    assert in_force({"insurance_type": "310"}, subject=("H1", "D1", "21", "")) is None


@pytest.mark.parametrize(
    ("day", "holds"), [("2025-12-31", False), ("2026-01-01", True), ("2026-12-31", True), ("2027-01-01", False)]
)
def test_both_days_of_an_entry_belong_to_it(day, holds):
    policy = book(quota(1, effective_from="2026-01-01", effective_to="2026-12-31"))
    assert bool(policy.watches("H1", "D1", "21", "310", day_number(day)).quota) == holds


def test_an_entry_that_is_switched_off_does_not_hold():
    assert book(quota(1, status="retired")).watches("H1", "", "", "", DAY).quota is None
    assert book(watch("case_cost", {"red": "1"}, status="retired")).watches("H1", "", "", "", DAY).by_rule == {}


def test_the_visit_quota_is_watched_in_fen_rounded_up_and_its_margin_to_the_nearest():
    policy = book(watch("visit_quota", QUOTA_LEVELS, clear_margin=250), quota("3.33"))
    found = policy.watches("H1", "", "", "", DAY).by_rule[Rule.VISIT_QUOTA]
    assert found.at == (267, 333, 1332)
    assert found.margin == 8


def test_each_rule_is_resolved_by_itself():
    policy = book(watch("case_cost", {"red": "1"}, scope={"department": "D1"}), watch("drug_ratio", {"red": 1}))
    assert set(policy.watches("H1", "D1", "", "", DAY).by_rule) == {Rule.CASE_COST, Rule.DRUG_RATIO}
    assert set(policy.watches("H1", "D2", "", "", DAY).by_rule) == {Rule.DRUG_RATIO}


def test_a_full_cache_begins_anew_and_answers_the_same(monkeypatch):
    monkeypatch.setattr(module, "CACHE_LIMIT", 2)
    policy = book(quota(1, "D1"), quota(2, "D2"))
    found = [policy.watches("H1", f"D{number % 4}", "", "", DAY).quota for number in range(20)]
    assert [quota.quota_fen if quota else None for quota in found] == [None, 100, 200, None] * 5

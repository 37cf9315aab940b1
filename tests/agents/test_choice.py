"""The book says which entry holds and why the others do not."""

from hypothesis import given
from hypothesis import strategies as st

from agents.core.choice import Why, explain_choice
from agents.core.policy import active, most_specific
from schemas.book import Book, Scope
from schemas.units import day_number

DAY = day_number("2026-06-01")
SUBJECT = Scope(region="611000", hospital="H1", insurance_type="310", care_type="21", department="D1")


def quota(name: str, **more) -> dict:
    return {"id": name, "quota": 1, "source": "s", **more}


def choices(subject: Scope = SUBJECT, **sections) -> list:
    return explain_choice(Book.model_validate({"version": "v", **sections}), subject, DAY)


def test_each_loser_has_its_reason_and_those_that_came_close_stand_first():
    (choice,) = choices(
        quotas=[
            quota("all"),
            quota("draft", status="draft", scope={"department": "D1"}),
            quota("old", status="retired", scope={"department": "D1"}),
            quota("past", scope={"department": "D1"}, effective_to="2025-12-31"),
            quota("future", scope={"department": "D1"}, effective_from="2027-01-01"),
            quota("other", scope={"department": "D2", "care_type": "21"}),
            quota("mine", scope={"department": "D1"}),
            quota("care", scope={"care_type": "21"}),
        ]
    )
    assert choice.winner is not None
    assert choice.winner.id == "mine"
    assert choice.text == "适用：科室 D1，一直有效 | holds for department D1 at all times"
    assert [(loser.entry.id, loser.why) for loser in choice.losers] == [
        ("care", Why.LESS_SPECIFIC), ("all", Why.LESS_SPECIFIC), ("past", Why.EXPIRED), ("future", Why.NOT_YET),
        ("other", Why.OTHER_SCOPE), ("old", Why.RETIRED), ("draft", Why.DRAFT),
    ]  # fmt: skip
    assert {loser.entry.id: loser.text.partition(" | ")[2] for loser in choice.losers} == {
        "care": "less specific than mine, which names the department",
        "all": "less specific than mine, which names the department",
        "past": "ended on 2025-12-31",
        "future": "holds from 2027-01-01",
        "other": "is only for department D2 (here D1)",
        "old": "retired",
        "draft": "a draft",
    }


def test_of_two_regions_the_smaller_one_wins_and_that_is_said():
    (choice,) = choices(
        quotas=[quota("province", scope={"region": "610000"}), quota("city", scope={"region": "611000"})]
    )
    assert choice.winner is not None
    assert choice.winner.id == "city"
    assert choice.losers[0].text == "不如 city 具体：后者的地区更小 | less specific than city, whose region is smaller"


def test_what_the_subject_does_not_name_is_said_as_missing():
    (choice,) = choices(Scope(hospital="H1"), quotas=[quota("q", scope={"insurance_type": "310"})])
    assert choice.winner is None
    assert choice.text == "没有适用的条目 | no entry holds"
    assert choice.losers[0].text == "只适用于 险种 310（这里没有） | is only for insurance type 310 (here none)"


def test_each_rule_year_and_kind_is_a_choice_of_its_own():
    levels = [{"level": "red", "at": 100}]
    found = choices(
        thresholds=[{"id": rule, "rule": rule, "source": "s", "levels": levels} for rule in ("drug_ratio", "transfer")],
        budgets=[{"id": f"b{year}", "year": year, "amount": 1, "source": "s"} for year in (2026, 2027)],
    )
    assert [(choice.section, choice.subject) for choice in found] == [
        ("thresholds", "drug_ratio"), ("thresholds", "transfer"),
        ("budgets", "budget 2026"), ("budgets", "budget 2027"),
    ]  # fmt: skip


def test_care_types_that_an_entry_lists_count_as_its_scope():
    ratios = [{"bands": [{"share": "80%"}]}]
    found = choices(
        benefits=[
            {"id": "in", "source": "s", "care_types": ["21", "22"], "ratios": ratios},
            {"id": "out", "source": "s", "care_types": ["11"], "ratios": ratios},
            {"id": "any", "source": "s", "ratios": ratios},
        ],
        methods=[
            {"id": "m11", "source": "s", "kind": "by_item", "conditions": {"care_types": ["11"]}},
            {"id": "m21", "source": "s", "kind": "by_item", "conditions": {"care_types": ["21"]}},
        ],
    )
    benefit, method = found
    assert (benefit.winner.id, method.winner.id) == ("in", "m21")
    assert [(loser.entry.id, loser.why) for loser in benefit.losers] == [
        ("any", Why.LESS_SPECIFIC), ("out", Why.OTHER_SCOPE),
    ]  # fmt: skip
    assert method.losers[0].text.endswith("is only for care type 11 (here 21)")


names = st.sampled_from(["", "a", "b"])
scopes = st.fixed_dictionaries({
    "region": st.sampled_from(["", "61", "610000", "611000"]), "hospital": names, "insurance_type": names,
    "care_type": names, "department": names,
})  # fmt: skip
spans = st.sampled_from([{}, {"effective_to": "2025-12-31"}, {"effective_from": "2027-01-01"}, {"status": "draft"}])


@given(st.lists(st.tuples(scopes, spans), min_size=1, max_size=12), scopes)
def test_the_winner_is_the_one_the_pipeline_uses_and_every_other_entry_is_explained(listed, subject):
    book = Book.model_validate({
        "version": "v", "quotas": [quota(f"q{n}", scope=scope, **more) for n, (scope, more) in enumerate(listed)],
    })  # fmt: skip
    (choice,) = explain_choice(book, Scope(**subject), DAY)
    assert choice.winner is most_specific(active(book.quotas), Scope(**subject), DAY)
    explained = [loser.entry.id for loser in choice.losers] + ([choice.winner.id] if choice.winner else [])
    assert sorted(explained) == sorted(entry.id for entry in book.quotas)
    assert all(loser.text.count(" | ") == 1 for loser in choice.losers)

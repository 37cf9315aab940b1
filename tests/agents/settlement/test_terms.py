"""Which terms hold: the most specific entry, the narrowest row, one layer of a kind; the same object for the same."""

import pytest

from agents.core.policy import Policy
from agents.core.settlement.terms import TermsBook, limits_for, row_for
from schemas.book import Book
from schemas.book.settlement import LimitRow, RatioRow
from schemas.units import day_number

DAY = day_number("2026-03-10")
WHOLE = [{"bands": [{"share": "50%"}]}]


def benefit(name, **more):
    return {"id": name, "source": "示例", "ratios": WHOLE, **more}


def layer(name, **more):
    fixed = {"kind": "critical_illness", "order": 1, "base": ["proportion"], "bands": [{"share": "50%"}]}
    return {"id": name, "source": "示例", **fixed, **more}


def terms_book(*benefits, layers=(), **more):
    book = {"version": "t", "benefits": benefits, "layers": layers, **more}
    return TermsBook(Policy(Book.model_validate(book)))


def test_the_most_specific_benefit_wins_a_listed_care_type_outweighs_the_insurance():
    book = terms_book(
        benefit("any"),
        benefit("by insurance", scope={"insurance_type": "310"}),
        benefit("by care type", care_types=["21", "22"]),
        benefit("by hospital", scope={"hospital": "H1"}),
        benefit("other year", care_types=["21"], effective_to="2025-12-31"),
        benefit("draft", care_types=["21"], scope={"insurance_type": "310"}, status="draft"),
    )
    assert book.terms("H1", "D", "310", "21", DAY).benefit_id == "by care type"
    assert book.terms("H1", "D", "310", "11", DAY).benefit_id == "by insurance"
    assert book.terms("H1", "D", "390", "11", DAY).benefit_id == "by hospital"
    assert book.terms("H2", "D", "390", "11", DAY).benefit_id == "any"


def test_without_insurance_coverage_is_pending_without_benefit_there_is_none():
    book = terms_book(benefit("b", scope={"insurance_type": "310"}))
    assert book.terms("H1", "D", "", "21", DAY).standing == "coverage_pending"
    assert book.terms("H1", "D", "380", "21", DAY).standing == "no_benefit"


def test_days_between_two_changes_share_the_very_same_terms():
    book = terms_book(benefit("old", effective_to="2025-12-31"), benefit("new", effective_from="2026-01-01"))
    first, last = day_number("2026-01-01"), day_number("2026-12-31")
    assert book.terms("H1", "D", "310", "21", first) is book.terms("H1", "D", "310", "21", last)
    assert book.terms("H1", "D", "310", "21", first - 1).benefit_id == "old"
    assert book.terms("H1", "D1", "310", "21", first) is book.terms("H1", "D2", "310", "21", last)


def test_lines_are_split_by_the_same_rules_where_only_the_day_differs():
    book = terms_book(
        benefit("old", effective_to="2025-12-31"),
        benefit("new", effective_from="2026-01-01"),
        benefit("elsewhere", care_types=["11"], class_b_share="20%"),
    )
    old, new = book.terms("H1", "D", "310", "21", DAY - 365), book.terms("H1", "D", "310", "21", DAY)
    assert old is not new
    assert old.lines is new.lines
    assert book.terms("H1", "D", "310", "11", DAY).lines is not new.lines


def test_region_and_tier_may_be_given_instead_of_the_hospitals():
    book = terms_book(
        benefit("here", scope={"region": "440100"}),
        benefit("there", scope={"region": "610000"}),
        hospitals=[{"code": "H1", "region": "440103", "tier": "2"}],
    )
    here = book.terms("H1", "D", "310", "21", DAY)
    there = book.terms("H1", "D", "310", "21", DAY, region="611000", tier="3")
    assert (here.benefit_id, here.tier) == ("here", "2")
    assert (there.benefit_id, there.tier) == ("there", "3")


@pytest.mark.parametrize(
    ("tier", "person", "share"),
    [("3", "1101", 1000), ("3", "1501", 1000), ("2", "1501", 2000), ("2", "1201", 3000), ("3", "1202", 4000)],
)
def test_the_longest_person_prefix_comes_first_then_the_tier(tier, person, share):
    rows = tuple(
        RatioRow.model_validate({"tier": row[0], "person": row[1], "bands": [{"share": row[2]}]})
        for row in (("3", "", 1000), ("", "", 2000), ("", "12", 3000), ("3", "12", 4000))
    )
    found = row_for(rows, tier, person)
    assert found is not None
    assert found.bands[0].share == share


def test_a_row_for_these_persons_outweighs_the_row_of_the_tier():
    rows = tuple(
        RatioRow.model_validate({"tier": tier, "person": person, "bands": [{"share": share}]})
        for tier, person, share in (("3", "", 1000), ("", "13", 10_000))
    )
    found = row_for(rows, "3", "1300")
    assert found is not None
    assert found.bands[0].share == 10_000


def test_no_row_for_a_person_is_none():
    rows = (RatioRow.model_validate({"person": "11", "bands": [{"share": "50%"}]}),)
    assert row_for(rows, "3", "1501") is None


def test_of_the_limits_the_narrowest_holds_of_each_kind():
    rows = tuple(
        LimitRow.model_validate(row)
        for row in (
            {"amount": "1"},
            {"amount": "2", "procedure": "74"},
            {"amount": "3", "procedure": "74.1"},
            {"amount": "4", "disease": "O82", "of": "within_scope"},
            {"amount": "5", "per": "year", "disease": "O"},
            {"amount": "6", "per": "year", "disease": "O82"},
        )
    )
    found = limits_for(rows, ("O82.900",), ("74.1001",), "maternity")
    assert sorted((limit.amount, limit.is_fund, limit.is_yearly, limit.key) for limit in found) == [
        (300, True, False, "maternity"),
        (400, False, False, "O82.900"),
        (600, True, True, "O82.900"),
    ]
    assert [limit.amount for limit in limits_for(rows, ("I10",), (), "maternity")] == [100]


def test_of_a_kind_a_patient_has_one_layer_the_one_meant_for_such_persons():
    book = terms_book(
        benefit("b"),
        layers=[
            layer("general"),
            layer("poor", special_persons=["1"], order=9),
            layer("retired", persons=["12"]),
            layer("other kind", kind="assistance", order=0),
            layer("children only", kind="enterprise", persons=["14"]),
        ],
    )
    terms = book.terms("H1", "D", "310", "21", DAY)

    def chosen(person, special):
        return [found.entry_id for found in terms.plan(person, special, "").layers]

    assert chosen("1101", "") == ["other kind", "general"]
    assert chosen("1201", "") == ["other kind", "retired"]
    assert chosen("1201", "1") == ["other kind", "poor"]

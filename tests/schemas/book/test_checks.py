"""What a book as a whole is checked for: each finding with its place, and nothing where there is nothing to say."""

from datetime import date

import pytest

from schemas.book import Book
from schemas.book.checks import check_book, errors_of

TODAY = date(2026, 6, 1)
RATIOS = [{"bands": [{"share": "80%"}]}]


def found(*, today: date | None = None, **sections) -> list[tuple]:
    """(steps, English sentence, is it an error) of every finding."""
    findings = check_book(Book.model_validate({"version": "v", **sections}), today)
    return [(finding.steps, finding.text.partition(" | ")[2], finding.is_error) for finding in findings]


def entry(name: str = "e", **more) -> dict:
    return {"id": name, "source": "s", **more}


def benefit(**more) -> dict:
    return entry("b", **{"ratios": RATIOS, **more})


def bands(*shares: str) -> list[dict]:
    """A band for every thousand yuan."""
    last = len(shares) - 1
    return [{"from": f"{n}000", "share": share} | ({"to": f"{n + 1}000"} if n < last else {})
            for n, share in enumerate(shares)]  # fmt: skip


def test_a_tier_that_is_listed_twice_is_an_error():
    told = found(tiers=["1", "2", "2"], quotas=[entry(quota=1)])
    assert told == [(("tiers",), "a tier is listed twice", True)]


@pytest.mark.parametrize(
    ("tier", "hospital", "rows", "told"),
    [
        ("3", None, [{"tier": "1"}], ["no ratio for hospitals of tier 3"]),
        ("", {"code": "H1", "tier": "2"}, [{"tier": "1"}], ["no ratio for hospitals of tier 2"]),
        ("3", {"code": "H1", "tier": "2"}, [{"tier": "1"}, {"tier": ""}], []),
        ("", None, [{"tier": "1"}], []),
    ],
)
def test_a_benefit_needs_a_ratio_for_the_tiers_of_the_hospitals(tier, hospital, rows, told):
    rows = [row | {"bands": [{"share": "80%"}]} for row in rows]
    sections = {"tier": tier, "hospitals": [hospital] if hospital else [], "benefits": [benefit(ratios=rows)]}
    assert [sentence for _, sentence, _ in found(**sections)] == told


def test_a_benefit_of_one_hospital_needs_no_ratio_for_another_one():
    hospitals = [{"code": "H1", "tier": "1"}, {"code": "H2", "tier": "2"}]
    ratios = [{"tier": "1", "bands": [{"share": "80%"}]}]
    assert found(hospitals=hospitals, benefits=[benefit(scope={"hospital": "H1"}, ratios=ratios)]) == []


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (bands("90%"), bands("85%"), None),
        (bands("90%"), bands("90%"), None),
        (bands("90%"), bands("91%"), "its ratio is 91%, that of tier 1 90% (from 0.00 yuan)"),
        (bands("90%", "95%"), bands("85%", "96%"), "its ratio is 96%, that of tier 1 95% (from 1000.00 yuan)"),
        (bands("90%"), bands("85%", "90%", "92%"), "its ratio is 92%, that of tier 1 90% (from 2000.00 yuan)"),
    ],
)
def test_a_higher_tier_is_never_cheaper_at_any_amount(low, high, told):
    sentences = [sentence for _, sentence, is_error in found(
        benefits=[benefit(ratios=[{"tier": "1", "bands": low}, {"tier": "3", "bands": high}])]
    ) if not is_error]  # fmt: skip
    assert sentences == ([f"tier 3 is cheaper: {told}"] if told else [])


def test_tiers_are_compared_for_each_kind_of_person_with_the_rows_that_hold_for_them():
    ratios = [
        {"tier": "1", "bands": bands("90%")}, {"tier": "3", "bands": bands("85%")},
        {"tier": "1", "person": "12", "bands": bands("92%")}, {"tier": "3", "person": "12", "bands": bands("93%")},
    ]  # fmt: skip
    assert found(benefits=[benefit(ratios=ratios)]) == [
        (("benefits", 0, "ratios", 3),
         "tier 3 is cheaper: its ratio is 93%, that of tier 1 92% (from 0.00 yuan)", False),
    ]  # fmt: skip


def test_a_deductible_is_compared_at_each_admission_and_the_last_amount_holds_on():
    rows = [{"tier": "1", "amounts": ["300", "200"]}, {"tier": "3", "amounts": ["600", "400", "100"]}]
    assert found(benefits=[benefit(deductibles=rows)]) == [
        (("benefits", 0, "deductibles", 1),
         "tier 3 is cheaper: its deductible for admission 3 is 100.00, that of tier 1 200.00", False),
    ]  # fmt: skip


@pytest.mark.parametrize(("retired", "told"), [("85%", False), ("80%", False), ("79.99%", True)])
def test_retired_people_are_paid_at_least_what_people_at_work_are(retired, told):
    ratios = [{"bands": bands("80%")}, {"person": "12", "bands": bands(retired)}]
    expected = (("benefits", 0, "ratios", 1), "retired people are paid 79.99%, people at work 80%", False)
    assert found(benefits=[benefit(ratios=ratios)]) == ([expected] if told else [])


@pytest.mark.parametrize(("share", "told"), [("0%", []), (1, ["0.01%"]), (99, ["0.99%"]), (100, []), ("100%", [])])
def test_a_share_below_one_per_cent_was_probably_meant_as_per_cent(share, told):
    sentences = [sentence for _, sentence, _ in found(benefits=[benefit(ratios=[{"bands": [{"share": share}]}])])]
    assert sentences == [
        f'only {percent}: whole numbers are basis points; write "{share}%" for per cent' for percent in told
    ]


def test_entries_that_can_never_hold_are_errors():
    method = {"kind": "by_item", "conditions": {"care_types": ["21"]}, "scope": {"care_type": "11"}}
    layer = {"kind": "other", "order": 1, "base": ["proportion"], "bands": [{"share": "9%"}],
             "scope": {"care_type": "11"}, "care_types": ["21"]}  # fmt: skip
    told = found(methods=[entry(**method)], layers=[entry(**layer)])
    assert [(steps[0], is_error) for steps, _, is_error in told] == [("layers", True), ("methods", True)]


@pytest.mark.parametrize(
    ("method", "more", "told"),
    [
        ({"kind": "visit_quota"}, {}, "neither a standard nor any quota in `quotas`"),
        ({"kind": "visit_quota", "standard": 1}, {}, None),
        ({"kind": "visit_quota"}, {"quotas": [entry("q", quota=1)]}, None),
        (
            {"kind": "visit_quota"},
            {"quotas": [entry("q", quota=1, status="draft")]},
            "neither a standard nor any quota",
        ),
        ({"kind": "global_budget"}, {}, "there is no budget in `budgets`"),
        ({"kind": "global_budget"}, {"budgets": [entry("y", year=2026, amount=1)]}, None),
        ({"kind": "dip", "point_value": 8}, {}, "no DIP table"),
        ({"kind": "drg_rate", "rate": 8}, {}, "no DRG groups"),
        ({"kind": "dip", "point_value": 8, "status": "retired"}, {}, None),
    ],
)
def test_a_method_without_its_figures_is_doubtful(method, more, told):
    more = {"projections": [entry("p", expected_days=9)], **more}
    sentences = [sentence for _, sentence, is_error in found(methods=[entry(**method)], **more) if not is_error]
    assert [sentence.startswith(told or "-") for sentence in sentences] == ([True] if told else [])


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([("D1", 400), ("D2", 600)], False),
        ([("D1", 400), ("D2", 601)], True),
        ([("D1", 400), ("D2", 601, {"year": 2027})], False),
        ([("D1", 400), ("D2", 601, {"basis": "total"})], False),
        ([("D1", 400), ("D2", 601, {"status": "draft"})], False),
    ],
)
def test_department_budgets_are_held_to_that_of_the_hospital(parts, told):
    budgets = [entry("whole", year=2026, amount=1000)]
    budgets += [entry(name, year=2026, amount=amount, scope={"department": name}) | (more[0] if more else {})
                for name, amount, *more in parts]  # fmt: skip
    sentence = "the budgets of 2 departments sum to 1001.00, more than 1000.00"
    assert found(budgets=budgets) == ([(("budgets", 0, "amount"), sentence, False)] if told else [])


def test_an_expired_entry_is_doubtful_unless_another_one_follows_it():
    old = entry("old", quota=1, effective_to="2025-12-31")
    kept = entry("kept", quota=1, scope={"department": "D1"})
    assert found(today=TODAY, quotas=[old, entry("new", quota=1, effective_from="2026-01-01"), kept]) == []
    assert found(today=TODAY, quotas=[kept, old]) == [
        (("quotas", 1, "effective_to"), "expired on 2025-12-31, and no entry follows it", False)
    ]
    assert found(today=TODAY, quotas=[old]) == [
        (("quotas", 0), "every entry of this section has expired by 2025-12-31", False)
    ]
    assert found(quotas=[old]) == []


def test_codes_are_told_once_with_their_number_and_local_ones_are_known():
    quotas = [entry(f"q{n}", quota=1, scope={"care_type": "2101", "department": f"D{n}"}) for n in range(3)]
    assert found(quotas=quotas) == [
        (("quotas", 0, "scope", "care_type"),
         "2101 is not in the code table care_type, 3 times; local codes belong into tables.codes", False),
    ]  # fmt: skip
    assert found(quotas=quotas, codes=[{"table": "care_type", "code": "2101", "name_zh": "单病种"}]) == []


@pytest.mark.parametrize(("person", "known"), [("11", True), ("1", True), ("110101", True), ("77", False), ("", True)])
def test_persons_are_written_as_prefixes_of_their_codes(person, known):
    ratios = [{"bands": bands("80%")}]
    ratios += [{"person": person, "bands": bands("80%")}] if person else []
    assert (found(benefits=[benefit(ratios=ratios)]) == []) is known


def test_the_codes_of_a_full_visit_to_the_tables_are_known():
    item = {"item_code": "X", "category": "9", "list_type": "101", "insurance_type": "310"}
    assert found(quotas=[entry(quota=1)], catalogue=[item]) == []
    told = found(
        quotas=[entry(quota=1)], catalogue=[item | {"category": "77", "list_type": "9", "insurance_type": "1"}]
    )
    assert [steps[2] for steps, _, _ in told] == ["category", "list_type", "insurance_type"]


def test_only_errors_keep_a_book_from_being_used():
    book = Book.model_validate({"version": "v", "status": "draft", "hospitals": [{"code": "H"}, {"code": "H"}]})
    findings = check_book(book)
    assert len(findings) == 3
    assert [finding.steps for finding in errors_of(findings)] == [("hospitals", 1, "code")]

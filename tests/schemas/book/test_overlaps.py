"""Which entries compete: of one subject, equally specific, in force on a common day."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.book import Book
from schemas.book.checks import check_book
from schemas.book.overlaps import check_overlaps, overlapping

YEAR = ("2026-01-01", "2026-12-31")
LEVELS = [{"level": "red", "at": 100}]
RATIOS = [{"bands": [{"share": "80%"}]}]


def entries(*spans, **common):
    return [{"id": f"e{n}", "source": "s", "effective_from": a, "effective_to": b, **common}
            for n, (a, b) in enumerate(spans)]  # fmt: skip


def named(**sections) -> list[str]:
    """Which pairs are told, e.g. `e0 e1`."""
    found = check_overlaps(Book.model_validate({"version": "v", **sections}))
    return [finding.text.rpartition("| ")[2].partition(" have")[0].replace(" and ", " ") for finding in found]


@pytest.mark.parametrize(
    ("spans", "pairs"),
    [
        ([("2026-01-01", "2026-06-30"), ("2026-07-01", "2026-12-31")], []),
        ([("2026-01-01", "2026-07-01"), ("2026-07-01", "2026-12-31")], ["e0 e1"]),
        ([("2026-07-01", "2026-12-31"), ("2026-01-01", "2026-07-01")], ["e0 e1"]),
        ([YEAR, ("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-31")], ["e0 e1", "e0 e2"]),
    ],
)
def test_every_pair_of_equally_specific_entries_that_overlap_is_named(spans, pairs):
    assert named(quotas=entries(*spans, quota=1)) == pairs


def test_entries_of_another_scope_or_switched_off_do_not_compete():
    quotas = entries(YEAR, quota=1)
    quotas += [entry | {"id": "d", "scope": {"department": "D1"}} for entry in quotas]
    quotas += [entry | {"id": f"{entry['id']}-{status}", "status": status}
               for entry in quotas for status in ("draft", "retired")]  # fmt: skip
    assert named(quotas=quotas) == []


def test_regions_compete_as_the_area_they_stand_for():
    both = [{"id": "e0", "source": "s", "quota": 1, "scope": {"region": "61"}},
            {"id": "e1", "source": "s", "quota": 1, "scope": {"region": "610000"}}]  # fmt: skip
    assert named(quotas=both) == ["e0 e1"]
    both[1]["scope"] = {"region": "610100"}
    assert named(quotas=both) == []


def pair(one: dict, other: dict, **common) -> list[dict]:
    base = {"source": "s", **common}
    return [{"id": "e0", **base, **one}, {"id": "e1", **base, **other}]


@pytest.mark.parametrize(
    ("section", "rivals", "compete"),
    [
        ("thresholds", pair({"rule": "drug_ratio"}, {"rule": "drug_ratio"}, levels=LEVELS), True),
        ("thresholds", pair({"rule": "drug_ratio"}, {"rule": "material_ratio"}, levels=LEVELS), False),
        ("budgets", pair({"year": 2026}, {"year": 2026}, amount=1), True),
        ("budgets", pair({"year": 2026}, {"year": 2027}, amount=1), False),
        ("benefits", pair({"care_types": ["21", "22"]}, {"care_types": ["22", "23"]}, ratios=RATIOS), True),
        ("benefits", pair({"care_types": ["21"]}, {"scope": {"care_type": "21"}}, ratios=RATIOS), True),
        ("benefits", pair({"care_types": ["21"]}, {"care_types": ["11"]}, ratios=RATIOS), False),
        ("benefits", pair({"care_types": ["21"]}, {}, ratios=RATIOS), False),
        ("benefits", pair({"scope": {"insurance_type": "310"}}, {"scope": {"insurance_type": "390"}}, ratios=RATIOS),
         False),
        ("projections", pair({}, {}, expected_days=9), True),
        ("special_cases", pair({}, {}), True),
    ],
)  # fmt: skip
def test_what_entries_of_each_section_compete_about(section, rivals, compete):
    assert named(**{section: rivals}) == (["e0 e1"] if compete else [])


LAYER = {"order": 1, "base": ["proportion"], "bands": [{"share": "60%"}]}


@pytest.mark.parametrize(
    ("one", "other", "compete"),
    [
        ({"kind": "assistance"}, {"kind": "assistance"}, True),
        ({"kind": "assistance"}, {"kind": "other"}, False),
        ({"kind": "assistance", "persons": ["11", "12"]}, {"kind": "assistance", "persons": ["12"]}, True),
        ({"kind": "assistance", "persons": ["11"]}, {"kind": "assistance", "persons": ["12"]}, False),
        ({"kind": "assistance", "persons": ["11"]}, {"kind": "assistance"}, False),
        ({"kind": "assistance", "special_persons": ["1"]}, {"kind": "assistance", "special_persons": ["1"]}, True),
        ({"kind": "assistance", "care_types": ["21"]}, {"kind": "assistance", "care_types": ["11", "21"]}, True),
    ],
)
def test_layers_compete_by_kind_persons_and_care_type(one, other, compete):
    assert named(layers=pair(one, other, **LAYER)) == (["e0 e1"] if compete else [])


@pytest.mark.parametrize(
    ("one", "other", "compete"),
    [
        ({}, {}, True),
        ({"care_types": ["21"]}, {"care_types": ["21", "22"]}, True),
        ({"care_types": ["21"]}, {"care_types": ["22"]}, False),
        ({"diagnoses": ["K35"]}, {"diagnoses": ["K35"]}, True),
        ({"diagnoses": ["K35"]}, {"diagnoses": ["I10"]}, False),
        ({"diagnoses": ["K35"], "procedures": ["47.0"]}, {"diagnoses": ["K35"]}, False),
    ],
)
def test_methods_compete_by_kind_care_type_disease_and_operation(one, other, compete):
    rivals = pair({"conditions": one}, {"conditions": other}, kind="dip", point_value="8")
    assert named(methods=rivals) == (["e0 e1"] if compete else [])
    rivals[1] |= {"kind": "by_item"}
    del rivals[1]["point_value"]
    assert named(methods=rivals) == []


def test_the_methods_that_compete_here_are_those_of_which_the_prediction_takes_one():
    from agents.core.payment.methods import _competes_as

    shapes = [
        {"kind": kind, "conditions": {"diagnoses": diagnoses, "procedures": procedures, "min_days": days}, **more}
        for kind, more in (("dip", {"point_value": "8"}), ("single_disease", {"disease": "A", "standard": 1}),
                           ("single_disease", {"disease": "B", "standard": 1}),
                           ("bed_day", {"bands": [{"standard": 1}]}))
        for diagnoses in ([], ["K35"]) for procedures in ([], ["47.0"]) for days in (None, 3)
    ]  # fmt: skip
    book = Book.model_validate({"version": "v", "methods": [{"id": f"m{n}", "source": "s", **shape}
                                                            for n, shape in enumerate(shapes)]})  # fmt: skip
    for one, other in itertools.combinations(book.methods, 2):
        assert (one.subject == other.subject) == (_competes_as(one) == _competes_as(other)), (one, other)


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([{"item_code": "X"}, {"item_code": "X"}], 1),
        ([{"item_code": "X"}, {"item_code": "Y"}], 0),
        ([{"item_code": "X", "effective_to": "2025-12-31"}, {"item_code": "X", "effective_from": "2026-01-01"}], 0),
        ([{"item_code": "X", "region": "61"}, {"item_code": "X", "region": "610000"}], 1),
        ([{"item_code": "X", "insurance_type": "310"}, {"item_code": "X", "insurance_type": "390"}], 0),
        ([{"item_code": "X", "hospital_item_code": "H1"}, {"item_code": "X", "hospital_item_code": "H2"}], 0),
        ([{"item_code": "X", "hospital_item_code": "H1"}, {"item_code": "Y", "hospital_item_code": "H1"}], 1),
        ([{"item_code": "X", "hospital_item_code": "H1"}, {"item_code": "X"}], 0),
    ],
)
def test_rows_of_the_catalogue_compete_by_their_own_code_region_and_insurance(rows, count):
    assert len(list(check_overlaps(Book.model_validate({"version": "v", "catalogue": rows})))) == count


class Span:
    def __init__(self, first: int, last: int) -> None:
        self.effective_from, self.effective_to = date.fromordinal(first), date.fromordinal(last)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 20)), max_size=12))
def test_exactly_the_pairs_with_a_common_day_overlap(spans):
    listed = [(number, Span(first, first + length)) for number, (first, length) in enumerate(spans)]
    common = {
        (one, other)
        for (one, a), (other, b) in itertools.combinations(listed, 2)
        if a.effective_from <= b.effective_to and b.effective_from <= a.effective_to
    }
    assert sorted(overlapping(listed)) == sorted(common)


def test_a_whole_check_of_an_empty_book_finds_only_that_it_is_empty():
    assert [finding.text for finding in check_book(Book(version="v"))] == ["没有任何条目 | there is not one entry"]

"""Quotas and thresholds: scopes, dates, units of levels."""

import itertools

import pytest
from pydantic import ValidationError

from schemas.alerts import Rule
from schemas.book import Quota, Scope, Threshold
from schemas.book.watching import BP_RULES, COUNT_RULES, DAY_RULES, FEN_RULES, HOUR_RULES

NAMES = ("region", "hospital", "insurance_type", "care_type", "department")


def threshold(rule="drug_ratio", at=4000, **changes) -> Threshold:
    levels = changes.pop("levels", [{"level": "yellow", "at": at}])
    return Threshold.model_validate({"id": "t1", "rule": rule, "source": "s", "levels": levels, **changes})


def mistakes(model, fields) -> list[str]:
    with pytest.raises(ValidationError) as error:
        model.model_validate(fields)
    return [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.value.errors()]


def test_a_department_outweighs_all_else_and_so_on_down_to_the_region():
    scopes = [Scope(**dict.fromkeys(names, "x")) for n in range(6) for names in itertools.combinations(NAMES, n)]
    ranked = sorted(scopes, key=lambda scope: scope.specificity)
    expected = sorted(scopes, key=lambda scope: [bool(getattr(scope, name)) for name in reversed(NAMES)])
    assert ranked == expected
    assert len({scope.specificity for scope in scopes}) == len(scopes) == 32


def test_every_rule_has_one_unit():
    kinds = [BP_RULES, FEN_RULES, DAY_RULES, HOUR_RULES, COUNT_RULES]
    assert sorted(itertools.chain(*kinds)) == sorted(Rule)


@pytest.mark.parametrize(
    ("rule", "at", "value"),
    [
        ("drug_ratio", 4000, 4000),
        ("drug_ratio", "4000", 4000),
        ("visit_quota", 40_000, 40_000),
        ("case_cost", "6000.01", 600_001),
        ("case_cost", 6000, 600_000),
        ("valuable_drug", "300", 30_000),
        ("consumable", "0.5", 50),
        ("length_of_stay", 15, 15),
        ("transfer", "2", 2),
    ],
)
def test_a_level_counts_basis_points_yuan_days_or_times_by_its_rule(rule, at, value):
    assert threshold(rule, at).steps == ((value, "yellow"),)


@pytest.mark.parametrize(
    ("rule", "at"),
    [
        ("drug_ratio", "40%"),
        ("drug_ratio", "0.4"),
        ("drug_ratio", 0.4),
        ("drug_ratio", ""),
        ("length_of_stay", "a week"),
        ("case_cost", "6,000"),
        ("case_cost", "6000.001"),
        ("case_cost", "NaN"),
        ("case_cost", "1e400"),
        ("transfer", "²"),
        ("drug_ratio", 0),
        ("drug_ratio", -1),
        ("case_cost", "0.00"),
        ("drug_ratio", None),
        ("drug_ratio", [1]),
    ],
)
def test_a_level_that_is_no_positive_number_of_its_unit_is_refused(rule, at):
    fields = {"id": "t", "rule": rule, "source": "s", "levels": [{"level": "yellow", "at": at}]}
    assert mistakes(Threshold, fields)


def test_levels_are_sorted_and_grow_worse():
    steps = threshold(levels=[{"level": "red", "at": 5000}, {"level": "notice", "at": 100}]).steps
    assert steps == ((100, "notice"), (5000, "red"))
    fields = {"id": "t", "rule": "drug_ratio", "source": "s"}
    worse = [{"level": "red", "at": 100}, {"level": "yellow", "at": 200}]
    assert "grow worse" in mistakes(Threshold, fields | {"levels": worse})[0]
    equal = [{"level": "yellow", "at": 100}, {"level": "red", "at": 100}]
    assert "two levels at the same value" in mistakes(Threshold, fields | {"levels": equal})[0]
    twice = [{"level": "red", "at": 100}, {"level": "red", "at": 200}]
    assert "grow worse" in mistakes(Threshold, fields | {"levels": twice})[0]
    assert mistakes(Threshold, fields | {"levels": []})


@pytest.mark.parametrize("margin", [-1, 4000, 5000])
def test_a_margin_that_no_value_can_pass_is_refused(margin):
    fields = {"id": "t", "rule": "drug_ratio", "source": "s", "levels": [{"level": "red", "at": 4000}]}
    assert "clear_margin" in mistakes(Threshold, fields | {"clear_margin": margin})[0]
    assert threshold(clear_margin=3999).clear_margin == 3999


@pytest.mark.parametrize(("quota", "fen"), [("12000.00", 1_200_000), (12000, 1_200_000), ("0.01", 1)])
def test_a_quota_is_written_in_yuan(quota, fen):
    assert Quota(id="q", source="s", quota=quota).quota == fen


@pytest.mark.parametrize("quota", [0, -1, "0", 12.5, True, None, "a lot", "1.005", "1" + "0" * 20])
def test_a_quota_is_a_positive_amount(quota):
    assert mistakes(Quota, {"id": "q", "source": "s", "quota": quota})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"basis": "net"}, "basis"),
        ({"source": ""}, "source"),
        ({"id": ""}, "id"),
        ({"sorce": "s"}, "sorce"),
        ({"scope": {"ward": "W"}}, "scope.ward"),
        ({"effective_from": "soon"}, "effective_from"),
        ({"effective_from": "2026-02-01", "effective_to": "2026-01-31"}, ""),
    ],
)
def test_a_mistake_in_an_entry_names_its_field(changes, field):
    assert mistakes(Quota, {"id": "q", "source": "s", "quota": 1, **changes})[0].startswith(f"{field}:")

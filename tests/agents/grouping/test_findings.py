"""Ages and codes as grouping sees them; prefixes."""

import pytest

from agents.core.case import Case
from agents.core.grouping.findings import UNKNOWN_AGE, age_days, findings_of, is_of_age
from agents.core.grouping.prefixes import Prefixes, prefix_set
from schemas.units import day_number

DAY = day_number("2026-03-02")


@pytest.mark.parametrize(
    ("birth_date", "days"),
    [
        ("2026-03-02", 0),
        ("2026-03-01", 1),
        ("20260301", 1),
        ("2026-02-01T08:00:00", 29),
        ("", UNKNOWN_AGE),
        ("long ago", UNKNOWN_AGE),
        ("2026-03-03", UNKNOWN_AGE),
    ],
)
def test_age_is_counted_in_days(birth_date: str, days: int) -> None:
    assert age_days(birth_date, DAY) == days


def test_an_unknown_age_fits_only_where_there_is_no_bound() -> None:
    assert is_of_age(UNKNOWN_AGE, None, None)
    assert not is_of_age(UNKNOWN_AGE, 0, None)
    assert not is_of_age(UNKNOWN_AGE, None, 28)
    assert is_of_age(28, 0, 28)
    assert not is_of_age(29, 0, 28)


def test_blank_and_repeated_codes_are_left_out() -> None:
    case = Case(
        main_diagnosis=" K35.8 ", diagnoses=("K35.8", "I10", "", "I10", "E11"), procedures=("54.2", "", "47.0", "54.2")
    )
    found = findings_of(case)
    assert (found.main, found.others, found.procedures) == ("K35.8", ("E11", "I10"), ("54.2", "47.0"))


def test_prefixes_find_the_longest_first() -> None:
    table = Prefixes([("K", 1), ("K35", 2), ("K35.8", 3), ("K35", 4)])
    assert table.of("K35.800") == [(5, 3), (3, 2), (3, 4), (1, 1)]
    assert table.longest("k35.9") == (3, [2, 4])
    assert table.longest("J") == (0, [])
    assert not Prefixes([])


def test_a_code_shorter_than_a_prefix_is_not_known() -> None:
    assert prefix_set(["K35.8"]).knows("K35.80")
    assert not prefix_set(["K35.8"]).knows("K35")

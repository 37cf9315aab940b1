"""DIP by directory: which row a main diagnosis and its operations lead to. 示例 rows."""

from itertools import permutations

import pytest

from agents.core.case import Case
from agents.core.grouping.dip import DipDirectory, DipGrouper
from schemas.book.groups import DipGroup
from schemas.prediction import Grouped


def row(code: str, diagnosis: str, procedures: str = "", score: str = "1000", **more: object) -> DipGroup:
    return DipGroup.model_validate({
        "code": code, "diagnosis": diagnosis, "procedures": procedures, "score": score, **more
    })  # fmt: skip


ROWS = [
    row("appendicitis", "K35", mean="4000", mean_tier_3="5000", expected_days=5),
    row("laparoscopic", "K35", "47.01", score="1400"),
    row("open", "K35", "47.09", score="1200"),
    row("with drain", "K35.8", "47.01 54.91", score="1900"),
    row("specific", "K35.8", score="600"),
    row("any operation", "K35", "54.1", kind="comprehensive", score="1500"),
    row("stroke core", "I63", score="800"),
    row("stroke comprehensive", "I63", kind="comprehensive", score="900"),
]


def group(main: str, *procedures: str, rows: list[DipGroup] = ROWS, tier: str = "3") -> Grouped:
    case = Case(main_diagnosis=main, diagnoses=(main,), procedures=procedures)
    return DipGrouper(DipDirectory(rows), tier).group(case)


def test_without_operation_the_conservative_row_with_the_longest_diagnosis_wins() -> None:
    assert group("K35.900").code == "appendicitis"
    assert group("K35.800").code == "specific"


def test_an_operation_leads_out_of_the_conservative_row() -> None:
    found = group("K35.800", "47.0100")
    assert (found.code, found.score_e4, found.path) == ("laparoscopic", 14_000_000, ("K35", "47.01"))


def test_all_operations_of_a_row_must_be_there_and_the_most_win() -> None:
    assert group("K35.800", "54.9100x003", "47.0100").code == "with drain"
    assert group("K35.800", "54.9100x003").code == "specific"


def test_an_operation_in_a_comprehensive_row_outweighs_a_core_row_without() -> None:
    assert group("K35.800", "54.1100").code == "any operation"


def test_a_core_row_goes_before_a_comprehensive_one() -> None:
    assert group("I63.900").code == "stroke core"


def test_letters_match_whatever_their_case() -> None:
    rows = [row("ulcer", "K25.0X0", "44.4X")]
    assert group("k25.0x0", "44.4x01", rows=rows).code == "ulcer"


def test_rows_that_fit_equally_are_told_and_the_main_operation_decides() -> None:
    found = group("K35.900", "47.0900", "47.0100")
    assert (found.status, found.code) == ("ambiguous", "open")
    assert group("K35.900", "47.0100", "47.0900").code == "laparoscopic"


def test_an_open_question_is_never_answered_in_the_hospitals_favour() -> None:
    rows = [row("dear", "K35", score="2000"), row("cheap", "K35", score="500")]
    for some in permutations(rows):
        found = group("K35.900", rows=list(some))
        assert (found.status, found.code) == ("ambiguous", "cheap")


def test_alternatives_of_one_group_are_not_ambiguous() -> None:
    rows = [row("either", "K35", "47.01"), row("either", "K35", "47.09")]
    assert group("K35.900", "47.0100", "47.0900", rows=rows).status == "grouped"


@pytest.mark.parametrize(("tier", "mean"), [("3", 500_000), ("2", 400_000), ("", 400_000)])
def test_the_mean_is_that_of_the_hospitals_tier(tier: str, mean: int) -> None:
    assert group("K35.900", tier=tier).mean_fen == mean


@pytest.mark.parametrize(
    ("main", "procedures", "status"),
    [
        ("", (), "no_main_diagnosis"),
        ("  ", (), "no_main_diagnosis"),
        ("J18.900", (), "diagnosis_not_listed"),
        ("Z51.100", (), "ungrouped"),
    ],
)
def test_what_cannot_be_grouped_says_why(main: str, procedures: tuple[str, ...], status: str) -> None:
    rows = [*ROWS, row("chemotherapy", "Z51.1", "99.25")]
    found = group(main, *procedures, rows=rows)
    assert (found.status, found.code, found.score_e4) == (status, "", 0)


def test_operations_that_no_row_of_the_diagnosis_knows_are_told() -> None:
    assert group("K35.800", "38.9300").unknown_procedures == ("38.9300",)
    assert group("K35.800", "47.0100", "38.9300").unknown_procedures == ()
    assert group("K35.800").unknown_procedures == ()

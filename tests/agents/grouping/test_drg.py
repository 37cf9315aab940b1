"""The table-driven DRG grouper: order of assignment, rules, complications, paths. 示例 tables."""

import timeit
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.case import Case
from agents.core.grouping.drg import DrgGrouper
from agents.core.grouping.findings import findings_of
from schemas.book.groups import DrgTables
from schemas.prediction import Grouped
from schemas.units import day_number
from tests.agents.grouping.tables import TABLES

ADMITTED = day_number("2026-03-02")
GROUPER = DrgGrouper(TABLES)


def case(main: str, *procedures: str, others: tuple[str, ...] = (), **more: object) -> Case:
    said = {"sex": "1", "birth_date": "1960-03-02", "admitted_day": ADMITTED, "discharge_way": "1"} | more
    return Case(main_diagnosis=main, diagnoses=(main, *others), procedures=procedures, **said)


def group(main: str, *procedures: str, others: tuple[str, ...] = (), **more: object) -> Grouped:
    return GROUPER.group(case(main, *procedures, others=others, **more))


def test_early_groups_go_before_everything_whatever_the_diagnosis() -> None:
    found = group("J18.900", "96.7201")
    assert (found.code, found.path[:2]) == ("AH19", ("MDCA", "AH1"))


@pytest.mark.parametrize(
    ("birth_date", "mdc"),
    [("2026-02-02", "MDCP"), ("2026-02-01", "MDCE"), ("2026-03-02", "MDCP"), ("", "MDCE"), ("2027-01-01", "MDCE")],
)
def test_newborns_are_those_under_29_days(birth_date: str, mdc: str) -> None:
    assert group("J18.900", birth_date=birth_date).path[0] == mdc


def test_hiv_goes_before_the_organ() -> None:
    assert group("B20.900").path[0] == "MDCY"


@pytest.mark.parametrize(
    ("main", "others", "mdc"),
    [
        ("S06.500", ("S27.100",), "MDCZ"),
        ("S06.500", ("S06.200",), "MDCB"),
        ("S06.500", (), "MDCB"),
        ("I63.900", ("S06.500", "S27.100"), "MDCB"),
        ("S27.100", ("S22.400", "S36.000"), "MDCZ"),
        ("S27.100", ("S22.400",), "MDCE"),
    ],
)
def test_multiple_trauma_needs_two_body_sites_the_main_diagnosis_among_them(
    main: str, others: tuple[str, ...], mdc: str
) -> None:
    assert group(main, others=others).path[0] == mdc


def test_where_no_site_is_named_each_prefix_is_one() -> None:
    tables = TABLES.model_copy(update={"mdc": tuple(row.model_copy(update={"body_site": ""}) for row in TABLES.mdc)})
    found = DrgGrouper(tables).group(case("S27.100", others=("S22.400",)))
    assert found.path[0] == "MDCZ"


def test_of_mdcs_with_one_order_the_longest_prefix_wins() -> None:
    assert group("K80.100").path[:2] == ("MDCH", "HU1")
    assert group("K35.800").path[0] == "MDCG"


@pytest.mark.parametrize(
    ("main", "sex", "status"),
    [
        ("N40.x00", "1", "grouped"),
        ("N40.x00", "2", "sex_conflict"),
        ("D25.900", "1", "sex_conflict"),
        ("D25.900", "2", "grouped"),
        ("D25.900", "", "grouped"),
        ("D25.900", "9", "grouped"),
    ],
)
def test_a_diagnosis_of_the_other_sex_is_a_conflict(main: str, sex: str, status: str) -> None:
    assert group(main, sex=sex).status == status


def test_surgery_is_tried_before_procedures_and_procedures_before_medicine() -> None:
    assert group("I63.900", "01.2400", "88.4100").path[1] == "BB1"
    assert group("I63.900", "88.4100").path[1] == "BM1"
    assert group("I63.900").path[1] == "BR2"


def test_within_a_section_rules_are_tried_in_the_order_of_the_file() -> None:
    assert group("K35.800", "47.0100", "54.2100").path[1] == "GD1"
    assert group("K35.800", "47.0100").path[1] == "GD2"


def test_a_rule_may_ask_for_age_and_other_diagnoses() -> None:
    assert group("K35.800", birth_date="2015-01-01").path[1] == "GU1"
    assert group("K35.800", birth_date="1960-01-01").path[1] == "GU2"
    assert group("K35.800", birth_date="").path[1] == "GU2"
    assert group("J96.000", others=("J44.100",)).path[1] == "ET1"
    assert group("J96.000").status == "ungrouped"


@pytest.mark.parametrize(
    ("others", "code", "level"),
    [
        ((), "ES25", "none"),
        (("I10.x00",), "ES25", "none"),
        (("E11.900",), "ES23", "CC:E11.900"),
        (("E11.900", "A41.900"), "ES21", "MCC:A41.900"),
        (("E11.000",), "ES21", "MCC:E11.000"),
        (("J96.000",), "ES25", "none"),
        (("N39.000", "E11.900"), "ES23", "CC:E11.900"),
    ],
)
def test_the_worst_complication_that_is_not_excluded_decides(others: tuple[str, ...], code: str, level: str) -> None:
    found = group("J18.900", others=others)
    assert (found.code, found.path) == (code, ("MDCE", "ES2", level))


def test_a_group_says_its_weight_mean_and_expected_days() -> None:
    found = group("J18.900", others=("A41.900",))
    assert (found.score_e4, found.mean_fen, found.expected_days, found.version) == (20_000, 1_600_000, 12, "示例-DRG")


def test_an_adrg_with_one_complicated_group_takes_mcc_too() -> None:
    assert group("K35.800", "47.0100", others=("A41.900",)).code == "GD23"


def test_an_adrg_that_tells_only_mcc_apart_takes_cc_with_the_rest() -> None:
    found = group("I63.900", others=("E11.900",))
    assert (found.code, found.path[2]) == ("BR25", "uncounted:E11.900")


def test_a_group_for_those_who_died_or_were_referred_goes_first() -> None:
    assert group("I63.900", discharge_way="5").code == "BR27"
    assert group("I63.900", discharge_way="5", others=("A41.900",)).code == "BR27"
    assert group("I63.900", discharge_way="").code == "BR25"


@pytest.mark.parametrize(
    ("main", "procedures", "status"),
    [
        ("", (), "no_main_diagnosis"),
        ("Z00.000", (), "diagnosis_not_listed"),
        ("O80.000", (), "ungrouped"),
        ("S06.500", ("01.2400",), "weight_missing"),
    ],
)
def test_what_cannot_be_grouped_says_why(main: str, procedures: tuple[str, ...], status: str) -> None:
    found = group(main, *procedures, sex="2")
    assert (found.status, found.score_e4) == (status, 0)


def test_operations_that_the_mdc_does_not_know_are_told() -> None:
    assert group("J18.900", "47.0100").unknown_procedures == ("47.0100",)
    assert group("K35.800", "47.0100", "38.9300").unknown_procedures == ()


CODES = st.sampled_from(["K35.800", "J18.900", "I63.900", "E11.900", "A41.900", "S06.500", "S27.100", "N39.000"])
OPERATIONS = st.sampled_from(["47.0100", "54.2100", "01.2400", "88.4100", "38.9300", "96.7201"])


@given(CODES, st.lists(CODES, max_size=6), OPERATIONS, st.lists(OPERATIONS, max_size=4), st.integers(0, 2**32))
def test_the_order_of_what_is_not_the_main_one_changes_nothing(
    main: str, others: list[str], first: str, more: list[str], seed: int
) -> None:
    random = Random(seed)
    here = group(main, first, *more, others=tuple(others))
    random.shuffle(others)
    random.shuffle(more)
    assert group(main, first, *more, others=tuple(others)) == here


@given(CODES, st.lists(CODES, max_size=6), st.lists(OPERATIONS, max_size=4))
def test_repeating_a_code_changes_nothing(main: str, others: list[str], procedures: list[str]) -> None:
    here = group(main, *procedures, others=tuple(others))
    assert group(main, *procedures, *procedures, others=(*others, main, *others)) == here


def test_a_full_size_table_is_grouped_in_microseconds() -> None:
    letters = "BCDEFGHIJKLMNOPQRSTUVW"
    tables = DrgTables.model_validate({
        "mdc": [{"mdc": m, "order": 5, "diagnoses": [f"{m}{n:02d}" for n in range(100)]} for m in letters],
        "rules": [
            {
                "mdc": m, "adrg": f"{m}{s}{n}", "section": "surgery" if s == "B" else "medicine",
                "diagnoses": [f"{m}{d:02d}" for d in range(n * 10, n * 10 + 10)] if s == "R" else [],
                "procedures": [f"{p:02d}.{n}" for p in range(100)] if s == "B" else [],
            }
            for m in letters for s in "BR" for n in range(10)
        ],
        "groups": [{"code": f"{m}{s}{n}9", "weight": "1"} for m in letters for s in "BR" for n in range(10)],
    })  # fmt: skip
    grouper = DrgGrouper(tables)
    findings = findings_of(case("M55.100", "47.3100", "38.9300", others=("E11.900", "I10.x00", "A41.900")))
    assert grouper.group_of(findings).code == "MB39"
    best = min(timeit.repeat(lambda: grouper._group(findings), number=200, repeat=5)) / 200
    assert best < 500e-6  # some 15 µs on an idle machine, and cached afterwards

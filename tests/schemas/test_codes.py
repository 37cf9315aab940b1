"""The national code tables: what ships is whole, what it does not know passes."""

import pytest

from schemas import codes

TABLES = {
    "insurance_type": 14, "care_type": 13, "level": 3, "category": 14, "list_type": 8, "person_type": 19, "sex": 4,
    "discharge_way": 6, "approval": 3, "decision": 7, "fund_pay_type": 12,
    "sev_deg": 3, "vola_amt_stas": 1, "vola_bhvr_type": 1, "vola_item_type": 2, "dspo_way": 4, "trig_scen": 10,
}  # fmt: skip


def test_every_table_ships_whole():
    assert {name: len(table) for name, table in codes.code_tables().items()} == TABLES


@pytest.mark.parametrize("table", TABLES)
def test_every_code_has_two_names_and_a_source(table):
    for code, entry in codes.code_tables()[table].items():
        assert entry.table == table
        assert entry.code == code
        assert entry.name_zh
        assert entry.name_en
        assert entry.source
        assert codes.is_known(table, code)
        assert codes.name_zh(table, code) == entry.name_zh
        assert codes.name_en(table, code) == entry.name_en


@pytest.mark.parametrize("table", TABLES)
def test_an_unknown_code_is_its_own_name_and_an_absent_one_is_not_unknown(table):
    assert not codes.is_known(table, "9901x")
    assert codes.name_zh(table, "9901x") == codes.name_en(table, "9901x") == "9901x"
    assert codes.is_known(table, "")


def test_the_fourteen_categories_stand_in_the_order_of_their_codes():
    assert tuple(codes.code_tables()["category"]) == codes.CATEGORY_CODES
    assert [codes.category_index(code) for code in codes.CATEGORY_CODES] == list(range(14))


@pytest.mark.parametrize(
    ("code", "index"), [("9", 8), ("09", 8), ("", 13), ("15", 13), ("009", 13), ("西药", 13), ("14", 13)]
)
def test_a_category_without_a_known_code_counts_as_other(code, index):
    assert codes.category_index(code) == index


@pytest.mark.parametrize(
    ("code", "index"), [("01", 0), ("1", 0), ("02", 1), ("03", 2), ("3", 2), ("", 3), ("丙", 3), ("04", 3)]
)
def test_a_line_without_a_known_class_is_unclassified_and_never_silently_self_pay(code, index):
    assert codes.level_index(code) == index

"""Reading a book's folder: layout, merging, tables, and what is no mistake."""

from pathlib import Path

import pytest

from agents.book import load_policy, read_book, read_folder
from schemas.alerts import Rule
from schemas.units import day_number

ROOT = Path(__file__).parents[3]
HEAD = """version: "2026.1"
name: 示例
region: 610000
hospitals:
  - {code: H1, region: 611000, tier: 3}
tables:
  catalogue: [items.csv]
"""
QUOTAS = """quotas:
  - id: q1
    quota: "12000.00"
    source: 医保办
    scope: {care_type: 21}
    effective_from: 2026-01-01
    effective_to: 2026-12-31
"""
THRESHOLDS = """thresholds:
  - id: t1
    rule: drug_ratio
    levels:
      - {level: yellow, at: 4000}
    source: 医保办
"""
ITEMS = "item_code,hospital_item_code,name,antibiotic,valuable,high_value\nXA01,D-1,药,0,1,0\n,D-2,药,1,0,0\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("book.yaml", HEAD), ("q.yaml", QUOTAS), ("t.yaml", THRESHOLDS), ("items.csv", ITEMS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_good_folder_is_read(folder):
    policy = load_policy(folder)
    watches = policy.watches("H1", "D1", "21", "310", day_number("2026-06-01"))
    assert policy.version == "2026.1"
    assert policy.hospital("H1").tier == "3"
    assert watches.quota.quota_fen == 1_200_000
    assert watches.by_rule[Rule.DRUG_RATIO].at == (4000,)
    assert policy.valuable == {"XA01", "D-1"}
    assert policy.is_antibiotic(("D-2",))
    assert policy.is_antibiotic(("I-1", "XJ01CA04"))
    assert not policy.is_antibiotic(("XA01",))


def test_without_a_folder_the_shipped_examples_watch_without_quotas():
    policy = load_policy(None)
    watches = policy.watches("H1", "D1", "21", "310", day_number("2026-06-01"))
    assert watches.quota is None
    assert set(watches.by_rule) == set(Rule) - {Rule.VISIT_QUOTA}


def test_sections_of_several_files_are_one(folder):
    (folder / "more.yml").write_text(QUOTAS.replace("q1", "q2").replace("21", "11"), encoding="utf-8")
    assert [quota.id for quota in read_book(folder).quotas] == ["q2", "q1"]


def test_a_small_book_may_be_one_file(tmp_path):
    (tmp_path / "book.yaml").write_text("version: v\n" + QUOTAS + THRESHOLDS, encoding="utf-8")
    book = read_book(tmp_path)
    assert (book.quotas[0].id, book.thresholds[0].id) == ("q1", "t1")


def test_a_table_may_be_spread_over_files_and_have_rows_that_say_nothing(folder):
    (folder / "more.csv").write_text("item_code,name\n\nXB01,甲\n,\nXB02\n", encoding="utf-8")
    (folder / "book.yaml").write_text(HEAD.replace("[items.csv]", "[items.csv, more.csv]"), encoding="utf-8")
    read = read_folder(folder)
    assert [item.item_code for item in read.book.catalogue] == ["XA01", "", "XB01", "XB02"]
    places = [read.places.find(("catalogue", index)) for index in range(4)]
    assert [(Path(path).name, line) for path, line in places] == [
        ("items.csv", 2), ("items.csv", 3), ("more.csv", 3), ("more.csv", 5),
    ]  # fmt: skip


def test_codes_and_amounts_are_read_as_they_are_written(tmp_path):
    text = """version: 2026.10
methods:
  - {id: m, source: s, kind: dip, point_value: "8.350000", conditions: {procedures: [51.2300, 051, 1e5]}}
thresholds:
  - {id: t, source: s, rule: case_cost, levels: [{level: red, at: 1000.50}]}
"""
    (tmp_path / "book.yaml").write_text(text, encoding="utf-8")
    book = read_book(tmp_path)
    assert book.version == "2026.10"
    assert book.methods[0].conditions.procedures == ("51.2300", "051", "1e5")
    assert book.thresholds[0].steps == ((100_050, "red"),)


def test_a_byte_order_mark_of_excel_is_no_mistake(folder):
    (folder / "items.csv").write_text("\ufeff" + ITEMS, encoding="utf-8")
    (folder / "book.yaml").write_text("\ufeff" + HEAD, encoding="utf-8")
    assert load_policy(folder).valuable == {"XA01", "D-1"}


def test_the_books_that_ship_are_good():
    folders = [path.parent for path in ROOT.glob("deploy/policies/*/book.yaml")]
    assert folders
    for folder in (*folders, ROOT / "agents" / "default_book"):
        assert read_book(folder).version

"""The allocation as a file of the book, and as CSV: as the golden ones say, and readable as a part of a book."""

import csv
import io
import os
from pathlib import Path

import pytest
import yaml

from agents.allocation.book_file import book_text, file_name
from agents.allocation.check_csv import allocation_csv
from agents.allocation.words import method_words
from agents.book import read_folder
from agents.core.allocation.allocate import allocate
from agents.core.allocation.plan import Measure, Pot, Trim
from schemas.book import Book, Status
from tests.agents.allocation.visits import HOSPITAL, adjustment, no_quota, plan, years

GOLDEN = Path(__file__).with_name("golden")
#: Two departments with cases enough (A heavier every year), one with three cases, a new one, one with a factor.
ROWS = [
    *years([800] * 20 + [90_000], [1000] * 20, [1100] * 20, drg_weight_e4=10_000, days=5, insurance_type="310"),
    *years(*[[2000, 2400, 2200] * 8] * 3, department="B", days=9),
    *years([], [500], [700, 600], department="C"),
    *years(*[[90, 110] * 12] * 3, department="A", care_type="11"),
]
PLAN = plan(
    min_cases=10,
    trim=Trim(0, 500),
    growth_bp=200,
    pots=(Pot(10_000_001, Measure.BASIC),),
    adjustments=(
        adjustment("B", factor="1.05", reason="新增“日间手术”：见 3 号文", who="王主任"),
        adjustment("N", care_type="21", cases=5, quota="1500.50", reason="新科室", who="王主任"),
    ),
)


@pytest.fixture(scope="module")
def allocation():
    return allocate(ROWS, PLAN, no_quota)


@pytest.fixture(scope="module")
def text(allocation):
    return book_text(allocation, method_words(PLAN)[0])


def golden(name, found):
    """The golden text; `KONGFEI_GOLDEN=write` writes it anew, for a person to read before it is committed."""
    path = GOLDEN / name
    if os.environ.get("KONGFEI_GOLDEN") == "write":
        path.write_text(found, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def test_the_book_file_is_as_the_golden_one(text):
    assert text == golden("allocation-2026.yaml", text)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_check_table_is_as_the_golden_one(allocation, lang):
    found = allocation_csv(allocation, lang)

    assert found == golden(f"allocation-2026.{lang}.csv", found)


def test_its_entries_are_drafts_of_the_year_with_a_source(text):
    book = Book.model_validate({"version": "test"} | yaml.safe_load(text))

    entries = [*book.quotas, *book.budgets]
    assert len(entries) == 5 + 1 + 4
    assert {entry.status for entry in entries} == {Status.DRAFT}
    assert {(str(entry.effective_from), str(entry.effective_to)) for entry in entries} == {("2026-01-01", "2026-12-31")}
    assert all("2023–2025" in entry.source for entry in book.quotas)
    assert len({entry.id for entry in entries}) == len(entries)


def test_it_is_accepted_where_it_lies_in_the_folder_of_a_book(text, tmp_path):
    (tmp_path / "book.yaml").write_text("version: test-1\n", encoding="utf-8")
    (tmp_path / file_name(2026)).write_text(text, encoding="utf-8")

    folder = read_folder(tmp_path)
    assert len(folder.book.quotas) == 5
    assert folder.warnings == []


def test_the_budgets_of_departments_sum_to_the_total_to_the_fen(text):
    book = Book.model_validate({"version": "test"} | yaml.safe_load(text))

    [whole] = [budget for budget in book.budgets if not budget.scope.department]
    assert sum(budget.amount for budget in book.budgets if budget.scope.department) == whole.amount == 10_000_001


def test_the_last_row_of_the_check_table_is_the_sum(allocation):
    rows = list(csv.DictReader(io.StringIO(allocation_csv(allocation, "en"))))

    assert rows[-1]["department"] == "all"
    assert rows[-1]["budget_yuan"] == "100000.01"
    assert sum(round(float(row["budget_yuan"]) * 100) for row in rows[:-1]) == 10_000_001


def test_ids_do_not_change_with_the_figures(allocation, text):
    other = book_text(allocate(ROWS[5:], PLAN, no_quota), "")

    assert [line for line in text.splitlines() if "- id" in line] == [
        line for line in other.splitlines() if "- id" in line
    ]


def test_codes_of_any_length_and_writing_make_a_valid_id():
    department = 'D"#: ' + "科" * 120
    found = allocate([*ROWS, *years(*[[10] * 12] * 3, department=department)], PLAN, no_quota)
    book = Book.model_validate({"version": "test"} | yaml.safe_load(book_text(found, "")))

    [quota] = [quota for quota in book.quotas if quota.scope.department == department]
    assert len(quota.id) == 100
    assert quota.scope.hospital == HOSPITAL

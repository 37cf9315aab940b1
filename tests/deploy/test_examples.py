"""The example visits come to the figures that were worked out by hand for them, and their README says the same."""

import re
from pathlib import Path

import pytest

from agents.book import load_policy, read_folder
from agents.visit_file import Opened, open_visit

DEPLOY = Path(__file__).parents[2] / "deploy"
EXAMPLES = DEPLOY / "examples"
POLICIES = DEPLOY / "policies"
BOOKS = ("demo", "example_shangluo", "example_taizhou")

#: File → book, and the figures in yuan, by hand: first self-pay, within scope, deductible, basic fund, funds, patient.
BY_HAND: dict[str, tuple[str, dict[str, str]]] = {
    # 白蛋白 756×20% + 磁共振 560×10% + 目录外乙类 2860×10% = 493.20; 8715 − 105 − 493.20 = 8116.80;
    # (8116.80 − 600)×92% = 6915.456
    "inpatient_employee": (
        "example_shangluo",
        {"first_self_pay": "493.20", "within_scope": "8116.80", "deductible": "600.00", "basic_fund": "6915.46",
         "fund_total": "6915.46", "patient_part": "1799.54"},
    ),
    # second admission: 800 ÷ 2; (3627.82 − 400)×89%, on 9200 before; 75 − 70 of the assay is the hospital's
    "retired_second_admission": (
        "example_taizhou",
        {"first_self_pay": "183.49", "within_scope": "3627.82", "deductible": "400.00", "basic_fund": "2872.76",
         "fund_total": "2872.76", "hospital_part": "5.00", "patient_part": "1073.55"},
    ),
    # (19052.10 − 400)×75% = 13989.075; 9300 + 400 + 4663.02 − 10000 = 4363.02, ×60% = 2617.812
    "resident_critical_illness": (
        "example_shangluo",
        {"first_self_pay": "2270.50", "within_scope": "19052.10", "deductible": "400.00", "basic_fund": "13989.08",
         "critical_illness": "2617.81", "fund_total": "16606.89", "patient_part": "11515.71"},
    ),
    # 267.54×80% = 214.03, but 2400 − 2280 = 120 of the year's limit is left
    "chronic_outpatient": (
        "example_shangluo",
        {"first_self_pay": "13.94", "within_scope": "267.54", "deductible": "0.00", "basic_fund": "120.00",
         "fund_total": "120.00", "patient_part": "161.48"},
    ),
    # 3991.80×80% = 3193.44, of a limit of 3000
    "maternity_caesarean": (
        "example_shangluo",
        {"first_self_pay": "63.60", "within_scope": "3991.80", "deductible": "0.00", "basic_fund": "3000.00",
         "fund_total": "3000.00", "patient_part": "1130.40"},
    ),
    # left: 床位 348 (48 over its cap), 丹红 149.40 (20%), 60 + 62 + 150 + 120 + 81.84; (893.36 − 400)×93% = 458.8248
    "refunds_in_pieces": (
        "example_shangluo",
        {"total": "971.24", "over_limit": "48.00", "first_self_pay": "29.88", "within_scope": "893.36",
         "deductible": "400.00", "basic_fund": "458.82", "fund_total": "458.82", "patient_part": "512.42"},
    ),
    # 650×10% + 454.08×15% + 3680×10% = 501.11; (6790.97 − 500)×70%×0.85 = 3743.12715
    "out_of_area": (
        "example_shangluo",
        {"first_self_pay": "501.11", "within_scope": "6790.97", "deductible": "500.00", "basic_fund": "3743.13",
         "fund_total": "3743.13", "patient_part": "3728.95"},
    ),
    # 2025: 7456.28 − 400: 1000×86% + 6056.28×90% = 6310.65; 2026, bands begin anew: 778.94×86% = 669.89
    "across_year_end": (
        "example_taizhou",
        {"first_self_pay": "179.71", "within_scope": "8235.22", "deductible": "400.00", "basic_fund": "6980.54",
         "fund_total": "6980.54", "patient_part": "1584.39"},
    ),
    # 4134×10% + 2215.20×10% + 3780×20% = 1390.92; (18276.28 − 600)×94% = 16615.7032
    "dip_high_outlier": (
        "example_shangluo",
        {"first_self_pay": "1390.92", "within_scope": "18276.28", "deductible": "600.00", "basic_fund": "16615.70",
         "fund_total": "16615.70", "patient_part": "3051.50"},
    ),
    # 249 (not met) + 1180 (refused) in full; 1080 − 1000 over; (1000)×10%; (1893.86 − 800)×86% = 940.7196
    "national_names": (
        "demo",
        {"full_self_pay": "1429.00", "over_limit": "80.00", "first_self_pay": "100.00", "within_scope": "1893.86",
         "deductible": "800.00", "basic_fund": "940.72", "fund_total": "940.72", "patient_part": "2562.14"},
    ),
}  # fmt: skip


def opened(name: str, book: str) -> Opened:
    return open_visit(EXAMPLES / f"{name}.json", load_policy(POLICIES / book), "")


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


@pytest.mark.parametrize("name", BOOKS)
def test_a_book_is_read_without_errors_or_warnings(name: str) -> None:
    folder = read_folder(POLICIES / name)
    assert not folder.warnings
    for section, entries in folder.book.entries.items():
        assert entries, section
        assert all("示例" in entry.source for entry in entries)
    assert all("示例" in item.source for item in folder.book.catalogue)


@pytest.mark.parametrize("name", BOOKS)
def test_every_file_of_a_book_says_that_its_values_are_examples(name: str) -> None:
    for path in (POLICIES / name).glob("*.yaml"):
        assert "示例" in path.read_text(encoding="utf-8").splitlines()[0], path


def test_the_two_example_books_pay_hospitals_differently() -> None:
    kinds = {name: {method.kind.value for method in load_policy(POLICIES / name).book.methods} for name in BOOKS[1:]}
    assert {"dip", "bed_day", "single_disease", "visit_quota", "capitation", "global_budget", "by_item"} <= kinds[
        BOOKS[1]
    ]
    assert {"drg_points", "drg_rate", "bed_day", "single_disease", "capitation", "global_budget"} <= kinds[BOOKS[2]]


def test_every_example_of_a_settlement_is_worked_out() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.json")}
    assert {name for name in names if not name.startswith("audit_")} == set(BY_HAND)  # tests/agents/audit has those


@pytest.mark.parametrize("name", BY_HAND)
def test_an_example_comes_to_the_figures_worked_out_by_hand(name: str) -> None:
    book, figures = BY_HAND[name]
    settled = opened(name, book).outlook.settlement
    assert {field: yuan(getattr(settled, f"{field}_fen")) for field in figures} == figures
    assert settled.total_fen == settled.fund_total_fen + settled.hospital_part_fen + settled.patient_part_fen


@pytest.mark.parametrize("name", BY_HAND)
def test_the_readme_names_the_same_figures(name: str) -> None:
    row = re.search(
        rf"^\| `{name}.json` \| `(\w+)` \|.*\| ([\d,.]+) \| ([\d,.]+) \|$",
        (EXAMPLES / "README.md").read_text(),
        re.MULTILINE,
    )
    assert row is not None
    book, figures = BY_HAND[name]
    assert (row[1], row[2].replace(",", ""), row[3].replace(",", "")) == (
        book, figures["fund_total"], figures["patient_part"],
    )  # fmt: skip


def test_the_national_names_agree_with_the_settlement_that_came() -> None:
    visit = opened("national_names", "demo").visit
    assert visit.settlement is not None
    assert yuan(visit.settlement.body.fund_total_fen) == BY_HAND["national_names"][1]["fund_total"]


def test_the_dip_high_outlier_is_paid_for_what_lies_beyond_twice_the_mean() -> None:
    method = opened("dip_high_outlier", "example_shangluo").outlook.prediction.method("商洛-DIP-三级")
    assert method is not None
    assert method.admissible
    assert method.outlier == "high"
    # 853.8462 分 × 8.15 × 1.03 × (19667.20 ÷ 7400 − 2 + 1)
    assert method.standard_fen == pytest.approx(853.8462 * 8.15 * 1.03 * (19667.20 / 7400 - 1) * 100, abs=2)


@pytest.mark.parametrize(
    ("name", "in_force"),
    [
        ("inpatient_employee", "商洛-DIP-三级"),
        ("maternity_caesarean", "商洛-单病种-计划性剖宫产"),
        ("retired_second_admission", "台州-DRG点数-甲医院"),
        ("out_of_area", "商洛-按项目"),
        ("national_names", "示例-DIP"),
    ],
)
def test_the_method_in_force_is_the_one_the_insurer_fixed(name: str, in_force: str) -> None:
    assert opened(name, BY_HAND[name][0]).outlook.prediction.in_force == in_force

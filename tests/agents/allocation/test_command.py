"""`kongfei allocate`: what a person sees, what is written, and what is refused; from a file and from ClickHouse."""

import json
from datetime import UTC, date, datetime

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from agents.allocation.options import percent_bp, through_day, trim_of, weights_of, yuan_fen
from agents.book import PolicyError, read_folder
from agents.commands import allocate
from agents.core.allocation.plan import Trim
from agents.core.allocation.result import Allocation
from streams.logs import SafeError

BOOK = """
version: test-1
hospitals: [{code: H1, region: "610100"}]
quotas:
  - {id: q, scope: {hospital: H1, department: A, care_type: "21"}, quota: 900, effective_to: 2025-12-31, source: 示例}
budgets:
  - {id: 总额, scope: {hospital: H1}, year: 2026, amount: 60000, basis: basic, source: 示例}
"""


@pytest.fixture
def book(tmp_path):
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "book.yaml").write_text(BOOK, encoding="utf-8")
    return folder


@pytest.fixture
def history(tmp_path):
    """A: 36 visits of 1000 a year, B: 12 of 2000; so 36 000 + 24 000 a year, just the total."""
    lines = ["department,insurance_type,care_type,month,total,basic,fund"]
    for year in (2023, 2024, 2025):
        for department, yuan, count in (("A", 1000, 36), ("B", 2000, 12)):
            lines += [f"{department},310,21,{year}-{1 + n % 12:02d},{yuan},{yuan},{yuan // 2}" for n in range(count)]
    path = tmp_path / "history.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def kongfei(book, monkeypatch):
    """Runs the command with the book; stdout and stderr apart."""
    for name in ("KONGFEI_BOOK_DIR", "KONGFEI_HOSPITAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    app = typer.Typer()
    app.callback()(lambda: None)
    allocate.register(app)

    def run(*arguments, **environment):
        result = CliRunner().invoke(app, ["allocate", "--book", str(book), *map(str, arguments)], env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_the_tables_show_quotas_budgets_and_that_the_sum_is_the_total(kongfei, history):
    shown = kongfei("--year", 2026, "--history", history)

    assert shown.exit_code == 0
    assert "2026 年科室二次分配 · H1" in shown.stdout
    assert "✓ 总额 总额（基本医疗费用）60,000.00 元，分配合计 60,000.00 元，逐分相符" in shown.stdout
    for text in ("本科均值", "1,000.00", "+11.11%", "36,000.00", "24,000.00", "40.00%"):
        assert text in shown.stdout
    assert "未写出文件" in shown.stderr


def test_they_can_be_read_in_english(kongfei, history):
    shown = kongfei("--year", 2026, "--history", history, "--lang", "en")

    assert "shared out 60,000.00, equal to the fen" in shown.stdout
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in shown.stdout.replace("总额", "")), "but the budget's id"


def test_json_holds_every_figure(kongfei, history):
    found = msgspec.json.decode(kongfei("--year", 2026, "--history", history, "--json").stdout, type=Allocation)

    assert [(row.department, row.quota_fen, row.change_bp) for row in found.quotas] == [
        ("A", 100_000, 1_111),
        ("B", 200_000, 0),
    ]
    assert [(pot.id, pot.amount_fen, pot.sum_fen) for pot in found.pots] == [("总额", 6_000_000, 6_000_000)]


def test_a_total_given_by_hand_outweighs_the_books(kongfei, history):
    found = json.loads(kongfei("--year", 2026, "--history", history, "--total", "30,000", "--json").stdout)

    assert [row["quota_fen"] for row in found["quotas"]] == [50_000, 100_000]


def test_without_any_total_it_says_so(kongfei, history):
    shown = kongfei("--year", 2026, "--history", history, "--hospital", "H2")
    # The book's budget is H1's.
    assert "2 项中有 2 项没有总额约束" in shown.stdout


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written_becomes_part_of_the_book_and_a_second_run_changes_nothing(kongfei, history, book):
    kongfei("--year", 2026, "--history", history, "--out", book)
    first = contents(book)
    again = kongfei("--year", 2026, "--history", history, "--out", book)

    assert again.exit_code == 0
    assert contents(book) == first
    assert set(first) == {"book.yaml", "allocation-2026.yaml", "allocation-2026.csv"}
    assert first["allocation-2026.csv"].startswith("\ufeff科室,".encode())
    folder = read_folder(book)
    assert folder.warnings == []
    assert [budget.scope.department for budget in folder.book.budgets] == ["", "A", "B"]


def test_a_file_that_was_reviewed_is_not_overwritten_unasked(kongfei, history, book):
    kongfei("--year", 2026, "--history", history, "--out", book)
    reviewed = book / "allocation-2026.yaml"
    reviewed.write_text(reviewed.read_text(encoding="utf-8").replace("draft", "active"), encoding="utf-8")

    with pytest.raises(SafeError, match="已存在且内容不同"):
        kongfei("--year", 2026, "--history", history, "--out", book)
    assert "status: active" in reviewed.read_text(encoding="utf-8")
    kongfei("--year", 2026, "--history", history, "--out", book, "--replace")
    assert "status: draft" in reviewed.read_text(encoding="utf-8")


def test_options_reach_the_plan(kongfei, history, tmp_path):
    adjust = tmp_path / "adjust.csv"
    adjust.write_text("department,factor,reason,who\nB,2,新技术,王主任\n", encoding="utf-8")
    found = json.loads(
        kongfei(
            "--year", 2026, "--history", history, "--growth", "10%", "--limit", "5%", "--weights", "1:2:7",
            "--adjust", adjust, "--total", "10000000", "--json",
        ).stdout
    )  # fmt: skip
    a, b = found["quotas"]

    assert found["weights"] == [1, 2, 7]
    assert (a["limited"], a["quota_fen"]) == ("ceiling", 94_500), "5 % above the last quota of 900"
    assert (b["proposed_fen"], b["adjusted_fen"], b["who"]) == (220_000, 440_000, "王主任")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--growth", "3"], ["--limit", "x%"], ["--weights", "1:2"], ["--trim", "1%:x"], ["--over-median", "viel"],
        ["--total", "0"], ["--total", "abc"], ["--mix", "none"],
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_read_is_named(kongfei, history, wrong):
    said = kongfei("--year", 2026, "--history", history, *wrong)

    assert said.exit_code == 2
    assert wrong[0] in said.stderr


def test_the_year_is_needed(kongfei):
    assert "--year" in kongfei().stderr


def test_what_cannot_be_allocated_is_said_in_both_languages(kongfei, history):
    with pytest.raises(SafeError, match=r"剔除比例须在 .* \| Trimmed shares must"):
        kongfei("--year", 2026, "--history", history, "--trim", "30%")
    with pytest.raises(SafeError, match="没有可用的就诊"):
        kongfei("--year", 2020, "--history", history)


def test_a_history_file_with_mistakes_is_not_used(kongfei, history):
    history.write_text(history.read_text(encoding="utf-8") + "\nA,310,21,2025-99,1,1,1\n", encoding="utf-8")

    with pytest.raises(PolicyError, match=r"history\.csv:146: month: 应为月份或日期"):
        kongfei("--year", 2026, "--history", history)


def test_an_unknown_source_of_history_is_told_with_those_there_are(kongfei):
    with pytest.raises(SafeError, match="可用的有：clickhouse"):
        kongfei("--year", 2026, "--source", "oracle")


# ------------------------------------------------------------------------------------------------------- execution


def test_execution_shows_each_budget_against_its_time(kongfei, history):
    # In 2026 nothing is there yet; what the file says of 2025 is spent in the budget of 2025.
    lines = [line.replace("2025-", "2026-") for line in history.read_text(encoding="utf-8").splitlines()]
    history.write_text("\n".join(lines), encoding="utf-8")
    shown = kongfei("--execution", "--year", 2026, "--month", 3, "--history", history)

    # Three months of 3 × 1000 + 2000 = 5000; due are 3/12 of 60 000.
    assert "2026 年预算执行 · 截至 2026-03-31 · H1" in shown.stdout
    for text in ("全院", "60,000.00", "15,000.00", "25.00%", "24.66%", "100.00%", "正常"):
        assert text in shown.stdout


def test_execution_as_json(kongfei, history):
    found = json.loads(kongfei("--execution", "--year", 2026, "--month", 12, "--history", history, "--json").stdout)

    assert (found["through"], found["rows"][0]["department"], found["rows"][0]["spent_fen"]) == ("2026-12-31", "*", 0)


def test_execution_without_a_budget_in_force_says_so(kongfei, history):
    with pytest.raises(SafeError, match="没有医院 H1 在 2025-12-31 有效的 2025 年预算"):
        kongfei("--execution", "--year", 2025, "--history", history)


@pytest.mark.integration
def test_history_and_spending_come_from_clickhouse_where_no_file_is_given(kongfei, database_url):
    from sinks.clickhouse.connection import connect
    from sinks.clickhouse.migrate import migrate
    from streams.settings import Settings

    migrate(Settings(clickhouse_url=database_url))
    rows = [
        (
            "H1", f"P{year}{n}", f"V{year}{n}", 1, "discharged", "310", "21", "A" if n % 4 else "B",
            datetime(year, 1 + n % 12, 2, tzinfo=UTC), datetime(year, 1 + n % 12, 9, tzinfo=UTC), 7,
            200_000, 100_000 + n % 4, ["A"], [year * 100 + 1 + n % 12], [200_000], [0],
        )
        for year in (2023, 2024, 2025, 2026)
        for n in range(48)
    ]  # fmt: skip
    columns = (
        "hospital, patient_id, visit_id, version, status, insurance_type, care_type, department, admitted_at,"
        " discharged_at, length_of_stay_days, amount_fen, basic_fen, share_department, share_month, share_amount_fen,"
        " share_self_pay_fen"
    )
    with connect(database_url) as client:
        client.execute(f"INSERT INTO visit_fact ({columns}) VALUES", rows)

    found = json.loads(kongfei("--year", 2026, "--json", CLICKHOUSE_URL=database_url).stdout)
    # A: 36 visits of 1000.01 to 1000.03 each year; B: 12 of 1000.00.
    assert [(row["department"], row["cases"], row["mean_fen"]) for row in found["quotas"]] == [
        ("A", 108, 100_002), ("B", 36, 100_000),
    ]  # fmt: skip
    assert sum(row["budget_fen"] for row in found["quotas"]) == 6_000_000

    spent = json.loads(
        kongfei("--execution", "--year", 2026, "--month", 12, "--json", CLICKHOUSE_URL=database_url).stdout
    )
    assert (spent["rows"][0]["spent_fen"], spent["rows"][0]["visits"]) == (48 * 200_000, 48)


# --------------------------------------------------------------------------------------------------------- options


def test_options_are_read_as_people_write_them():
    assert (percent_bp("3%", "x"), percent_bp(" -1.5% ", "x")) == (300, -150)
    assert trim_of("1%", "") == Trim(100, 100)
    assert trim_of("0.5%:2%", "4.5") == Trim(50, 200, 45_000)
    assert weights_of("1:2:7") == (1, 2, 7)
    assert yuan_fen("60,000,000.50", "x") == 6_000_000_050


@pytest.mark.parametrize(
    ("year", "month", "through"),
    [
        (None, None, date(2026, 5, 17)), (2026, None, date(2026, 5, 17)), (2026, 5, date(2026, 5, 17)),
        (2026, 2, date(2026, 2, 28)), (None, 4, date(2026, 4, 30)), (2024, None, date(2024, 12, 31)),
    ],
)  # fmt: skip
def test_a_month_that_is_over_is_looked_at_whole_and_this_one_through_today(year, month, through):
    assert through_day(year, month, date(2026, 5, 17)) == through

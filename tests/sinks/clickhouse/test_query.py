"""`kongfei sql`: tables for people, JSON and CSV for programs, and no change unless it is asked for."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from typer.testing import CliRunner

from sinks.clickhouse.query import Answer, cell_text, show_table, to_csv, to_json

runner = CliRunner()
ANSWER = Answer(
    [("name", "String"), ("amount", "Nullable(Decimal(18, 2))"), ("items", "Array(String)")],
    [("重症", Decimal("12.50"), ["a", "b"]), ("急诊", None, [])],
)


def shown(answer, width=80, most=0):
    console = Console(width=width, record=True, file=io.StringIO())
    show_table(console, answer, most)
    return console.export_text()


def test_a_table_shows_every_cell_and_how_many_rows_there_are():
    text = shown(ANSWER)

    assert "重症" in text
    assert "12.50" in text
    assert "—" in text
    assert "2 行 | rows" in text


def test_a_table_stops_at_its_limit_and_says_what_is_left():
    text = shown(ANSWER, most=1)

    assert "急诊" not in text
    assert "另有 1 行未显示" in text


def test_an_answer_too_wide_for_the_terminal_is_shown_field_by_field():
    wide = Answer([(f"column_{n}", "String") for n in range(12)], [("x" * 20,) * 12])
    text = shown(wide)

    assert "第 1 行" in text
    assert "column_11" in text
    assert max(map(len, text.splitlines())) <= 80


def test_markup_in_a_value_is_shown_and_not_obeyed():
    assert "[red]x[/red]" in shown(Answer([("a", "String")], [("[red]x[/red]",)]))


def test_a_statement_without_an_answer_shows_none():
    assert shown(Answer([], [])).strip() == "0 行 | rows"


def test_json_keeps_decimals_exact_and_nulls_null():
    assert json.loads(to_json(ANSWER)) == [
        {"name": "重症", "amount": "12.50", "items": ["a", "b"]},
        {"name": "急诊", "amount": None, "items": []},
    ]


def test_csv_can_be_read_back():
    assert list(csv.reader(io.StringIO(to_csv(ANSWER)))) == [
        ["name", "amount", "items"],
        ["重症", "12.50", '["a", "b"]'],
        ["急诊", "", "[]"],
    ]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (datetime(2024, 3, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai")), "2024-03-01 08:00:00"),
        (datetime(2024, 3, 1, 0, 0, 0, 7000, tzinfo=UTC), "2024-03-01 00:00:00.007Z"),
        (b"\xff\x00", "\ufffd\x00"),
        ({"quota_fen": 1}, '{"quota_fen": 1}'),
        (True, "True"),
    ],
)
def test_cells_read_well(cell, text):
    assert cell_text(cell) == text


@pytest.fixture
def kongfei(settings, monkeypatch):
    import typer

    from sinks.commands import register

    monkeypatch.setenv("CLICKHOUSE_URL", settings.clickhouse_url)
    app = typer.Typer()
    register(app)
    return lambda *words: runner.invoke(app, words)


@pytest.mark.integration
def test_migrate_says_what_it_applied(kongfei):
    assert "applied 0001 events" in kongfei("migrate").output
    assert "every migration is applied already" in kongfei("migrate").output


@pytest.mark.integration
@pytest.mark.usefixtures("client")
def test_the_views_are_listed_with_their_meaning(kongfei):
    listed = json.loads(kongfei("sql", "--views", "--json").output)

    assert "v_charge" in [row["view"] for row in listed]
    assert all(" | " in row["meaning"] for row in listed)


@pytest.mark.integration
@pytest.mark.usefixtures("client")
def test_a_statement_is_answered_with_all_decimal_places(kongfei):
    done = kongfei("sql", "--csv", "SELECT toDecimal64(12.5, 2) AS yuan, 1 AS n")
    assert done.output == "yuan,n\n12.50,1\n"


@pytest.mark.integration
@pytest.mark.parametrize(
    "statement", ["TRUNCATE TABLE charge_line", "INSERT INTO code_name (code) VALUES ('x')", "DROP VIEW v_day"]
)
def test_nothing_can_be_changed_by_asking(kongfei, client, statement):
    from sinks.clickhouse.connection import ClickHouseError

    done = kongfei("sql", statement)
    assert isinstance(done.exception, ClickHouseError)
    assert "readonly" in str(done.exception)
    assert client.execute("EXISTS TABLE v_day") == [(1,)]


@pytest.mark.integration
def test_what_is_to_be_changed_must_be_said(kongfei, client):
    done = kongfei("sql", "--write", "CREATE TABLE mine (a Int8) ENGINE = Memory")

    assert done.exit_code == 0
    assert client.execute("EXISTS TABLE mine") == [(1,)]


@pytest.mark.integration
@pytest.mark.usefixtures("client")
def test_a_mistake_is_told_in_the_servers_words_without_its_stack(kongfei):
    message = str(kongfei("sql", "SELECT nothing FROM nowhere").exception)

    assert "UNKNOWN_TABLE" in message
    assert "Stack trace" not in message


@pytest.mark.integration
def test_a_server_that_is_not_there_is_told_without_the_password(kongfei, monkeypatch):
    monkeypatch.setenv("CLICKHOUSE_URL", "clickhouse://u:geheim@127.0.0.1:1/d")
    message = str(kongfei("sql", "SELECT 1").exception)

    assert "127.0.0.1 does not answer" in message
    assert "geheim" not in message


def test_without_a_statement_it_says_what_it_wants(monkeypatch):
    import typer

    from sinks.commands import register

    app = typer.Typer()
    register(app)
    done = runner.invoke(app, ["sql"])
    assert done.exit_code == 2
    assert "--views" in done.output

"""An INSERT is told from everything else, and taken apart where its rows begin."""

from __future__ import annotations

import pytest

from deploy.local.clickhouse.statement import format_of, parse_insert, without_format


@pytest.mark.parametrize(
    ("text", "head", "columns"),
    [
        ("INSERT INTO t VALUES", "INSERT INTO t", "*"),
        ("insert into table db.t (a, b) values", "insert into table db.t (a, b)", "a, b"),
        ("INSERT INTO `odd name` (`x y`) VALUES ", "INSERT INTO `odd name` (`x y`)", "`x y`"),
        ("INSERT INTO t (a) FORMAT Native\n", "INSERT INTO t (a)", "a"),
        ("/* why */ -- how\nINSERT INTO t VALUES", "INSERT INTO t", "*"),
        ("INSERT INTO t (a) SETTINGS async_insert=0 VALUES;", "INSERT INTO t (a)", "a"),
    ],
)
def test_an_insert_without_rows_waits_for_them(text: str, head: str, columns: str) -> None:
    insert = parse_insert(text.encode())
    assert insert is not None
    assert (insert.head, insert.columns, insert.rows_follow) == (head, columns, True)


def test_rows_in_the_text_are_kept_byte_for_byte() -> None:
    insert = parse_insert(b"INSERT INTO t FORMAT RowBinary\n\x07\x00\xff")
    assert insert is not None
    assert (insert.format, insert.rows, insert.rows_follow) == ("RowBinary", b"\x07\x00\xff", False)


@pytest.mark.parametrize(
    "text", ["SELECT 1", "INSERT INTO t SELECT 1", "CREATE TABLE t (a Int8)", "-- INSERT\nSELECT 1"]
)
def test_other_statements_are_no_insert(text: str) -> None:
    assert parse_insert(text.encode()) is None


def test_a_format_at_the_end_is_found_and_removed() -> None:
    assert format_of("SELECT 1 FORMAT JSON;") == "JSON"
    assert format_of("SELECT 'FORMAT JSON'") is None
    assert without_format("SELECT 1\nformat JSON") == "SELECT 1"

"""Tells an INSERT whose rows come separately from every other statement, without parsing SQL any further."""

import re
from dataclasses import dataclass

_COMMENTS = rb"\s*(?:(?:--[^\n]*\n|/\*.*?\*/)\s*)*"
_NAME = rb'(?:`[^`]*`|"[^"]*"|[\w.])+'
_TARGET = rb"INSERT\s+INTO\s+(?:TABLE\s+)?(?P<table>FUNCTION\s+\w+\s*\(.*?\)|" + _NAME + rb")"
_COLUMNS = rb"(?:\s*\((?P<columns>[^()]*(?:\([^()]*\)[^()]*)*)\))?"
_SETTINGS = rb"\s*(?P<settings>SETTINGS\s[^()]*?)?"
_ROWS = rb"\s*(?:VALUES\b|FORMAT\s+(?P<format>\w+))[ \t\r]*\n?(?P<rows>.*)\Z"
_INSERT = re.compile(
    _COMMENTS + rb"(?P<head>" + _TARGET + _COLUMNS + rb")" + _SETTINGS + _ROWS, re.IGNORECASE | re.DOTALL
)
_FORMAT_TAIL = re.compile(r"\s+FORMAT\s+(?P<format>\w+)\s*;?\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT: its text up to the columns, its SETTINGS, where the rows go, their format and those in the text."""

    head: str
    settings: str
    table: str
    columns: str
    format: str
    rows: bytes

    @property
    def rows_follow(self) -> bool:
        """Whether the rows come after the statement, as the native protocol sends them."""
        return not self.rows.strip(b" \t\r\n;")

    @property
    def sample_query(self) -> str:
        """A SELECT whose columns are the ones to insert."""
        return f"SELECT {self.columns} FROM {self.table}"  # noqa: S608 - the client's own statement, taken apart

    def from_file(self, path: str, data_format: str) -> str:
        """The same INSERT with its rows in a file."""
        return f"{self.head} FROM INFILE '{path}' {self.settings} FORMAT {data_format}"


def parse_insert(text: bytes) -> Insert | None:
    """Return the parts of `INSERT INTO … VALUES|FORMAT …`, or None for any other statement (INSERT SELECT too)."""
    found = _INSERT.match(text)
    if found is None:
        return None
    return Insert(
        head=found["head"].decode(),
        settings=(found["settings"] or b"").decode(),
        table=found["table"].decode(),
        columns=(found["columns"] or b"*").decode(),
        format=(found["format"] or b"Values").decode(),
        rows=found["rows"],
    )


def without_format(query: str) -> str:
    """Return the statement without the FORMAT at its end, which means nothing to the native protocol."""
    return _FORMAT_TAIL.sub("", query)


def format_of(query: str) -> str | None:
    """Return the format named at the statement's end, if one is."""
    found = _FORMAT_TAIL.search(query)
    return found["format"] if found else None

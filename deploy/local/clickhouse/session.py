"""One client's session with the engine: a database, settings and temporary tables of its own.

Owns a chdb connection. One statement at a time, as in any ClickHouse session; `kill` alone may be called meanwhile.
"""

import itertools
import json
import os
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from chdb.state.sqlitelike import Connection

from deploy.local.clickhouse.encoding import Column, empty_block
from deploy.local.clickhouse.errors import ENGINE_ERRORS, UNKNOWN_SETTING, EngineError
from deploy.local.clickhouse.reader import blocks_in
from deploy.local.clickhouse.statement import Insert

_numbers = itertools.count(1)


class Setting(NamedTuple):
    """A query setting as a client sends it; an unknown one that is not important is ignored."""

    value: str
    is_important: bool


class Piece(NamedTuple):
    """A part of a result: a block in the Native format and what was read for it."""

    raw: bytes
    rows: int = 0
    read_rows: int = 0
    read_bytes: int = 0


class Written(NamedTuple):
    """What an INSERT wrote."""

    rows: int
    bytes: int


class Result(NamedTuple):
    """A whole result in the format asked for and what was read for it."""

    data: bytes
    rows: int
    read_rows: int
    read_bytes: int


class Session:
    """A session on the engine of `folder`; raises EngineError where the statements of a client fail."""

    def __init__(self, folder: str, database: str = "") -> None:
        self._folder = folder
        self._settings: dict[str, str] = {}
        self._tag = f"session-{next(_numbers)}"
        self._connection = Connection(folder)
        try:
            self._run(f"SET log_comment = {_literal(self._tag)}")
            if database:
                self._run("USE `{}`".format(database.replace("`", "\\`")))
        except EngineError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the engine its connection back."""
        self._connection.close()

    def use(self, settings: Mapping[str, Setting]) -> None:
        """Make exactly these settings current: a client sends all it wants with every query."""
        for name in self._settings.keys() - settings.keys():
            self._run(f"SET {name} = DEFAULT")
            del self._settings[name]
        for name, (value, is_important) in settings.items():
            if self._settings.get(name) == value or not re.fullmatch(r"\w+", name):
                continue
            try:
                self._run(f"SET {name} = {_literal(value)}")
            except EngineError as error:
                if is_important or error.code != UNKNOWN_SETTING:
                    raise
            else:
                self._settings[name] = value

    def describe(self, query: str) -> list[Column]:
        """Return the columns of a SELECT."""
        raw = self._run(f"DESCRIBE ({query.strip().rstrip(';')}\n)", "JSONCompactEachRow").bytes()
        return [Column(*json.loads(line)[:2]) for line in raw.splitlines()]

    def insert(self, insert: Insert, chunks: Iterable[bytes], data_format: str) -> Written:
        """Insert the rows encoded in `chunks`; nothing is inserted unless the chunks end in order.

        The rows reach the engine as a file. (chdb's own streaming insert reports success when the insert fails after
        parsing: a violated constraint, a failing view; and a statement with its rows in it ends at their first empty
        line.)
        """
        with _file_of(chunks) as path:
            done = self._run(insert.from_file(path, data_format))
            return Written(done.rows_read(), Path(path).stat().st_size)

    def query(self, query: str, data_format: str, params: Mapping[str, str] | None = None) -> Result:
        """Run any statement and return its whole result; `params` fill `{name:Type}` places."""
        done = self._run(query, data_format, dict(params or {}))
        return Result(done.bytes(), done.rows_read(), done.storage_rows_read(), done.storage_bytes_read())

    def stream(self, query: str) -> Generator[Piece, None, None]:
        """Run any statement and yield its result block by block, a block without rows first."""
        columns: list[Column] = []
        try:
            columns = self.describe(query)
            with closing(self._connection.send_query(query, "Native")) as chunks:
                yield Piece(empty_block(columns))
                yield from _pieces(chunks, columns)
        except ENGINE_ERRORS as error:
            if "Streaming query is not supported" not in str(error):
                raise EngineError.of(error) from error
        except EngineError:
            # Not a SELECT; or a faulty one, then the statement below raises the true error.
            if columns:
                raise
        else:
            return
        for number, block in enumerate(blocks_in(self._run(query, "Native").bytes())):
            if number == 0:
                yield Piece(empty_block(block.columns))
            yield Piece(block.raw, block.rows)

    def kill(self) -> None:
        """Kill the running statement; the only call another thread may make.

        (Cancelling chdb's stream from another thread waits for the fetch and corrupts it. KILL does neither.)
        """
        with closing(Connection(self._folder)) as other:
            other.query(f"KILL QUERY WHERE Settings['log_comment'] = {_literal(self._tag)} ASYNC")

    def _run(self, query: str, data_format: str = "CSV", params: dict[str, str] | None = None) -> Any:
        try:
            return self._connection.query(query, data_format, params=params)
        except ENGINE_ERRORS as error:
            raise EngineError.of(error) from error


def _pieces(chunks: Iterable[Any], columns: list[Column]) -> Iterator[Piece]:
    # FORMAT Native drops the time zone of a DateTime('…'): give such columns their described types back.
    zoned = any(column.type.startswith("DateTime(") for column in columns)
    types = [column.type for column in columns] if zoned else []
    for chunk in chunks:  # chdb gives one block a chunk
        raw = chunk.bytes()
        if types:
            raw = next(blocks_in(raw, types)).raw
        yield Piece(raw, chunk.rows_read(), chunk.storage_rows_read(), chunk.storage_bytes_read())


@contextmanager
def _file_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the path of a file in memory (Linux) that only this process can open and that ends with the block."""
    descriptor = os.memfd_create("rows")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            for chunk in chunks:
                file.write(chunk)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _literal(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

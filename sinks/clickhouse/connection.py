"""How ClickHouse is reached: one client, the settings that correctness depends on, and the proof that they hold.

A client belongs to one thread. The settings travel with every query; what the server makes of them is asked at start.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ErrorCodes, ServerException

from sinks.clickhouse.tables import TABLES
from streams.logs import SafeError

CONNECT_SECONDS = 5
ANSWER_SECONDS = 120

#: Every block is one insert, written when it is acknowledged, and recognised when it comes again.
WRITE_SETTINGS: Mapping[str, int] = {
    "async_insert": 0,
    "wait_for_async_insert": 1,
    "insert_deduplicate": 1,
    "max_insert_block_size": 1_048_576,
    "max_partitions_per_insert_block": 100,
    "input_format_null_as_default": 0,
}
#: Blocks a table remembers; without it the server ignores the deduplication token.
DEDUPLICATION_WINDOW = 1000


class ClickHouseError(SafeError):
    """ClickHouse is not as it must be; the message names settings, tables and codes, never a value."""


def connect(url: str, settings: Mapping[str, Any] | None = None, database: str | None = None) -> Client:
    """A client for `clickhouse://user:password@host:port/database`; it connects with the first query.

    `database` replaces the one of the URL. Raises ClickHouseError for a URL that is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"clickhouse", "clickhouses"} or not parts.hostname:
        raise ClickHouseError("CLICKHOUSE_URL is not clickhouse://user:password@host:port/database")
    if database is not None:
        url = urlunsplit(parts._replace(path=f"/{database}"))
    client: Client = Client.from_url(url)
    client.connection.connect_timeout = CONNECT_SECONDS
    client.connection.send_receive_timeout = ANSWER_SECONDS
    client.settings.update(settings or {})
    return client


@contextmanager
def clear_errors(url: str) -> Iterator[None]:
    """For commands of a person: what goes wrong is raised as ClickHouseError, in the server's own words."""
    try:
        yield
    except ServerException as error:
        raise ClickHouseError(f"ClickHouse: {error.message.partition(' Stack trace:')[0].strip()}") from None
    except (Error, OSError, EOFError) as error:
        raise ClickHouseError(f"ClickHouse at {urlsplit(url).hostname} does not answer: {describe(error)}") from None


@contextmanager
def session(url: str, settings: Mapping[str, Any] | None = None) -> Iterator[Client]:
    """A client for a command of a person; its errors are clear ones."""
    with clear_errors(url), connect(url, settings) as client:
        yield client


def database_of(url: str) -> str:
    """The database a URL names, `default` where it names none."""
    return urlsplit(url).path.strip("/") or "default"


def verify_server(client: Client) -> None:
    """Raise ClickHouseError unless the write settings are in force and every table is as declared and deduplicates.

    A table that does not fit must never look like rows that do not: those become dead letters.
    """
    found = dict(
        client.execute("SELECT name, value FROM system.settings WHERE name IN %(names)s", _names(WRITE_SETTINGS))
    )
    wrong = [
        f"setting {name} is {found.get(name, 'unknown')}, must be {value}"
        for name, value in WRITE_SETTINGS.items()
        if str(found.get(name)).lower().replace("false", "0").replace("true", "1") != str(value)
    ]
    columns: dict[str, dict[str, str]] = {}
    for name, column, type_ in client.execute(
        "SELECT table, name, type FROM system.columns WHERE database = currentDatabase() AND table IN %(names)s",
        _names(table.name for table in TABLES),
    ):
        columns.setdefault(name, {})[column] = type_
    engines = dict(
        client.execute(
            "SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() AND name IN %(names)s",
            _names(table.name for table in TABLES),
        )
    )
    for table in TABLES:
        engine = engines.get(table.name)
        if engine is None:
            wrong.append(f"table {table.name} is missing (kongfei migrate)")
        elif other := dict(table.columns).items() - columns[table.name].items():
            wrong.append(
                f"table {table.name} must have {', '.join(f'{name} {type_}' for name, type_ in sorted(other))}"
            )
        elif _window(engine) < DEDUPLICATION_WINDOW:
            wrong.append(f"table {table.name} does not deduplicate inserts: {engine}")
    if wrong:
        raise ClickHouseError("\n".join(wrong))


def describe(error: BaseException) -> str:
    """An error in a few words that may be logged: its code and name, never the text, which quotes values."""
    if isinstance(error, Error):
        code = error.code or 0
        return f"{code} {_CODE_NAMES.get(code, type(error).__name__)}"
    return type(error).__name__


def _names(names: Any) -> dict[str, Any]:
    return {"names": tuple(names)}


def _window(engine: str) -> int:
    if engine.startswith("Replicated"):  # replicated tables deduplicate by themselves
        return DEDUPLICATION_WINDOW
    _, _, after = engine.partition("non_replicated_deduplication_window = ")
    digits = after.split(",")[0].strip()
    return int(digits) if digits.isdigit() else 0


_CODE_NAMES = {value: name for name, value in vars(ErrorCodes).items() if isinstance(value, int)}

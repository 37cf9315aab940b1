"""Numbered migrations: `migrations/NNNN_name.sql`, applied in order, each once, remembered with a checksum.

A migration that was applied and has changed since is an error: what it made is not what it says. `${timezone}` in a
file is the hospital's time zone, and is part of the checksum, because every stored day was reckoned in it.

ClickHouse has no transactions over statements, so every statement must be harmless when it is repeated (IF NOT EXISTS,
OR REPLACE): a migration that was interrupted is applied again as a whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

from clickhouse_driver import Client

from sinks.clickhouse.code_rows import load_code_names
from sinks.clickhouse.connection import ClickHouseError, connect, database_of
from streams.settings import Settings

_FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.sql")
_STATEMENT_END = re.compile(r";[ \t]*(?:\n|\Z)")
_COMMENT = re.compile(r"^[ \t]*--.*\n?", re.MULTILINE)
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migration
(
    number     UInt32                 COMMENT '序号 | number',
    name       String                 COMMENT '名称 | name',
    checksum   String                 COMMENT '校验和 | checksum of the statements as applied',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '执行时间 | when it was applied'
)
ENGINE = ReplacingMergeTree
ORDER BY number
COMMENT '已执行的迁移 | migrations that were applied'
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, its name, its statements with the time zone filled in."""

    number: int
    name: str
    statements: tuple[str, ...]

    @property
    def checksum(self) -> str:
        """Digest of the statements."""
        return blake2b("\0".join(self.statements).encode(), digest_size=16).hexdigest()


def shipped_migrations(timezone: str) -> list[Migration]:
    """Every migration of this version, ascending; raises ClickHouseError for a bad name or a number twice."""
    found = []
    for file in files("sinks.clickhouse").joinpath("migrations").iterdir():
        match = _FILE_NAME.fullmatch(file.name)
        if match:
            text = file.read_text(encoding="utf-8").replace("${timezone}", timezone)
            found.append(Migration(int(match["number"]), match["name"], split_statements(text)))
        elif file.name.endswith(".sql"):
            raise ClickHouseError(f"{file.name} is not named NNNN_name.sql")
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ClickHouseError("migrations must be numbered 0001, 0002, … without gaps")
    return found


def split_statements(text: str) -> tuple[str, ...]:
    """The statements of a file without its comment lines; each ends with a semicolon at the end of a line."""
    parts = (part.strip() for part in _STATEMENT_END.split(_COMMENT.sub("", text)))
    return tuple(part for part in parts if part)


def pending_migrations(client: Client, migrations: Sequence[Migration]) -> list[Migration]:
    """Those not applied yet. Raises ClickHouseError for an applied one that changed, or that this version lacks."""
    applied = dict(client.execute("SELECT number, checksum FROM schema_migration FINAL"))
    known = {migration.number: migration for migration in migrations}
    wrong = [
        f"migration {number:04d} was applied with other content (or another time zone)"
        if number in known
        else f"migration {number:04d} was applied by a newer version of Kongfei"
        for number, checksum in sorted(applied.items())
        if number not in known or known[number].checksum != checksum
    ]
    if wrong:
        raise ClickHouseError("\n".join(wrong))
    return [migration for migration in migrations if migration.number not in applied]


def migrate(settings: Settings, migrations: Sequence[Migration] | None = None) -> list[Migration]:
    """Bring the database of CLICKHOUSE_URL up to this version, making it where it is missing; returns what was applied.

    The code tables are brought up to date as well. Whatever the server or the driver says is raised as it is.
    """
    database = database_of(settings.clickhouse_url)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", database):
        raise ClickHouseError("the database name may hold letters, digits and underscores only")
    with connect(settings.clickhouse_url, database="default") as server:
        server.execute(f"CREATE DATABASE IF NOT EXISTS {database}")
    if migrations is None:
        migrations = shipped_migrations(settings.timezone)
    with connect(settings.clickhouse_url) as client:
        client.execute(_TABLE)
        pending = pending_migrations(client, migrations)
        for migration in pending:
            for statement in migration.statements:
                client.execute(statement)
            client.execute(
                "INSERT INTO schema_migration (number, name, checksum) VALUES",
                [(migration.number, migration.name, migration.checksum)],
            )
        load_code_names(client)
        return pending


def verify_migrated(client: Client, timezone: str) -> None:
    """Raise ClickHouseError unless every migration of this version is applied, and no other."""
    [(exists,)] = client.execute("EXISTS TABLE schema_migration")
    if not exists:
        raise ClickHouseError("the database is empty: run kongfei migrate")
    if pending := pending_migrations(client, shipped_migrations(timezone)):
        raise ClickHouseError(f"{len(pending)} migrations are not applied: run kongfei migrate")

"""Every setting of every process: one frozen object read from the environment, validated at start, printed once.

What correctness depends on (acks, auto-commit, idempotent producing, deduplication) is a constant in the code that
needs it, never a setting.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "KONGFEI_"
MASK = "***"


class SecurityProtocol(StrEnum):
    """How Kafka is reached."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"


class SettingsError(Exception):
    """The environment does not describe a valid configuration; the message has one line a mistake."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is not a time zone of the IANA database") from error
    return name


def _host_ports(servers: str) -> str:
    for server in servers.split(","):
        host, colon, port = server.strip().rpartition(":")
        if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError(f"{server.strip()!r} is not host:port")
    return servers


def _host_port(server: str) -> str:
    return _host_ports(server) if server else server


class Settings(BaseSettings):
    """The configuration of a process. Every field is `KONGFEI_<NAME>` in the environment unless it says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", validate_by_name=True, validate_by_alias=True
    )

    kafka_bootstrap_servers: Annotated[str, AfterValidator(_host_ports)] = Field(
        "127.0.0.1:9092",
        validation_alias="KAFKA_BOOTSTRAP_SERVERS",
        description="Kafka's addresses, host:port, comma separated.",
    )
    kafka_security_protocol: SecurityProtocol = Field(
        SecurityProtocol.PLAINTEXT,
        validation_alias="KAFKA_SECURITY_PROTOCOL",
        description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.",
    )
    kafka_sasl_mechanism: str = Field(
        "SCRAM-SHA-512", validation_alias="KAFKA_SASL_MECHANISM", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."
    )
    kafka_username: str = Field("", validation_alias="KAFKA_USERNAME", description="SASL user.")
    kafka_password: SecretStr = Field(
        SecretStr(""), validation_alias="KAFKA_PASSWORD", description="SASL password (secret)."
    )
    kafka_ca_file: Path | None = Field(
        None, validation_alias="KAFKA_CA_FILE", description="Certificate authority of an SSL cluster, PEM."
    )
    clickhouse_url: str = Field(
        "clickhouse://default@127.0.0.1:9000/kongfei",
        validation_alias="CLICKHOUSE_URL",
        repr=False,
        description="ClickHouse, clickhouse://user:password@host:port/database (the password is secret).",
    )

    hospital: str = Field("H0001", min_length=1, description="Code of the hospital where an event does not say one.")
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        "Asia/Shanghai", description="The hospital's time zone: days and months are reckoned in it."
    )
    epoch: int = Field(
        1, ge=1, lt=1 << 15, description="Raised by one when the ledger must be made anew; stands above every offset."
    )
    partitions: int = Field(8, ge=1, le=1024, description="Partitions of every topic of ours. Fixed at creation.")
    replication_factor: int = Field(1, ge=1, le=9, description="Copies of every topic; 3 in production.")
    topic_prefix: str = Field(
        "",
        pattern=r"^[a-zA-Z0-9._-]{0,64}$",
        description="Before every topic and group name: for shared clusters.",
    )
    data_dir: Path = Field(Path(".local/data"), description="Local files: worker slots, positions of `kongfei play`.")
    book_dir: Path | None = Field(
        None, description="Folder of this hospital's policy book, until one is published; empty: the one that ships."
    )
    schema_registry_url: str = Field("", description="Confluent schema registry; empty: Confluent framing is refused.")

    batch_records: int = Field(4096, ge=1, le=65536, description="Most records of a partition in one batch.")
    commit_interval_seconds: float = Field(0.5, gt=0, le=10, description="How often applied offsets are committed.")
    session_timeout_seconds: float = Field(
        10.0, ge=1, le=300, description="A silent worker's partitions go to another one after this."
    )
    send_timeout_seconds: float = Field(
        60.0, ge=1, le=600, description="A message the broker has not confirmed by then ends the process."
    )
    stall_seconds: float = Field(
        60.0, ge=5, description="A worker whose committed offsets rest so long while there is input ends itself."
    )
    worker_slot: str = Field(
        "",
        pattern=r"^[a-zA-Z0-9._-]{0,64}$",
        description="This worker's name in its group; empty: host and a free number.",
    )

    health_host: str = Field("127.0.0.1", description="Where /live, /ready and /metrics are served.")
    health_port: int = Field(0, ge=0, lt=65536, description="Their port; 0: any free one (logged at start).")
    answer_host: str = Field("127.0.0.1", min_length=1, description="Where HIS asks a worker: order checks over HTTP.")
    answer_port: int = Field(
        8310, ge=0, lt=65536, description="Their port; 0, or taken on this machine: any free one (logged at start)."
    )
    answer_address: Annotated[str, AfterValidator(_host_port)] = Field(
        "", description="host:port under which other workers reach this one's answers; empty: as it is served."
    )
    check_budget_ms: int = Field(
        50, ge=5, le=10_000, description="A check not answered so long after it was read is answered as unfinished."
    )
    feedback_budget_ms: int = Field(
        5_000, ge=50, le=60_000, description="A feedback Kafka has not confirmed by then must be sent again by HIS."
    )
    questions_waiting: int = Field(
        256, ge=1, le=65_536, description="Questions that may wait in a worker; beyond it they are unfinished at once."
    )
    check_answers_kept: int = Field(
        20_000, ge=0, le=10_000_000, description="Most answers a worker remembers, to repeat them word for word …"
    )
    check_answers_minutes: int = Field(30, ge=0, le=1_440, description="… for so long, also over a restart.")
    log_salt: SecretStr = Field(
        SecretStr(""), description="Key of the id hashes in logs (secret); empty: another one in each process."
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR.")

    batch_rows: int = Field(50_000, ge=1, description="The sink inserts a block when it has so many rows …")
    batch_seconds: float = Field(1.0, gt=0, le=60, description="… or when its first row is so old.")

    @property
    def masked(self) -> dict[str, str]:
        """Every setting as text, secrets replaced: for printing."""
        shown = {name: str(value) for name, value in self.model_dump().items()}
        shown["clickhouse_url"] = _without_password(self.clickhouse_url)
        for name in ("kafka_password", "log_salt"):
            shown[name] = MASK if getattr(self, name).get_secret_value() else ""
        return shown


def variable_of(field: str) -> str:
    """The environment variable that sets `field`."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else PREFIX + field.upper()


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError naming each variable, its mistake, never a secret's value."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(error))) from None


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for mistake in error.errors(include_input=True, include_url=False):
        name = str(mistake["loc"][0]) if mistake["loc"] else ""
        variable = variable_of(name) if name in Settings.model_fields else name
        hidden = variable in {"KAFKA_PASSWORD", "CLICKHOUSE_URL", "KONGFEI_LOG_SALT"}
        lines.append(f"{variable}: {mistake['msg']}" + ("" if hidden else f" (got {mistake['input']!r})"))
    return lines


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user_info, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user_info.partition(':')[0]}:{MASK}@{host}"))

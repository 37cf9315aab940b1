"""`kongfei play`: publishes a file of events, one JSON object a line, in file order, as a hospital would.

A canonical line has a "type" (admission, order, charge, settlement, ack) beside its fields and is published byte for
byte; a foreign line goes through a mapping. A line that is neither is published as it is too, and becomes a dead letter
with a reason: nothing is dropped in silence. Which line Kafka has confirmed last is kept in a small file, so that a
broken-off play goes on from there; lines after it may be published twice, which the pipeline is made for.
"""

import gzip
import hashlib
import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import msgspec
from kafka.errors import KafkaError

from schemas.ledger import patient_key
from schemas.reasons import RejectError
from schemas.units import parse_ms
from streams.logs import SafeError
from streams.mapping import Mapping, load_mapping, shipped_mappings
from streams.publisher import TOPIC_OF, Publisher, PublishError
from streams.settings import Settings

#: Where a line goes whose event type cannot be told.
UNREADABLE_TYPE = "charge"
_PATIENT_NAMES = ("patient_id", "patn_id")
_HOSPITAL_NAMES = ("hospital", "fixmedins_code")
_TIME_NAMES = ("recorded_at", "occurred_at", "charged_at")
_TYPE = re.compile(rb'"type"\s*:\s*"(\w{1,20})"')
_LONGEST_ID = 64
_MOST_UNCONFIRMED = 20_000
_SAVE_SECONDS = 0.5

Advance = Callable[[int], None]


class PlayError(SafeError):
    """The file cannot be played."""


class Place(msgspec.Struct):
    """How far a file was played: `line` lines of it are confirmed."""

    file: str
    size: int
    line: int = 0
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One line as it is published. `recorded_ms` is None where the line does not say when it was recorded."""

    event_type: str
    key: bytes | None
    value: bytes
    recorded_ms: int | None
    is_readable: bool = True


class Reader:
    """Turns lines into messages."""

    def __init__(self, settings: Settings, mapping: Mapping | None) -> None:
        self._hospital = settings.hospital
        self._zone = ZoneInfo(settings.timezone)
        self._mappings = [mapping] if mapping is not None else shipped_mappings()

    def message(self, line: bytes) -> Message:
        """The message of a line, which has no newline at its end."""
        record = _decode(line)
        if isinstance(record, dict):
            event_type = record.get("type")
            if isinstance(event_type, str) and event_type in TOPIC_OF:
                return self._as_it_is(event_type, record, line)
            for mapping in self._mappings:
                if mapping.reads(record) and (found := mapping.event_of(record)):
                    kind, fields = found
                    fields.setdefault("hospital", self._hospital)
                    return self._as_it_is(kind, fields, msgspec.json.encode(fields))
        return Message(_guess_type(line), None, line, None, is_readable=False)

    def _as_it_is(self, event_type: str, fields: dict[str, Any], value: bytes) -> Message:
        patient = _first(fields, _PATIENT_NAMES)
        hospital = _first(fields, _HOSPITAL_NAMES) or self._hospital
        key = patient_key(hospital, patient) if 0 < len(patient) <= _LONGEST_ID else None
        return Message(event_type, key, value, self._recorded_ms(fields))

    def _recorded_ms(self, fields: dict[str, Any]) -> int | None:
        for name in _TIME_NAMES:
            if fields.get(name) is not None:
                try:
                    return parse_ms(fields[name], self._zone)
                except RejectError:
                    return None
        return None


class Pace:
    """When the next line may go: `speed` times as fast as it was recorded, or `rate` lines a second, or at once."""

    def __init__(
        self,
        speed: float | None,
        rate: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._speed, self._rate = speed, rate
        self._clock, self._sleep = clock, sleep
        self._started: float | None = None
        self._first_ms: int | None = None
        self._sent = 0

    def wait(self, recorded_ms: int | None) -> None:
        """Return when the line may go. A line recorded before its predecessors does not wait."""
        if self._speed is None and self._rate is None:
            return
        now = self._clock()
        if self._started is None:
            self._started = now
        due = self._started
        if self._rate is not None:
            due = max(due, self._started + self._sent / self._rate)
        if self._speed is not None and recorded_ms is not None:
            if self._first_ms is None:
                self._first_ms = recorded_ms
            due = max(due, self._started + (recorded_ms - self._first_ms) / 1000 / self._speed)
        self._sent += 1
        if due > now:
            self._sleep(due - now)


class Player:
    """Plays one file and keeps the place of its last confirmed line."""

    def __init__(self, file: Path, settings: Settings, publisher: Publisher, mapping: Path | None = None) -> None:
        if not file.is_file():
            raise PlayError(f"{file}: there is no such file")
        self._file = file.resolve()
        self._publisher = publisher
        self._reader = Reader(settings, load_mapping(mapping) if mapping else None)
        folder = settings.data_dir / "play"
        folder.mkdir(parents=True, exist_ok=True)
        identity = f"{self._file}\0{settings.kafka_bootstrap_servers}\0{settings.topic_prefix}"
        self._place_file = folder / f"{hashlib.blake2s(identity.encode(), digest_size=8).hexdigest()}.json"
        self._waiting: deque[tuple[int, Any]] = deque()
        self.place = self._load()
        self.unreadable = 0

    def restart(self) -> None:
        """Begin with the first line again."""
        self.place = Place(str(self._file), self._file.stat().st_size)

    def play(self, pace: Pace, advance: Advance = lambda _: None) -> int:
        """Publish what is left of the file; returns how many lines that was. `advance` is told the place in bytes.

        Raises PlayError or PublishError; the place of the last confirmed line is kept either way.
        """
        played = 0
        try:
            for number, line, position in self._lines():
                message = self._reader.message(line)
                self.unreadable += not message.is_readable
                pace.wait(message.recorded_ms)
                self._waiting.append((number, self._send(number, message)))
                played += 1
                self._settle(number)
                advance(position)
            self._publisher.flush()
            self._collect()
            self.place.finished = True
        finally:
            self._collect()
            self._save()
        return played

    def _send(self, number: int, message: Message) -> Any:
        try:
            return self._publisher.send_bytes(message.event_type, message.key, message.value)
        except KafkaError as error:
            raise PlayError(f"line {number} ({len(message.value)} bytes) was not sent: {error}") from error

    def _lines(self) -> Iterator[tuple[int, bytes, int]]:
        with self._file.open("rb") as raw, _unpacked(raw) as stream:
            for number, line in enumerate(stream, start=1):
                content = line.rstrip(b"\r\n")
                if number > self.place.line and content.strip():
                    yield number, content, raw.tell()

    def _settle(self, number: int) -> None:
        if number % 500 == 0:
            self._collect()
            if len(self._waiting) > _MOST_UNCONFIRMED:
                self._waiting[0][1].get(timeout=60)
            now = time.monotonic()
            if now - self._saved_at > _SAVE_SECONDS:
                self._save()

    def _collect(self) -> None:
        while self._waiting and self._waiting[0][1].is_done:
            number, confirmation = self._waiting.popleft()
            if confirmation.failed():
                raise PublishError(f"line {number} was not confirmed: {type(confirmation.exception).__name__}")
            self.place.line = number

    def _load(self) -> Place:
        self._saved_at = time.monotonic()
        size = self._file.stat().st_size
        try:
            place = msgspec.json.decode(self._place_file.read_bytes(), type=Place)
        except (FileNotFoundError, msgspec.DecodeError):
            return Place(str(self._file), size)
        # Another file of the same name starts at its beginning.
        return place if place.size == size else Place(str(self._file), size)

    def _save(self) -> None:
        temporary = self._place_file.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(self.place))
        temporary.replace(self._place_file)
        self._saved_at = time.monotonic()


@contextmanager
def _unpacked(raw: IO[bytes]) -> Iterator[Iterator[bytes]]:
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    if not packed:
        yield raw
        return
    with gzip.GzipFile(fileobj=raw) as stream:
        try:
            yield iter(stream)
        except (EOFError, gzip.BadGzipFile) as error:
            raise PlayError("the file's compression is damaged") from error


def _decode(line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(line)  # it also reads NaN and Infinity, which intake refuses with a reason of its own
    except (ValueError, RecursionError):
        return None


def _guess_type(line: bytes) -> str:
    found = _TYPE.search(line)
    name = found[1].decode("ascii", "replace") if found else ""
    return name if name in TOPIC_OF else UNREADABLE_TYPE


def _first(fields: dict[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = fields.get(name)
        if value is not None and not isinstance(value, dict | list):
            return str(value).strip()
    return ""

"""`kongfei play`: what a line becomes, at which pace, and where a broken-off play goes on."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from streams.play import UNREADABLE_TYPE, Pace, Player, PlayError, Reader
from streams.settings import Settings


class Confirmation:
    def __init__(self, error: Exception | None = None) -> None:
        self.is_done = True
        self.exception = error

    def failed(self) -> bool:
        return self.exception is not None

    def get(self, timeout: float) -> None:
        pass


class Sent:
    """A publisher that remembers, and fails when it is told to."""

    def __init__(self, break_at: int | None = None) -> None:
        self.messages: list[tuple[str, bytes | None, bytes]] = []
        self.break_at = break_at

    def send_bytes(self, event_type: str, key: bytes | None, value: bytes) -> Confirmation:
        if self.break_at is not None and len(self.messages) >= self.break_at:
            raise KeyboardInterrupt
        self.messages.append((event_type, key, value))
        return Confirmation()

    def flush(self) -> None:
        pass


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", hospital="H1")


def canonical(number: int) -> bytes:
    fields = {"type": "charge", "patient_id": f"P{number % 3}", "charge_id": f"C{number}", "amount": "1.00"}
    return json.dumps(fields | {"recorded_at": "2026-01-05 08:30:00"}).encode()


def write(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def player(file: Path, settings: Settings, sent: Sent) -> Player:
    return Player(file, settings, sent)  # type: ignore[arg-type]


AT_ONCE = Pace(None, None)


def test_canonical_lines_are_published_byte_for_byte_in_file_order(tmp_path: Path, settings: Settings) -> None:
    lines = [canonical(number) for number in range(10)]
    sent = Sent()
    assert player(write(tmp_path / "e.ndjson", lines), settings, sent).play(AT_ONCE) == 10
    assert [value for _, _, value in sent.messages] == lines
    assert sent.messages[4][:2] == ("charge", b"H1|P1")


def test_a_gzipped_file_is_read_as_a_plain_one(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "e.gz"
    path.write_bytes(gzip.compress(canonical(1) + b"\r\n\n" + canonical(2)))
    sent = Sent()
    assert player(path, settings, sent).play(AT_ONCE) == 2
    assert [value for _, _, value in sent.messages] == [canonical(1), canonical(2)]


def test_a_damaged_gzip_is_told(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "e.gz"
    path.write_bytes(gzip.compress(canonical(1) * 100)[:-12])
    with pytest.raises(PlayError, match="damaged"):
        player(path, settings, Sent()).play(AT_ONCE)


@pytest.mark.parametrize(
    ("line", "event_type"),
    [
        (b"not json", UNREADABLE_TYPE),
        (b"\xff\xfe\x00", UNREADABLE_TYPE),
        (b"[1, 2]", UNREADABLE_TYPE),
        (b'{"type": "order", "patient_id": "P1"', "order"),
        (b'{"type": "weather"}', UNREADABLE_TYPE),
        (b'{"event_type": "weather", "encounter_id": "1"}', UNREADABLE_TYPE),
        (b'{"type": 5}', UNREADABLE_TYPE),
        (b"[" * 100_000, UNREADABLE_TYPE),
    ],
)
def test_a_line_that_cannot_be_read_is_published_as_it_is(
    tmp_path: Path, settings: Settings, line: bytes, event_type: str
) -> None:
    sent = Sent()
    made = player(write(tmp_path / "e.ndjson", [line]), settings, sent)
    made.play(AT_ONCE)
    assert sent.messages == [(event_type, None, line)]
    assert made.unreadable == 1


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"patient_id": "P1"}, b"H1|P1"),
        ({"patn_id": " P1 ", "fixmedins_code": "H7"}, b"H7|P1"),
        ({"patient_id": 17}, b"H1|17"),
        ({"patient_id": ""}, None),
        ({"patient_id": {"a": 1}}, None),
        ({"patient_id": "x" * 10_000}, None),
        ({}, None),
    ],
)
def test_a_line_is_keyed_by_its_patient(settings: Settings, fields: dict[str, Any], key: bytes | None) -> None:
    line = json.dumps({"type": "order"} | fields).encode()
    assert Reader(settings, None).message(line).key == key


def test_a_foreign_line_is_mapped_by_itself(settings: Settings) -> None:
    line = b'{"event_type":"discharge","encounter_id":"V1","patient_id":"P1","event_id":"E1","event_time":"2026-01-01"}'
    message = Reader(settings, None).message(line)
    assert (message.event_type, message.key) == ("admission", b"H1|P1")
    assert json.loads(message.value)["kind"] == "discharge"


def test_a_broken_off_play_goes_on_after_the_last_confirmed_line(tmp_path: Path, settings: Settings) -> None:
    lines = [canonical(number) for number in range(1_000)]
    path = write(tmp_path / "e.ndjson", lines)
    first = Sent(break_at=600)
    with pytest.raises(KeyboardInterrupt):
        player(path, settings, first).play(AT_ONCE)

    again, second = player(path, settings, second_sent := Sent()), second_sent
    assert again.place.line == 600
    assert again.play(AT_ONCE) == 400
    assert [value for _, _, value in (*first.messages, *second.messages)] == lines
    assert player(path, settings, Sent()).place.finished


def test_a_file_that_changed_is_played_from_its_beginning(tmp_path: Path, settings: Settings) -> None:
    path = write(tmp_path / "e.ndjson", [canonical(1)])
    player(path, settings, Sent()).play(AT_ONCE)
    write(path, [canonical(1), canonical(2)])
    assert player(path, settings, Sent()).place.line == 0


def test_a_restart_begins_with_the_first_line(tmp_path: Path, settings: Settings) -> None:
    path = write(tmp_path / "e.ndjson", [canonical(1), canonical(2)])
    player(path, settings, Sent()).play(AT_ONCE)
    again = player(path, settings, Sent())
    again.restart()
    assert again.play(AT_ONCE) == 2


def test_a_missing_file_is_told(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(PlayError, match="no such file"):
        player(tmp_path / "none", settings, Sent())


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def times(self, pace: Pace, recorded: list[int | None]) -> list[float]:
        found = []
        for ms in recorded:
            pace.wait(ms)
            found.append(round(self.now - 100, 6))
        return found


def test_speed_shrinks_the_time_between_records_and_a_late_record_does_not_wait() -> None:
    clock = Clock()
    pace = Pace(10, None, lambda: clock.now, clock.sleep)
    assert clock.times(pace, [1_000, 6_000, 2_000, None, 21_000]) == [0, 0.5, 0.5, 0.5, 2.0]


def test_a_rate_spaces_lines_evenly() -> None:
    clock = Clock()
    pace = Pace(None, 4, lambda: clock.now, clock.sleep)
    assert clock.times(pace, [None] * 4) == [0, 0.25, 0.5, 0.75]


def test_without_speed_or_rate_nothing_waits() -> None:
    clock = Clock()
    assert clock.times(Pace(None, None, lambda: clock.now, clock.sleep), [0, 10**9]) == [0, 0]

"""Dead letters: selecting, and replaying within bounds."""

import json
from pathlib import Path

import pytest
from kafka import KafkaProducer

from schemas.dead_letter import DeadLetter, dead_letter_headers
from schemas.reasons import Reason
from streams.admin import create_topics
from streams.dead_letters import (
    REPLAYED_FROM,
    Letter,
    Replay,
    ReplayStoppedError,
    Selection,
    WouldFailAgain,
    read_letters,
)
from streams.publisher import Publisher
from streams.settings import Settings
from streams.topics import Topic
from tests.streams.test_publisher import read

GOOD = json.dumps(
    {"patient_id": "P1", "visit_id": "V1", "charge_id": "C1", "amount": "1.00", "charged_at": 10}
).encode()
BAD = b'{"patient_id": "P1"}'


def letter(**changes: object) -> Letter:
    fields = {
        "reason": "V203",
        "detail": "amount",
        "stage": "intake",
        "source_topic": "his.charge.v1",
        "source_partition": 0,
        "source_offset": 7,
        "content": "source",
        "at": 1_000,
        "key": b"H1|P1",
        "value": GOOD,
    }
    return Letter(0, 3, DeadLetter(**(fields | changes)))


@pytest.mark.parametrize(
    ("selection", "takes"),
    [
        (Selection(), True),
        (Selection(reasons=("V203",)), True),
        (Selection(reasons=("D1", "V2")), True),
        (Selection(reasons=("D1",)), False),
        (Selection(source_topics=("his.order.v1",)), False),
        (Selection(stages=("cost",)), False),
        (Selection(since_ms=1_000, until_ms=1_001), True),
        (Selection(until_ms=1_000), False),
        (Selection(first_offset=7, last_offset=7), True),
        (Selection(first_offset=8), False),
        (Selection(last_offset=6), False),
        (Selection(place="0:3"), True),
        (Selection(place="0:4"), False),
    ],
)
def test_a_selection_holds_every_condition(selection: Selection, takes: bool) -> None:
    assert selection.takes(letter()) is takes


class Sent:
    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes | None, bytes, list[tuple[str, bytes]]]] = []

    def send_bytes(self, event_type: str, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        self.messages.append((event_type, key, value, headers))

    def flush(self) -> None:
        pass


def replay(policy: WouldFailAgain, *letters: Letter, sent: Sent | None):
    made = Replay(Settings(), sent, policy)  # type: ignore[arg-type]
    return made.run(iter(letters), lambda *_: None)


MIXED = (letter(), letter(value=BAD), letter(key=b"H1|P2"))


def test_a_message_that_is_right_now_is_published_as_it_was() -> None:
    sent = Sent()
    report = replay(WouldFailAgain.STOP, letter(), sent=sent)
    assert sent.messages == [("charge", b"H1|P1", GOOD, [(REPLAYED_FROM, b"0:3")])]
    assert (report.selected, report.published, report.skipped) == (1, 1, 0)


def test_stop_ends_at_the_first_message_that_would_fail_again() -> None:
    sent = Sent()
    with pytest.raises(ReplayStoppedError, match="V201"):
        replay(WouldFailAgain.STOP, *MIXED, sent=sent)
    assert len(sent.messages) == 1


def test_skip_leaves_out_what_would_fail_again() -> None:
    sent = Sent()
    report = replay(WouldFailAgain.SKIP, *MIXED, sent=sent)
    assert [message[1] for message in sent.messages] == [b"H1|P1", b"H1|P2"]
    assert (report.published, report.skipped, report.failing) == (2, 1, 1)


def test_refuse_again_publishes_it_all_the_same() -> None:
    sent = Sent()
    report = replay(WouldFailAgain.REFUSE_AGAIN, *MIXED, sent=sent)
    assert [message[2] for message in sent.messages] == [GOOD, BAD, GOOD]
    assert (report.published, report.skipped, report.failing) == (3, 0, 1)


@pytest.mark.parametrize("policy", [WouldFailAgain.SKIP, WouldFailAgain.REFUSE_AGAIN])
def test_what_a_later_stage_refused_is_never_replayed(policy: WouldFailAgain) -> None:
    sent = Sent()
    report = replay(policy, letter(reason="R301", stage="cost", content="ledger"), sent=sent)
    assert (sent.messages, report.skipped) == ([], 1)


def test_a_dry_run_sends_nothing() -> None:
    report = replay(WouldFailAgain.SKIP, *MIXED, sent=None)
    assert (report.published, report.skipped) == (2, 1)


@pytest.mark.integration
def test_letters_are_read_from_kafka_and_replayed_to_their_topic(kafka, topic_prefix: str, tmp_path: Path) -> None:
    settings = Settings(
        kafka_bootstrap_servers=kafka.bootstrap, topic_prefix=topic_prefix, partitions=4, data_dir=tmp_path
    )
    create_topics(settings, [Topic.CHARGE, Topic.DEAD_LETTER])
    with KafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        for number in range(10):
            headers = dead_letter_headers(
                Reason.FLOAT_AMOUNT if number % 2 else Reason.NOT_JSON,
                "amount",
                "intake",
                (Topic.CHARGE, 1, 100 + number),
                1_000 + number,
            )
            value = GOOD if number % 2 else BAD
            producer.send(
                topic_prefix + Topic.DEAD_LETTER, key=b"H1|P1", value=value, headers=headers, partition=number % 4
            )

    assert len(list(read_letters(settings, Selection()))) == 10
    assert len(list(read_letters(settings, Selection(), limit=3))) == 3
    chosen = Selection(reasons=("V2",), first_offset=103)
    with Publisher(settings=settings) as publisher:
        letters = read_letters(settings, chosen)
        report = Replay(settings, publisher, WouldFailAgain.STOP).run(letters, lambda *_: None)

    assert report.published == 4
    arrived = read(settings, "charge")
    assert [record.value for record in arrived] == [GOOD] * 4
    assert all(dict(record.headers)[REPLAYED_FROM] for record in arrived)

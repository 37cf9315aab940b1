"""Dead letters: reading them, and publishing them once more when their cause is mended. Never changes or deletes one.

A replay is a bounded instruction: a selection, a limit, and a policy for a message that would fail again. Each message
is tried here first, with intake's own rules. Only what intake refused can be replayed: what a later stage refused
stands in the ledger already, and would only be refused again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from kafka import KafkaConsumer, TopicPartition
from pydantic import ValidationError

from schemas.codec import Codec
from schemas.dead_letter import DeadLetter, read_dead_letter
from schemas.events import EVENT_TYPES
from schemas.fields import reject_of
from schemas.reasons import RejectError
from streams.connection import kafka_python_options
from streams.logs import SafeError
from streams.publisher import TOPIC_OF, Publisher
from streams.registry import resolver_of
from streams.settings import Settings
from streams.topics import LARGEST_MESSAGE_BYTES, Topic

#: Header that tells a replayed message from its original.
REPLAYED_FROM = "replayed-from"
_TYPE_OF = {topic.value: event_type for event_type, topic in TOPIC_OF.items()}
_POLL_MS = 1_000


class WouldFailAgain(StrEnum):
    """What a replay does with a message that would be refused again."""

    STOP = "stop"
    SKIP = "skip"
    REFUSE_AGAIN = "refuse-again"


class ReplayStoppedError(SafeError):
    """A message would be refused again, and the policy is to stop there."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter and where it stands."""

    partition: int
    offset: int
    content: DeadLetter

    @property
    def place(self) -> str:
        """`partition:offset`, as `kongfei dlq show` takes it."""
        return f"{self.partition}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters are meant; every condition that is given must hold.

    reasons: numbers such as V203, or a family such as V2. Times are epoch ms of the refused record. Offsets are those
    of the refused record in its own topic.
    """

    reasons: tuple[str, ...] = ()
    source_topics: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    since_ms: int | None = None
    until_ms: int | None = None
    first_offset: int | None = None
    last_offset: int | None = None
    place: str | None = None

    def takes(self, letter: Letter) -> bool:
        """Whether this letter is meant."""
        content = letter.content
        return (
            (not self.reasons or content.reason.startswith(self.reasons))
            and (not self.source_topics or content.source_topic in self.source_topics)
            and (not self.stages or content.stage in self.stages)
            and (self.since_ms is None or content.at >= self.since_ms)
            and (self.until_ms is None or content.at < self.until_ms)
            and (self.first_offset is None or content.source_offset >= self.first_offset)
            and (self.last_offset is None or content.source_offset <= self.last_offset)
            and (self.place is None or letter.place == self.place)
        )


@dataclass(slots=True)
class ReplayReport:
    """What a replay did: selected = published + skipped, of which `failing` would be refused again."""

    selected: int = 0
    published: int = 0
    skipped: int = 0
    failing: int = 0


def read_letters(settings: Settings, selection: Selection, limit: int | None = None) -> Iterator[Letter]:
    """The selected dead letters there are now, partition by partition, oldest first; at most `limit`."""
    consumer = KafkaConsumer(
        **kafka_python_options(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST_MESSAGE_BYTES,
    )
    try:
        taken = 0
        for letter in _read_all(consumer, settings.topic_prefix + Topic.DEAD_LETTER):
            if limit is not None and taken >= limit:
                return
            if selection.takes(letter):
                taken += 1
                yield letter
    finally:
        consumer.close()


def _read_all(consumer: KafkaConsumer, topic: str) -> Iterator[Letter]:
    partitions = consumer.partitions_for_topic(topic)
    if not partitions:
        raise SafeError(f"topic {topic} does not exist (kongfei topics create)")
    places = [TopicPartition(topic, number) for number in sorted(partitions)]
    ends = consumer.end_offsets(places)
    for tp in places:
        consumer.assign([tp])
        consumer.seek_to_beginning(tp)
        while consumer.position(tp) < ends[tp]:
            for record in consumer.poll(_POLL_MS).get(tp, []):
                if record.offset < ends[tp]:
                    content = read_dead_letter(record.key, record.value, record.headers)
                    yield Letter(record.partition, record.offset, content)


class Replay:
    """Publishes selected dead letters once more."""

    def __init__(self, settings: Settings, publisher: Publisher | None, policy: WouldFailAgain) -> None:
        """Without a publisher nothing is sent: a dry run."""
        self._publisher = publisher
        self._policy = policy
        self._codec = Codec(resolver=resolver_of(settings))
        self._context = {"zone": ZoneInfo(settings.timezone), "hospital": settings.hospital}
        self.report = ReplayReport()

    def run(self, letters: Iterator[Letter], tell: Callable[[Letter, str], None]) -> ReplayReport:
        """Replay each letter; `tell` hears what became of it. Raises ReplayStoppedError by the policy `stop`."""
        for letter in letters:
            self.report.selected += 1
            obstacle = self._obstacle(letter.content)
            if obstacle is not None:
                self.report.failing += 1
                if self._policy is WouldFailAgain.STOP:
                    raise ReplayStoppedError(f"{letter.place} would fail again: {obstacle}")
            if obstacle is not None and (self._policy is WouldFailAgain.SKIP or not _is_replayable(letter.content)):
                self.report.skipped += 1
                tell(letter, f"skipped: {obstacle}")
                continue
            self._publish(letter)
            self.report.published += 1
            tell(letter, "published" if obstacle is None else f"published, will be refused: {obstacle}")
        if self._publisher is not None:
            self._publisher.flush()
        return self.report

    def _obstacle(self, content: DeadLetter) -> str | None:
        """Why the message would be refused again; None when it would not."""
        if not _is_replayable(content):
            return f"{content.reason} was found by {content.stage or 'a later stage'}, the message is in the ledger"
        event_type = _TYPE_OF[content.source_topic]
        try:
            fields = self._codec.decode(content.value, event_type)
            EVENT_TYPES[event_type].model_validate(fields, context=self._context)
        except RejectError as error:
            return str(error)
        except ValidationError as error:
            return str(reject_of(error))
        return None

    def _publish(self, letter: Letter) -> None:
        if self._publisher is not None:
            content = letter.content
            headers = [(REPLAYED_FROM, letter.place.encode())]
            self._publisher.send_bytes(_TYPE_OF[content.source_topic], content.key, content.value or b"", headers)


def _is_replayable(content: DeadLetter) -> bool:
    return content.content == "source" and content.source_topic in _TYPE_OF

"""Creates and checks topics. Creating changes nothing that exists; checking reports every difference."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError, for_code

from streams.connection import kafka_python_options
from streams.logs import SafeError
from streams.settings import Settings
from streams.topics import SPECS, Topic, TopicSpec

_TIMEOUT_MS = 60_000


class TopicsError(SafeError):
    """Topics are not as they must be; the message has one line a difference."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a topic is not as it must be."""

    topic: str
    what: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"topic {self.topic}: {self.what} is {self.found}, must be {self.wanted}"


def create_topics(settings: Settings, wanted: Iterable[Topic] = tuple(Topic)) -> list[str]:
    """Create those of the topics that do not exist; returns their full names, once every partition has a leader."""
    specs = [SPECS[topic] for topic in wanted]
    with _admin(settings) as admin:
        existing = set(_describe(admin, [settings.topic_prefix + spec.topic for spec in specs]))
        missing = {
            settings.topic_prefix + spec.topic: {
                "num_partitions": spec.partition_count(settings.partitions),
                "replication_factor": settings.replication_factor,
                "configs": spec.config | _safety(settings),
            }
            for spec in specs
            if settings.topic_prefix + spec.topic not in existing
        }
        if missing:
            answer = admin.create_topics(missing, timeout_ms=_TIMEOUT_MS, raise_errors=False)
            for topic in answer["topics"]:
                error = for_code(topic["error_code"])
                if topic["error_code"] and error is not TopicAlreadyExistsError:  # somebody else was quicker
                    raise TopicsError(f"topic {topic['name']}: {error.__name__} {topic.get('error_message') or ''}")
            admin.wait_for_topics(list(missing), timeout_ms=_TIMEOUT_MS)
        return sorted(missing)


def check_topics(settings: Settings, wanted: Iterable[Topic] = tuple(Topic)) -> list[Difference]:
    """Every difference between the topics and what they must be like."""
    return _check(settings, wanted)[0]


def verify_topics(settings: Settings, wanted: Iterable[Topic]) -> dict[Topic, str]:
    """Raise TopicsError with every difference, if there is any: no worker runs on topics that are not right.

    Returns the id of each topic, which changes when a topic is deleted and made anew.
    """
    differences, ids = _check(settings, wanted)
    if differences:
        raise TopicsError("\n".join(str(difference) for difference in differences))
    return ids


def _check(settings: Settings, wanted: Iterable[Topic]) -> tuple[list[Difference], dict[Topic, str]]:
    specs = {settings.topic_prefix + SPECS[topic].topic: SPECS[topic] for topic in wanted}
    with _admin(settings) as admin:
        found = _describe(admin, list(specs))
        configs = _configs(admin, list(found)) if found else {}
    differences: list[Difference] = []
    for name, spec in specs.items():
        if name in found:
            differences += _compare(name, spec, settings, found[name], configs[name])
        else:
            differences.append(Difference(name, "it", "there (kongfei topics create)", "missing"))
    return differences, {specs[name].topic: str(topic["topic_id"]) for name, topic in found.items()}


def partition_counts(settings: Settings, wanted: Iterable[Topic]) -> dict[Topic, int]:
    """How many partitions each existing topic has."""
    names = {settings.topic_prefix + topic: topic for topic in wanted}
    with _admin(settings) as admin:
        return {names[name]: len(topic["partitions"]) for name, topic in _describe(admin, list(names)).items()}


@contextmanager
def _admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(**kafka_python_options(settings))
    try:
        yield admin
    finally:
        admin.close()


def _describe(admin: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, Any]]:
    return {topic["name"]: topic for topic in admin.describe_topics(names) if not topic["error_code"]}


def _configs(admin: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answer = admin.describe_configs(resources, config_filter="all")
    return {
        name: {key: str(entry["value"]) for key, entry in entries.items()} for name, entries in answer["topic"].items()
    }


def _safety(settings: Settings) -> dict[str, str]:
    # acks=all means all that are in sync: with three copies, two must have it before it counts as written.
    return {"min.insync.replicas": "2" if settings.replication_factor >= 3 else "1"}


def _compare(
    name: str, spec: TopicSpec, settings: Settings, found: dict[str, Any], config: dict[str, str]
) -> Iterator[Difference]:
    partitions, wanted = len(found["partitions"]), spec.partition_count(settings.partitions)
    if partitions != wanted and not spec.any_partitions:
        yield Difference(name, "the number of partitions", str(wanted), str(partitions))
    for key, value in spec.config.items():
        if spec.any_partitions and key == "retention.ms":
            continue  # how long the hospital keeps its own topics is its own affair
        if key == "max.message.bytes":
            # What comes in must fit into what goes out, so inputs have an upper bound and outputs a lower one.
            found_bytes = int(config.get(key, "0"))
            if not (found_bytes <= int(value) if spec.any_partitions else found_bytes >= int(value)):
                bound = "at most" if spec.any_partitions else "at least"
                yield Difference(name, key, f"{bound} {value}", str(found_bytes))
            continue
        if config.get(key) != value:
            yield Difference(name, key, value, config.get(key, "unset"))

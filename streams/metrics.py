"""Every metric, with its meaning: one typed list, printed by `kongfei metrics` and served at /metrics.

Names are `<component>_<noun>_<unit>`. A package above adds its own with the same functions, in a module of its own that
the entry point group "kongfei.metrics" names. No label ever holds an id.
"""

from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import entry_points

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
LATENCY_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class Kind(StrEnum):
    """Prometheus's kinds."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is documented."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...]


METRICS: list[Metric] = []
GROUP = "kongfei.metrics"


def every_metric() -> list[Metric]:
    """All metrics there are, also of packages that this process does not use, by name."""
    for entry in entry_points(group=GROUP):
        entry.load()
    return sorted(METRICS, key=lambda metric: metric.name)


def counter(name: str, meaning: str, *labels: str) -> Counter:
    """A number that only grows; Prometheus sees it as `<name>_total`."""
    METRICS.append(Metric(f"{name}_total", Kind.COUNTER, meaning, labels))
    return Counter(name, meaning, labels, registry=REGISTRY)


def gauge(name: str, meaning: str, *labels: str) -> Gauge:
    """A number that goes up and down."""
    METRICS.append(Metric(name, Kind.GAUGE, meaning, labels))
    return Gauge(name, meaning, labels, registry=REGISTRY)


def histogram(name: str, meaning: str, *labels: str) -> Histogram:
    """A distribution of seconds."""
    METRICS.append(Metric(name, Kind.HISTOGRAM, meaning, labels))
    return Histogram(name, meaning, labels, registry=REGISTRY, buckets=LATENCY_SECONDS)


STAGE_RECORDS = counter("stage_records", "input records worked through", "stage")
STAGE_FATES = counter("stage_fates", "what became of input records, as the stage counts it", "stage", "fate")
STAGE_OUTPUTS = counter("stage_outputs", "records sent and confirmed", "stage", "topic")
STAGE_BATCHES = counter("stage_batches", "batches worked through", "stage")
STAGE_HANDLE = histogram("stage_handle_seconds", "time in the stage's own rules, a fetch", "stage")
STAGE_SEND = histogram("stage_send_seconds", "time until outputs and changelog are confirmed, a fetch", "stage")
STAGE_AGE = histogram("stage_age_seconds", "age of a batch's oldest record when it was done", "stage")
STAGE_PARTITIONS = gauge("stage_partitions_count", "input partitions owned and ready", "stage")
STATE_KEYS = gauge("state_keys_count", "keys in the state table of this process", "stage")
STATE_RESTORE = gauge("state_restore_seconds", "how long the last restore of the state took", "stage")
STATE_MENDED = counter("state_mended_keys", "keys mended after a late write of a former owner", "stage")
FOLLOWED_ADOPTED = counter("followed_adopted_records", "records of a followed topic adopted", "stage", "topic")
FOLLOWED_REFUSED = counter("followed_refused_records", "records of a followed topic not usable", "stage", "topic")
QUESTIONS = counter("answer_questions", "questions over HTTP, by what came of them", "stage", "path", "outcome")
QUESTION_SECONDS = histogram("answer_time_seconds", "time from a question read to its answer", "stage", "path")
QUESTIONS_FORWARDED = counter("answer_forwarded_questions", "questions handed on to the owner", "stage", "outcome")
QUESTIONS_WAITING = gauge("answer_waiting_count", "questions that wait for their answer now", "stage")
COMMITTED_OFFSETS = counter("stage_commits", "offset commits the broker accepted", "stage")
WATCHDOG_LAG = gauge("watchdog_lag_records", "input records not yet committed, all owned partitions", "stage")

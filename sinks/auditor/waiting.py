"""Waits until every stage has read its inputs to their ends, in the order of the flow."""

import time
from collections.abc import Callable, Mapping, Sequence

from sinks.clickhouse.rows import TO_ROW
from streams.admin import partition_counts
from streams.settings import Settings
from streams.topics import HIS_TOPICS, Topic, group_of
from streams.watchdog import KafkaBroker

#: stage → its inputs, in the order of the flow
FLOW: Mapping[str, Sequence[Topic]] = {
    "intake": HIS_TOPICS,
    "cost": (Topic.LEDGER,),
    "departments": (Topic.DEPARTMENT_LEDGER,),
    "sink": tuple(map(Topic, TO_ROW)),
}
POLL_SECONDS = 0.3


def wait_until_read(settings: Settings, seconds: float, tell: Callable[[str, int], None]) -> dict[str, int]:
    """Wait at most `seconds`; returns what each stage still had to read then (0: nothing). `tell` hears the progress.

    A record that is neither committed nor gone counts as unread. Stages are waited for one after the other, because a
    stage that is done writes no more, and only then can the next one be.
    """
    deadline = time.monotonic() + seconds
    left: dict[str, int] = {}
    for stage, topics in FLOW.items():
        counts = partition_counts(settings, topics)
        places = frozenset(
            (settings.topic_prefix + topic, number) for topic, count in counts.items() for number in range(count)
        )
        broker = KafkaBroker(settings, settings.topic_prefix + group_of(stage))
        while True:
            committed, ends = broker.committed(), broker.ends(places)
            left[stage] = sum(max(0, ends.get(place, 0) - max(0, committed.get(place, 0))) for place in places)
            tell(stage, left[stage])
            if not left[stage] or time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
    return left

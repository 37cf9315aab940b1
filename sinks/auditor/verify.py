"""One audit, from waiting to verdict. To be run at rest: what arrives meanwhile would look like a difference.

It holds what the totals need of every distinct event in memory: about 600 bytes and 30 µs a message.
"""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from schemas.codec import Codec
from sinks.auditor.check import Check
from sinks.auditor.compare import audit
from sinks.auditor.events import Reader
from sinks.auditor.raw import RawTopics
from sinks.auditor.recount import Recount
from sinks.auditor.report import differences_of
from sinks.auditor.stored import Store
from sinks.auditor.waiting import wait_until_read
from sinks.clickhouse.connection import session
from sinks.clickhouse.migrate import verify_migrated
from streams.registry import resolver_of
from streams.settings import Settings
from streams.topics import HIS_TOPICS


@dataclass(slots=True)
class Verdict:
    """What an audit found; `notes` say what it could not see."""

    recount: Recount
    checks: list[Check]
    notes: list[str]

    @property
    def is_equal(self) -> bool:
        """No difference at all."""
        return not differences_of(self.checks)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears of the progress: a stage's unread records, how many messages there are, how many more were read."""

    waiting: Callable[[str, int], None]
    reading: Callable[[int], None]
    advanced: Callable[[int], None]


def run_audit(settings: Settings, wait_seconds: float, listener: Listener) -> Verdict:
    """Wait, read the raw topics, compare with ClickHouse. Raises SafeError when something cannot be read."""
    notes: list[str] = []
    if wait_seconds > 0:
        left = wait_until_read(settings, wait_seconds, listener.waiting)
        notes += [
            f"{stage} 尚有 {count} 条未处理 | {stage} has {count} records left"
            for stage, count in left.items()
            if count
        ]
    recount = Recount(Reader(Codec(resolver=resolver_of(settings)), settings.hospital, ZoneInfo(settings.timezone)))
    topics = RawTopics(settings, HIS_TOPICS)
    try:
        listener.reading(topics.extent.messages)
        notes += [
            f"{name} 的开头已过保留期，无从核对 | the beginning of {name} is gone" for name in topics.extent.cut_off
        ]
        topics.read(recount.feed, listener.advanced)
    finally:
        topics.close()
    with session(settings.clickhouse_url) as client:
        verify_migrated(client, settings.timezone)
        return Verdict(recount, audit(recount, Store(client, settings.timezone)), notes)

"""Follows the alert topic like any other reader: the newest version of every alert, and what has just happened."""

import re
import threading
from collections import Counter, deque
from dataclasses import dataclass
from functools import cache

from kafka import KafkaConsumer, TopicPartition

from deploy.demo.hospital.catalogue import Item, catalogue
from deploy.demo.hospital.departments import BY_CODE
from schemas.alerts import Alert, Level, Rule, Status, decode_alert
from streams.connection import kafka_python_options
from streams.settings import Settings
from streams.topics import Topic

LEVEL_NAMES = {
    Level.PURPLE: ("紫", "purple", "◆"),
    Level.RED: ("红", "red", "▲"),
    Level.YELLOW: ("黄", "yellow", "●"),
    Level.NOTICE: ("提示", "notice", "○"),
}
STATUS_NAMES = {
    Status.RAISED: "触发",
    Status.ESCALATED: "升级",
    Status.ACKNOWLEDGED: "已答复",
    Status.CLEARED: "解除",
}
_KEPT = 200


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to an alert, as a line for people."""

    level: Level
    text: str


class AlertBoard:
    """Reads `alert.v1` from its beginning in a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self._consumer = KafkaConsumer(
            **kafka_python_options(settings), auto_offset_reset="earliest", enable_auto_commit=False
        )
        numbers = self._consumer.partitions_for_topic(Topic.ALERT) or set()
        self._consumer.assign([TopicPartition(Topic.ALERT.value, number) for number in sorted(numbers)])
        self._alerts: dict[str, Alert] = {}
        self._news: deque[tuple[int, News]] = deque(maxlen=_KEPT)
        self._count = 0
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alert-board", daemon=True)
        self._thread.start()

    def open_by_level(self) -> Counter[Level]:
        """Open alerts, worst level first."""
        with self._lock:
            alerts = list(self._alerts.values())
        found = Counter(Level(alert.level) for alert in alerts if alert.status != Status.CLEARED)
        return Counter({level: found[level] for level in LEVEL_NAMES if found[level]})

    def open_alerts(self) -> list[Alert]:
        """Open alerts by id."""
        with self._lock:
            alerts = list(self._alerts.values())
        return sorted((alert for alert in alerts if alert.status != Status.CLEARED), key=lambda alert: alert.alert_id)

    def news_since(self, number: int) -> tuple[int, list[News]]:
        """What happened after the news of this number (0: all that is kept), and the number to ask with next."""
        with self._lock:
            return self._count, [news for count, news in self._news if count > number]

    def stop(self) -> None:
        """Stop reading and disconnect."""
        self._ending.set()
        self._thread.join()
        self._consumer.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            for records in self._consumer.poll(timeout_ms=200).values():
                for record in records:
                    self._take(record.value)

    def _take(self, value: bytes | None) -> None:
        if not value:
            return
        alert = decode_alert(value)
        with self._lock:
            known = self._alerts.get(alert.alert_id)
            if known is not None and known.version >= alert.version:
                return
            self._alerts[alert.alert_id] = alert
            if known is None or (known.status, known.level) != (alert.status, alert.level):
                self._count += 1
                self._news.append((self._count, News(Level(alert.level), news_line(alert))))


def news_line(alert: Alert) -> str:
    """`▲红 触发 骨科 W02-07 ZY0000123 材料占比 …`, with names where the alert has codes."""
    zh, _, mark = LEVEL_NAMES[Level(alert.level)]
    who = " ".join(
        part for part in (_department_name(alert.department), alert.bed, alert.visit_id or str(alert.month)) if part
    )
    message = alert.message_zh
    if alert.rule == Rule.TRANSFER:
        for code in re.split("[>@]", alert.subject)[:2]:
            message = re.sub(rf"(?<![\w.]){re.escape(code)}(?![\w.])", _department_name(code), message)
    elif item := _items().get(alert.subject):
        message = message.replace(alert.subject, item.name)
    return f"{mark}{zh} {STATUS_NAMES[Status(alert.status)]} {who} {message}"


def _department_name(code: str) -> str:
    department = BY_CODE.get(code)
    return department.name if department else code


@cache
def _items() -> dict[str, Item]:
    return {item.item_code: item for item in catalogue().values()}

"""From the moment an event is handed to Kafka to the moment its alert can be read, at a steady rate."""

import json
import threading
import time

from schemas.alerts import decode_alert
from streams.topics import Topic
from tests.pipeline import Pipeline

#: Every so many events, one brings a new visit over a line: it must raise an alert.
ALERT_EVERY = 10
EXPENSIVE_FEN = 5_500_000  # above the example policy's case_cost line


def measure_latency(pipeline: Pipeline, rate: int, seconds: int) -> list[float]:
    """Seconds from send to readable alert, one a crossing event."""
    sent: dict[str, float] = {}
    read: dict[str, float] = {}
    stop = threading.Event()
    ready = threading.Event()

    def follow() -> None:
        consumer = pipeline.consumer(Topic.ALERT, fetch_max_wait_ms=50)
        consumer.poll(timeout_ms=1000)
        ready.set()
        while not stop.is_set():
            for records in consumer.poll(timeout_ms=50).values():
                now = time.monotonic()
                for record in records:
                    alert = decode_alert(record.value)
                    if alert.rule == "case_cost":
                        read.setdefault(alert.visit_id, now)
        consumer.close()

    reader = threading.Thread(target=follow, daemon=True)
    reader.start()
    ready.wait(30)
    producer = pipeline.producer(linger_ms=0)
    began = time.monotonic()
    for number in range(rate * seconds):
        due = began + number / rate
        if (pause := due - time.monotonic()) > 0:
            time.sleep(pause)
        crossing = number % ALERT_EVERY == 0
        visit = f"X{number}" if crossing else f"V{number % 400}"
        event = {
            "charge_id": f"L{number}",
            "patient_id": visit,
            "visit_id": visit,
            "amount": EXPENSIVE_FEN if crossing else 1_000,
            "category": "05",
            "level": "01",
            "charged_at": int(time.time() * 1000),
        }
        if crossing:
            sent[visit] = time.monotonic()
        producer.send(pipeline.topic(Topic.CHARGE), key=visit.encode(), value=json.dumps(event).encode())
    producer.flush()
    deadline = time.monotonic() + 30
    while len(read) < len(sent) and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    reader.join()
    if missing := sent.keys() - read.keys():
        raise AssertionError(f"{len(missing)} alerts never came")
    return [read[visit] - sent[visit] for visit in sent]

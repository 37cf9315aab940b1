"""Publishes the hospital's messages to Kafka with kafka-python, at a steady rate, from a thread of its own."""

import threading
import time
from collections.abc import Iterable, Sequence

from kafka import KafkaProducer
from kafka.errors import KafkaError

from deploy.demo.hospital.simulation import Message
from streams.connection import kafka_python_options
from streams.settings import Settings

_SLICE_SECONDS = 0.05


class Feed:
    """Sends messages in order.

    `published` counts what the broker has confirmed, `hospital_time` (epoch ms) is when the hospital recorded what was
    sent last, `error` is what ended it early.
    """

    def __init__(self, settings: Settings) -> None:
        self.published = 0
        self.hospital_time = 0
        self.error: str | None = None
        self._producer = KafkaProducer(
            **kafka_python_options(settings), acks="all", linger_ms=20, batch_size=256 * 1024, max_request_size=16 << 20
        )
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether there is still something to publish."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, messages: Iterable[Message], per_second: float) -> None:
        """Begin to publish; returns at once."""
        self._thread = threading.Thread(target=self._run, args=(messages, per_second), name="feed", daemon=True)
        self._thread.start()

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish a few messages now and wait for the broker."""
        for message in messages:
            self._send(message)
        self._producer.flush()

    def stop(self) -> None:
        """Publish no more and disconnect."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        self._producer.close(timeout=5)

    def _run(self, messages: Iterable[Message], per_second: float) -> None:
        begun, sent = time.monotonic(), 0
        try:
            for message in messages:
                if sent >= (time.monotonic() - begun) * per_second:
                    self._producer.flush()
                    while (early := sent / per_second - (time.monotonic() - begun)) > 0:
                        if self._ending.wait(min(max(early, _SLICE_SECONDS), 1)):
                            return
                if self._ending.is_set():
                    return
                self._send(message)
                sent += 1
            self._producer.flush()
        except KafkaError as error:
            self.error = f"publishing failed: {error}"

    def _send(self, message: Message) -> None:
        sending = self._producer.send(message.topic, key=message.key, value=message.value)
        self.hospital_time = max(self.hospital_time, message.recorded_at)
        sending.add_callback(self._confirmed)
        sending.add_errback(self._refused)

    def _confirmed(self, _: object) -> None:
        self.published += 1

    def _refused(self, error: BaseException) -> None:
        self.error = f"the broker refused a message: {type(error).__name__}"

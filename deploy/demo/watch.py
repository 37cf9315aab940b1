"""Looks at the running pipeline, draws what it sees, and notices what goes wrong."""

import time
from types import TracebackType
from typing import Self

from deploy.demo.alert_board import AlertBoard
from deploy.demo.feed import Feed
from deploy.demo.gauges import Gauges, Reading
from deploy.demo.screen import Picture, Screen, per_second_meter
from deploy.demo.stack import DemoFailedError, Stack

LOOK_SECONDS = 0.5
STILL_SECONDS = 120


class Watch:
    """Owns the connections of the demo itself: the feed, the figures and the alerts. Closes them when left."""

    def __init__(self, stack: Stack, screen: Screen) -> None:
        self.gauges = Gauges(stack.settings)
        self.board = AlertBoard(stack.settings)
        self.feed = Feed(stack.settings)
        self._stack = stack
        self._screen = screen
        self._rate = per_second_meter()
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.feed.stop()
        self.board.stop()
        self.gauges.close()

    def look(self, total: int, accepted: int) -> Reading:
        """Draw one picture. `total` messages are to be published, intake must accept `accepted` of them.

        Raises DemoFailedError when a process has ended or a message could not be published.
        """
        self._stack.check()
        if self.feed.error:
            raise DemoFailedError(self.feed.error)
        reading = self.gauges.read()
        self._seen, news = self.board.news_since(self._seen)
        rate = self._rate(reading.applied)
        feed, levels = self.feed, self.board.open_by_level()
        picture = Picture(total, accepted, feed.published, reading, rate, levels, feed.hospital_time)
        self._screen.show(picture, news)
        return reading

    def until_rest(self, total: int, accepted: int) -> None:
        """Look until everything is published and every group has read everything.

        Raises DemoFailedError as `look`, and when nothing moves for two minutes.
        """
        moved_at, last = time.monotonic(), Reading()
        with self._screen.watching():
            while True:
                reading = self.look(total, accepted)
                if reading.at_rest and not self.feed.is_running and self.feed.published >= total:
                    return
                if reading != last:
                    last, moved_at = reading, time.monotonic()
                if time.monotonic() - moved_at > STILL_SECONDS:
                    raise DemoFailedError(f"nothing has moved for {STILL_SECONDS} s; still to read: {reading.lag}")
                time.sleep(LOOK_SECONDS)

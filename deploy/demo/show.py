"""The demo from beginning to end: start, play, wait, judge, report, go on.

1. start Kafka and ClickHouse while the hospital is made up
2. create topics and tables, start the stages and the sink
3. publish the hospital and show how it passes through, until every group has read everything
4. answer a few alerts, and wait again
5. compare with the hospital's own expectation, ask the auditor, print what happened
6. go on with a few events a second until Ctrl-C, unless it is to end by itself

Every process is stopped whatever happens.
"""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from clickhouse_driver import Client

from deploy.demo.alert_board import AlertBoard
from deploy.demo.answers import answer, worth_answering
from deploy.demo.feed import Feed
from deploy.demo.gauges import Gauges, Reading
from deploy.demo.guide import guide
from deploy.demo.hospital.departments import HOSPITAL_NAME
from deploy.demo.hospital.simulation import Hospital, Message, Size
from deploy.demo.report import (
    report_alerts,
    report_costliest,
    report_dead_letters,
    report_departments,
    report_verdict,
)
from deploy.demo.screen import Picture, Screen, per_second_meter
from deploy.demo.stack import DemoFailedError, Stack, fresh_folder
from deploy.demo.verdict import Verdict, judge

LOOK_SECONDS = 0.5
STILL_SECONDS = 120
TRICKLE_PER_SECOND = 3.0
ANSWERS = 6
ANSWER_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for. `once`: end after the report."""

    folder: Path
    seed: int
    size: Size
    per_second: float
    once: bool
    keep: bool


class Show:
    """One run of the demo."""

    def __init__(self, options: Options, screen: Screen) -> None:
        self._options = options
        self._screen = screen
        self._hospital = Hospital(options.seed, options.size)
        self._marker = options.folder / f"published-{options.seed}-{options.size.days}-{options.size.beds_percent}"
        self._stack: Stack
        #: What the process should exit with if it is interrupted now.
        self.status = 0

    def run(self) -> int:
        """Run it; returns the exit status. Raises DemoFailedError or KeyboardInterrupt, after cleaning up."""
        options, screen = self._options, self._screen
        screen.title(f"控费 Kongfei · {HOSPITAL_NAME}演示", "a seeded 示例 hospital through the real pipeline")
        keep = options.keep and self._marker.exists()
        if not keep:
            fresh_folder(options.folder)
        self._stack = Stack(options.folder)
        try:
            messages = self._prepare()
            self._play([] if keep else messages, len(messages))
            return self.status
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second Ctrl-C must leave no process behind
            mistakes = self._stack.stop()
            for mistake in mistakes:
                screen.say(mistake)

    # ------------------------------------------------------------ 1, 2: start

    def _prepare(self) -> list[Message]:
        screen, stack = self._screen, self._stack
        with ThreadPoolExecutor(max_workers=2) as pool:
            making = pool.submit(self._hospital.batch)
            with screen.step("启动 Kafka 与 ClickHouse", "starting Kafka and ClickHouse"):
                stack.start_servers()
            messages = making.result()
            visits = len(self._hospital.expectation.patient_of)
            screen.say(
                f"✓ 示例医院：{visits:,} 次就诊、{len(messages):,} 条消息"
                f"  the hospital: {visits:,} visits, {len(messages):,} messages"
            )
            with screen.step("建立主题与库表", "creating topics and tables"):
                commands = [pool.submit(stack.must_run, "topics", "create"), pool.submit(stack.must_run, "migrate")]
                for command in commands:
                    command.result()
        with screen.step("启动流处理与入库进程", "starting the stages and the sink"):
            stack.start_pipeline()
        return messages

    # ------------------------------------------------------------ 3, 4, 5: play, judge, report

    def _play(self, messages: list[Message], total: int) -> None:
        stack = self._stack
        gauges, board, feed = Gauges(stack.settings), AlertBoard(stack.settings), Feed(stack.settings)
        try:
            if messages:
                feed.start(messages, self._options.per_second)
            self._watch(gauges, board, feed, total if messages else 0)
            chosen = worth_answering(board.open_alerts(), ANSWERS) if messages else []
            feed.publish([answer(alert, number) for number, alert in enumerate(chosen)])
            self._watch(gauges, board, feed, feed.published)
            self._marker.touch()
            verdict = self._report(len(chosen))
            self.status = 0 if verdict.is_good else 1
            if not self._options.once:
                self._go_on(gauges, board, feed, len(chosen))
        finally:
            feed.stop()
            board.stop()
            gauges.close()

    def _watch(self, gauges: Gauges, board: AlertBoard, feed: Feed, total: int) -> None:
        """Show the pipeline until it is at rest with everything published."""
        refused = sum(count for reason, count in self._hospital.expectation.dead_letters.items() if reason[0] in "DV")
        accepted = max(total - refused, 0)
        rate, seen, moved_at, last = per_second_meter(), 0, time.monotonic(), Reading()
        with self._screen.watching():
            while True:
                self._stack.check()
                if feed.error:
                    raise DemoFailedError(feed.error)
                reading = gauges.read()
                seen, news = board.news_since(seen)
                picture = Picture(
                    total, accepted, feed.published, reading, rate(reading.applied), board.open_by_level()
                )
                self._screen.show(picture, news)
                if reading.at_rest and not feed.is_running and feed.published >= total:
                    return
                if reading != last:
                    last, moved_at = reading, time.monotonic()
                if time.monotonic() - moved_at > STILL_SECONDS:
                    raise DemoFailedError(f"nothing has moved for {STILL_SECONDS} s; still to read: {reading.lag}")
                time.sleep(LOOK_SECONDS)

    def _report(self, answered: int) -> Verdict:
        client = Client.from_url(self._stack.settings.clickhouse_url)
        screen = self._screen
        try:
            report_alerts(screen, client)
            screen.say(f"护士站已答复 {answered} 条告警  {answered} alerts were answered by nurse stations")
            report_costliest(screen, client)
            report_departments(screen, client)
            with screen.step("审计", "auditing"):
                verdict = judge(self._stack, client, self._hospital.expectation)
            report_dead_letters(screen, verdict.dead_letters, self._hospital.expectation.dead_letters)
            report_verdict(screen, verdict)
        finally:
            client.disconnect()
        guide(screen, self._stack, ends=self._options.once)
        return verdict

    # ------------------------------------------------------------ 6: go on

    def _go_on(self, gauges: Gauges, board: AlertBoard, feed: Feed, answered: int) -> None:
        """A few events a second, and now and then an answer, until KeyboardInterrupt."""
        feed.start(self._days(), TRICKLE_PER_SECOND)
        rate, seen, answered_at = per_second_meter(), board.news_since(0)[0], time.monotonic()
        with self._screen.watching():
            while True:
                self._stack.check()
                if feed.error:
                    raise DemoFailedError(feed.error)
                reading = gauges.read()
                seen, news = board.news_since(seen)
                picture = Picture(
                    feed.published,
                    reading.ledger,
                    feed.published,
                    reading,
                    rate(reading.applied),
                    board.open_by_level(),
                )
                self._screen.show(picture, news)
                if time.monotonic() - answered_at > ANSWER_SECONDS:
                    answered_at = time.monotonic()
                    feed.publish([answer(alert, answered) for alert in worth_answering(board.open_alerts(), 1)])
                    answered += 1
                time.sleep(LOOK_SECONDS)

    def _days(self) -> Iterator[Message]:
        while True:
            yield from self._hospital.next_day()

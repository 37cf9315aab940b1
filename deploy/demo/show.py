"""The demo from beginning to end: start, play, wait, judge, report, go on.

1. start Kafka and ClickHouse while the hospital is made up
2. create topics and tables, start the stages and the sink
3. publish the hospital and show how it passes through, until every group has read everything
4. answer a few alerts and findings, ask for an order check over HTTP, and wait again
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

from deploy.demo.answers import answer, answers_to_findings, worth_answering
from deploy.demo.guide import guide
from deploy.demo.hospital.departments import HOSPITAL_NAME
from deploy.demo.hospital.simulation import Hospital, Message, Size
from deploy.demo.live_check import ask_live, keep_pace, say_pace
from deploy.demo.money import report_budgets, report_money
from deploy.demo.report import (
    report_alerts,
    report_costliest,
    report_dead_letters,
    report_departments,
    report_verdict,
)
from deploy.demo.rules_report import report_checks, report_findings
from deploy.demo.screen import Screen
from deploy.demo.stack import Stack, fresh_folder
from deploy.demo.verdict import Verdict, judge
from deploy.demo.watch import LOOK_SECONDS, Watch

TRICKLE_PER_SECOND = 3.0
ANSWERS = 6
FINDING_ANSWERS = 8
ANSWER_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for. `once`: end after the report; `usual_ports`: 9092, 9000, 8123 where free."""

    folder: Path
    seed: int
    size: Size
    per_second: float
    once: bool
    keep: bool
    usual_ports: bool


class Show:
    """One run of the demo."""

    def __init__(self, options: Options, screen: Screen) -> None:
        self._options = options
        self._screen = screen
        self._hospital = Hospital(options.seed, options.size)
        self._marker = options.folder / f"published-{options.seed}-{options.size.days}-{options.size.beds_percent}"
        self._kept = False
        self._stack: Stack
        #: What the process should exit with if it is interrupted now.
        self.status = 1 if options.once else 0

    def run(self) -> int:
        """Run it; returns the exit status. Raises DemoFailedError or KeyboardInterrupt, after cleaning up."""
        options, screen = self._options, self._screen
        screen.title(f"控费 Kongfei · {HOSPITAL_NAME}演示", "a seeded 示例 hospital through the real pipeline")
        self._kept = options.keep and self._marker.exists()
        if not self._kept:
            fresh_folder(options.folder)
        self._stack = Stack(options.folder, usual_ports=options.usual_ports)
        try:
            messages = self._prepare()
            self._play([] if self._kept else messages)
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

    def _play(self, messages: list[Message]) -> None:
        total = len(messages)
        letters = self._hospital.expectation.dead_letters.items()
        accepted = total - sum(count for reason, count in letters if reason[0] in "DV") if messages else 0
        with Watch(self._stack, self._screen) as watch:
            begun = time.monotonic()
            if messages:
                watch.feed.start(messages, self._options.per_second)
            watch.until_rest(total, accepted)
            chosen = []
            if messages:
                self._say_how_long(total, time.monotonic() - begun)
                chosen = worth_answering(watch.board.open_alerts(), ANSWERS)
                answers = [answer(alert, number) for number, alert in enumerate(chosen)]
                answers += self._answers_to_findings()
                watch.feed.publish(answers)
                watch.until_rest(total + len(answers), accepted + len(answers))
                self._ask(watch)
                watch.until_rest(total + len(answers), accepted + len(answers))
            self._marker.touch()
            self.status = 0 if self._report().is_good else 1
            if not self._options.once:
                self._go_on(watch, len(chosen))

    def _answers_to_findings(self) -> list[Message]:
        client = Client.from_url(self._stack.settings.clickhouse_url)
        try:
            return answers_to_findings(client, FINDING_ANSWERS)
        finally:
            client.disconnect()

    def _ask(self, watch: Watch) -> None:
        """One live order check with its answer and feedback, then a row of them for the time they take."""
        screen, stack, hospital = self._screen, self._stack, self._hospital
        at = watch.feed.hospital_time
        (still_here,) = hospital.lying
        ask_live(screen, stack, still_here, at)
        say_pace(screen, keep_pace(stack, hospital.in_beds(), at))

    def _say_how_long(self, total: int, seconds: float) -> None:
        self._screen.say(
            f"✓ {total:,} 条消息自发布至入库共 {seconds:.1f} s"
            f"  from published to stored: {seconds:.1f} s, {total / seconds:,.0f} a second"
        )

    def _report(self) -> Verdict:
        client = Client.from_url(self._stack.settings.clickhouse_url)
        screen, expectation = self._screen, self._hospital.expectation
        try:
            report_alerts(screen, client)
            report_findings(screen, client)
            report_checks(screen, client)
            report_costliest(screen, client)
            report_departments(screen, client)
            report_budgets(screen, client)
            report_money(screen, client, self._hospital.plotted)
            with screen.step("审计", "auditing"):
                verdict = judge(self._stack, client, None if self._kept else expectation)
            report_dead_letters(screen, verdict.dead_letters, expectation.dead_letters)
            report_verdict(screen, verdict)
        finally:
            client.disconnect()
        guide(screen, self._stack, ends=self._options.once)
        return verdict

    # ------------------------------------------------------------ 6: go on

    def _go_on(self, watch: Watch, answered: int) -> None:
        """A few events a second, and now and then an answer, until KeyboardInterrupt."""
        watch.feed.start(self._days(), TRICKLE_PER_SECOND)
        answered_at = time.monotonic()
        with self._screen.watching():
            while True:
                watch.look(watch.feed.published, watch.feed.published)
                if time.monotonic() - answered_at > ANSWER_SECONDS:
                    answered_at = time.monotonic()
                    chosen = worth_answering(watch.board.open_alerts(), 1)
                    watch.feed.publish([answer(alert, answered) for alert in chosen])
                    answered += len(chosen)
                time.sleep(LOOK_SECONDS)

    def _days(self) -> Iterator[Message]:
        while True:
            yield from self._hospital.next_day()

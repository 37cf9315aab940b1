"""`make bench`: one run on real Kafka and the embedded ClickHouse, one JSON, and the ratios that the README quotes.

1 naive        events/s of a naive per-event Faust agent doing the cost job
2 cost         events/s of this pipeline's cost agent on the same ledger  (wanted: ≥ 15 × naive); both without rules,
               then with the rules that ship
3 whole        events/s from the published event to the row in ClickHouse     (wanted: ≥ 8 × naive)
4 latency      event published → alert readable, at 500 events/s              (wanted: p99 < 1 s)
5 restart      memory of a worker with 50,000 patients; kill -9 → first event (seconds)
6 settling     settle and predict a visit of 3,000 lines when one line was added (wanted: < 2 ms), in one process
7 settled      part 3 without and with a complete policy book, one after the other  (wanted: ≥ 70 % of the speed)
8 rules        250,000 knowledge points: load, order check (wanted: p99 < 2 ms), a bill of 3,000 lines (< 50 ms)
9 checking     the same library behind HTTP on one worker, 200 checks a second (wanted: p99 < 20 ms), also while
               500 charges a second come in
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from agents.book.folder import DEFAULT_FOLDER
from deploy.local.clickhouse import ClickHouseNode
from deploy.local.kafka import KafkaNode
from deploy.local.process import ServerProcess
from streams.topics import Topic
from tests.bench.checking import measure_checking
from tests.bench.latency import measure_latency
from tests.bench.library import write_library
from tests.bench.load import ledger_records, published
from tests.bench.measure import group_progress, quantile, rate_of, resident_mib
from tests.bench.rules import measure_rules
from tests.bench.settling import BOOK, measure_settling
from tests.pipeline import Pipeline

PATIENTS = 4_000
PARTITIONS = 8


class Bench:
    """One run: the nodes, the scratch folder, the results so far."""

    def __init__(self, folder: Path, scale: float) -> None:
        self.folder = folder
        self.scale = scale
        self.kafka = KafkaNode(folder / "kafka", heap_mb=1024)
        self.clickhouse = ClickHouseNode(folder / "clickhouse")
        self.results: dict[str, Any] = {}

    def pipeline(self, name: str, **env: str) -> Pipeline:
        """A pipeline under its own prefix and in its own database."""
        from clickhouse_driver import Client

        database = f"bench_{name}"
        Client.from_url(self.clickhouse.url).execute(f"CREATE DATABASE IF NOT EXISTS {database}")
        url = self.clickhouse.url.rsplit("/", 1)[0] + f"/{database}"
        made = Pipeline(
            self.folder / name, self.kafka.bootstrap, url, prefix=f"{name}.", partitions=PARTITIONS, env=env
        )
        return made.create_topics()

    def fill_ledger(self, pipeline: Pipeline, patients: int, events: int) -> int:
        """Write the ledger that intake would have written; returns how many records."""
        producer = pipeline.producer(linger_ms=50, batch_size=256 * 1024)
        total = 0
        for partition, key, value in ledger_records(patients, events, PARTITIONS):
            producer.send(pipeline.topic(Topic.LEDGER), key=key, value=value, partition=partition)
            total += 1
        producer.flush()
        producer.close()
        return total

    def naive_and_cost(self) -> None:
        """1 and 2: the same ledger through both."""
        with self.pipeline("cost", KONGFEI_BOOK_DIR=str(self.plain_book)) as pipeline:
            total = self.fill_ledger(pipeline, PATIENTS, int(400_000 * self.scale))
            naive = ServerProcess(
                "naive",
                [sys.executable, "-m", "tests.bench.naive", str(self.folder / "naive")],
                self.folder / "naive.log",
                env=pipeline.env,
            )
            naive.start(lambda: True, 5)
            progress = group_progress(pipeline, f"{pipeline.prefix}naive", [Topic.LEDGER])
            # Thirty seconds of steady work say its speed; it need not see the end.
            try:
                self.results["naive_events_per_second"] = _rate_within(progress, 30 if self.scale >= 1 else 12)
            except AssertionError:
                print((self.folder / "naive.log").read_text(encoding="utf-8")[-3000:])
                raise
            finally:
                naive.kill()
            pipeline.start("cost")
            progress = group_progress(pipeline, pipeline.group("cost"), [Topic.LEDGER])
            self.results["cost_events_per_second"] = rate_of(progress, total, 180)
            self.results["cost_ratio"] = round(
                self.results["cost_events_per_second"] / self.results["naive_events_per_second"], 1
            )
        with self.pipeline("ruled") as pipeline:
            total = self.fill_ledger(pipeline, PATIENTS, int(400_000 * self.scale))
            pipeline.start("cost")
            progress = group_progress(pipeline, pipeline.group("cost"), [Topic.LEDGER])
            self.results["cost_with_rules_events_per_second"] = rate_of(progress, total, 180)
            self.results["cost_with_rules_share"] = round(
                self.results["cost_with_rules_events_per_second"] / self.results["cost_events_per_second"], 2
            )

    @cached_property
    def plain_book(self) -> Path:
        """The book that ships, without its rules."""
        folder = self.folder / "plain_book"
        folder.mkdir()
        for path in DEFAULT_FOLDER.glob("*.yaml"):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith("library:")]
            (folder / path.name).write_text("".join(kept), encoding="utf-8")
        return folder

    def whole(self) -> None:
        """3: everything runs; from the start of intake on a prepared log to the last row in ClickHouse."""
        speed, with_start = self._whole("whole", 1)
        self.results["whole_events_per_second"] = speed
        self.results["whole_with_start_events_per_second"] = with_start
        if naive := self.results.get("naive_events_per_second"):
            self.results["whole_ratio"] = round(speed / naive, 1)

    def settling(self) -> None:
        """6: one process, no Kafka."""
        self.results.update(measure_settling())

    def settled(self) -> None:
        """7: the same load without benefits and methods, and with a complete book."""
        without, _ = self._whole("unsettled", 0.7)
        with_book, _ = self._whole("settled", 0.7, KONGFEI_BOOK_DIR=str(BOOK))
        self.results["unsettled_events_per_second"] = without
        self.results["settled_events_per_second"] = with_book
        self.results["settled_share"] = round(with_book / without, 2)

    def rules(self) -> None:
        """8: one process, no Kafka."""
        self.results.update(measure_rules(self.folder))

    def checking(self) -> None:
        """9: one worker of the cost stage, asked over HTTP."""
        with self.pipeline("checking") as pipeline:
            self.results.update(measure_checking(pipeline, self.library, max(5.0, 15 * self.scale)))

    @cached_property
    def library(self) -> Path:
        """A book with 250,000 knowledge points."""
        return write_library(self.folder / "whole_library")

    def _whole(self, name: str, share: float, **env: str) -> tuple[float, float]:
        """Events a second through everything: from intake's first progress, and from its start."""
        from clickhouse_driver import Client

        with self.pipeline(name, **env) as pipeline:
            pipeline.start("cost", "departments", "sink")
            producer = pipeline.producer(linger_ms=50, batch_size=256 * 1024)
            events = int(300_000 * self.scale * share)
            total = 0
            for topic, key, value in published(PATIENTS, events):
                producer.send(pipeline.topic(topic), key=key, value=value)
                total += 1
            producer.flush()
            client = Client.from_url(pipeline.env["CLICKHOUSE_URL"])
            started = time.monotonic()
            pipeline.start("intake")
            progress = group_progress(pipeline, pipeline.group("intake"), [Topic.CHARGE, Topic.ADMISSION])
            while not progress():
                time.sleep(0.02)
            began = time.monotonic()
            first = progress()
            while (rows := client.execute("SELECT count() FROM charge_line")[0][0]) < events:
                if time.monotonic() - began > 240:
                    raise AssertionError(f"{rows} of {events} rows after 240 s\n{pipeline.log('sink')[-3000:]}")
                time.sleep(0.2)
            elapsed = time.monotonic() - began
            speeds = (total - first) / elapsed, total / (time.monotonic() - started)
            pipeline.wait_caught_up("cost", "departments", "sink", timeout=120)
            paid = client.execute("SELECT countIf(simulated_fund_total_fen > 0) FROM visit_fact FINAL")[0][0]
            if bool(paid) is not bool(env):
                raise AssertionError(f"{paid} visits were settled {'with' if env else 'without'} a book")
        return speeds

    def latency(self) -> None:
        """4: 500 events a second, every stage and the sink running."""
        with self.pipeline("latency") as pipeline:
            pipeline.start("intake", "cost", "departments", "sink")
            samples = measure_latency(pipeline, rate=500, seconds=max(5, int(30 * self.scale)))
            self.results["latency_alerts"] = len(samples)
            self.results["latency_p50_ms"] = round(quantile(samples, 0.50) * 1000, 1)
            self.results["latency_p99_ms"] = round(quantile(samples, 0.99) * 1000, 1)

    def restart(self) -> None:
        """5: a worker with 50,000 patients, killed with -9 and started again."""
        patients = int(50_000 * self.scale)
        with self.pipeline("restart") as pipeline:
            total = self.fill_ledger(pipeline, patients, patients * 8)
            pipeline.start("cost")
            progress = group_progress(pipeline, pipeline.group("cost"), [Topic.LEDGER])
            rate_of(progress, total, 240)
            self.results["restart_patients"] = patients
            self.results["worker_resident_mib"] = round(resident_mib(pipeline.pid("cost")), 1)
            pipeline.kill("cost")
            killed = time.monotonic()
            producer = pipeline.producer(linger_ms=0)
            partition, key, value = next(iter(ledger_records(1, 1, PARTITIONS)))
            place = producer.send(pipeline.topic(Topic.LEDGER), key=key, value=value, partition=partition).get(10)
            pipeline.launch("cost")
            while True:
                offsets = pipeline.committed("cost")
                if any(found > place.offset for tp, found in offsets.items() if tp.partition == partition):
                    break
                if time.monotonic() - killed > 120:
                    raise AssertionError(f"no event after kill -9\n{pipeline.log('cost')[-3000:]}")
                time.sleep(0.05)
            self.results["kill_to_first_event_seconds"] = round(time.monotonic() - killed, 2)
            pipeline.wait_ready("cost")
            self.results["worker_resident_after_restart_mib"] = round(resident_mib(pipeline.pid("cost")), 1)


def _rate_within(progress: Callable[[], int], seconds: float) -> float:
    """Events a second over a window that begins with the first progress."""
    deadline = time.monotonic() + 60
    while not progress():
        if time.monotonic() > deadline:
            raise AssertionError("the naive agent made no progress within a minute")
        time.sleep(0.1)
    first, began = progress(), time.monotonic()
    last, ended = first, began
    while time.monotonic() < began + seconds:
        time.sleep(0.25)
        if (now := progress()) > last:
            last, ended = now, time.monotonic()
    return (last - first) / (ended - began)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}


def main() -> int:
    """Run the parts asked for; print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="settling,rules,checking,naive_and_cost,whole,settled,latency,restart")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the load; 1 is what the README quotes")
    parser.add_argument("--out", type=Path, default=Path(".local/bench.json"))
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kongfei-bench-"))
    bench = Bench(folder, options.scale)
    try:
        bench.kafka.start()
        bench.clickhouse.start()
        for part in options.parts.split(","):
            print(f"— {part} …", flush=True)
            began = time.monotonic()
            getattr(bench, part)()
            print(f"  {time.monotonic() - began:.0f} s", flush=True)
    finally:
        bench.kafka.stop()
        bench.clickhouse.stop()
        shutil.rmtree(folder, ignore_errors=True)
    results = {
        name: round(value, 1 if value >= 100 else 3) if isinstance(value, float) else value
        for name, value in bench.results.items()
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"machine": machine(), "scale": options.scale, **results}, indent=2) + "\n")
    for name, value in results.items():
        print(f"{name:42} {value}")
    print(f"written to {options.out}")
    return verdict(results)


def verdict(results: dict[str, Any]) -> int:
    """Say which wanted figures were missed; 1 if any."""
    wanted = {
        "cost_ratio": lambda value: value >= 15,
        "whole_ratio": lambda value: value >= 8,
        "latency_p99_ms": lambda value: value < 1000,
        "settle_added_line_p99_ms": lambda value: value < 2,
        "settled_share": lambda value: value >= 0.7,
    }
    missed = [name for name, holds in wanted.items() if name in results and not holds(results[name])]
    print(f"missed: {', '.join(missed)}" if missed else "every wanted figure was reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

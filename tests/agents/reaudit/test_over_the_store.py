"""A re-audit over the real store: what the stream told and the sink wrote is found again, all of it and no more."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from typer.testing import CliRunner

from agents.reaudit.run import Reaudit
from agents.reaudit.sources import finding_reader, run_writer, visit_reader
from schemas.visit_history import Standing
from streams.settings import Settings
from streams.topics import Topic
from tests.agents.harness import House
from tests.agents.reaudit.streams import FIRST, LAST, events_of_patients, run_of
from tests.agents.reaudit.test_command import APP, BOOK
from tests.agents.rules.shipped import HOSPITAL, library_policy, stream_cases

pytestmark = pytest.mark.integration
POLICY = library_policy()
CASES = [case for _, case in stream_cases() if case.tier == "3" and case.region == "330100" and not case.inputs]


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(clickhouse_url=database_url)


@pytest.fixture
def client(settings: Settings) -> Iterator[Any]:
    from sinks.clickhouse.connection import WRITE_SETTINGS, connect
    from sinks.clickhouse.migrate import migrate

    migrate(settings)
    with connect(settings.clickhouse_url, WRITE_SETTINGS) as connected:
        yield connected


@pytest.fixture
def store(client: Any) -> Callable[[House], None]:
    """Writes what the stream published, as the sink does."""
    from sinks.clickhouse.blocks import Block, Shipment
    from sinks.clickhouse.rows import LATEST_ONLY, TO_ROW
    from sinks.clickhouse.writer import Writer

    def write(house: House) -> None:
        for topic in (Topic.LEDGER, Topic.VISIT_FACT, Topic.FINDING):
            block = Block(topic, 0, 0.0, TO_ROW[topic], house.settings.epoch, latest_only=topic in LATEST_ONLY)
            block.add(house.topics[topic, 0])
            assert Writer(lambda: client, Event()).write(Shipment(topic, [block])) == []

    return write


def test_what_the_stream_told_is_found_again_and_kept(
    settings: Settings, client: Any, store: Callable[[House], None]
) -> None:
    store(House(POLICY, partitions=1).publish(*events_of_patients(CASES[::6])).run("intake", "cost"))
    reaudit = Reaudit(run_of(), POLICY)
    stored = finding_reader("clickhouse")(settings, HOSPITAL, FIRST, LAST)
    logs = visit_reader("clickhouse")(settings, HOSPITAL, FIRST, LAST)
    rows = list(reaudit.rows(logs, stored))
    kinds = {row.standing for row in rows if row.finding is None or row.finding.rule not in reaudit.over_many}
    assert kinds == {Standing.SAME}
    assert reaudit.counts.visits > 20
    assert reaudit.counts.failures == {}

    assert run_writer("clickhouse")(settings, reaudit.run, iter(rows)) == len(rows)
    ((count, amount),) = client.execute(
        "SELECT count(), sum(amount_fen) FROM reaudit_finding FINAL WHERE run_id = 'run-1'"
    )
    assert count == len(rows)
    assert amount == sum(row.finding.amount_fen for row in rows if row.finding)


def test_the_command_reads_keeps_and_compares(
    settings: Settings, client: Any, store: Callable[[House], None], tmp_path: Path
) -> None:
    store(House(POLICY, partitions=1).publish(*events_of_patients(CASES[::12])).run("intake", "cost"))
    book = tmp_path / "book"
    book.mkdir()
    (book / "book.yaml").write_text(BOOK, encoding="utf-8")
    runner = CliRunner(env={"CLICKHOUSE_URL": settings.clickhouse_url})
    days = ("--from", FIRST, "--to", LAST, "--book", str(book))
    result = runner.invoke(APP, ["reaudit", *days, "--store", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    total, over_many = found["summary"]["total"], found["summary"]["over_many_visits"]
    assert total["same"] > 10
    assert (total["changed"], total["gone"], total["new"]) == (0, 0, over_many["new"])
    ((kept,),) = client.execute("SELECT count() FROM reaudit_finding FINAL")
    assert kept == found["kept_rows"] == len(found["findings"])

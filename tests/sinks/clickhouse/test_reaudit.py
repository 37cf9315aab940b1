"""What a re-audit found is kept in a table of its own, row for row, and may be written again."""

from datetime import UTC, date, datetime

import pytest

from schemas.visit_history import ReauditRow, Run, Standing, StoredFinding
from sinks.clickhouse import reaudit
from sinks.clickhouse.reaudit import write_run
from tests.sinks import make

pytestmark = pytest.mark.integration

RUN = Run("run-1", "H1", "2024-01-01", "2024-03-31", "book-2", make.MORNING, ("R1",))


def stored(rule="R1", amount=900):
    return StoredFinding(
        f"H1|P1|V1|{rule}|X1", "P1", "V1", rule, "药品限适应症", "drug outside its indication", "suspicion", (3,),
        "ICU", "D1", "open", amount, "book-1", "无相应诊断", "no such diagnosis",
    )  # fmt: skip


ROWS = [
    ReauditRow(Standing.NEW, make.finding("R3"), None, make.MORNING),
    ReauditRow(Standing.CHANGED, make.finding("R1"), stored(), make.MORNING),
    ReauditRow(Standing.GONE, None, stored("R2", 50)),
]


def kept(client, columns):
    return client.execute(f"SELECT {columns} FROM reaudit_finding FINAL ORDER BY run_id, rule")


@pytest.mark.parametrize("block", [1, 2, 10_000])
def test_every_row_of_a_run_is_kept_with_what_was_stored_beside_it(client, settings, monkeypatch, block):
    monkeypatch.setattr(reaudit, "BLOCK_ROWS", block)
    assert write_run(settings, RUN, iter(ROWS)) == 3

    columns = "rule, standing, amount_fen, stored_amount_fen, stored_policy_version, policy_version, visit_ended_at"
    ended = datetime(2024, 3, 1, tzinfo=UTC)
    assert [(*row[:-1], row[-1] and row[-1].replace(tzinfo=UTC)) for row in kept(client, columns)] == [
        ("R1", "changed", 1200, 900, "book-1", "book-1", ended),
        ("R2", "gone", 0, 50, "book-1", "book-1", None),
        ("R3", "new", 1200, None, "", "book-1", ended),
    ]
    run = "run_id, run_first, run_last, run_policy_version, run_rules, what_zh, grade, scenes, doctor"
    assert kept(client, run)[1] == (
        "run-1", date(2024, 1, 1), date(2024, 3, 31), "book-2", ["R1"], "无相应诊断", "suspicion",
        [3], "D1",
    )  # fmt: skip


def test_a_run_written_again_replaces_itself_and_leaves_others_alone(client, settings):
    write_run(settings, RUN, iter(ROWS))
    write_run(settings, RUN, iter(ROWS))
    write_run(settings, Run("run-2", "H1", "2024-01-01", "2024-03-31", "book-3", make.MORNING), iter(ROWS[:1]))

    assert [row[0] for row in kept(client, "run_id")] == ["run-1"] * 3 + ["run-2"]
    assert client.execute("SELECT count() FROM finding") == [(0,)]


def test_a_run_that_found_nothing_writes_nothing(client, settings):
    assert write_run(settings, RUN, iter(())) == 0
    assert kept(client, "run_id") == []

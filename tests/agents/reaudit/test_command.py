"""`kongfei reaudit`: what it prints and writes, and how it refuses."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from agents.commands import reaudit
from agents.reaudit import sources
from schemas.visit_history import PatientLog, ReauditRow, Run, StoredFinding
from tests.agents.reaudit.test_run import WORK_INJURY, a_case, logs
from tests.agents.rules.shipped import HOSPITAL

BOOK = "version: test\nlibrary: [national, examples]\nhospitals: [{code: H1, region: '330100', tier: '3'}]\n"
APP = typer.Typer()
reaudit.register(APP)
APP.command("other")(lambda: None)  # one command alone would lose its name
RUNNER = CliRunner(env={"COLUMNS": "150"})


class Store:
    """A store of one stay with one drug for work injuries, and of whatever is kept in it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.kept: list[tuple[Run, list[ReauditRow]]] = []
        self.stored: list[StoredFinding] = []

    def read(self, _: object, hospital: str, first: str, last: str) -> Iterable[PatientLog]:
        self.asked.append((hospital, first, last))
        return logs(a_case())

    def findings(self, _: object, hospital: str, first: str, last: str) -> Iterable[StoredFinding]:
        return iter(self.stored)

    def write(self, _: object, run: Run, rows: Iterable[ReauditRow]) -> int:
        self.kept.append((run, list(rows)))
        return len(self.kept[-1][1])


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    calls = {sources.VISITS: made.read, sources.FINDINGS: made.findings, sources.REAUDIT: made.write}
    monkeypatch.setattr(sources, "load_source", lambda group, name: calls[group])
    return made


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "book.yaml").write_text(BOOK, encoding="utf-8")
    return folder


def call(*arguments: object) -> Any:
    return RUNNER.invoke(APP, ["reaudit", *map(str, arguments)])


def days(book: Path) -> tuple[object, ...]:
    return "--from", "2026-03-01", "--to", "2026-03-31", "--book", book, "--rules", "1"


def test_the_sheet_says_what_was_found_and_under_what(store: Store, book: Path) -> None:
    result = call(*days(book))
    assert result.exit_code == 0, result.output
    assert store.asked == [(HOSPITAL, "2026-03-01", "2026-03-31")]
    for words in ("260.00", "新发现 1", "按场景", "按规则", WORK_INJURY, "按科室", "按医师", "线索供核实"):
        assert words in result.output
    assert store.kept == []


def test_the_sheet_in_english(store: Store, book: Path) -> None:
    result = call(*days(book), "--lang", "en")
    assert "1 new (260.00 yuan)" in result.output
    assert "By rule" in result.output


def test_json_is_one_object_with_every_finding_and_the_sums(store: Store, book: Path) -> None:
    found = json.loads(call(*days(book), "--json").stdout)
    assert found["run"]["hospital"] == HOSPITAL
    assert found["run"]["rules"] == [WORK_INJURY]
    (row,) = found["findings"]
    assert (row["standing"], row["finding"]["amount_fen"], row["stored"]) == ("new", 26_000, None)
    assert found["summary"]["total"]["findings"] == 1
    assert found["summary"]["by_rule"][0]["key"] == WORK_INJURY
    assert (found["patients"], found["visits"], found["kept_rows"]) == (1, 1, None)


def test_csv_has_a_row_a_finding_that_a_spreadsheet_reads_as_text(store: Store, book: Path, tmp_path: Path) -> None:
    file = tmp_path / "found.csv"
    result = call(*days(book), "--csv", file)
    assert str(file) in result.output
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())
    assert (row["比对"], row["涉及金额（元）"], row["明细"]) == ("新发现", "260.00", "V1-c1")
    assert row["结束日期"] == "2026-03-09"


def test_store_keeps_the_rows_under_the_id_of_the_run(store: Store, book: Path) -> None:
    result = call(*days(book), "--store")
    ((run, rows),) = store.kept
    assert (run.first, run.last, run.hospital) == ("2026-03-01", "2026-03-31", HOSPITAL)
    assert len(rows) == 1
    assert run.run_id in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "2026-3-1", "--to", "2026-03-31"), "2026-01-31"),
        (("--from", "2026-04-01", "--to", "2026-03-31"), "--from"),
    ],
)
def test_days_that_are_none_are_refused(store: Store, book: Path, arguments: tuple[str, ...], words: str) -> None:
    result = call(*arguments, "--book", book)
    assert result.exit_code == 2
    assert words in result.output


def test_an_unknown_rule_is_refused_before_anything_is_read(store: Store, book: Path) -> None:
    result = call("--from", "2026-03-01", "--to", "2026-03-31", "--book", book, "--rules", "GZ0")
    assert result.exit_code != 0
    assert store.asked == []


def test_inputs_that_are_none_are_refused(store: Store, book: Path, tmp_path: Path) -> None:
    file = tmp_path / "inputs.json"
    for text in ("[]", "{", '{"visit": {}}'):
        file.write_text(text, encoding="utf-8")
        result = call(*days(book), "--inputs", file)
        assert result.exit_code == 1
        assert "inputs.json" in result.output


def test_an_unknown_store_is_named(book: Path) -> None:
    result = call(*days(book), "--source", "nowhere")
    assert result.exit_code != 0
    assert isinstance(result.exception, Exception)
    assert "nowhere" in str(result.exception)

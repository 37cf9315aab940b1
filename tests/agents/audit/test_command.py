"""`kongfei audit`, as a person calls it."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agents.commands import audit as command

DEPLOY = Path(__file__).parents[3] / "deploy"
SURGERY = DEPLOY / "examples" / "audit_inpatient_surgery.json"
RECORDS = DEPLOY / "examples" / "audit_with_records.json"
BOOK = ("--book", DEPLOY / "policies" / "example_taizhou")


@pytest.fixture
def run():
    """Calls the command line; returns its exit code and what it printed."""
    app = typer.Typer()
    command.register(app)
    app.callback()(lambda: None)

    def call(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["audit", *map(str, words)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return call


def test_the_sheet_says_each_finding_in_one_sentence_with_its_lines(run):
    code, text = run(SURGERY, *BOOK)
    assert code == 0
    lines = text.splitlines()
    assert lines[0].startswith("就诊 ZY-A2，2026-03-02 至 2026-03-07；职工基本医疗保险；总费用 10,521.80 元；")
    first = next(place for place, line in enumerate(lines) if line.startswith("1. [明确违规]"))
    assert "涉及金额 500.00 元；建议：" in lines[first]
    assert lines[first + 2].split()[:2] == ["!", "P02"]
    assert lines[first + 3].split()[:2] == ["·", "P01"]
    assert any("GZ10000202001000 药品进销存异常: 缺少资料 stock_ledger" in line for line in lines)


def test_the_sheet_is_told_in_english_on_request(run):
    code, text = run(SURGERY, *BOOK, "--lang", "en")
    assert code == 0
    assert text.startswith("Visit ZY-A2, 2026-03-02 to 2026-03-07; employee basic;")
    assert "At stake: 500.00 yuan. Instead:" in text


def test_the_check_before_discharge_has_three_lists_and_what_refunds_change(run):
    code, text = run(SURGERY, *BOOK, "--pre-discharge")
    assert code == 0
    headings = [line for line in text.splitlines() if line.startswith(("一、", "二、", "三、"))]
    assert headings == ["一、撤销或退费：993.20 元", "二、核减或说明：1,960.00 元", "三、线索与提示"]
    assert "退费后模拟结算：总费用 10,521.80 → 9,528.60" in text


def test_the_settlement_after_the_refunds_is_part_of_the_json_only_before_discharge(run):
    _, plain = run(SURGERY, *BOOK, "--json")
    _, leaving = run(SURGERY, *BOOK, "--json", "--pre-discharge")
    assert json.loads(plain)["self_check"]["settlement"] is None
    effect = json.loads(leaving)["self_check"]["settlement"]
    assert effect["total_before_fen"] - effect["total_after_fen"] == 99_320
    spared = (
        effect["fund_before_fen"]
        - effect["fund_after_fen"]
        + effect["patient_before_fen"]
        - effect["patient_after_fen"]
    )
    assert spared == 99_320


def test_only_the_phase_that_is_named_is_run(run):
    _, text = run(SURGERY, *BOOK, "--phase", "order", "--json")
    told = json.loads(text)
    assert told["phases"] == ["order"]
    assert {finding["phase"] for finding in told["findings"]} == {"order"}
    code, text = run(SURGERY, *BOOK, "--phase", "orders")
    assert code == 2
    assert "order, charge, review" in text


def test_an_input_is_read_from_a_file_and_outweighs_the_visits_own(run, tmp_path):
    ledger = tmp_path / "ledger.json"
    ledger.write_text('{"items": {"XJ01DBA001B002010100001": {"dispensed": "8"}}}', encoding="utf-8")
    before, after = run(RECORDS, *BOOK, "--json"), run(RECORDS, *BOOK, "--json", "--input", f"stock_ledger={ledger}")
    assert 43 in {finding["rule_number"] for finding in json.loads(before[1])["findings"]}
    assert 43 not in {finding["rule_number"] for finding in json.loads(after[1])["findings"]}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("stock_ledger", "应写成 名称=文件"),
        ("stock_leger=x.json", "是否想写 stock_ledger？"),
        ("stock_ledger=missing.json", "No such file"),
    ],
)
def test_an_input_that_cannot_be_used_is_told_and_ends_with_code_1(run, given, told):
    code, text = run(RECORDS, *BOOK, "--input", given)
    assert code == 1
    assert told in text


def test_a_file_that_is_neither_json_nor_csv_is_told(run, tmp_path):
    path = tmp_path / "ledger.json"
    path.write_text("{", encoding="utf-8")
    code, text = run(RECORDS, *BOOK, "--input", f"stock_ledger={path}")
    assert code == 1
    assert "不是 UTF-8 的 JSON 或 CSV" in text


def test_as_it_stood_at_a_day_only_what_had_happened_counts(run):
    _, text = run(SURGERY, *BOOK, "--at", "2026-03-04", "--json")
    told = json.loads(text)
    assert not told["visit"]["is_ended"]
    assert {finding["rule_number"] for finding in told["findings"]} == {15, 26, 27, 86}


def test_what_if_it_were_another_insurance(run):
    _, text = run(SURGERY, *BOOK, "--set", "insurance_type=390", "--json")
    assert json.loads(text)["visit"]["insurance_type"] == "390"


def test_a_file_that_is_not_there_ends_with_code_1(run, tmp_path):
    code, text = run(tmp_path / "none.json", *BOOK)
    assert code == 1
    assert "none.json" in text

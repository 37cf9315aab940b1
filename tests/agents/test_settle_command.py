"""`kongfei settle`: the sheet a person reads, the JSON a program reads, and what is said when it cannot be done."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agents.commands import settle
from agents.settlement_json import SETLINFO
from tests.agents.settlement.golden_cases import events_of

BOOKS = Path(__file__).parents[2] / "deploy" / "policies"
TAIZHOU = BOOKS / "example_taizhou"
CASE = {
    "visit": {
        "hospital": "H33100000001", "person": "1102", "balance": "300.00",
        "year": {
            "admissions": 1,
            "pools": {"inpatient": {"deductible": "800.00", "base": "59000.00", "fund": "50740.00"}},
        },
    },
    "lines": [
        {"amount": "1500.00", "class": "丙"},
        {"amount": "5000.00", "class": "乙", "share": "0.10"},
        {"amount": "1200.00", "quantity": "2", "price": "600", "cap": "500", "category": "08"},
        {"amount": "12300.00", "category": "03"},
        {"amount": "-300.00", "category": "03", "refund_of": "L4"},
    ],
}  # fmt: skip
REAL = {
    "type": "settlement", "hospital": "H33100000001", "patient_id": "P1", "visit_id": "V1", "settlement_id": "S1",
    "occurred_at": "2026-03-10T12:00:00", "total": "19700.00", "full_self_pay": "1500.00", "over_limit": "200.00",
    "first_self_pay": "500.00", "within_scope": "17500.00", "deductible": "800.00", "basic_fund": "14990.00",
    "civil_servant": "1806.00", "fund_total": "16796.00", "hospital_part": "200.00", "patient_part": "2704.00",
    "account_paid": "300.00", "cash_paid": "2404.00",
}  # fmt: skip

app = typer.Typer()
settle.register(app)
app.command("other")(lambda: None)  # one command alone would lose its name


@pytest.fixture
def run(tmp_path):
    """Run the command on these events; returns the result."""

    def ran(*arguments, events=None, book=TAIZHOU):
        path = tmp_path / "visit.json"
        path.write_text(json.dumps(events if events is not None else events_of(CASE)), encoding="utf-8")
        return CliRunner(env={"COLUMNS": "100"}).invoke(app, ["settle", str(path), "--book", str(book), *arguments])

    return ran


def as_json(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_json_holds_the_settlement_in_fen_and_under_its_national_names_in_yuan(run):
    found = as_json(run("--json"))
    assert list(found) == [
        "visit", "settlement", "setlinfo", "setldetail", "lines", "explanation", "year_to_date", "warnings",
    ]  # fmt: skip
    # 17500 − 400 = 17100, from 59000 on: 1000 × 86 % + 16100 × 90 %; 公务员 (400 + 1750 + 500) × 60 %
    assert {name: found["settlement"][name] for name in ("total", "deductible", "basic_fund", "civil_servant")} == {
        "total": 1_970_000, "deductible": 40_000, "basic_fund": 1_535_000, "civil_servant": 159_000,
    }  # fmt: skip
    info = found["setlinfo"]
    assert {info[name] for name in ("hifp_pay", "cvlserv_pay", "hosp_part_amt")} == {"15350.00", "1590.00", "200.00"}
    assert info["pool_prop_selfpay"] == "0.8977"
    for name, national in SETLINFO.items():
        yuan, _, fen = info[national].partition(".")
        assert int(yuan + fen) == found["settlement"][name]


def test_json_keeps_the_identities_under_national_names(run):
    found = as_json(run("--json"))
    info = {name: float(text) for name, text in found["setlinfo"].items() if text.replace(".", "").isdigit()}
    parts = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    assert info["medfee_sumamt"] == sum(info[name] for name in parts)
    assert info["medfee_sumamt"] == info["fund_pay_sumamt"] + info["hosp_part_amt"] + info["psn_part_amt"]
    assert info["psn_part_amt"] == info["acct_pay"] + info["psn_cash_pay"] + info["acct_mulaid_pay"]
    assert info["acct_pay"] <= info["balc"]
    assert info["fund_pay_sumamt"] == sum(float(row["fund_payamt"]) for row in found["setldetail"])


def test_json_splits_every_line_and_names_its_parts_as_2301_does(run):
    lines = as_json(run("--json"))["lines"]
    assert [line["feedetl_sn"] for line in lines] == [f"V1-L{number}" for number in range(1, 6)]
    capped = lines[2]
    assert (capped["over_limit"], capped["within_scope"]) == (20_000, 100_000)
    assert (capped["overlmt_amt"], capped["inscp_scp_amt"], capped["pric_uplmt_amt"]) == (
        "200.00",
        "1000.00",
        "500.000000",
    )
    assert (lines[0]["selfpay_prop"], lines[1]["selfpay_prop"]) == ("1.0000", "0.1000")
    assert lines[4]["inscp_scp_amt"] == "-300.00"
    for line in lines:
        assert line["amount"] == sum(
            line[part] for part in ("full_self_pay", "over_limit", "first_self_pay", "within_scope")
        )


def test_json_says_which_funds_pay_and_how(run):
    rows = {row["fund_pay_type"]: row for row in as_json(run("--json"))["setldetail"]}
    assert rows["310100"]["fund_pay_type_name"] == "职工基本医疗保险统筹基金"
    assert rows["310100"]["crt_payb_lmt_amt"] == "399260.00"
    assert rows["310100"]["setl_proc_info"] == "1,000.00 × 86% + 16,100.00 × 90% = 15,350.00"
    assert (rows["320100"]["inscp_scp_amt"], rows["320100"]["fund_payamt"]) == ("2650.00", "1590.00")


def test_json_explains_each_amount_and_names_the_entry_and_its_source(run):
    told = {item["what"]: item for item in as_json(run("--json"))["explanation"]}
    assert told["civil_servant"]["formula"] == "2,650.00 × 60% = 1,590.00"
    assert told["civil_servant"]["entry_id"] == "台州-公务员补助"
    assert told["civil_servant"]["source"].startswith("示例")


def test_the_real_settlement_is_compared_field_by_field(run):
    found = as_json(run("--json", events=[*events_of(CASE), REAL]))["differences"]
    assert [(item["field"], item["cause"]) for item in found[:2]] == [
        ("deductible", "admission_number"), ("basic_fund", "follows"),
    ]  # fmt: skip
    sheet = run(events=[*events_of(CASE), REAL]).stdout
    assert "与实际结算的差异" in sheet
    assert "医保按另一住院次数计算了起付标准" in sheet


def test_the_sheet_is_chinese_unless_english_is_asked_for(run):
    chinese, english = run().stdout, run("--lang", "en").stdout
    for text in ("模拟结算单", "统筹支付", "15,350.00", "计算过程", "以医保实际结算为准"):
        assert text in chinese
    for text in ("Simulated settlement", "Basic fund", "15,350.00", "How it came about", "This is a simulation"):
        assert text in english
    assert run("--lang", "fr").exit_code == 2


def test_what_if_and_a_day_change_the_result(run):
    assert as_json(run("--json", "--set", "admissions=2"))["settlement"]["deductible"] == 0
    assert as_json(run("--json", "--set", "tier=1"))["visit"]["tier"] == "1"
    assert (
        as_json(
            run(
                "--json",
                "--at",
                "2026-02-28",
                events=events_of(CASE | {"visit": CASE["visit"] | {"admit": "2026-02-28"}}),
            )
        )["visit"]["is_ended"]
        is False
    )


def test_warnings_name_what_is_doubtful(run):
    case = {
        "visit": {"hospital": "H33100000001", "area": "moon"},
        "lines": [{"amount": "900.00", "class": ""}, {"amount": "-1.00", "refund_of": "L9"}],
    }
    texts = [item["text_zh"] for item in as_json(run("--json", events=events_of(case)))["warnings"]]
    assert len(texts) == 4
    assert any("没有目录等级" in text for text in texts)
    assert any("moon" in text for text in texts)
    assert any("个人账户余额未知" in text for text in texts)
    assert any("退费找不到原明细" in text for text in texts)
    pending = as_json(run("--json", "--set", "insurance_type="))
    assert pending["settlement"]["standing"] == "coverage_pending"
    assert "未刷卡" in pending["warnings"][0]["text_zh"]
    assert all(line["full_self_pay"] == line["amount"] for line in pending["lines"])


def test_bad_events_are_told_all_at_once(run):
    result = run(events=[{"type": "song"}, *events_of(CASE)[:1], {"charge_id": "x"}])
    assert result.exit_code == 1
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["第 1 条 (event 1)", "第 3 条 (event 3)"]
    assert "V210" in result.stderr
    assert "V201" in result.stderr


def test_a_broken_book_and_a_bad_setting_end_with_what_is_wrong(run, tmp_path):
    (tmp_path / "book.yaml").write_text("version: x\nbenefits: 3\n", encoding="utf-8")
    broken = run(book=tmp_path)
    assert broken.exit_code == 1
    assert "book.yaml:2" in broken.stderr
    wrong = run("--set", "colour=red")
    assert wrong.exit_code == 1
    assert "insurance_type" in wrong.stderr

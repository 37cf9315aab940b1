"""`kongfei rules list|show|kinds|test` and `kongfei audit`, as a person calls them."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agents.commands import rules as command
from agents.core.rules.kinds import KINDS
from agents.rule_library.rule_file import shipped_rules

DRUG_INSURANCE = "GZ10000101001000"
OWN_RULE = """rule:
  code: OWN-1
  name_zh: 本院限险种
  name_en: Our own limit
  category: policy
  kind: insurance_limit
  grade: violation
  phases: [charge]
  period: line
  clause_zh: 本院规定
  source: 本院医保办
  parameters: {allowed: ["310"]}
points:
  - {item: OWN1, name: 院内制剂}
cases:
  - name: 居民使用
    finds: [{amount: "10.00"}]
    visit: &resident {insurance_type: "390"}
    charges: [{item: OWN1, price: "10.00"}]
  - name: 居民两支
    finds: [{amount: "20.00"}]
    visit: *resident
    charges: [{item: OWN1, quantity: "2", price: "10.00"}]
  - {name: 生育险, finds: true, visit: {insurance_type: "510"}, charges: [{item: OWN1, price: "10.00"}]}
  - {name: 职工使用, finds: false, charges: [{item: OWN1, price: "10.00"}]}
  - {name: 别的项目, finds: false, visit: *resident, charges: [{item: OWN2, price: "10.00"}]}
  - name: 已退费
    finds: false
    visit: *resident
    charges: [{item: OWN1, price: "10.00"}, {item: OWN1, refund_of: c1, quantity: "-1", price: "10.00"}]
"""
SETTINGS = f"""rule_settings:
  - id: mine
    rule: {DRUG_INSURANCE}
    grade: lead
    parameters: {{allowed: ["310"]}}
    reason: 本地另有规定
    source: 示例
"""


@pytest.fixture
def run():
    """Calls the command line; returns its exit code and what it printed."""
    app = typer.Typer()
    command.register(app)
    app.callback()(lambda: None)

    def call(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["rules", *map(str, words)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return call


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "book.yaml").write_text("version: v1\nlibrary: [national, examples]\n", encoding="utf-8")
    (tmp_path / "rules" / "own.yaml").write_text(OWN_RULE, encoding="utf-8")
    (tmp_path / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def listed(text: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(text)["rules"]
    return found


def test_every_rule_of_the_book_is_listed_by_number(run, book):
    code, text = run("list", "--book", book, "--json")
    assert code == 0
    rules = listed(text)
    assert len(rules) == len(shipped_rules()) + 1
    numbers = [rule["number"] for rule in rules if rule["number"]]
    assert numbers == sorted(numbers)
    assert rules[-1]["code"] == "OWN-1"


def test_a_list_shows_what_a_setting_made_of_a_rule(run, book):
    _, text = run("list", "--book", book, "--json")
    [rule] = [one for one in listed(text) if one["code"] == DRUG_INSURANCE]
    assert rule["grade"] == "lead"


@pytest.mark.parametrize(
    ("option", "value", "field"), [("--kind", "insurance_limit", "kind"), ("--category", "detector", "category")]
)
def test_a_list_is_narrowed(run, book, option, value, field):
    _, text = run("list", "--book", book, option, value, "--json")
    assert {rule[field] for rule in listed(text)} == {value}


def test_a_list_is_narrowed_to_a_scene(run, book):
    _, text = run("list", "--book", book, "--scene", "4", "--json")
    assert listed(text)
    assert all(4 in rule["scenes"] for rule in listed(text))


def test_the_table_has_a_line_a_rule(run, book):
    code, text = run("list", "--book", book, "--lang", "en")
    assert code == 0
    assert text.splitlines()[-1] == f"{len(shipped_rules()) + 1} rules"
    assert sum(DRUG_INSURANCE in line for line in text.splitlines()) == 1


def test_a_rule_is_shown_with_its_clause_its_cases_and_the_setting_that_changed_it(run, book):
    code, text = run("show", "1", "--book", book)
    assert code == 0
    assert "条款: 《国家基本医疗保险、工伤保险和生育保险药品目录》" in text
    assert "allowed = 310（设置 mine：本地另有规定）" in text
    assert "设置 mine: lead（本地另有规定）" in text
    assert "+ 职工医保收取限工伤药品" in text


def test_a_rule_as_json_says_of_each_parameter_who_set_it(run, book):
    _, text = run("show", DRUG_INSURANCE, "--book", book, "--json")
    [rule] = listed(text)
    origins = {one["name"]: (one["origin"], one["setting"]) for one in rule["parameters"]}
    assert origins["allowed"] == ("setting", "mine")
    assert {origin for origin, _ in origins.values()} <= {"setting", "rule", "default"}


def test_a_rule_there_is_not_is_told(run, book):
    code, text = run("show", "404", "--book", book)
    assert code == 1
    assert "没有规则 404" in text


def test_every_kind_is_described_with_its_parameters_and_columns(run):
    code, text = run("kinds", "--json")
    assert code == 0
    kinds = {kind["name"]: kind for kind in json.loads(text)["kinds"]}
    assert list(kinds) == list(KINDS)
    assert "allowed" in kinds["insurance_limit"]["parameters"]
    assert kinds["insurance_limit"]["needed_columns"] == [["item"]]
    assert all(kind["about"] for kind in kinds.values())


def test_a_kind_there_is_not_is_told_with_the_one_that_was_meant(run):
    code, text = run("kinds", "insurance_limt")
    assert code == 1
    assert "是否想写 insurance_limit？" in text


def test_cases_that_hold_end_with_code_0(run):
    code, text = run("test", "1")
    assert code == 0
    assert text.startswith("✓   1 GZ10000101001000")
    assert "失败 0" in text.splitlines()[-1]


def test_the_rules_of_a_book_are_tested_with_it(run, book):
    code, text = run("test", "OWN-1", "--book", book, "--mutations", "--json")
    assert code == 0
    told = json.loads(text)
    assert (told["rules"], told["cases"], told["failed"], told["unnoticed"]) == (1, 6, 0, 0)
    assert told["mutations"] >= 2


def test_a_case_that_fails_says_what_was_found_and_ends_with_code_1(run, book):
    own = book / "rules" / "own.yaml"
    own.write_text(OWN_RULE.replace('finds: [{amount: "20.00"}]', 'finds: [{amount: "30.00"}]'), encoding="utf-8")
    code, text = run("test", "OWN-1", "--book", book)
    assert code == 1
    assert "✗ 居民两支: 应为 30.00 元，实为 20.00 元 [c1] | expected 30.00 yuan, found 20.00 yuan [c1]" in text


def test_a_change_that_no_case_notices_ends_with_code_1(run, book):
    own = book / "rules" / "own.yaml"
    own.write_text(
        OWN_RULE.replace("{item: OWN1, name", "{item: OWN1, effective_to: 2026-12-31, name"), encoding="utf-8"
    )
    assert run("test", "OWN-1", "--book", book)[0] == 0
    code, text = run("test", "OWN-1", "--book", book, "--mutations")
    assert code == 1
    assert "✗ points.effective_to: +1 day: 没有案例发现这一改动" in text


def test_a_broken_rule_file_is_told_with_its_line(run, book):
    own = book / "rules" / "own.yaml"
    own.write_text(OWN_RULE.replace("period: line", "period: lin"), encoding="utf-8")
    code, text = run("test", "--book", book)
    assert code == 1
    assert "own.yaml:9: rule.period" in text

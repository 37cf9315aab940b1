"""`kongfei book check|show|diff`, as a person calls them; none of this needs Kafka."""

import json
import re

import pytest
import typer
from typer.testing import CliRunner

from agents.commands import book as command
from tests.agents.book.folders import write_book

SOME = '  - {id: one, quota: "700.00", source: 示例, scope: {department: D1}, effective_to: 2099-12-31}\n'


@pytest.fixture
def run():
    """Calls the command line; returns its exit code and what it printed."""
    app = typer.Typer()
    command.register(app)
    app.callback()(lambda: None)

    def call(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["book", *map(str, words)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return call


def test_a_good_book_is_called_good_with_its_counts(run, tmp_path):
    code, text = run("check", write_book(tmp_path / "b", "2026.1"))
    assert code == 0
    lines = text.splitlines()
    assert lines[-1] == "可以使用：2026.1 示例，警告 0 个 | good: 2026.1, warnings: 0"
    assert [line.split() for line in lines[:2]] == [["quotas", "1", "定额"], ["thresholds", "2", "阈值"]]


def test_warnings_are_told_and_do_not_stop_it(run, tmp_path):
    folder = write_book(tmp_path / "b", "2026.1", head="status: draft\n")
    code, text = run("check", folder)
    assert code == 0
    assert f"  {folder}/book.yaml:3: status: 这本政策规则库是草稿" in text
    assert text.splitlines()[-1].startswith("可以使用：2026.1 示例，警告 1 个")


def test_a_broken_book_ends_with_one_clear_line_and_code_1(run, tmp_path):
    folder = write_book(tmp_path / "b", "2026.1", quota="1,000")
    code, text = run("check", folder)
    assert code == 1
    assert f"{folder}/quotas.yaml:2: quotas.all.quota: 应为金额（元）" in text
    assert text.splitlines()[-1] == f"不能使用 {folder}：错误 1 个，警告 0 个 | cannot be used; errors: 1, warnings: 0"


def test_check_speaks_json(run, tmp_path):
    folder = write_book(tmp_path / "b", "2026.1", quota="1,000", more='  - {id: x, quota: "1", source: s}\n')
    code, text = run("check", folder, "--json")
    told = json.loads(text)
    assert code == 1
    assert told["ok"] is False
    assert told["version"] is None
    (error,) = told["errors"]
    assert (error["path"], error["line"], error["field"]) == (f"{folder}/quotas.yaml", 2, "quotas.all.quota")
    code, text = run("check", write_book(tmp_path / "good", "2026.1"), "--json")
    assert (code, json.loads(text)["counts"]) == (0, {"quotas": 1, "thresholds": 2})


def test_show_tells_version_source_and_counts_and_a_section_entry_by_entry(run, tmp_path):
    folder = write_book(tmp_path / "b", "2026.1", more=SOME)
    _, text = run("show", folder)
    assert text.splitlines()[:2] == ["2026.1  示例", f"来源 source: {folder}"]
    _, text = run("show", folder, "--section", "quotas")
    assert "quotas 定额 (2)" in text
    assert "      scope.department: D1" in text
    assert "      quota: 700.00" in text
    _, text = run("show", folder, "--json")
    assert json.loads(text)["sections"]["quotas"]["one"]["quota"] == "700.00"


def test_show_for_a_subject_tells_which_entry_wins_and_why(run, tmp_path):
    folder = write_book(tmp_path / "b", "2026.1", more=SOME)
    _, text = run("show", folder, "--section", "quotas", "--for", "department=D1,care_type=21,date=2026-06-01")
    assert "对象 for: hospital=H0001, care_type=21, department=D1, date=2026-06-01" in text
    assert "    ✓  one: 适用：科室 D1，一直有效 | holds for department D1 at all times" in text
    assert "    ✗  all: 不如 one 具体：后者指明了科室 | less specific than one, which names the department" in text
    _, text = run("show", folder, "--section", "quotas", "--for", "department=D2", "--json")
    (choice,) = json.loads(text)["choices"]
    assert choice["winner"]["id"] == "all"
    assert choice["losers"] == [
        {
            "id": "one",
            "why": "other_scope",
            "text": "只适用于 科室 D1（这里是 D2） | is only for department D1 (here D2)",
        }
    ]


def test_the_hospital_of_a_book_with_one_hospital_is_meant_with_its_region(run, tmp_path):
    folder = write_book(tmp_path / "b", "2026.1", head='hospitals:\n  - {code: H77, region: "610000"}\n')
    _, text = run("show", folder, "--section", "quotas", "--for", "date=2026-06-01")
    assert "对象 for: region=610000, hospital=H77, date=2026-06-01" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--section", "quota"], "did you mean quotas?"),
        (["--for", "ward=1"], "没有这个名称"),
        (["--for", "departmnt=1"], "did you mean department?"),
        (["--for", "department"], "must be name=value"),
        (["--for", "date=1.6.2026"], "write a day as 2026-01-31"),
        (["--section", "catalogue", "--for", "department=1"], "catalogue has no entries that compete"),
    ],
)
def test_what_show_does_not_understand_it_says(run, tmp_path, words, says):
    from streams.logs import SafeError

    with pytest.raises(SafeError, match=re.escape(says)):
        run("show", write_book(tmp_path / "b", "2026.1"), *words)


def test_diff_compares_folders_and_the_book_that_ships(run, tmp_path):
    old = write_book(tmp_path / "old", "2026.1")
    new = write_book(tmp_path / "new", "2026.2", quota="1500.00", more=SOME)
    code, text = run("diff", old, new)
    assert code == 0
    assert text.splitlines() == [
        "2026.1 → 2026.2", "quotas 定额: +1 −0 ~1", "  + one", "  ~ all", "      quota: 1000.00 → 1500.00",
    ]  # fmt: skip
    _, text = run("diff", old, new, "--json")
    assert json.loads(text)["sections"]["quotas"]["changed"] == [
        {"name": "all", "fields": {"quota": ["1000.00", "1500.00"]}}
    ]
    _, text = run("diff", "default", old)
    assert text.startswith("example-2026.1 → 2026.1")


RULES = """rule_settings:
  - {id: all, rule: GZ10000101001000, state: shadow, source: 示例}
  - {id: here, rule: GZ10000101001000, grade: lead, source: 示例, scope: {department: D1}}
"""


@pytest.fixture
def ruled(tmp_path):
    """A book with the national rules, two settings of one of them, and one point."""
    folder = write_book(tmp_path / "r", "2026.1", head="library: [national]\ntables: {points: points.csv}\n")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    (folder / "points.csv").write_text("rule,item,name\nGZ10000101001000,X1,示例药\n", encoding="utf-8")
    return folder


def test_which_setting_of_a_rule_won_is_shown_with_why_the_other_lost(run, ruled):
    code, text = run("show", ruled, "--for", "department=D1,date=2026-05-01", "--section", "rule_settings")
    assert code == 0
    assert "    ✓  here: 适用：科室 D1，一直有效" in text
    assert "    ✗  all: 不如 here 具体：后者指明了科室" in text


def test_rules_and_points_are_counted_and_points_listed_only_when_asked_for(run, ruled):
    _, text = run("show", ruled, "--json")
    told = json.loads(text)
    assert told["counts"]["points"] == 1
    assert told["counts"]["rules"] == len(told["sections"]["rules"])
    assert "points" not in told["sections"]
    _, text = run("show", ruled, "--section", "points", "--json")
    assert json.loads(text)["sections"]["points"]["GZ10000101001000 X1"]["name"] == "示例药"


def test_a_changed_rule_and_a_new_point_are_told_by_a_diff(run, ruled, tmp_path):
    other = write_book(tmp_path / "s", "2026.2", head="library: [national]\ntables: {points: points.csv}\n")
    (other / "rules.yaml").write_text(RULES.replace("grade: lead", "grade: suspicion"), encoding="utf-8")
    (other / "points.csv").write_text("rule,item\nGZ10000101001000,X1\nGZ10000101001000,X2\n", encoding="utf-8")
    code, text = run("diff", ruled, other)
    assert code == 0
    assert "rule_settings 规则设置: +0 −0 ~1" in text
    assert "      grade: lead → suspicion" in text
    assert "points 知识点: +1 −0 ~1" in text
    assert "  + GZ10000101001000 X2" in text

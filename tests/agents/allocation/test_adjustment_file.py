"""Manual adjustments from CSV and YAML, and exactly where such a file is wrong."""

import pytest

from agents.allocation.adjustment_file import read_adjustments
from agents.book.mistakes import PolicyError

HEADER = "department,care_type,factor,quota,budget,cases,reason,who"


@pytest.fixture
def read(tmp_path):
    def write(text, name="adjust.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_adjustments(path)

    return write


def wrong(read, text, name="adjust.csv"):
    with pytest.raises(PolicyError) as refused:
        read(text, name)
    return [(found.line, found.field, found.text) for found in refused.value.mistakes]


def test_csv_and_yaml_say_the_same(read):
    by_csv = read(f"{HEADER}\nA28,,1.1,,,,新技术,王主任\nA99,21,,6000.00,,120,新科室,王主任\n")
    by_yaml = read(
        "adjustments:\n"
        '  - {department: A28, factor: "1.1", reason: 新技术, who: 王主任}\n'
        '  - {department: A99, care_type: "21", quota: 6000, cases: 120, reason: 新科室, who: 王主任}\n',
        "adjust.yaml",
    )

    assert by_csv == by_yaml
    assert [(found.factor, found.quota, found.cases) for found in by_csv] == [
        (11_000, None, None),
        (None, 600_000, 120),
    ]


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        ("A,,1.1,,,,,王", "reason", "缺少此项"),
        ("A,,1.1,,,,新技术,", "who", "缺少此项"),
        ("A,,很多,,,,新技术,王", "factor", "应为数字"),
        ("A,,0,,,,新技术,王", "factor", "须大于 0"),
        ("A,,,6000.001,,,新技术,王", "quota", "应为金额（元）"),
        ("A,,1.1,6000,,,新技术,王", "", "只能写一个"),
        ("A,21,,,,,新技术,王", "", "没有写明调整什么"),
    ],
)
def test_a_row_that_is_wrong_is_named_with_line_and_field(read, row, field, says):
    [(line, found, text)] = wrong(read, f"{HEADER}\nB,,1.1,,,,新技术,王\n{row}\n")

    assert (line, found) == (3, field)
    assert says in text


def test_an_unknown_column_is_a_mistake_for_it_would_not_be_applied(read):
    assert wrong(read, "department,facotr,reason,who\nA,1.1,新技术,王\n")[0][:2] == (1, "facotr")


def test_a_yaml_entry_that_is_wrong_is_named_with_line_and_field(read):
    text = "adjustments:\n  - department: A\n    factor: 1.1\n    reason: 新技术\n    who: 王\n  - departement: B\n"
    found = wrong(read, text, "adjust.yml")

    assert (3, "adjustments.#1.factor") in [entry[:2] for entry in found]
    assert any(line == 6 and "是否想写 department" in text for line, _, text in found)


@pytest.mark.parametrize("text", ["", "[]", "adjustments: 5", "adjustment:\n  - {}"])
def test_a_yaml_file_without_a_list_of_adjustments_is_refused(read, text):
    assert "应有 adjustments" in wrong(read, text, "adjust.yaml")[-1][2]


def test_two_adjustments_of_the_same_visits_contradict_each_other(read):
    found = wrong(read, f"{HEADER}\nA,,1.1,,,,新技术,王\nA,21,1.3,,,,新技术,王\nA,,1.2,,,,新技术,李\n")

    assert found == [(4, "adjustments.A", "与第 2 行针对同样的就诊 | is about the same visits as line 2")]

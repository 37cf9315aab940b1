"""Published tables with Chinese headings become rows of the book."""

import pytest

from agents.core.grouping.tables import alternatives, read_published_dip, read_published_drg


def test_a_dip_directory_is_read_under_its_usual_headings() -> None:
    published = read_published_dip([
        {
            "序号": "1", "病种编码": "K35.8:47.01", "诊断代码": "K35.8", "诊断名称": "急性阑尾炎",
            "病种名称": "阑尾切除",
            "手术操作代码": "47.0100", "手术操作名称": "腹腔镜阑尾切除术", "病种分值": "1,061.53849",
            "次均费用（元）": "8,300.005", "平均住院日": "5.6", "病种类型": "核心病种",
        },
        {"病种编码": "J18", "诊断代码": "J18", "手术操作代码": "无", "分值": "500", "病种类型": "综合病种"},
    ])  # fmt: skip
    assert published.mistakes == []
    first, second = published.rows
    assert (first.diagnosis, first.procedures, first.score, first.mean) == ("K35.8", ("47.0100",), 10_615_385, 830_001)
    assert (first.expected_days, first.kind, first.name) == (6, "core", "阑尾切除")
    assert (second.procedures, second.kind, second.mean) == ((), "comprehensive", None)


@pytest.mark.parametrize(
    ("cell", "sets"),
    [
        ("", [()]),
        ("-", [()]),
        ("保守治疗", [()]),
        ("47.0100", [("47.0100",)]),
        ("47.0100+54.9100", [("47.0100", "54.9100")]),
        ("47.0100、54.9100；38.9300", [("47.0100", "54.9100", "38.9300")]),
        ("47.0100/47.0900", [("47.0100",), ("47.0900",)]),
        ("47.0100 或 47.0900", [("47.0100",), ("47.0900",)]),
    ],
)
def test_a_cell_of_operations_is_read(cell: str, sets: list[tuple[str, ...]]) -> None:
    assert alternatives(cell) == sets


def test_alternatives_become_rows_of_one_code() -> None:
    rows = read_published_dip([{"病种编码": "A", "诊断代码": "K35", "操作编码": "47.01/47.09", "分值": "1"}]).rows
    assert [(row.code, row.procedures) for row in rows] == [("A", ("47.01",)), ("A", ("47.09",))]


def test_what_cannot_be_read_is_told_with_its_line() -> None:
    published = read_published_dip(
        [
            {"病种编码": "A", "诊断代码": "K35", "分值": "1"},
            {"病种编码": "B", "诊断代码": "K35", "分值": "很多"},
            {"病种编码": "C", "诊断代码": "K35", "分值": "1", "操作编码": "47.01+54.91/47.09"},
            {"病种编码": "D", "分值": "1"},
        ]
    )
    assert [row.code for row in published.rows] == ["A"]
    assert [mistake.split(":")[:2] for mistake in published.mistakes] == [
        ["2", " score"], ["3", " procedures"], ["4", " diagnosis"]
    ]  # fmt: skip


def test_a_table_of_drg_weights_is_read() -> None:
    published = read_published_drg(
        [{"DRG编码": "GD25", "DRG名称": "阑尾切除", "权重": "1.23456", "基准点数": "123.4", "病组次均费用": "9,000"}]
    )
    assert published.mistakes == []
    (group,) = published.rows
    assert (group.code, group.weight, group.points, group.mean) == ("GD25", 12_346, 1_234_000, 900_000)

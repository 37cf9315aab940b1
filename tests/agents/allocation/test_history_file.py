"""History from a CSV: what a row says, and exactly where a file is wrong."""

import pytest

from agents.allocation.history_file import MOST_MISTAKES, read_history_file
from agents.book.mistakes import PolicyError
from schemas.history import HistoryRow

HEADER = "department,insurance_type,care_type,month,total,basic,fund,days"


@pytest.fixture
def read(tmp_path):
    def write(*lines, encoding="utf-8"):
        path = tmp_path / "history.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        return list(read_history_file(path, "H1"))

    return write


def wrong(read, *lines, **said):
    """Mistakes as (line, field, what the Chinese sentence says)."""
    with pytest.raises(PolicyError) as refused:
        read(*lines, **said)
    return [(found.line, found.field, found.text.partition(" | ")[0]) for found in refused.value.mistakes]


def test_a_row_is_a_visit(read):
    assert read(HEADER, "A04.01,310,21,2025-03,12345.67,12000,8000.5,9") == [
        HistoryRow("H1", "A04.01", "310", "21", 202503, 1_234_567, 1_200_000, 800_050, 9)
    ]


def test_columns_may_have_chinese_names_in_any_order_and_excels_mark_before_them(read):
    rows = read(
        "\ufeff就诊号,出院月份,入院月份,科室,医疗类别,险种,基本医疗费用,总费用,DRG编码,DRG权重,DIP编码,DIP分值,医院编码",
        "V1,2025年3月5日,20250226,A,21,390,90.00,100.00,GB19,1.25,K80,800.5,H7",
        "",
        "V2,202512,,A,21,,1,1,,,,,",
    )

    assert rows == [
        HistoryRow(
            "H7", "A", "390", "21", 202503, 10_000, 9_000, None, 0, 202502, "GB19", 12_500, "K80", 8_005_000, "V1"
        ),
        HistoryRow("H1", "A", "", "21", 202512, 100, 100, visit_id="V2"),
    ]


@pytest.mark.parametrize(
    "month", ["202503", "2025-3", "2025/03", "2025-03-31", "20250331", "2025年3月", "2025-03-31 08:00"]
)
def test_months_and_days_are_read_as_people_write_them(read, month):
    assert read(HEADER, f"A,310,21,{month},1,1,,")[0].month == 202503


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        (",310,21,2025-03,1,1,,", "department", "不能为空"),
        ("A,310,,2025-03,1,1,,", "care_type", "不能为空"),
        ("A,310,21,,1,1,,", "month", "不能为空"),
        ("A,310,21,2025-13,1,1,,", "month", "应为月份或日期，如 2025-03 或 2025-03-15"),
        ("A,310,21,03/2025,1,1,,", "month", "应为月份或日期，如 2025-03 或 2025-03-15"),
        ("A,310,21,2025-03,,1,,", "total", "不能为空"),
        ("A,310,21,2025-03,1万,1,,", "total", '应为金额（元），最多两位小数，不写千分位，如 "12000.00"'),
        ("A,310,21,2025-03,1.001,1,,", "total", '应为金额（元），最多两位小数，不写千分位，如 "12000.00"'),
        ("A,310,21,2025-03,1,1,x,", "fund", '应为金额（元），最多两位小数，不写千分位，如 "12000.00"'),
        ("A,310,21,2025-03,1,2,,", "basic", "大于总费用"),
        ("A,310,21,2025-03,1,1,2,", "fund", "大于总费用"),
        ("A,310,21,2025-03,1,1,,-1", "days", "应为不小于 0 的整数"),
        ("A,310,21,2025-03,1,1,,1.5", "days", "应为不小于 0 的整数"),
        ('A,310,21,2025-03,"1,000",1,,', "total", '应为金额（元），最多两位小数，不写千分位，如 "12000.00"'),
        ("A,310,21,2025-03,1,1,,,9", "", "列数多于表头"),
    ],
)
def test_a_row_that_is_wrong_is_named_with_line_and_field(read, row, field, says):
    assert wrong(read, HEADER, "A,310,21,2025-03,1,1,,", row) == [(3, field, says)]


def test_every_mistake_is_said_at_once(read):
    assert [found[:2] for found in wrong(read, HEADER, ",310,,2025-03,1,1,,", "A,310,21,x,1,1,,")] == [
        (2, "department"), (2, "care_type"), (3, "month"),
    ]  # fmt: skip


def test_more_mistakes_than_anybody_reads_are_counted(read):
    found = wrong(read, HEADER, *["A,310,21,x,1,1,,"] * (MOST_MISTAKES + 7))

    assert len(found) == MOST_MISTAKES + 1
    assert "另有 7 处错误未列出" in [text for _, _, text in found]


def test_a_weight_below_zero_is_refused(read):
    assert wrong(read, f"{HEADER},drg_weight", "A,310,21,2025-03,1,1,,,-1")[0][1] == "drg_weight"


def test_a_visit_listed_twice_is_a_mistake_and_one_of_another_hospital_is_not(read):
    header = f"visit_id,hospital,{HEADER}"
    row = "A,310,21,2025-03,1,1,,"
    assert wrong(read, header, f"V1,,{row}", f"V1,H2,{row}", f"V1,H1,{row}") == [
        (4, "visit_id", "这次就诊已在第 2 行"),
    ]


def test_missing_unknown_and_doubled_columns_are_said_before_any_row(read):
    found = wrong(read, "department,care_type,month,totl,basic,basic", "A,21,x,1,1,1")

    assert found == [
        (1, "totl", "不认识的列，是否想写 total？"),
        (1, "basic", "这一列有两次"),
        (1, "total", "缺少此列（总费用）"),
    ]


def test_files_that_cannot_be_read_say_why(read, tmp_path):
    assert wrong(read, "科室,总费用", encoding="gbk")[0][2].startswith("不是 UTF-8 编码")
    assert wrong(read, HEADER, '"A,310')[0][2] == "CSV 写法有误（引号须成对）"
    with pytest.raises(PolicyError, match="找不到文件"):
        list(read_history_file(tmp_path / "none.csv", "H1"))

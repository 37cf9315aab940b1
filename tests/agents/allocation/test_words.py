"""What people read: every note in both languages, the arithmetic of a quota, tables on screens of any width."""

import io
import re

import pytest
from rich.console import Console

from agents.allocation.grid import Grid
from agents.allocation.words import derivation, grouped_yuan, method_words, note_words, signed_percent
from agents.core.allocation.plan import Trim
from agents.core.allocation.result import Note, NoteKind
from agents.core.allocation.sample import LeftOut
from tests.agents.allocation.visits import adjustment, allocated, plan, quota_of, quotas, years

NOTES = [
    *(Note(NoteKind.LEFT_OUT, (12_345,), (why,)) for why in LeftOut),
    Note(NoteKind.INCOMPLETE_YEAR, (2025, 11), ("12",)), Note(NoteKind.NO_HISTORY_YEAR, (2023,)),
    Note(NoteKind.NO_MIX, (1, 2)), Note(NoteKind.PARTIAL_BASE, (1, 2)), Note(NoteKind.FUND_BORROWED, (1,)),
    Note(NoteKind.UNBOUND, (1, 2)), Note(NoteKind.UNUSED_TOTAL, (100,), ("b",)),
    Note(NoteKind.RELEASED, (100,), ("floors", "b")), Note(NoteKind.RELEASED, (100,), ("ceilings", "b")),
    Note(NoteKind.WIDER_TOTAL, (100,), ("b",)), Note(NoteKind.NO_BUDGET, (1,), ("Z",)),
    Note(NoteKind.OTHER_BASIS, (1,)),
]  # fmt: skip


def test_every_kind_of_note_is_looked_at():
    assert {note.kind for note in NOTES} == set(NoteKind)


@pytest.mark.parametrize("note", NOTES, ids=lambda note: f"{note.kind}-{'-'.join(note.names)}")
def test_a_note_is_a_sentence_in_either_language(note):
    zh, en = note_words(note)

    assert zh.endswith("。")
    assert en.endswith(".")
    assert not re.search("[\u4e00-\u9fff]", en)


def test_the_arithmetic_of_a_quota_is_written_out():
    rows = years(*[[1000] * 12] * 3, drg_weight_e4=10_000)
    grown = allocated(rows, growth_bp=300, adjustments=(adjustment(factor="1.1"),))

    zh, en = derivation(quota_of(grown))
    assert zh == "三年均值 1000.00 × 结构 1.0000 × 增长 1.0300 × 人工系数 1.1000，得 1133.00 元"
    assert en == "mean 1000.00 × mix 1.0000 × growth 1.0300 × manual factor 1.1000 gives 1133.00 yuan"


def test_a_quota_cut_by_the_limit_says_so():
    zh, _ = derivation(quota_of(allocated(years(*[[1000] * 12] * 3), quotas(A=500), limit_bp=1_000)))

    assert zh == "三年均值 1000.00 → 限幅 550.00 （触及上限），得 550.00 元"


def test_how_it_was_reckoned_is_said_in_a_few_words():
    assert method_words(plan()) == ("不剔除病例", "no cases trimmed")
    zh, en = method_words(plan(trim=Trim(100, 200, 50_000), growth_bp=-150, limit_bp=2_000))
    assert (
        zh == "剔除每年最低 1.00% 与最高 2.00% 的病例，剔除偏离中位数 5.00 倍以上的病例，增长 -1.50%，涨跌不超过 20.00%"
    )
    assert en.endswith("without cases 5.00 times off the median, growth -1.50%, no change beyond 20.00%")


def test_money_and_changes_are_written_for_people():
    assert [grouped_yuan(fen) for fen in (5, 123_456_789, -100_000)] == ["0.05", "1,234,567.89", "-1,000.00"]
    assert [signed_percent(bp) for bp in (None, 0, 1_111, -50)] == ["—", "+0.00%", "+11.11%", "-0.50%"]


def shown(width):
    grid = Grid("表", ["科室", "就诊"], ["定额", "预算"], "状态")
    grid.add("A04.01", "普通住院", "12,345.67", "1,234,567.89", "正常")
    grid.sums = ["合计", "", "", "1,234,567.89", ""]
    console = Console(width=width, file=io.StringIO(), record=True)
    grid.show(console)
    return console.export_text()


def test_a_table_that_fits_is_a_table():
    assert re.search(r"A04\.01 +普通住院 +12,345\.67 +1,234,567\.89 +正常", shown(80))


@pytest.mark.parametrize("width", [20, 30, 40])
def test_a_table_too_wide_for_the_screen_is_shown_row_by_row_and_no_figure_is_broken(width):
    text = shown(width)

    assert "A04.01 · 普通住院" in text
    assert "定额 12,345.67" in text
    assert text.count("预算 1,234,567.89") == 2, "of the row, and of the sums"

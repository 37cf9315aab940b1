"""Long sentences of the demo are broken by width, never within a word, a figure or before a closing mark."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deploy.demo.tables import folded, shortened

CHINESE = "「超声心动图」14 天内已做 1 次（2026-03-31），限 14 天 1 次；涉及金额 1,380.00 元；建议：参考已有结果。"


@pytest.mark.parametrize("width", [20, 37, 60])
def test_a_sentence_is_folded_by_width(width: int) -> None:
    lines = folded(CHINESE, width, "  ")
    assert len(lines) > 1
    for line in lines:
        assert cell_len(line) <= width + 2
        assert line.startswith("  ")
        assert line.strip()[0] not in "，。；：、）"
        assert line[-1] not in "「（"
    assert "".join(line.strip() for line in lines).replace(" ", "") == CHINESE.replace(" ", "")


def test_figures_and_words_stay_whole() -> None:
    lines = folded(CHINESE, 24, "")
    for whole in ("2026-03-31", "1,380.00"):
        assert any(whole in line for line in lines)
    assert folded("one two three", 8, "") == ["one two", "three"]


@given(st.text(st.sampled_from("医保 ab1，。「"), max_size=60), st.integers(6, 40))
def test_nothing_is_lost_by_folding(text: str, width: int) -> None:
    assert "".join(folded(text, width, "")).replace(" ", "") == text.replace(" ", "")


def test_a_name_is_shortened_to_its_column() -> None:
    assert shortened("年龄（新生儿、儿童、老年）", 26) == "年龄"
    assert shortened("age: newborn, child, old", 18) == "age"
    assert shortened("重复用药、相互作用、配伍", 11) == "重复用药、…"
    assert cell_len(shortened("duplicates, interactions", 12)) <= 12

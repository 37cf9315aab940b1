"""The prediction in words: whole sentences in both languages, and figures that add up."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from schemas import payment_words as words
from schemas.book.payment import MethodKind
from schemas.payment_arithmetic import decimals, explain_method
from schemas.prediction import Admissibility, Grouped, Outlier, Question
from schemas.wording import Explanation
from tests.agents.payment.test_properties import BUDGETS, POLICY, visits
from tests.agents.payment.worlds import book_of, case_of, foresee, settlement_of

GOLDEN = Path(__file__).parents[1] / "agents" / "payment" / "golden"
QUESTION_KINDS = [
    "no_main_diagnosis", "diagnosis_not_listed", "sex_conflict", "ungrouped", "ambiguous", "procedure_not_known",
    "operation_not_coded", "unspecified_diagnosis", "sex_missing", "birth_date_missing",
]  # fmt: skip
CHINESE = re.compile(r"[一-鿿]")


def value_of(formula: str) -> Fraction:
    """The left side of a formula, reckoned exactly by this test's own little reader."""
    left = formula.rsplit("=", 1)[0] if "=" in formula else formula
    text = re.sub(r"(\d),(?=\d)", r"\1", left).replace("×", "*").replace("÷", "/").replace("−", "-")
    text = re.sub(r"\d+(\.\d+)?", lambda number: f"Fraction('{number.group()}')", text)
    assert re.fullmatch(r"(Fraction\('[\d.]+'\)|max\(0, |[-+*/() ]|Fraction\('0'\)|max|,)*", text), formula
    return Fraction(eval(text, {"Fraction": Fraction, "max": max}))


def adds_up(explanation: Explanation) -> None:
    assert abs(value_of(explanation.formula) * 100 - explanation.amount_fen) <= Fraction(1, 2), explanation
    if "=" in explanation.formula:
        amount = explanation.formula.rsplit("=", 1)[1].strip().replace(",", "").replace("−", "-")
        assert Fraction(amount) * 100 == explanation.amount_fen


@given(visits(), BUDGETS)
def test_every_formula_ends_in_the_amount_it_explains(visit: dict[str, Any], left: str | None) -> None:
    prediction = foresee(POLICY, visit, left)
    settlement = settlement_of(visit, case_of(visit))
    for method in prediction.methods:
        for explanation in explain_method(method, prediction, settlement):
            adds_up(explanation)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{path.stem}: {case['name']}")
        for path in sorted(GOLDEN.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))
    ],
)
def test_golden_cases_are_told_in_figures_that_add_up(case: dict[str, Any]) -> None:
    prediction = foresee(book_of(**case["book"]), case["visit"], case.get("budget_left"))
    for method in prediction.methods:
        for explanation in explain_method(method, prediction):
            adds_up(explanation)
            assert explanation.text_zh.endswith("。")
            assert explanation.text_en.endswith(".")
            assert not CHINESE.search(explanation.text_en)


def test_the_arithmetic_of_dip_reads_as_it_is_written_on_paper() -> None:
    policy = book_of(
        methods=[{"id": "dip", "kind": "dip", "point_value": "11.85", "coefficient": "1.03"}],
        dip=[{"code": "A", "diagnosis": "K35", "score": "1356.20"}],
    )
    prediction = foresee(policy, {})
    standard = explain_method(prediction.methods[0], prediction)[0]
    assert standard.formula == "1356.20 × 11.85 × 1.03 = 16,553.10"
    assert standard.text_zh == "支付标准：分值 1356.20 分 × 点值 11.85 元 × 机构系数 1.03 = 16,553.10 元。"
    assert (
        standard.text_en
        == "Payment standard: score 1356.20 × point value 11.85 × hospital coefficient 1.03 = 16,553.10 yuan."
    )


def test_every_reason_method_outlier_and_question_has_words_in_both_languages() -> None:
    assert set(words.REASONS) == set(Admissibility)
    assert set(words.METHOD_NAMES) == set(MethodKind)
    assert set(words.OUTLIERS) == set(Outlier)
    assert set(words.QUESTIONS) == set(QUESTION_KINDS)
    for table in (words.REASONS, words.QUESTIONS, words.SPECIAL_CASES):
        for zh, en in table.values():
            assert zh.endswith("。")
            assert CHINESE.search(zh)
            assert en.endswith(".")
            assert not CHINESE.search(en)


@pytest.mark.parametrize("kind", QUESTION_KINDS)
def test_a_question_proposes_nothing(kind: str) -> None:
    zh, en = words.question_sentence(Question(kind, ("K35.900",)))
    for forbidden in ("建议改为", "应改", "更高", "增加收入", "分值更", "权重更"):
        assert forbidden not in zh
    for forbidden in ("change to", "higher", "pays more", "instead"):
        assert forbidden not in en


@pytest.mark.parametrize(
    ("group", "zh"),
    [
        (
            Grouped("drg", "grouped", "ES21", "肺炎", "示例", path=("MDCE", "ES2", "MCC:J96.000")),
            "DRG 示例：ES21 肺炎（MDCE → ES2 → 伴严重并发症或合并症（J96.000））。",
        ),
        (
            Grouped("drg", "grouped", "BR25", path=("MDCB", "BR2", "uncounted:E11.900")),
            "DRG：BR25（MDCB → BR2 → 并发症或合并症 E11.900 在该核心组不单独成组）。",
        ),
        (
            Grouped("dip", "grouped", "K35:47", "阑尾切除", path=("K35", "47.01", "54.91")),
            "DIP：K35:47 阑尾切除（K35，47.01 + 54.91）。",
        ),
        (Grouped("dip", "ambiguous", "A", path=("K35", "47.01")), "DIP：A（K35，47.01，同时符合多个病种）。"),
        (Grouped("dip", "no_main_diagnosis"), "DIP：尚无主要诊断，未入组。"),
        (Grouped("drg", "ungrouped", path=("MDCO",)), "DRG：未能入组（MDCO）。"),
        (
            Grouped("drg", "weight_missing", "GX99", path=("MDCG",)),
            "DRG：已入组，但政策库没有该组的权重（MDCG → GX99）。",
        ),
        (Grouped("drg", "grouper_failed"), "DRG：分组器出错，未入组。"),
    ],
)
def test_a_group_is_told_with_the_way_to_it(group: Grouped, zh: str) -> None:
    said_zh, said_en = words.group_sentence(group)
    assert said_zh == zh
    assert said_en.endswith(".")


def test_the_best_method_is_told_with_the_one_in_force() -> None:
    policy = book_of(
        methods=[{"id": "item", "kind": "by_item"}, {"id": "quota", "kind": "visit_quota", "standard": "12000.00"}]
    )
    zh, en = words.best_sentence(foresee(policy, {}))
    assert zh == "可用的方式中，人次定额的盈亏最高：2,000.00 元。当前执行：按项目付费，盈亏 0.00 元。"
    assert en.startswith("Of the admissible methods, the per-visit quota has the highest profit")
    assert words.best_sentence(foresee(book_of(), {}))[0] == "没有可用的结算方式。"


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (13_562_000, 4, "1356.20"),
        (11_850_000, 6, "11.85"),
        (10_000, 4, "1.00"),
        (12_345, 4, "1.2345"),
        (1, 6, "0.000001"),
    ],
)
def test_figures_keep_the_decimals_they_have(value: int, places: int, text: str) -> None:
    assert decimals(value, places) == text

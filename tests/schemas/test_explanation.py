"""The settlement in words: what a person reads, and that its figures add up whatever the settlement."""

import re
from fractions import Fraction

import msgspec
from hypothesis import given

from agents.core.settlement.lines import LineSums
from agents.core.settlement.settle import settle
from schemas.explanation import explain_settlement, money, share_text
from schemas.settlement import LAYER_FIELDS, SimulatedSettlement
from tests.agents.settlement import books
from tests.agents.settlement.test_settle import ANYBODY

KUNMING = {
    "ratios": [{"bands": [{"share": "85%"}]}],
    "deductibles": [{"amounts": ["1200"]}],
    "source": "昆明示例",
    "id": "昆明-职工",
}


def settled(benefit, sums, layers=(), year=None, **who) -> SimulatedSettlement:
    case = books.case_of_visit(ANYBODY | who, books.sums_of(*sums))
    return settle(case, books.terms_of(benefit, list(layers), "3"), books.year_of_drawn(year or {}))


def texts(settlement, sources=None):
    return {item.what: item for item in explain_settlement(settlement, sources)}


def test_the_words_of_vector_g1():
    told = texts(settled(KUNMING, (150_000, 20_000, 50_000, 1_780_000, 0)))
    assert told["total"].text_zh == (
        "总费用：全自费 1,500.00 + 超限价 200.00 + 先行自付 500.00 + 符合政策范围 17,800.00 = 20,000.00 元。"
    )
    assert told["deductible"].text_zh == (
        "起付线：本年度第 1 次住院起付标准 1,200.00 元；取计入费用 17,800.00 与 1,200.00 中较小者 = 1,200.00 元。"
        "（依据：昆明-职工，昆明示例）"
    )
    assert told["basic_fund"].text_zh == "统筹支付：(17,800.00 − 1,200.00) × 85% = 14,110.00 元。（依据：昆明-职工）"
    assert told["basic_fund"].text_en == ("Basic fund: (17,800.00 − 1,200.00) × 85% = 14,110.00 yuan. (by 昆明-职工)")
    assert told["basic_fund"].entry_id == "昆明-职工"
    assert told["basic_fund"].source == "昆明示例"
    assert told["proportion"].formula == "16,600.00 − 14,110.00 = 2,490.00"
    assert told["patient_part"].text_zh == "个人负担：总费用 − 基金支付：20,000.00 − 14,110.00 = 5,890.00 元。"


def test_the_test_limit_is_told_in_words_and_figures():
    benefit = KUNMING | {"test_limit": "3000"}
    told = texts(settled(benefit, (0, 0, 0, 600_000, 370_000)))
    assert (
        "政策范围内检查化验费 3,700.00 元，限额 3,000.00 元，超出 3,700.00 − 3,000.00 = 700.00 元"
        in told["test_over"].text_zh
    )
    within = texts(settled(benefit, (0, 0, 0, 600_000, 100_000)))["test_over"]
    assert within.amount_fen == 0
    assert "未超限额" in within.text_zh


def test_layers_name_their_base_and_their_source():
    layer = {
        "id": "大病", "source": "x", "kind": "critical_illness", "order": 1, "base": ["deductible", "proportion"],
        "deductible": "1000", "cap": "1200",
        "bands": [{"to": "1000", "share": "60%"}, {"from": "1000", "share": "70%"}],
    }  # fmt: skip
    settlement = settled(
        KUNMING, (0, 0, 0, 1_120_000, 0), [layer], {"layers": {"critical_illness": {"base": "300.00", "paid": "0"}}}
    )
    told = texts(settlement, {"大病": "大病办法第三条"})["critical_illness"]
    # 1200 + 1500 = 2700; 300 + 2700 − 1000 = 2000: 1000 × 60 % + 1000 × 70 % = 1300, at most 1200
    assert told.amount_fen == 120_000
    assert told.formula == "min(1,000.00 × 60% + 1,000.00 × 70%, 1,200.00) = 1,200.00"
    assert told.text_zh == (
        "大病保险：本次计入 2,700.00 元，本年度此前累计 300.00 元，起付 1,000.00 元；限额 1,200.00 元，"
        "min(1,000.00 × 60% + 1,000.00 × 70%, 1,200.00) = 1,200.00 元。（依据：大病，大病办法第三条）"
    )


def test_without_coverage_one_sentence_says_so():
    terms = books.terms_of(KUNMING, [], "3")
    terms.standing = "coverage_pending"
    told = explain_settlement(settle(books.case_of_visit(ANYBODY, books.sums_of(0, 0, 0, 5_000, 0)), terms))
    assert told[0].text_zh == "总费用：尚无参保信息（未刷卡），全部费用 50.00 元暂按个人全自费计。"
    assert [item.what for item in told] == ["total", "cash_paid"]


def test_each_year_of_a_split_stay_is_told_by_itself():
    new_year = books.day_number("2026-01-01")
    by_day = {new_year - 2: books.sums_of(0, 0, 0, 300_000, 0), new_year + 2: books.sums_of(0, 0, 0, 100_000, 0)}
    whole = LineSums()
    for sums in by_day.values():
        whole.add_sums(sums)
    case = books.case_of_visit(ANYBODY, whole, by_day=by_day, admitted_day=new_year - 3, end_day=new_year + 3)
    told = explain_settlement(settle(case, books.terms_of(KUNMING | {"year_end": "split"}, [], "3")))
    assert [item.title_zh for item in told if item.what == "basic_fund"] == [
        "统筹支付（2025 年度）",
        "统筹支付（2026 年度）",
    ]
    assert told[-2].text_zh == (
        "第 1 段（2025-12-29 至 2025-12-31，计入 2025 年度）：费用 3,000.00 元，起付线 1,200.00 元，"
        "基金支付 1,530.00 元，个人负担 1,470.00 元。"
    )


@given(books.benefits, books.layers(), books.visits, books.sums, books.years)
def test_every_formula_ends_in_its_amount_and_every_amount_is_told(benefit, layers, who, sums, year):
    settlement = settled(benefit, sums, layers, year, **{name: who[name] for name in who if name != "tier"})
    told = explain_settlement(settlement)
    for item in told:
        assert item.formula.endswith(f"= {money(item.amount_fen)}")
        assert item.text_zh.endswith(("。", "）"))
        assert item.text_en.endswith((".", ")"))
    found = {item.what: item.amount_fen for item in told}
    for name in settlement.__struct_fields__:
        what = name.removesuffix("_fen")
        if what in found:
            assert found[what] == getattr(settlement, name), what
    paid = {"basic_fund", "deductible", "over_cap", "hospital_part", "account_paid", "test_over"}
    for name in {f"{what}_fen" for what in paid} | set(LAYER_FIELDS.values()):
        assert getattr(settlement, name) == found.get(name.removesuffix("_fen"), 0), name


@given(books.benefits, books.layers(), books.visits, books.sums, books.years)
def test_the_arithmetic_shown_is_the_arithmetic_done(benefit, layers, who, sums, year):
    """Read back as arithmetic, a formula gives its amount; a fen each band may go to rounding."""
    settlement = settled(benefit, sums, layers, year, **{name: who[name] for name in who if name != "tier"})
    for item in explain_settlement(settlement):
        left, _, _ = item.formula.rpartition("=")
        slack = (left.count("×") + 1) * Fraction(1, 100)
        assert abs(arithmetic(left) - Fraction(item.amount_fen, 100)) <= slack, item.formula


def arithmetic(text: str) -> Fraction:
    plain = text.replace(",", ";").replace("; ", " , ").replace(";", "").replace("×", "*").replace("−", "-")
    plain = re.sub(r"([\d.]+)%", r"(Fraction('\1')/100)", plain)
    plain = re.sub(r"(?<![\d.'])(\d+\.\d+)(?!['\d])", r"Fraction('\1')", plain)
    return eval(plain, {"Fraction": Fraction, "min": min, "max": max})


def test_money_and_shares_as_they_are_written():
    assert [money(fen) for fen in (0, 5, -123_456_789, 1_780_000)] == ["0.00", "0.05", "−1,234,567.89", "17,800.00"]
    assert [share_text(bp) for bp in (0, 8500, 1250, 9894, 10_000)] == ["0%", "85%", "12.5%", "98.94%", "100%"]


def test_an_explanation_travels_as_plain_names():
    (first, *_) = explain_settlement(settled(KUNMING, (0, 0, 0, 1, 0)))
    assert set(msgspec.to_builtins(first)) == {
        "what", "title_zh", "title_en", "amount_fen", "formula", "text_zh", "text_en", "entry_id", "source",
    }  # fmt: skip

"""Golden cases: what each comes to is hand arithmetic, written beside the figure."""

import pytest

from schemas.explanation import explain_settlement
from schemas.units import yuan_text
from tests.agents.settlement.arithmetic import by_hand
from tests.agents.settlement.golden_cases import load_cases, open_case
from tests.agents.settlement.identities import check_identities, check_periods, check_steps_add_up

CASES = load_cases()
IDS = [f"{case['file']}-{case['name']}" for case in CASES]
golden = pytest.mark.parametrize("case", CASES, ids=IDS)


def figures(expected, found):
    """Field → (by hand, found), in yuan, of those that differ."""
    known = {}
    for name, text in expected.items():
        if name != "year":
            known[name] = by_hand(str(text), known)
    return {
        name: (yuan_text(fen), yuan_text(getattr(found, f"{name}_fen")))
        for name, fen in known.items()
        if getattr(found, f"{name}_fen") != fen
    }


@golden
def test_a_visit_comes_to_what_hand_arithmetic_says(case, tmp_path):
    opened = open_case(case, tmp_path)
    settlement = opened.outlook.settlement
    assert figures(case["expect"], settlement) == {}
    assert settlement.standing == case.get("standing", "simulated")
    if "number" in case:
        assert settlement.admission_number == case["number"]
    if "splits" in case:
        lines = {name.partition("-")[2]: split for name, split in opened.visit.rating.lines.items()}
        wanted = {name: tuple(by_hand(str(part), {}) for part in parts) for name, parts in case["splits"].items()}
        assert {name: tuple(split) for name, split in lines.items()} == wanted
    if "periods" in case:
        assert [period.year for period in settlement.periods if "year" in case["periods"][0]] == [
            period["year"] for period in case["periods"] if "year" in period
        ]
        for expected, found in zip(case["periods"], settlement.periods, strict=True):
            assert figures(expected, found) == {}


@golden
def test_identities_hold_and_the_steps_and_words_add_up(case, tmp_path):
    settlement = open_case(case, tmp_path).outlook.settlement
    check_identities(settlement)
    check_steps_add_up(settlement)
    check_periods(settlement)
    told = explain_settlement(settlement)
    for item in told:
        if item.what != "period":
            assert item.text_zh
            assert item.text_en
    assert len(CASES) >= 70

"""Golden cases: what each comes to is hand arithmetic, written beside the figure."""

from fractions import Fraction

import pytest

from schemas.explanation import explain_settlement
from schemas.units import yuan_text
from tests.agents.settlement.arithmetic import by_hand, to_fen
from tests.agents.settlement.golden_cases import described, lines_of, load_cases, open_case, raw_book
from tests.agents.settlement.identities import check_identities, check_periods, check_steps_add_up
from tests.agents.settlement.reference import settle_by_hand, split_by_hand

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


#: What the second reckoning does not know: other visits, periods, the catalogue, refunds that name a line.
BEYOND = ("others", "mid_stay", "cover", "standing")


def is_plain(case):
    simple = all(not {"item", "refund_of"} & line.keys() for line in case.get("lines", ()))
    return simple and not any(name in case for name in BEYOND) and case["book"] != "yearend"


PLAIN = [case for case in CASES if is_plain(case)]


@pytest.mark.parametrize("case", PLAIN, ids=[f"{case['file']}-{case['name']}" for case in PLAIN])
def test_the_second_reckoning_agrees_with_the_hand_arithmetic(case):
    assert len(PLAIN) >= 70
    visit, book = described(case), raw_book(case["book"])
    place = next(row for row in book["hospitals"] if row["code"] == visit["hospital"])
    (benefit,) = [row for row in book["benefits"] if _is_for(row, visit, place)]
    sums = dict.fromkeys(("full", "over", "first", "within", "tests"), Fraction(0))
    for line in lines_of(case):
        split = split_by_hand(_line(line, benefit))
        for part, value in split.items():
            sums[part] += value
        if line["category"] in {"03", "04"}:
            sums["tests"] += split["within"]
    diseases = [visit[name] for name in ("disease", "diagnosis") if name in visit]
    who = {
        "tier": place["tier"], "person": visit["person"], "special": visit.get("special", ""), "diseases": diseases,
        "area": visit.get("area", ""), "procedures": visit.get("procedures", ()),
        "is_outpatient": visit["care"].startswith("1") or visit["care"] == "51",
        "balance": Fraction(visit["balance"]) if "balance" in visit else None,
        "account_used": visit.get("account_used", True),
    }  # fmt: skip
    layers = [row for row in book.get("layers", ()) if _is_for(row, visit, place)]
    found = settle_by_hand(benefit, layers, who, sums, visit.get("year", {}))
    known = {}
    for name, text in case["expect"].items():
        known[name] = by_hand(str(text), known)
        if name in found:
            assert to_fen(found[name]) == known[name], name


def _is_for(row, visit, place):
    scope = row.get("scope", {})
    return (
        scope.get("insurance_type", visit["insurance"]) == visit["insurance"]
        and scope.get("region", place.get("region")) == place.get("region")
        and visit["care"] in row.get("care_types", [visit["care"]])
    )


def _line(line, benefit):
    """A written line in fractions; 乙 without a share takes the benefit's."""
    default = {"乙": benefit.get("class_b_share", "10%")}.get(line["class"], "0%")
    share = Fraction(line["share"]) if "share" in line else Fraction(default.removesuffix("%")) / 100
    is_unmapped = not line["class"] and benefit.get("unmapped") == "self_pay"
    return {
        "amount": Fraction(line["amount"]),
        "quantity": Fraction(line.get("quantity", -1 if line["amount"].startswith("-") else 1)),
        "price": Fraction(line.get("price", 0)),
        "cap": Fraction(line["cap"]) if "cap" in line else None,
        "share": share,
        "is_self_pay": line["class"] == "丙" or line.get("approval") == "2" or is_unmapped,
    }

"""Policy rules on visits as bad data makes them: nothing is raised, and nobody is asked for more than a line cost."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rule_library.case_visit import findings_of_made, make_case
from agents.rule_library.rule_file import FOLDER, RuleCase, RuleFile, read_rule_file
from schemas.book.points import codes

FILES = [read_rule_file(path) for path in sorted((FOLDER / "policy").glob("*.yaml"))]
MOMENTS = (
    "1900-01-02 00:00", "2024-02-29 12:00", "2026-02-28 23:59", "2026-03-02 09:00", "2026-03-02 09:00",
    "2026-03-03 00:00", "2026-03-31 23:59", "2099-12-31 12:00",
)  # fmt: skip


@cache
def items_of(place: int) -> tuple[str, ...]:
    """Codes that the rule's points are about or paired with, one of a kind that it is not, and none."""
    file = FILES[place]
    cells = [cell for point in file.points for cell in (point.item, point.others)]
    return (*(code.replace("*", "99") for cell in cells for code in codes(cell)), "T0009", "")


@st.composite
def lines(draw: st.DrawFn, place: int) -> dict[str, Any]:
    amount = draw(st.sampled_from(("0", "0.01", "33.33", "99999999.99")))
    return {
        "item": draw(st.sampled_from(items_of(place))),
        "hospital_item_code": draw(st.sampled_from(("", "H1"))),
        "quantity": draw(st.sampled_from(("0", "0.0001", "1", "1.5", "100000"))),
        "amount": amount,
        "price": draw(st.sampled_from(("0", "0.000001", "20.01", "99999999"))),
        "days": draw(st.sampled_from((0, 0, 1, 8, 31, 3660))),
        "at": draw(st.sampled_from(MOMENTS)),
        "category": draw(st.sampled_from(("", "10", "99"))),
        "level": draw(st.sampled_from(("", "01", "03", "9"))),
        "herbal_use": draw(st.sampled_from(("", "1", "2", "x"))),
        "order_id": draw(st.sampled_from(("", "o1", "gone"))),
        "take_home": draw(st.sampled_from((None, True))),
    }


@st.composite
def visits(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "mode": draw(st.sampled_from(("inpatient", "outpatient"))),
        "admitted": draw(st.sampled_from(MOMENTS)),
        "discharged": draw(st.sampled_from(("", "", *MOMENTS))),
        "sex": draw(st.sampled_from(("", "0", "1", "2", "9"))),
        "birth_date": draw(st.sampled_from(("", "x", "1899-12-31", "2024-02-29", "2026-03-01", "2100-01-01"))),
        "insurance_type": draw(st.sampled_from(("", "310", "510", "?"))),
        "care_type": draw(st.sampled_from(("", "13", "14", "41", "52", "9x"))),
        "department": draw(st.sampled_from(("", "A21.01", "X"))),
        "diagnoses": draw(st.sampled_from(((), ("",), ("Z51.1", "?"), ("J18.9",)))),
        "more": {"disease_code": draw(st.sampled_from(("", "M03900", "?")))},
    }


def check(file: RuleFile, case: dict[str, Any]) -> None:
    made = make_case(RuleCase.model_validate({"name": "odd", "finds": False, **case}))
    for finding in findings_of_made(file, made, ()):
        violating = [line for line in finding.evidence if line.is_violating]
        assert violating
        assert finding.amount_fen >= 0
        assert all(line.amount_fen == 0 for line in finding.evidence if not line.is_violating)
        assert len({line.line_id for line in finding.evidence}) == len(finding.evidence)
        if case.get("check"):
            assert any(line.source == "proposed" for line in violating)
        for line in violating:
            assert 0 <= line.amount_fen <= cost(case, line.line_id)


def cost(case: dict[str, Any], line_id: str) -> int:
    """What a line (or an order) costs at most, in fen."""
    if line_id.startswith("c"):
        whole, _, cents = case["charges"][int(line_id[1:]) - 1]["amount"].partition(".")
        return int(whole) * 100 + int(cents or 0)
    return 10**16


def check_a_visit(place: int, data: st.DataObject) -> None:
    one = lines(place)
    order = {"item": items_of(place)[0], "days": 3660, "price": "1", "at": data.draw(st.sampled_from(MOMENTS))}
    check(
        FILES[place],
        {
            "visit": data.draw(visits()),
            "tier": data.draw(st.sampled_from(("", "1", "3"))),
            "charges": data.draw(st.lists(one, max_size=5)),
            "orders": [order],
            "before": [{"visit": data.draw(visits()), "charges": data.draw(st.lists(one, max_size=2))}],
        },
    )


def check_orders(place: int, data: st.DataObject) -> None:
    one = lines(place)
    orders = data.draw(st.lists(one, min_size=1, max_size=3))
    check(
        FILES[place],
        {
            "visit": data.draw(visits()),
            "charges": data.draw(st.lists(one, max_size=3)),
            "check": [
                {**{name: value for name, value in order.items() if name != "amount"}, "order_id": f"p{number}"}
                for number, order in enumerate(orders, 1)
            ],
        },
    )


PLACES = range(len(FILES))


@given(place=st.sampled_from(PLACES), data=st.data())
def test_no_visit_is_too_odd(place: int, data: st.DataObject) -> None:
    check_a_visit(place, data)


@given(place=st.sampled_from(PLACES), data=st.data())
def test_no_order_is_too_odd(place: int, data: st.DataObject) -> None:
    check_orders(place, data)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place + 1:02d}")
@given(data=st.data())
def test_no_visit_is_too_odd_for_any_rule(place: int, data: st.DataObject) -> None:
    check_a_visit(place, data)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place + 1:02d}")
@given(data=st.data())
def test_no_order_is_too_odd_for_any_rule(place: int, data: st.DataObject) -> None:
    check_orders(place, data)

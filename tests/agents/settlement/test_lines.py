"""A line is split to the fen, and a refund takes back what its line counted for, however it comes."""

import itertools
import json
import random
from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.core.settlement.lines import LineSums, LineTerms, Split, split_line, split_refunds
from agents.visit_file import open_visit
from tests.agents.settlement.golden_cases import events_of, policy_of
from tests.agents.settlement.identities import check_identities
from tests.agents.settlement.reference import split_by_hand

prices = st.integers(0, 500_000_000)
caps = st.none() | st.integers(1, 500_000_000)
shares = st.integers(0, 10_000)
amounts = st.integers(-5_000_000, 5_000_000)


@given(amounts, st.integers(0, 1_000_000), prices, caps, shares, st.booleans())
@example(36_000, 30_000, 120_000_000, 100_500_000, 1000, False)
@example(36_151, 30_000, 0, 100_500_000, 1000, False)
@example(5, 10_000, 0, 1, 5000, False)
def test_a_line_is_split_as_by_hand(amount, quantity, price, cap, share, is_self_pay):
    quantity = -quantity if amount < 0 else quantity
    split = split_line(amount, quantity, price, LineTerms(is_self_pay, share, cap))
    line = {
        "amount": Fraction(amount, 100),
        "quantity": Fraction(quantity, 10_000),
        "price": Fraction(price, 10**6),
        "cap": None if cap is None else Fraction(cap, 10**6),
        "share": Fraction(share, 10_000),
        "is_self_pay": is_self_pay,
    }
    assert [Fraction(part, 100) for part in split] == list(split_by_hand(line).values())
    assert sum(split) == amount


@given(
    st.integers(1, 1_000_000), st.integers(0, 100_000), prices, caps, shares,
    st.lists(st.integers(1, 300_000), min_size=1, max_size=5),
)  # fmt: skip
def test_a_line_refunded_in_pieces_leaves_nothing(amount, quantity, price, cap, share, pieces):
    original = split_line(amount, quantity, price, LineTerms(False, share, cap))
    pieces = list(itertools.takewhile(lambda piece: piece < amount, pieces))
    while sum(pieces) > amount:
        pieces.pop()
    pieces.append(amount - sum(pieces))
    sums = LineSums()
    sums.add(original, is_test=True, is_unmapped=True)
    for refund in split_refunds(original, amount, [-piece for piece in pieces]):
        sums.add(refund, is_test=True, is_unmapped=True)
    assert sums == LineSums()


@given(st.integers(1, 1_000_000), shares, st.integers(1, 1_000_000))
def test_what_is_left_of_a_line_keeps_its_proportions(amount, share, refund):
    original = split_line(amount, 0, 0, LineTerms(False, share))
    (taken,) = split_refunds(original, amount, [-refund])
    assert sum(taken) == -refund
    assert abs(taken.first_self_pay * amount + original.first_self_pay * refund) <= amount


def test_a_full_self_pay_line_is_refunded_as_full_self_pay():
    assert split_refunds(Split(500, 0, 0, 0), 500, [-200, -300]) == [Split(-200, 0, 0, 0), Split(-300, 0, 0, 0)]


drawn_lines = st.lists(
    st.fixed_dictionaries(
        {
            "amount": st.integers(1, 900_000).map(lambda fen: f"{fen // 100}.{fen % 100:02d}"),
            "class": st.sampled_from(["甲", "乙", "丙", ""]),
            "category": st.sampled_from(["03", "04", "09"]),
            "day": st.sampled_from(["2026-03-01", "2026-03-02", "2026-03-05"]),
        },
        optional={"share": st.sampled_from(["0.1", "0.3333"]), "item": st.sampled_from(["XA", "XB", "CE", "XY"])},
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25)
@given(drawn_lines, st.lists(st.tuples(st.integers(0, 5), st.integers(1, 100)), max_size=4), st.randoms())
def test_neither_lines_nor_refunds_care_in_which_order_they_come(tmp_path_factory, lines, refunds, chance):
    for number, percent in refunds:
        line = lines[number % len(lines)]
        fen = max(1, int(Fraction(line["amount"]) * percent))
        refund = {"amount": f"-{fen // 100}.{fen % 100:02d}", "refund_of": f"L{number % len(lines) + 1}", "class": ""}
        lines = [*lines, refund | {"day": "2026-03-06", "category": line["category"]}]
    events = events_of({"lines": lines})
    folder = tmp_path_factory.mktemp("visits")
    found = []
    for order in (events, shuffled(events, chance)):
        (folder / "visit.json").write_text(json.dumps(order), encoding="utf-8")
        found.append(open_visit(folder / "visit.json", policy_of("rules"), "T3"))
    first, second = found
    assert first.outlook.settlement == second.outlook.settlement
    assert first.visit.rating.lines == {name: second.visit.rating.lines[name] for name in first.visit.rating.lines}
    check_identities(first.outlook.settlement)


@settings(max_examples=25)
@given(drawn_lines, drawn_lines)
def test_a_charge_and_its_full_refund_leave_no_trace(tmp_path_factory, lines, others):
    folder = tmp_path_factory.mktemp("visits")
    refunds = [
        {"refund_of": f"L{number}", "amount": f"-{line['amount']}", "class": "", "category": line["category"]}
        for number, line in enumerate(lines, 1)
    ]
    found = []
    for case in ({"lines": [*lines, *refunds, *others]}, {"lines": others}):
        (folder / "visit.json").write_text(json.dumps(events_of(case)), encoding="utf-8")
        found.append(open_visit(folder / "visit.json", policy_of("rules"), "T3").outlook.settlement)
    assert found[0] == found[1]


def shuffled(events, chance: random.Random):
    order = list(events)
    chance.shuffle(order)
    return order

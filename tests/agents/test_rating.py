"""Lines split under the terms in force: summed line by line as if all at once, families of a line and its refunds."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from agents.core.accept import entry_of, validate
from agents.core.marks import ChargeMark
from agents.core.rating import Rating, rate
from agents.core.reduce import reduce
from agents.core.settlement.lines import LineTerms
from agents.core.visit import Visit, VisitKey
from schemas.units import SHANGHAI
from tests.agents.harness import NO_POLICY, charge
from tests.agents.lives import lives

CONTEXT = {"zone": SHANGHAI, "hospital": "H1"}


class ByLevel:
    """甲 in full, 乙 at 12.34 % first self-pay with a cap of 3 yuan a unit, 丙 self-pay, the rest unmapped."""

    def line_terms(self, mark: ChargeMark) -> LineTerms:
        if mark.level == 2:
            return LineTerms(is_full_self_pay=True)
        if mark.level == 1:
            return LineTerms(False, 1234, 3_000_000)
        return LineTerms(is_unmapped=mark.level == 3)


TERMS = ByLevel()


def entries(events):
    """Ledger entries of these events, in this order; refused ones are left out."""
    made = []
    for number, event in enumerate(events, 1):
        fields = {name: value for name, value in event.items() if name != "type"}
        made.append(entry_of(validate(event["type"], fields, CONTEXT), ("t", 0, number), SHANGHAI))
    return made


def applied(visit: Visit, made, start: int = 1) -> Visit:
    for version, entry in enumerate(made, start):
        reduce(visit, entry, version, NO_POLICY)
    return visit


def new_visit() -> Visit:
    return Visit.load(VisitKey("H1", "P1", "V1"), {})


def sums_of(rating: Rating):
    """All there is, days that came to nothing left out."""
    whole = {name: getattr(rating.sums, name) for name in rating.sums.__slots__}
    days = {day: {n: getattr(sums, n) for n in sums.__slots__} for day, sums in rating.by_day.items()}
    return whole, {day: values for day, values in days.items() if any(values.values())}


def test_a_line_is_split_and_counted_on_its_day():
    visit = applied(new_visit(), entries([charge(1, 1000, level="02", quantity=2, unit_price="5.00")]))
    rating = rate(visit, TERMS)
    # cap 3.00 of 5.00, twice: 4.00 over; 12.34 % of the remaining 6.00 is 0.74
    assert (rating.sums.over_limit, rating.sums.first_self_pay, rating.sums.within_scope) == (400, 74, 526)
    assert list(rating.lines.values()) == [(0, 400, 74, 526)]
    (day,) = rating.by_day.values()
    assert day == rating.sums


def test_a_line_refunded_in_pieces_leaves_nothing_on_the_whole():
    pieces = [charge(f"R{n}", -fen, level="02", quantity=-1, refund_of="C1") for n, fen in enumerate((333, 333, 334))]
    visit = applied(new_visit(), entries([charge(1, 1000, level="02", quantity=3), *pieces]))
    assert set(sums_of(rate(visit, TERMS))[0].values()) == {0}


def test_a_refund_takes_the_proportions_of_its_line_whatever_it_says_itself():
    refund = charge("R", -500, level="03", quantity=-1, refund_of="C1")
    visit = applied(new_visit(), entries([charge(1, 1000, level="02", quantity=10), refund]))
    rating = rate(visit, TERMS)
    assert (rating.sums.full_self_pay, rating.sums.first_self_pay, rating.sums.within_scope) == (0, 62, 438)


def test_a_refund_that_came_before_its_line_is_split_anew_with_it():
    refund = charge("R", -500, level="03", quantity=-1, refund_of="C1")
    visit = applied(new_visit(), entries([refund]))
    assert rate(visit, TERMS).sums.full_self_pay == -500
    applied(visit, entries([charge(1, 1000, level="02", quantity=10)]), 2)
    assert rate(visit, TERMS).sums.full_self_pay == 0
    assert rate(visit, TERMS).sums.total == 500


def test_the_same_terms_bring_the_sums_up_to_date_and_others_split_afresh():
    visit = applied(new_visit(), entries([charge(1, 1000, level="02")]))
    first = rate(visit, TERMS)
    applied(visit, entries([charge(2, 500, level="03")]), 2)
    assert rate(visit, TERMS) is first
    assert first.sums.full_self_pay == 500
    assert rate(visit, ByLevel()) is not first


@given(lives(), st.randoms(use_true_random=False))
def test_split_line_by_line_in_any_order_equals_split_all_at_once(events, random):
    made = [entry for entry in entries_that_pass(events) if entry.visit_id == "V1"]
    step_by_step = new_visit()
    for version, entry in enumerate(made, 1):
        reduce(step_by_step, entry, version, NO_POLICY)
        if random.random() < 0.5:
            rate(step_by_step, TERMS)
    shuffled = list(made)
    random.shuffle(shuffled)
    all_at_once = applied(new_visit(), shuffled)
    once = sums_of(Rating(all_at_once, TERMS))
    assert sums_of(rate(step_by_step, TERMS)) == sums_of(Rating(step_by_step, TERMS))
    if len({entry.event_id for entry in made}) == len(made):  # of two contents of an id, the first one counts
        assert sums_of(Rating(step_by_step, TERMS)) == once


@given(lives())
def test_the_parts_sum_to_what_was_charged(events):
    visit = applied(new_visit(), [entry for entry in entries_that_pass(events) if entry.visit_id == "V1"])
    rating = rate(visit, TERMS)
    sums = rating.sums
    assert sums.total == visit.tally.amount
    assert sums.full_self_pay + sums.over_limit + sums.first_self_pay + sums.within_scope == sums.total
    assert sum(day.total for day in rating.by_day.values()) == sums.total
    by_part = defaultdict(int)
    for split in rating.lines.values():
        for name, fen in zip(("full_self_pay", "over_limit", "first_self_pay", "within_scope"), split, strict=True):
            by_part[name] += fen
    assert all(by_part[name] == getattr(sums, name) for name in by_part)


def entries_that_pass(events):
    from schemas.reasons import RejectError

    made = []
    for event in events:
        try:
            made += entries([event])
        except RejectError:
            continue
    return made

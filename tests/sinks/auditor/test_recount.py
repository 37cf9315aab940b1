"""What raw messages come to: each rule of the recount by itself."""

import json

import pytest

from schemas.codec import Codec
from schemas.units import SHANGHAI
from sinks.auditor.events import Line, Move, Position, Reader
from sinks.auditor.recount import Recount, Sums, category_number, class_number, stretches, visit_totals
from streams.topics import Topic

VISIT = ("H1", "P1", "V1")
HOUR = 3_600_000


def line(amount=1000, refund_of="", digest=1, **said):
    plain = {"category": "09", "level": "01", "department": "ICU", "charged_at": 0, "day": 0}
    return Line(digest=digest, amount=amount, refund_of=refund_of, **(plain | said))


def move(kind, department, at, recorded_at=0):
    return Move(digest=at, kind=kind, department=department, occurred_at=at, recorded_at=recorded_at)


@pytest.fixture
def recount():
    return Recount(Reader(Codec(), "H1", SHANGHAI))


def charge(charge_id, amount="10.00", **said):
    fields = {"hospital": "H1", "patient_id": "P1", "visit_id": "V1", "occurred_at": 0, "charge_id": charge_id}
    return json.dumps(fields | {"amount": amount} | said).encode()


def feed(recount, *values, topic=Topic.CHARGE):
    for offset, value in enumerate(values):
        recount.feed(Position(topic, 0, offset), value)


def test_a_line_delivered_twice_counts_once(recount):
    feed(recount, charge("C1"), charge("C1"), charge("C2"))
    recount.settle(lambda _: None)

    assert recount.ingested == {"his.charge.v1": 3}
    assert recount.duplicates == {"his.charge.v1": 1}
    assert recount.totals()[VISIT].total.amount == 2000


def test_who_recorded_it_when_is_no_content(recount):
    feed(
        recount, charge("C1"), charge("C1", recorded_at=5, event_id="other", person_no="N", occurred_at=7, charged_at=0)
    )

    assert recount.rivals == {}


def test_of_two_contents_the_stored_one_counts_and_the_other_must_be_a_dead_letter(recount):
    feed(recount, charge("C1"), charge("C1", "20.00"), charge("C1"), charge("C1", "20.00"))
    [identity] = recount.rivals
    second = next(digest for digest, (content, _) in recount.rivals[identity].items() if content.amount == 2000)

    losing = recount.settle(lambda _: second)

    assert sorted(position.offset for position in losing) == [0, 2]
    assert recount.totals()[VISIT].total.amount == 2000
    assert recount.duplicates == {"his.charge.v1": 1}


def test_when_none_of_the_contents_is_stored_all_of_them_must_be_dead_letters(recount):
    feed(recount, charge("C1"), charge("C1", "20.00"))

    assert len(recount.settle(lambda _: None)) == 2


def test_a_refused_message_is_remembered_with_its_reason(recount):
    feed(recount, b"{", charge("C1", amount=1.5))

    assert sorted(recount.refused.values()) == ["D101", "V203"]
    assert recount.contents == {}


def test_answers_to_departments_alerts_are_counted_apart(recount):
    fields = {"hospital": "H1", "department": "ICU", "month": 202403, "alert_id": "A", "actor": "n", "occurred_at": 1}
    feed(recount, json.dumps(fields).encode(), topic=Topic.ACK)

    assert recount.department_answers == 1
    assert recount.visits() == set()


def test_a_bare_refund_takes_all_from_its_line():
    lines = {
        "C1": line(1234, category="08", level="03", department="ER"),
        "R1": line(None, "C1", category="", level="", department=""),
    }
    totals = visit_totals(lines, ())

    assert totals.total == Sums(lines=2)
    assert totals.categories[8] == [0, 0, 0, 0]
    assert totals.shares["ER", 197001] == Sums(lines=2)
    assert (totals.gross, totals.refund, totals.most) == (1234, -1234, 1234)


def test_a_refund_of_nothing_known_counts_nothing():
    totals = visit_totals({"R1": line(None, "C9"), "R2": line(-5, "C9")}, ())

    assert totals.total.amount == -5


def test_a_chain_of_bare_refunds_inherits_nothing():
    totals = visit_totals({"R1": line(None, "R2"), "R2": line(None, "R3"), "R3": line(None, "R3")}, ())

    assert totals.total.amount == 0


def test_a_partial_refund_keeps_its_amount_and_takes_the_rest():
    totals = visit_totals({"C1": line(1000, category="08"), "R1": line(-300, "C1", category="", department="")}, ())

    assert totals.categories[8] == [700, 0, 0, 0]
    assert list(totals.shares) == [("ICU", 197001)]


@pytest.mark.parametrize(
    ("at", "department"),
    [(-9, "ER"), (0, "ER"), (HOUR - 1, "ER"), (HOUR, "ICU"), (5 * HOUR, "WARD"), (99 * HOUR, "WARD")],
)
def test_a_line_without_a_department_belongs_to_where_the_patient_lay(at, department):
    moves = [
        ("E3", move("transfer", "WARD", 5 * HOUR)),
        ("E1", move("admit", "ER", 0)),
        ("E2", move("transfer", "ICU", HOUR)),
        ("E4", move("discharge", "MORGUE", 6 * HOUR)),
    ]
    totals = visit_totals({"C1": line(department="", charged_at=at)}, moves)

    assert list(totals.shares) == [(department, 197001)]


def test_without_a_stay_there_is_no_department():
    assert list(visit_totals({"C1": line(department="")}, ()).shares) == [("", 197001)]


def test_the_same_department_again_is_no_new_stretch_and_ties_are_ordered_by_kind():
    moves = [
        ("E1", move("transfer", "ICU", 0)),
        ("E2", move("admit", "ER", 0)),
        ("E3", move("update", "ICU", HOUR)),
        ("E4", move("transfer", "", 2 * HOUR)),
    ]
    assert stretches(moves) == ([0, 0], ["ER", "ICU"])


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("01", 1),
        ("9", 9),
        ("09", 9),
        ("14", 14),
        ("", 14),
        ("0", 14),
        ("00", 14),
        ("15", 14),
        ("009", 14),
        ("٣", 14),
        ("x", 14),
    ],
)
def test_every_category_is_one_of_fourteen(code, number):
    from schemas.codes import category_index

    assert category_number(code) == number == category_index(code) + 1


@pytest.mark.parametrize("code", ["01", "1", "02", "2", "03", "3", "", "4", "00", "x"])
def test_every_class_is_one_of_four(code):
    from schemas.codes import level_index

    assert class_number(code) == level_index(code)

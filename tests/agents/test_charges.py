"""Fee lines: categories and classes, refunds of every kind, duplicates, conflicts, orders and settlements."""

import itertools

import pytest

from agents.core.marks import ChargeMark, inherit
from agents.core.visit import Visit
from schemas.units import SHANGHAI, parse_ms
from tests.agents.harness import House, admission, charge


def played(*events, **house) -> House:
    return House(**house).publish(*events).run().check()


def refund(number, of, amount=None, **more):
    """A refund event; without an amount it takes back the whole line and says nothing else of it."""
    silent = (
        dict.fromkeys(("category", "level", "item_code", "quantity", "ordering_department")) if amount is None else {}
    )
    return charge(number, amount, refund_of=f"C{of}", **silent | more)


def test_a_line_counts_in_its_category_class_department_and_month():
    fact = played(charge(1, 1230, category="10", level="02"), charge(2, 70, category="10", level="")).visit
    (row,) = fact.categories
    assert (row.category, row.amount_fen, row.class_b_fen, row.unclassified_fen) == ("10", 1300, 1230, 70)
    (share,) = fact.departments
    assert (share.department, share.month, share.herbal_fen, share.drug_fen) == ("D1", 202403, 1300, 0)


@pytest.mark.parametrize(
    ("category", "ratios"),
    [
        ("09", {"drug_bp", "drug_with_herbal_bp"}), ("11", {"drug_bp", "drug_with_herbal_bp"}),
        ("10", {"drug_with_herbal_bp"}), ("08", {"material_bp"}), ("03", {"test_bp"}), ("04", {"test_bp"}),
        *((code, {"service_bp"}) for code in ("01", "02", "05", "06", "07", "12", "13", "14", "99", "")),
    ],
)  # fmt: skip
def test_each_category_counts_in_its_ratio(category, ratios):
    found = played(charge(1, 5000, category=category), charge(2, 5000, category="01")).visit.ratios
    names = ("drug_bp", "drug_with_herbal_bp", "material_bp", "test_bp", "service_bp")
    for name in names:
        base = 5000 if name == "service_bp" else 0
        assert getattr(found, name) == base + 5000 * (name in ratios), name


def test_self_pay_and_the_share_of_drugs_in_the_catalogue():
    ratios = played(
        charge(1, 3000, level="03"), charge(2, 1000, level="01"), charge(3, 6000, category="01")
    ).visit.ratios
    assert (ratios.self_pay_bp, ratios.catalogue_drug_bp) == (3000, 2500)
    assert played(charge(1, 100, category="01")).visit.ratios.catalogue_drug_bp is None


def test_basic_cost_is_the_total_without_class_c():
    assert (
        played(charge(1, 3000, level="03"), charge(2, 1000, level="01"), charge(3, 10, level="")).visit.basic_fen
        == 1010
    )


def test_an_amount_is_reckoned_from_quantity_and_price_to_the_fen():
    assert played(charge(1, None, quantity="3", unit_price="0.335")).visit.amount_fen == 101
    assert played(charge(1, None, quantity="-3", unit_price="0.335")).visit.amount_fen == -101


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_refund_of_the_whole_line_takes_back_all_it_was(order):
    events = [charge(1, 1000, level="03", item_code="XJ01CA"), refund(2, 1), charge(3, 5)]
    fact = played(*(events[index] for index in order)).visit
    assert (fact.amount_fen, fact.gross_fen, fact.refund_fen, fact.basic_fen) == (5, 1005, -1000, 5)
    assert (fact.charge_count, fact.refund_count, fact.unmatched_refund_count) == (2, 1, 0)
    assert not fact.antibiotic
    assert fact.ratios.self_pay_bp == 0


def test_a_refund_before_its_charge_waits_for_it():
    house = played(refund(2, 1))
    assert (house.visit.amount_fen, house.visit.unmatched_refund_count, house.visit.refund_count) == (0, 1, 1)
    house.publish(charge(1, 1000)).run().check()
    assert (house.visit.amount_fen, house.visit.unmatched_refund_count) == (0, 0)
    assert house.departments["", 202403].charge_count == 0


def test_a_refund_that_waits_through_a_restart_is_settled_all_the_same():
    house = played(refund(2, 1))
    house.restart()
    house.publish(charge(1, 1000)).run().check()
    assert house.visit.amount_fen == 0


def test_a_partial_refund_takes_back_its_amount_where_the_line_was():
    fact = played(
        charge(1, 1000, quantity=2), refund(2, 1, -400, category=None, level=None, ordering_department=None)
    ).visit
    assert (fact.amount_fen, fact.departments[0].department, fact.departments[0].amount_fen) == (600, "D1", 600)
    assert fact.categories[0].category == "09"


LINE = ChargeMark("C1", 1, 0, 7, 8, 0, 1000, 20_000, 5_000_000, "D1", "XA01")


@pytest.mark.parametrize(
    ("amount", "lacks", "quantity"), [(0, 1 | 2, -20_000), (-1000, 2, -20_000), (-400, 2, 0), (-400, 0, -7)]
)
def test_only_a_refund_of_the_whole_line_takes_back_its_whole_quantity(amount, lacks, quantity):
    refund_mark = ChargeMark("R", 2, 0, 7, 13, 3, amount, -7 if not lacks else 0, 0, "", "", "C1", lacks)
    assert inherit(refund_mark, LINE).quantity_e4 == quantity


def test_the_use_of_an_item_is_kept_by_day_and_undone_by_its_refund():
    house = played(charge(1, 1000, quantity=2), charge(2, 500, charged_at="2024-03-06"), refund(3, 1))
    use = live_visit(house).tally.items["XA01"]
    assert (use.amount, use.quantity) == (500, 10_000)
    assert sorted(quantity for quantity in use.days.values()) == [0, 10_000]


def test_a_refund_without_reference_counts_by_what_it_says_itself():
    fact = played(charge(1, 1000), charge(2, -300, category="08")).visit
    assert (fact.amount_fen, fact.refund_fen, fact.refund_count, fact.unmatched_refund_count) == (700, -300, 1, 0)
    assert {row.category: row.amount_fen for row in fact.categories} == {"09": 1000, "08": -300}


def test_a_refund_of_what_never_comes_counts_what_it_says_and_is_noted():
    fact = played(charge(1, 1000), refund(2, 99, -300)).visit
    assert (fact.amount_fen, fact.unmatched_refund_count) == (700, 1)


def test_a_line_that_names_itself_inherits_nothing():
    fact = played(refund(1, 1)).visit
    assert (fact.amount_fen, fact.refund_count, fact.unmatched_refund_count) == (0, 1, 0)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_refund_of_a_refund_that_says_nothing_takes_back_nothing(order):
    events = [charge(1, 1000), refund(2, 1), refund(3, 2)]
    assert played(*(events[index] for index in order)).visit.amount_fen == 0


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_refund_in_another_month_counts_in_that_month(order):
    events = [
        charge(1, 1000, charged_at="2024-02-29 10:00:00"),
        refund(2, 1, charged_at="2024-03-01 10:00:00"),
        charge(3, 1),
    ]
    house = played(*(events[index] for index in order))
    assert {month: fact.amount_fen for (_, month), fact in house.departments.items() if fact.amount_fen} == {
        202402: 1000, 202403: -999,
    }  # fmt: skip


def test_today_is_the_day_of_the_latest_event():
    house = played(charge(1, 100), charge(2, 30, charged_at="2024-03-06 00:00:00"))
    assert house.visit.today_fen == 30
    house.publish(charge(3, 5, charged_at="2024-03-05 23:59:59", recorded_at="2024-03-06 08:00:00")).run()
    assert house.visit.today_fen == 30


def test_an_antibiotic_is_known_by_its_national_code():
    assert played(charge(1, 100, item_code="XJ01CA04")).visit.antibiotic
    assert not played(charge(1, 100, item_code="XA01")).visit.antibiotic


# ------------------------------------------------------------ duplicates and conflicts

ORDER = {
    "type": "order",
    "order_id": "O1",
    "event_id": "E1",
    "patient_id": "P1",
    "visit_id": "V1",
    "occurred_at": "2024-03-05",
}
SETTLEMENT = {
    "type": "settlement", "settlement_id": "S1", "event_id": "E1", "patient_id": "P1", "visit_id": "V1", "total": 500,
    "fund_total": 300, "patient_part": 200, "occurred_at": "2024-03-05",
}  # fmt: skip
EXAMPLES = {
    "charge": (charge(1, 100), {"amount": 200}),
    "order": (ORDER, {"days": 3}),
    "admission": (admission("admit", "2024-03-05 10:00:00"), {"bed": "7"}),
    "settlement": (SETTLEMENT, {"total": 501}),
}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_redelivered_event_changes_nothing(kind):
    event, _ = EXAMPLES[kind]
    once, twice = played(event), played(event, event, event)
    assert twice.visits == once.visits
    assert twice.counts["cost.duplicate"] == 2
    assert twice.dead_letters == []


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_same_id_with_other_content_is_refused_and_the_first_stays(kind):
    event, change = EXAMPLES[kind]
    once, twice = played(event), played(event, event | change)
    assert twice.visits == once.visits
    (letter,) = twice.dead_letters
    assert (letter.reason, letter.stage, letter.content) == ("R301", "cost", "ledger")
    assert (letter.source_topic, letter.source_partition, letter.source_offset) == (f"his.{kind}.v1", 0, 1)
    assert letter.value == twice.values("ledger.v1")[1].value
    assert "P1" not in letter.detail


@pytest.mark.parametrize("kind", EXAMPLES)
def test_when_it_was_recorded_is_no_content(kind):
    event, _ = EXAMPLES[kind]
    assert played(event, event | {"recorded_at": "2024-03-09"}).counts["cost.duplicate"] == 1


@pytest.mark.parametrize("again", [100, 200])
def test_what_is_not_applied_does_not_move_the_visits_clock(again):
    """Neither a duplicate nor a conflict, or the clock would depend on whether the worker was restarted since."""
    house = played(charge(1, 100), charge(1, again, recorded_at="2024-03-20"), charge(2, 30))
    assert house.visit.as_of == parse_ms("2024-03-05 10:00:00", SHANGHAI)
    assert house.visit.today_fen == 130


def test_the_same_number_in_another_visit_is_another_line():
    house = played(charge(1, 100), charge(1, 200, "V2"))
    assert {visit: fact.amount_fen for visit, fact in house.visits.items()} == {"V1": 100, "V2": 200}


def test_a_refusal_survives_a_restart():
    house = played(charge(1, 100))
    house.restart()
    house.publish(charge(1, 200), charge(1, 100)).run().check()
    assert [letter.reason for letter in house.dead_letters] == ["R301"]
    assert house.counts["cost.duplicate"] == 1


# ------------------------------------------------------------ orders and settlements


def test_orders_are_counted_once_however_often_they_change():
    changes = [
        ORDER | {"event_id": f"E{number}", "kind": kind} for number, kind in enumerate(["placed", "changed", "stopped"])
    ]
    house = played(*reversed(changes), ORDER | {"order_id": "O2"})
    assert house.visit.order_count == 2
    assert live_visit(house).orders["O1"].kind == "stopped"


def test_an_order_stands_as_its_latest_event_says():
    later = ORDER | {"event_id": "E0", "kind": "stopped", "occurred_at": "2024-03-06"}
    for events in ([ORDER, later], [later, ORDER]):
        assert live_visit(played(*events)).orders["O1"].kind == "stopped"


def live_visit(house: House) -> Visit:
    (visit,) = (visit for visits in house.stages[1]._live.values() for visit in visits.values())
    return visit


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_latest_settlement_counts_and_a_withdrawal_leaves_none(order):
    events = [
        SETTLEMENT,
        SETTLEMENT | {"event_id": "E2", "kind": "cancelled", "occurred_at": "2024-03-06"},
        SETTLEMENT | {"event_id": "E3", "settlement_id": "S2", "total": 700, "occurred_at": "2024-03-07"},
    ]
    fact = played(*(events[index] for index in order)).visit
    assert (fact.settlement_id, fact.settled_total_fen) == ("S2", 700)
    fact = played(*(events[index] for index in order if index < 2)).visit
    assert (fact.settlement_id, fact.settled_total_fen, fact.settled_fund_fen) == ("", None, None)
    fact = played(SETTLEMENT).visit
    assert (fact.settled_total_fen, fact.settled_fund_fen, fact.settled_patient_fen) == (500, 300, 200)


def test_unknown_codes_pass_and_are_counted_once():
    event = charge(1, 100, category="99", level="9")
    house = played(event, event)
    assert (house.visit.warning_count, house.visit.amount_fen) == (2, 100)
    assert house.counts["intake.warned"] == 2


def test_amounts_that_leave_a_fen_of_a_fortune_do_not_stop_the_worker():
    """The ratio would not fit into 64 bits of the state."""
    from tests.agents.books import book, quota, watch

    policy = book(
        watch("drug_ratio", {"red": 4000}),
        watch("visit_quota"),
        watch("department_drug_ratio", {"red": 1}),
        quota("0.01"),
    )
    huge = 10**16 - 1
    house = played(charge(2, -huge + 1, category="01", quantity=None), charge(1, huge), policy=policy)
    assert house.visit.amount_fen == 1
    assert house.visit.ratios.drug_bp == 10**15
    assert house.alert("drug_ratio").value == 10**15
    played(charge(1, huge), charge(2, huge), policy=policy)

"""What an analyst sees where the insurer settled otherwise than was simulated."""

from decimal import Decimal

import msgspec
import pytest

from schemas.settlement import SimulatedSettlement
from streams.topics import Topic
from tests.sinks import make

pytestmark = pytest.mark.integration


def settled(settlement_id="S1", kind="settled", hours=0, mid_stay=False, visit="V1", **amounts):
    """A settlement event; amounts in fen, those not named are 0."""
    nothing = dict.fromkeys((f.name for f in msgspec.structs.fields(make.settlement()) if f.name.endswith("_fen")), 0)
    body = msgspec.structs.replace(make.settlement(settlement_id), kind=kind, mid_stay=mid_stay, **nothing | amounts)
    return make.entry(body, visit, event_id=f"{settlement_id}:{kind}", occurred_at=make.MORNING + hours * make.HOUR)


def differences(client):
    """field → (simulated, settled, difference), where they differ."""
    return {
        field: figures
        for field, *figures in client.execute(
            "SELECT field, simulated_fen, settled_fen, difference_fen FROM v_settlement_difference"
        )
        if figures[2]
    }


@pytest.fixture
def compared(client, store):
    """Stores a visit with a simulated settlement and these settlement events; returns the differences."""

    def compare(*entries):
        plain = {"fund_total_fen": 700, "patient_part_fen": 300, "cash_paid_fen": 300}
        simulated = SimulatedSettlement("simulated", 1000, within_scope_fen=1000, **plain)
        store(make.record(make.visit_fact(simulated=simulated), Topic.VISIT_FACT))
        store(*(make.record(entry, offset=offset) for offset, entry in enumerate(entries)))
        return differences(client)

    return compare


SPLIT = {"total_fen": 1000, "within_scope_fen": 1000}


def test_a_settlement_is_compared_field_by_field(client, compared):
    found = compared(settled(**SPLIT, fund_total_fen=650, patient_part_fen=350, cash_paid_fen=350))

    assert found == {
        "fund_total": [700, 650, 50], "patient_part": [300, 350, -50], "cash_paid": [300, 350, -50],
    }  # fmt: skip
    names = client.execute("SELECT field_zh, difference_yuan FROM v_settlement_difference WHERE field = 'cash_paid'")
    assert names == [("个人现金支付", Decimal("-0.50"))]
    assert client.execute("SELECT count() FROM v_settlement_difference") == [(20,)]


def test_a_settlement_that_states_no_line_split_is_not_compared_in_it(compared):
    same = {"fund_total_fen": 700, "patient_part_fen": 300, "cash_paid_fen": 300}
    assert compared(settled(total_fen=1000, **same)) == {}


def test_a_withdrawn_settlement_leaves_nothing_to_compare(client, compared):
    compared(settled(**SPLIT), settled(kind="cancelled", hours=1))
    assert client.execute("SELECT count() FROM v_settlement_difference") == [(0,)]


def test_after_a_withdrawal_the_next_settlement_counts(compared):
    later = settled("S2", hours=2, **SPLIT, fund_total_fen=699, patient_part_fen=300, cash_paid_fen=300)
    assert compared(later, settled(**SPLIT), settled(kind="cancelled", hours=1)) == {"fund_total": [700, 699, 1]}


def test_mid_stay_settlements_count_with_the_final_one(compared):
    parts = {"fund_total_fen": 350, "patient_part_fen": 150, "cash_paid_fen": 150}
    half = {"total_fen": 500, "within_scope_fen": 500}
    withdrawn = settled("M2", mid_stay=True, hours=1, **half), settled("M2", "cancelled", mid_stay=True, hours=2)
    assert (
        compared(settled("M1", mid_stay=True, **half, **parts), *withdrawn, settled("S1", hours=3, **half, **parts))
        == {}
    )


def test_a_mid_stay_settlement_alone_is_not_compared(client, compared):
    compared(settled("M1", mid_stay=True, **SPLIT))
    assert client.execute("SELECT count() FROM v_settlement_difference") == [(0,)]

"""Random visits as hypothesis draws them: events of every kind, as one hospital could have sent them."""

from typing import Any

from hypothesis import strategies as st

Event = dict[str, Any]
MINUTE, DAY = 60_000, 86_400_000
#: 2024-02-25 00:00 in Shanghai: a leap day and the end of a month lie in what follows.
START = 1_708_790_400_000
CATEGORIES = ["01", "03", "04", "08", "09", "10", "11", "14", "99", ""]
LEVELS = ["01", "02", "03", "", "77"]
DEPARTMENTS = ["D1", "D2", ""]
ITEMS = ["XA01", "XJ01CA", "C99", ""]


def moments() -> st.SearchStrategy[int]:
    """Any minute of eight days, often the same few, so that events meet."""
    return st.one_of(st.integers(0, 8 * 24 * 60), st.sampled_from([0, 1440, 2880, 7000])).map(
        lambda m: START + m * MINUTE
    )


@st.composite
def _common(draw: st.DrawFn, kind: str, number: int, visits: list[str]) -> Event:
    at = draw(moments())
    return {
        "type": kind, "event_id": f"{kind}{number}", "patient_id": "P1", "visit_id": draw(st.sampled_from(visits)),
        "occurred_at": at, "recorded_at": at + draw(st.sampled_from([0, MINUTE, DAY, 3 * DAY])),
    }  # fmt: skip


@st.composite
def charges(draw: st.DrawFn, number: int, visits: list[str]) -> Event:
    event = draw(_common("charge", number, visits))
    quantity = draw(st.integers(1, 5))
    return event | {
        "charge_id": f"C{number}", "charged_at": event["occurred_at"], "amount": draw(st.integers(0, 100_000)),
        "quantity": quantity, "unit_price": draw(st.sampled_from([None, "1.5", "600"])),
        "category": draw(st.sampled_from(CATEGORIES)), "level": draw(st.sampled_from(LEVELS)),
        "ordering_department": draw(st.sampled_from(DEPARTMENTS)), "item_code": draw(st.sampled_from(ITEMS)),
        "hospital_item_code": draw(st.sampled_from(["", "H-1"])), "approval": draw(st.sampled_from(["", "", "1", "2"])),
        "first_self_pay_share": draw(st.sampled_from([None, None, "0.1", "1"])),
        "price_cap": draw(st.sampled_from([None, None, "1.2", "500"])),
    }  # fmt: skip


@st.composite
def refunds(draw: st.DrawFn, number: int, visits: list[str]) -> Event:
    """With or without reference, of the whole line or a part, of lines that come later, never, or are refunds too."""
    event = draw(charges(number, visits))
    event["refund_of"] = draw(st.sampled_from(["C0", "C1", "C2", "C3", f"C{number}", "C99", None, ""]))
    event["amount"], event["quantity"] = -event["amount"], -event["quantity"]
    if event["refund_of"]:
        for names in (("quantity",), ("amount", "quantity"), ("category",), ("level",), ("ordering_department",),
                      ("item_code", "hospital_item_code")):  # fmt: skip
            if draw(st.booleans()):
                event |= dict.fromkeys(names)
    return event


@st.composite
def admissions(draw: st.DrawFn, number: int, visits: list[str]) -> Event:
    event = draw(_common("admission", number, visits))
    kinds = [
        "admit",
        "admit",
        "transfer",
        "transfer",
        "discharge",
        "update",
        "cover",
        "cancel_discharge",
        "cancel_admit",
        "register",
    ]
    return event | {
        "kind": draw(st.sampled_from(kinds)),
        "department": draw(st.sampled_from(["D1", "D2", "D3", None])), "bed": draw(st.sampled_from(["", "1", "2"])),
        "ward": draw(st.sampled_from(["", "W1"])), "insurance_type": draw(st.sampled_from(["", "310", "390"])),
        "care_type": draw(st.sampled_from(["", "21", "11"])), "person_no": draw(st.sampled_from(["", "N1"])),
        "diagnoses": draw(st.sampled_from([[], ["I10"], [{"code": "E11", "role": "main"}]])),
        "leave": draw(st.sampled_from([None, True, False])), "discharge_way": draw(st.sampled_from(["", "1", "2"])),
        "person_type": draw(st.sampled_from(["", "1101", "1201"])),
        "out_of_area": draw(st.sampled_from(["", "referred"])),
        "account_balance": draw(st.sampled_from([None, 0, 30_000])), "year_to_date": draw(years(event["occurred_at"])),
    }  # fmt: skip


def years(at: int) -> st.SearchStrategy[Event | None]:
    """What the insurer states of the year before: mostly nothing."""
    pools = {"inpatient": {"deductible": 5000, "fund": 90_000}}
    return st.sampled_from([
        None, None, {"year": 2024, "admissions": 1}, {"year": 2024, "as_of": at - DAY, "pools": pools},
    ])  # fmt: skip


@st.composite
def orders(draw: st.DrawFn, number: int, visits: list[str]) -> Event:
    event = draw(_common("order", number, visits))
    return event | {
        "order_id": draw(st.sampled_from(["O1", "O2"])), "item_code": draw(st.sampled_from(ITEMS)),
        "kind": draw(st.sampled_from(["placed", "changed", "stopped", "cancelled"])),
    }  # fmt: skip


@st.composite
def settlements(draw: st.DrawFn, number: int, visits: list[str]) -> Event:
    event = draw(_common("settlement", number, visits))
    return event | {
        "settlement_id": draw(st.sampled_from(["S1", "S2"])), "kind": draw(st.sampled_from(["settled", "cancelled"])),
        "total": draw(st.integers(0, 10**6)), "fund_total": draw(st.integers(0, 10**6)),
        "mid_stay": draw(st.sampled_from([False, False, True])),
    }  # fmt: skip


@st.composite
def answers(draw: st.DrawFn, number: int, visits: list[str]) -> Event:
    """To an alert that may be there when it arrives, or not."""
    event = draw(_common("ack", number, visits))
    rule = draw(st.sampled_from(["case_cost|", "visit_quota|", "drug_ratio|", "valuable_drug|XA01", "length_of_stay|"]))
    return event | {
        "alert_id": f"H0001|P1|{event['visit_id']}|{rule}|{draw(st.integers(1, 2))}", "actor": "n1",
        "decision": draw(st.sampled_from(["confirm", "continue"])),
    }  # fmt: skip


@st.composite
def lives(draw: st.DrawFn, size: int = 16) -> list[Event]:
    """The events of a patient with one or two visits, each once, in no particular order."""
    visits = draw(st.sampled_from([["V1"], ["V1", "V2"]]))
    makers = draw(st.lists(
        st.sampled_from([
            charges, charges, charges, refunds, refunds, admissions, admissions, orders, settlements, answers,
        ]),
        min_size=1, max_size=size,
    ))  # fmt: skip
    return [draw(make(number, visits)) for number, make in enumerate(makers)]


@st.composite
def arrivals(draw: st.DrawFn, events: list[Event]) -> list[Event]:
    """One order of arrival, some of the events more than once."""
    again = draw(st.lists(st.sampled_from(events), max_size=4))
    return draw(st.permutations([*events, *again]))

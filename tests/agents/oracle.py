"""What a visit must come to, reckoned naively from the list of its events. Knows nothing of the agents' code."""

from collections import defaultdict
from datetime import datetime, timedelta, timezone
from typing import Any

Event = dict[str, Any]
SHANGHAI = timezone(timedelta(hours=8))
FOURTEEN = {f"{number:02d}" for number in range(1, 15)}
RANK = {
    "register": 0,
    "admit": 0,
    "cover": 1,
    "update": 1,
    "transfer": 2,
    "discharge": 3,
    "cancel_discharge": 4,
    "cancel_admit": 5,
}


def day(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, SHANGHAI)


def stay(events: list[Event], visit: str) -> dict[str, Any]:
    """Where the patient lay since when, and when the stay began and ended."""
    found = {"status": "pending", "admitted_at": None, "discharged_at": None, "outpatient": False, "places": []}
    admissions = [event for event in events if event["type"] == "admission" and event["visit_id"] == visit]
    admissions.sort(key=lambda e: (e["occurred_at"], RANK[e["kind"]], e["recorded_at"], e["event_id"]))
    for event in admissions:
        kind, at = event["kind"], event["occurred_at"]
        if kind in {"admit", "register"}:
            if found["admitted_at"] is None:
                found["admitted_at"], found["outpatient"] = at, kind == "register"
            found["status"] = "open" if found["discharged_at"] is None else "discharged"
        elif kind == "discharge":
            found["discharged_at"], found["status"] = at, "discharged"
        elif kind == "cancel_discharge":
            found["discharged_at"] = None
            found["status"] = "pending" if found["admitted_at"] is None else "open"
        elif kind == "cancel_admit":
            found["admitted_at"] = found["discharged_at"] = None
            found["status"] = "cancelled"
        department = event["department"]
        if kind in {"admit", "register", "transfer", "update"} and department:
            places = found["places"]
            if not places or places[-1][1] != department:
                places.append((at, department))
    return found


def lay_in(places: list[tuple[int, str]], at: int) -> tuple[int, str]:
    """Index and department of the place at a moment; −1 where none is known."""
    if not places:
        return -1, ""
    earlier = [index for index, (entered, _) in enumerate(places) if entered <= at]
    index = earlier[-1] if earlier else 0
    return index, places[index][1]


def effective(charge: Event, charges: dict[str, Event]) -> Event:
    """The line with what a refund leaves to the line it takes back."""
    line = dict(charge)
    original = charges.get(charge.get("refund_of") or "")
    if original is None or original is charge:
        return line
    names = ("category", "level", "ordering_department")
    # What a refund does not say itself cannot be taken from it; a charge that says nothing says it has none.
    for name in names:
        if not line.get(name):
            line[name] = original.get(name)
    if line.get("amount") is None and original.get("amount") is not None:
        line["amount"] = -original["amount"]
    return line


def totals(events: list[Event], visit: str) -> dict[str, Any]:
    """Sums of one visit by category and class, department and month, day, place; counts."""
    mine = [event for event in events if event["visit_id"] == visit]
    charges = {event["charge_id"]: event for event in mine if event["type"] == "charge"}
    places = stay(events, visit)["places"]
    found: dict[str, Any] = {"amount": 0, "gross": 0, "refund": 0, "charges": 0, "refunds": 0}
    cells, shares, days, segments = (defaultdict(int) for _ in range(4))
    for charge in charges.values():
        line = effective(charge, charges)
        amount = line.get("amount") or 0
        is_refund = bool(charge.get("refund_of")) or amount < 0
        found["amount"] += amount
        found["refund" if is_refund else "gross"] += amount
        found["refunds" if is_refund else "charges"] += 1
        category = line.get("category") if line.get("category") in FOURTEEN else "14"
        level = line.get("level") if line.get("level") in {"01", "02", "03"} else ""
        index, where = lay_in(places, charge["charged_at"])
        moment = day(charge["charged_at"])
        cells[category, level] += amount
        shares[line.get("ordering_department") or where, moment.year * 100 + moment.month] += amount
        days[moment.date()] += amount
        segments[index] += amount
    unmatched = [c for c in charges.values() if c.get("refund_of") and c["refund_of"] not in charges]
    found["unmatched"] = len(unmatched)
    found["orders"] = len({event["order_id"] for event in mine if event["type"] == "order"})
    return found | {"cells": cells, "shares": shares, "days": days, "segments": segments}


def length_of_stay(events: list[Event], visit: str) -> int | None:
    """Discharge date − admission date, the same day is 1; an open stay counts to the latest recorded moment."""
    found = stay(events, visit)
    if found["admitted_at"] is None or found["outpatient"]:
        return None
    until = found["discharged_at"] or max(
        event["recorded_at"] for event in events if event["visit_id"] == visit and event["type"] != "ack"
    )
    return max(1, (day(until).date() - day(found["admitted_at"]).date()).days)

"""Golden cases of the settlement: read from golden/*.yaml, made into the events a hospital would send.

A case names a book of golden/books, describes a visit in a few words, and says what it comes to with the arithmetic
beside each figure (arithmetic.py). Everything not said has the defaults below.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agents.core.policy import Policy
from agents.visit_file import Opened, open_visit
from schemas.book import Book

GOLDEN = Path(__file__).parent / "golden"
LEVELS = {"甲": "01", "乙": "02", "丙": "03", "": ""}
HOSPITALS = [{"code": f"T{tier}", "tier": str(tier)} for tier in (1, 2, 3, 4)]
VISIT = {
    "id": "V1",
    "hospital": "T3",
    "insurance": "310",
    "care": "21",
    "person": "1101",
    "admit": "2026-03-01",
    "discharge": "2026-03-10",
}
STAY = {
    "insurance": "insurance_type",
    "care": "care_type",
    "person": "person_type",
    "special": "special_person",
    "area": "out_of_area",
    "disease": "disease_code",
    "balance": "account_balance",
    "account_used": "account_used",
    "year": "year_to_date",
}
LINE = {
    "amount": "amount",
    "quantity": "quantity",
    "price": "unit_price",
    "share": "first_self_pay_share",
    "cap": "price_cap",
    "approval": "approval",
    "limited_met": "limited_use_met",
    "item": "item_code",
    "hospital_item": "hospital_item_code",
    "refund_of": "refund_of",
}


def load_cases() -> list[dict[str, Any]]:
    """Every golden case, with the file it stands in."""
    found = []
    for path in sorted(GOLDEN.glob("*.yaml")):
        file = yaml.safe_load(path.read_text(encoding="utf-8"))
        head = {"file": path.stem, "source": file["source"], "book": file.get("book")}
        found += [head | case for case in file["cases"]]
    return found


@cache
def raw_book(name: str) -> dict[str, Any]:
    """A fixture book as it is written."""
    book: dict[str, Any] = yaml.safe_load((GOLDEN / "books" / f"{name}.yaml").read_text(encoding="utf-8"))
    book.setdefault("hospitals", HOSPITALS)
    return book


@cache
def policy_of(name: str) -> Policy:
    """The compiled fixture book."""
    return Policy(Book.model_validate({"version": name, **raw_book(name)}))


def described(case: dict[str, Any]) -> dict[str, Any]:
    """The visit of a case with its defaults."""
    return VISIT | case.get("visit", {})


def lines_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of a case with their ids and days."""
    visit = described(case)
    return [
        {"id": f"L{number}", "class": "甲", "category": "09", "day": visit["admit"], **line}
        for number, line in enumerate(case.get("lines", ()), 1)
    ]


def events_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a case's visit, and of the patient's other visits."""
    events = []
    for other in case.get("others", ()):
        events += events_of(other)
    visit = described(case)
    common = {"hospital": visit["hospital"], "patient_id": "P1", "visit_id": visit["id"]}
    is_outpatient = visit["care"].startswith("1") or visit["care"] == "51"
    admit = {name: visit[key] for key, name in STAY.items() if key in visit}
    if "year" in visit:
        admit["year_to_date"] = {"year": int(str(visit["admit"])[:4]), **visit["year"]}
    if "diagnosis" in visit:
        admit["diagnoses"] = [visit["diagnosis"]]
    if "procedures" in visit:
        admit["procedures"] = visit["procedures"]
    kind = "register" if is_outpatient else "admit"
    events.append(common | admit | {"kind": kind, "occurred_at": f"{visit['admit']}T08:00:00", "department": "D"})
    for number, line in enumerate(lines_of(case), 1):
        amount = str(line.get("amount", ""))
        charge = {name: line[key] for key, name in LINE.items() if key in line}
        charge.setdefault("quantity", "-1" if amount.startswith("-") else "1")
        if "refund_of" in line and "amount" not in line:
            del charge["quantity"]
        charge |= {"charge_id": f"{visit['id']}-{line['id']}", "level": LEVELS[line["class"] or ""]}
        charge |= {"category": line["category"], "charged_at": f"{line['day']}T09:{number // 60:02d}:{number % 60:02d}"}
        if "refund_of" in line:
            charge["refund_of"] = f"{visit['id']}-{line['refund_of']}"
        events.append(common | charge)
    for change in case.get("cover", ()):
        said = {STAY[key]: value for key, value in change.items() if key in STAY}
        events.append(common | said | {"kind": "cover", "occurred_at": f"{change['day']}T12:00:00"})
    for number, day in enumerate(case.get("mid_stay", ()), 1):
        settled = {"settlement_id": f"M{number}", "mid_stay": True, "total": "0", "occurred_at": f"{day}T23:00:00"}
        events.append(common | {"type": "settlement"} | settled)
    if not is_outpatient and visit["discharge"]:
        events.append(common | {"kind": "discharge", "occurred_at": f"{visit['discharge']}T10:00:00"})
    return events


def open_case(case: dict[str, Any], folder: Path) -> Opened:
    """The case reckoned as `kongfei settle` would, from a file of its events."""
    path = folder / "visit.json"
    path.write_text(json.dumps({"visit_id": described(case)["id"], "events": events_of(case)}), encoding="utf-8")
    return open_visit(path, policy_of(case["book"]), "T3")

"""The real event stream beside the project (shared_hospital_a), translated into canonical events."""

import csv
import gzip
import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

CATEGORY = {"drug": "09", "material": "08", "consult": "02", "lab": "04", "imaging": "03", "treatment": "05"}
LEVEL = {"A": "01", "B": "02", "C": "03"}
LEVEL_NAMES = ("notice", "yellow", "red", "purple")


@cache
def real_events(folder: Path) -> list[dict[str, Any]]:
    """Every event in order of delivery."""
    with gzip.open(folder / "events.ndjson.gz", "rt", encoding="utf-8") as lines:
        return [_canonical(json.loads(line)) for line in lines]


def _canonical(event: dict[str, Any]) -> dict[str, Any]:
    common = {
        "event_id": event["event_id"], "patient_id": event["patient_id"], "visit_id": event["encounter_id"],
        "occurred_at": event["event_time"], "recorded_at": event["arrival_time"],
    }  # fmt: skip
    kind = event["event_type"]
    if kind in {"charge", "refund"}:
        return common | {
            "type": "charge", "charge_id": event["event_id"], "refund_of": event.get("ref_event_id"),
            "order_id": event.get("order_id", ""), "item_code": event["item_code"], "quantity": event["qty"],
            "unit_price": event["unit_price_cents"] * 10_000, "amount": event["amount_cents"],
            "category": CATEGORY.get(event["category"], "14"), "level": LEVEL[event["insurance_class"]],
            "ordering_department": event["dept"], "charged_at": event["event_time"],
        }  # fmt: skip
    if kind == "order":
        return common | {
            "type": "order", "order_id": event.get("order_id", ""), "item_code": event["item_code"],
            "department": event["dept"],
        }  # fmt: skip
    if kind == "diagnosis":
        return common | {"type": "admission", "kind": "update", "diagnoses": event["icd9"]}
    kind = {"admission": "admit"}.get(kind, kind)
    return common | {"type": "admission", "kind": kind, "department": event.get("dept", "")}


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    """One of the files of exact totals."""
    with (folder / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def disturbed(events: list[dict[str, Any]], seed: int, distance: int = 2000) -> list[dict[str, Any]]:
    """A tenth of the events twice, and none farther than `distance` from its place."""
    random = Random(seed)
    doubled = [*events, *random.sample(events, len(events) // 10)]
    place = {id(event): index for index, event in enumerate(events)}
    return sorted(doubled, key=lambda event: place[id(event)] + random.uniform(0, distance))

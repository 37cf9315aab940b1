"""The bench's load: charges of many patients, deterministic, as ledger entries or as a hospital would publish them."""

import random
from collections.abc import Iterator
from typing import Any

from agents.core.accept import entry_of, validate
from schemas.codec import Codec
from schemas.ledger import encode_entry, patient_key
from schemas.units import SHANGHAI
from streams.partitions import partition_of

START_MS = 1_767_225_600_000  # 2026-01-01 00:00 UTC
CATEGORIES = ("01", "02", "03", "04", "05", "07", "08", "09", "09", "09", "11")
DEPARTMENTS = tuple(f"D{number:02d}" for number in range(20))
DIAGNOSES = ("I63.900", "K35.800", "I10.x05", "J18.900", "E11.900", "S72.000")
CONTEXT = {"zone": SHANGHAI, "hospital": "H0001"}


def charges(patients: int, events: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Charges of as many patients, a few refunds among them: postings of one to six lines, sixteen a patient and day.

    So it is in the real stream of tests/integration/test_hospital_a.py: 3.5 lines of a patient arrive at the same time,
    about twenty a day.
    """
    chance = random.Random(seed)
    step = 86_400_000 // (16 * patients) or 1
    patient = left = 0
    for number in range(events):
        if not left:
            patient, left = chance.randrange(patients), chance.randint(1, 6)
        left -= 1
        refund = number % 29 == 28
        amount = chance.randrange(100, 40_000)
        item = chance.randrange(400)
        at = START_MS + number * step
        event: dict[str, Any] = {
            "event_id": f"E{number}",
            "charge_id": f"C{number}",
            "hospital": "H0001",
            "patient_id": f"P{patient:06d}",
            "visit_id": f"V{patient:06d}",
            "occurred_at": at,
            "recorded_at": at,
            "charged_at": at,
            "item_code": f"XB01AC{item:05d}",
            "hospital_item_code": f"I{item:05d}",
            "quantity": -1 if refund else 1,
            "unit_price": amount * 10_000,
            "amount": -amount if refund else amount,
            "category": CATEGORIES[item % len(CATEGORIES)],
            "level": f"0{1 + item % 3}",
            "list_type": "101",
            "ordering_department": DEPARTMENTS[patient % len(DEPARTMENTS)],
            "ordering_doctor": f"DR{patient % 90:03d}",
            "executing_department": "PHARM",
            "order_id": f"O{number}",
        }
        yield event


def admissions(patients: int) -> Iterator[dict[str, Any]]:
    """One admission a patient, so that quotas and lengths of stay are judged."""
    for patient in range(patients):
        yield {
            "event_id": f"A{patient}",
            "kind": "admit",
            "hospital": "H0001",
            "patient_id": f"P{patient:06d}",
            "visit_id": f"V{patient:06d}",
            "occurred_at": START_MS,
            "recorded_at": START_MS,
            "insurance_type": "310",
            "care_type": "21",
            "person_type": "1101",
            "sex": "1",
            "diagnoses": [{"code": DIAGNOSES[patient % len(DIAGNOSES)], "role": "main"}],
            "department": DEPARTMENTS[patient % len(DEPARTMENTS)],
        }


def ledger_records(patients: int, events: int, partitions: int) -> Iterator[tuple[int, bytes, bytes]]:
    """(partition, key, value) of ledger entries: what intake would have written."""
    offset = 0
    for kind, stream in (("admission", admissions(patients)), ("charge", charges(patients, events))):
        for fields in stream:
            event = validate(kind, fields, CONTEXT)
            entry = entry_of(event, (f"his.{kind}.v1", 0, 1 << 48 | offset), SHANGHAI)
            key = patient_key(event.hospital, event.patient_id)
            yield partition_of(key, partitions), key, encode_entry(entry)
            offset += 1


def published(patients: int, events: int) -> Iterator[tuple[str, bytes, bytes]]:
    """(topic, key, value) as a hospital publishes: Avro single-object encoding."""
    codec = Codec()
    for kind, stream in (("admission", admissions(patients)), ("charge", charges(patients, events))):
        for fields in stream:
            yield f"his.{kind}.v1", fields["patient_id"].encode(), codec.encode_avro(kind, fields)

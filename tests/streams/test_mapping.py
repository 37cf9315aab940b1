import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from schemas.events import EVENT_TYPES
from streams.mapping import MappingError, load_mapping, shipped_mappings

CHARGE = {
    "event_id": "RX-1",
    "event_type": "charge",
    "dept": "MICU",
    "item_code": "RXPANT40",
    "category": "drug",
    "insurance_class": "A",
    "qty": 3,
    "unit_price_cents": 17305,
    "amount_cents": 51915,
    "order_id": "RX1",
    "event_time": "2024-01-01 08:30:00",
    "arrival_time": "2024-01-01 09:00:00",
    "patient_id": "10006",
    "encounter_id": "142345",
}


@pytest.fixture(scope="module")
def mapping():
    return shipped_mappings()[0]


def validated(found):
    event_type, fields = found
    return EVENT_TYPES[event_type].model_validate(fields, context={"hospital": "H1"})


def test_a_charge_keeps_its_cents_as_fen_and_its_units(mapping) -> None:
    event = validated(mapping.event_of(CHARGE))
    assert (event.charge_id, event.visit_id, event.amount) == ("RX-1", "142345", 51915)
    assert event.quantity == 30_000
    assert event.unit_price == 173_050_000
    assert (event.category, event.level, event.ordering_department) == ("09", "01", "MICU")
    assert event.recorded_at - event.occurred_at == 30 * 60_000


def test_a_refund_names_the_line_it_takes_back(mapping) -> None:
    refund = CHARGE | {"event_type": "refund", "event_id": "R1", "ref_event_id": "RX-1", "qty": -3, "amount_cents": -1}
    event = validated(mapping.event_of(refund))
    assert (event.charge_id, event.refund_of, event.amount, event.quantity) == ("R1", "RX-1", -1, -30_000)


@pytest.mark.parametrize(
    ("category", "code"),
    [
        ("drug", "09"),
        ("material", "08"),
        ("consult", "02"),
        ("lab", "04"),
        ("imaging", "03"),
        ("treatment", "05"),
        ("blood", "14"),
        ("nutrition", "14"),
        ("other", "14"),
        ("never heard of", "14"),
    ],
)
def test_categories_are_national_and_unknown_ones_are_other(mapping, category: str, code: str) -> None:
    assert mapping.event_of(CHARGE | {"category": category})[1]["category"] == code


def test_an_unknown_insurance_class_leaves_the_level_unsaid(mapping) -> None:
    assert "level" not in mapping.event_of(CHARGE | {"insurance_class": "Z"})[1]


def test_diagnoses_update_the_admission_the_first_is_the_main_one(mapping) -> None:
    common = {name: CHARGE[name] for name in ("event_time", "arrival_time", "patient_id", "encounter_id")}
    record = common | {"event_id": "DX-1", "event_type": "diagnosis", "icd9": ["24220", "51919"], "ms_drg": None}
    event = validated(mapping.event_of(record))
    assert event.kind == "update"
    assert [(item.code, item.role) for item in event.diagnoses] == [("24220", "main"), ("51919", "other")]


def test_an_unknown_kind_of_record_is_not_mapped(mapping) -> None:
    assert mapping.event_of(CHARGE | {"event_type": "weather"}) is None


def test_every_line_of_the_real_stream_becomes_a_valid_event(mapping, shared_hospital_a: Path) -> None:
    kinds, net = Counter(), 0
    with gzip.open(shared_hospital_a / "events.ndjson.gz") as lines:
        for line in lines:
            record = json.loads(line)
            assert mapping.reads(record)
            event = validated(mapping.event_of(record))
            kinds[event.TYPE] += 1
            net += getattr(event, "amount", 0) or 0
    totals = json.loads((shared_hospital_a / "totals.json").read_text())
    assert kinds.total() == totals["events_total"]
    assert net == totals["net_cents"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("detect: [a\n", "not valid YAML"),
        ("name: x\ndetect: []\nselector: a\nevents: {}\n", "detect"),
        ("name: x\ndetect: [a]\nselector: a\nevents: {b: {type: visit}}\n", "no event type 'visit'"),
        (
            "name: x\ndetect: [a]\nselector: a\nevents: {b: {type: order, fields: {c: {from: d, table: e}}}}\n",
            "no table 'e'",
        ),
        ("name: x\ndetect: [a]\nselector: a\nevents: {}\nextra: 1\n", "extra"),
    ],
)
def test_a_mistake_in_a_mapping_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError, match=told) as error:
        load_mapping(path)
    assert "mine.yaml" in str(error.value)


def test_a_missing_mapping_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="No such file"):
        load_mapping(tmp_path / "none.yaml")

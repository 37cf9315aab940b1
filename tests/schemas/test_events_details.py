"""What rules look at besides: the particulars of visits, orders and fee lines, at the border and in the ledger."""

import msgspec
import pytest

from agents.core.accept import entry_of
from schemas.codec import Codec, fingerprint, shipped_declarations
from schemas.ledger import ChargeDetail, Clinical, OrderDetail
from schemas.reasons import Reason
from schemas.units import SHANGHAI
from tests.schemas.border import AT, AT_MS, SMALLEST, read, reason, refusal
from tests.schemas.test_avro_contracts import reference_encode

SOURCE = ("his.charge.v1", 0, 1)
CLINICAL = {
    "pregnancy": "1", "urgent": True, "online": False, "blood_type": "AB", "census": "absent", "died_at": AT,
    "readmission": "unplanned", "visit_mode": "2",
}  # fmt: skip
ORDER = {
    "prescription_id": "R1", "group": "7", "list_type": "101", "category": "09", "level": "02", "dose_unit": "mg",
    "route": "iv", "speciality": "肿瘤科", "ends_at": AT, "herbal_use": "2", "consent": True, "name": "注射用福沙匹坦",
    "request_id": "T1",
}  # fmt: skip
CHARGE = {
    "herbal_use": "1", "consent": False, "incision_group": "1", "executing_doctor": "Dr2", "take_home": True,
    "days": 14, "name": "阿莫西林胶囊",
}  # fmt: skip
DETAILS = {
    "admission": ("clinical", Clinical, CLINICAL),
    "order": ("detail", OrderDetail, ORDER),
    "charge": ("detail", ChargeDetail, CHARGE),
}


def body_of(event_type, **said):
    return entry_of(read(event_type, **said), SOURCE, SHANGHAI).body


@pytest.mark.parametrize("event_type", DETAILS)
def test_every_particular_stands_under_its_name_in_the_ledger(event_type):
    name, struct, said = DETAILS[event_type]
    assert set(said) == set(struct.__struct_fields__)
    wanted = {field: AT_MS if value == AT else value for field, value in said.items()}
    assert msgspec.structs.asdict(getattr(body_of(event_type, **said), name)) == wanted


@pytest.mark.parametrize("event_type", DETAILS)
def test_an_event_that_says_nothing_of_them_has_none(event_type):
    name, _, said = DETAILS[event_type]
    assert getattr(body_of(event_type), name) is None
    assert getattr(body_of(event_type, **dict.fromkeys(said, None)), name) is None


@pytest.mark.parametrize(
    ("event_type", "national", "canonical"),
    [
        ("admission", {"matn_stas": "2"}, {"pregnancy": "2"}),
        ("admission", {"er_flag": "1"}, {"urgent": True}),
        ("admission", {"er_flag": "0"}, {"urgent": False}),
        ("admission", {"er_flag": ""}, {"urgent": None}),
        ("admission", {"die_date": AT}, {"died_at": AT_MS}),
        ("admission", {"die_date": ""}, {"died_at": None}),
        ("admission", {"med_mdtrt_type": 1}, {"visit_mode": "1"}),
        ("order", {"rxno": "R1"}, {"prescription_id": "R1"}),
        ("order", {"grpno": 3}, {"group": "3"}),
        ("order", {"hilist_type": "101"}, {"list_type": "101"}),
        ("order", {"chrg_type": "09"}, {"category": "09"}),
        ("order", {"hilist_lv": "03"}, {"level": "03"}),
        ("order", {"hilist_name": "阿胶"}, {"name": "阿胶"}),
        ("order", {"hosplist_name": "阿胶"}, {"name": "阿胶"}),
        ("order", {"drord_stop_date": AT}, {"ends_at": AT_MS}),
        ("order", {"tcmdrug_used_way": "2"}, {"herbal_use": "2"}),
        ("charge", {"tcmdrug_used_way": "1"}, {"herbal_use": "1"}),
        ("charge", {"orders_dr_code": "Dr"}, {"executing_doctor": "Dr"}),
        ("charge", {"dscg_tkdrug_flag": "1"}, {"take_home": True}),
        ("charge", {"medins_list_name": "阿胶"}, {"name": "阿胶"}),
        ("charge", {"med_list_name": "阿胶"}, {"name": "阿胶"}),
    ],
)
def test_national_names_are_read(event_type, national, canonical):
    found = read(event_type, **national)
    assert {name: getattr(found, name) for name in canonical} == canonical


@pytest.mark.parametrize(
    ("event_type", "changes", "why"),
    [
        ("admission", {"census": "asleep"}, Reason.WRONG_TYPE),
        ("admission", {"readmission": True}, Reason.WRONG_TYPE),
        ("admission", {"urgent": "2"}, Reason.WRONG_TYPE),
        ("admission", {"died_at": "soon"}, Reason.BAD_TIME),
        ("admission", {"pregnancy": "x" * 65}, Reason.TOO_LONG),
        ("order", {"ends_at": "soon"}, Reason.BAD_TIME),
        ("order", {"consent": []}, Reason.WRONG_TYPE),
        ("order", {"prescription_id": 1.5}, Reason.WRONG_TYPE),
        ("order", {"request_id": "x" * 129}, Reason.TOO_LONG),
        ("order", {"route": "i\x00v"}, Reason.CONTROL_CHARACTER),
        ("charge", {"days": -1}, Reason.OUT_OF_RANGE),
        ("charge", {"days": 3661}, Reason.OUT_OF_RANGE),
        ("charge", {"days": "many"}, Reason.WRONG_TYPE),
        ("charge", {"take_home": "perhaps"}, Reason.WRONG_TYPE),
        ("charge", {"name": "x" * 257}, Reason.TOO_LONG),
    ],
    ids=str,
)
def test_a_particular_that_is_none_is_refused_with_its_reason(event_type, changes, why):
    assert reason(event_type, **changes) is why


def test_a_refusal_of_an_unknown_word_says_which_words_there_are():
    assert refusal("admission", census="asleep").detail == "census: Input should be '', 'in_bed', 'leave' or 'absent'"


@pytest.mark.parametrize("event_type", DETAILS)
def test_an_event_sent_again_with_more_particulars_is_the_same_event(event_type):
    """A HIS that always sent them, and repeats an event after an upgrade, is known again."""
    said = DETAILS[event_type][2]
    plain = entry_of(read(event_type), SOURCE, SHANGHAI)
    for more in ({name: value} for name, value in said.items()):
        again = entry_of(read(event_type, **more), SOURCE, SHANGHAI)
        assert again.body != plain.body
        assert again.digest == plain.digest
    other = {"charge": {"amount": 101}, "order": {"dose": "2"}, "admission": {"bed": "9"}}[event_type]
    assert entry_of(read(event_type, **said, **other), SOURCE, SHANGHAI).digest != plain.digest


@pytest.mark.parametrize("event_type", DETAILS)
def test_what_was_written_before_there_were_particulars_is_read_still(event_type):
    """An Avro message of the former revision says the same as JSON without them."""
    declared = shipped_declarations()
    former = declared[
        {"admission": "admission.v1.2.avsc", "charge": "charge.v1.2.avsc"}.get(event_type, "order.v1.1.avsc")
    ]
    defaults = {field["name"]: field["default"] for field in former["fields"] if "default" in field}
    fields = defaults | {"amount": None} | SMALLEST[event_type] | {"event_id": "E1"}
    fields = {field["name"]: fields[field["name"]] for field in former["fields"]}
    frame = b"\xc3\x01" + fingerprint(former) + reference_encode(former, fields)
    assert entry_of(read(event_type, **Codec().decode(frame, event_type)), SOURCE, SHANGHAI) == entry_of(
        read(event_type, event_id="E1"), SOURCE, SHANGHAI
    )


def test_a_2301_line_in_avro_carries_its_particulars():
    declared = shipped_declarations()["charge.national2301.v1.avsc"]
    said = {
        "fixmedins_code": "H1", "patn_id": "P1", "mdtrt_id": "V1", "feedetl_sn": "C1", "fee_ocur_time": AT,
        "det_item_fee_sumamt": "1.00", "cnt": "1", "pric": "1", "tcmdrug_used_way": "2", "dscg_tkdrug_flag": "1",
        "orders_dr_code": "Dr", "medins_list_name": "阿胶",
    }  # fmt: skip
    fields = {field["name"]: said.get(field["name"], field.get("default")) for field in declared["fields"]}
    frame = b"\xc3\x01" + fingerprint(declared) + reference_encode(declared, fields)
    absent = dict.fromkeys(SMALLEST["charge"], ...)
    event = read("charge", **absent | Codec().decode(frame, "charge"))
    assert (event.herbal_use, event.take_home, event.executing_doctor, event.name) == ("2", True, "Dr", "阿胶")

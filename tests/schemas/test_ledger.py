"""The ledgers: what is written reads back, and what an earlier release wrote is read for ever."""

import typing

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import ledger
from schemas.ledger import (
    Ack,
    Admission,
    Charge,
    Contribution,
    DepartmentAck,
    Diagnosis,
    Entitlement,
    Entry,
    Order,
    PoolYear,
    Pricing,
    Procedure,
    Settlement,
    YearToDate,
)
from tests.schemas.structs import instances

_BODIES = typing.get_args(ledger.Body)


@pytest.mark.parametrize("body", _BODIES)
@settings(max_examples=25)
@given(data=st.data())
def test_an_entry_reads_back_as_it_was_written(body, data):
    entry = msgspec.structs.replace(data.draw(instances(Entry)), body=data.draw(instances(body)))
    assert ledger.decode_entry(ledger.encode_entry(entry)) == entry


@pytest.mark.parametrize("struct", [Contribution, DepartmentAck])
@settings(max_examples=25)
@given(data=st.data())
def test_a_department_entry_reads_back_as_it_was_written(struct, data):
    entry = data.draw(instances(struct))
    assert ledger.decode_department_entry(ledger.encode_department_entry(entry)) == entry


ADMISSION = Admission("admit", diagnoses=(Diagnosis("I10", "main"),), procedures=(Procedure("51.23"),), leave=True)
CHARGE = Charge("C1", "", "O1", "XA01", "D-1", 10_000, 5_000_000, 500, "09", "01", "101", "D1", "Dr", "D2", 7, 1)
BODIES = [
    ADMISSION,
    Order("O1", "placed"),
    CHARGE,
    Settlement("S1", "settled", "310", "21", *range(20), "1", "21"),
    Ack("H|P|V|case_cost||1", "n1", "nurse", "confirm", ""),
]
#: As the first release wrote them, in hex; never to be changed. Fields may only be appended, with defaults.
WRITTEN = {
    "Admission": (
        "9da24831a25031a25631a24531a24e31ad6869732e6368617267652e763103cf00010000000000070b0ccfffffffffffffff"
        "ff91a76c6576656c3a39dc0010a161a561646d6974a0a0a0a0a0a0a0a0a09193a3493130a46d61696e009193a535312e3233"
        "00a0c3a0a0"
    ),
    "Order": (
        "9da24831a25031a25631a24531a24e31ad6869732e6368617267652e763103cf00010000000000070b0ccfffffffffffffff"
        "ff91a76c6576656c3a399fa16fa24f31a6706c61636564a0a000a0a00000c2c2a0a0a0"
    ),
    "Charge": (
        "9da24831a25031a25631a24531a24e31ad6869732e6368617267652e763103cf00010000000000070b0ccfffffffffffffff"
        "ff91a76c6576656c3a39dc0013a163a24331a0a24f31a458413031a3442d31cd2710ce004c4b40cd01f4a23039a23031a331"
        "3031a24431a24472a244320701a0a0"
    ),
    "Settlement": (
        "9da24831a25031a25631a24531a24e31ad6869732e6368617267652e763103cf00010000000000070b0ccfffffffffffffff"
        "ff91a76c6576656c3a39dc001ba173a25331a7736574746c6564a3333130a23231000102030405060708090a0b0c0d0e0f10"
        "111213a131a23231"
    ),
    "Ack": (
        "9da24831a25031a25631a24531a24e31ad6869732e6368617267652e763103cf00010000000000070b0ccfffffffffffffff"
        "ff91a76c6576656c3a3996a16bb2487c507c567c636173655f636f73747c7c31a26e31a56e75727365a7636f6e6669726da0"
    ),
    "Contribution": ("dc0015a176a24831a24431ce000316a3a25031a25631090c64010203040506c3c2030000a0"),
    "DepartmentAck": (
        "9aa16ba24831a24431ce000316a3a245310c96a16ba161a26e31a0a7636f6e6669726da0ac616c6572742e61636b2e763100"
        "cf0001000000000000"
    ),
}


def entry_with(body) -> Entry:
    return Entry("H1", "P1", "V1", "E1", "N1", "his.charge.v1", 3, 1 << 48 | 7, 11, 12, 2**64 - 1, ("level:9",), body)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_what_the_first_release_wrote_is_read_for_ever(body):
    assert ledger.decode_entry(bytes.fromhex(WRITTEN[type(body).__name__])) == entry_with(body)


def test_what_the_first_release_wrote_to_the_department_ledger_is_read_for_ever():
    contribution = Contribution(
        "H1", "D1", 202403, "P1", "V1", 9, 12, 100, 1, 2, 3, 4, 5, 6, responsible=True, bed_days=3
    )
    answer = DepartmentAck("H1", "D1", 202403, "E1", 12, Ack("a", "n1", "", "confirm", ""), "alert.ack.v1", 0, 1 << 48)
    assert ledger.decode_department_entry(bytes.fromhex(WRITTEN["Contribution"])) == contribution
    assert ledger.decode_department_entry(bytes.fromhex(WRITTEN["DepartmentAck"])) == answer


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_a_reader_passes_over_what_a_later_release_appends(body):
    raw = msgspec.msgpack.decode(ledger.encode_entry(entry_with(body)))
    raw[-1].append("of a later release")
    raw.append("too")
    assert ledger.decode_entry(msgspec.msgpack.encode(raw)) == entry_with(body)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_a_reader_fills_in_what_an_earlier_release_did_not_know(body):
    raw = msgspec.msgpack.decode(ledger.encode_entry(entry_with(body)))
    optional = len(body.__struct_defaults__)
    if optional:
        raw[-1] = raw[-1][:-optional]
        required = {field.name: getattr(body, field.name) for field in msgspec.structs.fields(body) if field.required}
        assert ledger.decode_entry(msgspec.msgpack.encode(raw)).body == type(body)(**required)


def test_the_digest_is_of_the_content_and_of_when_it_happened():
    digest = ledger.content_digest(CHARGE, 5)
    assert 0 <= digest < 2**64
    assert digest == ledger.content_digest(msgspec.structs.replace(CHARGE), 5)
    others = {
        ledger.content_digest(msgspec.structs.replace(CHARGE, amount_fen=501), 5),
        ledger.content_digest(msgspec.structs.replace(CHARGE, charge_id="C2"), 5),
        ledger.content_digest(msgspec.structs.replace(CHARGE, trace_code="T"), 5),
        ledger.content_digest(CHARGE, 6),
    }
    assert len(others | {digest}) == 5


#: Digests as the first release reckoned them, which states and tables keep; never to be changed.
DIGESTS = {
    "Admission": 6883246454019665567,
    "Order": 11496323314260612574,
    "Charge": 7280344461107901185,
    "Settlement": 15287778193934461044,
    "Ack": 15147259707344567334,
}


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_an_event_sent_again_after_an_upgrade_has_the_digest_it_had(body):
    assert ledger.content_digest(body, 5) == DIGESTS[type(body).__name__]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (CHARGE, {"pricing": Pricing(limited_use_met=False)}),
        (CHARGE, {"pricing": Pricing(first_self_pay_bp=0)}),
        (ADMISSION, {"entitlement": Entitlement(special_person="1")}),
        (ADMISSION, {"entitlement": Entitlement(account_used=False)}),
        (BODIES[3], {"mid_stay": True}),
    ],
)
def test_what_an_appended_field_says_is_content(body, said):
    other = msgspec.structs.replace(body, **said)
    assert ledger.content_digest(other, 5) not in {ledger.content_digest(body, 5), *DIGESTS.values()}


def test_the_order_of_the_pools_of_a_year_is_no_content():
    pools = {"inpatient": PoolYear(1, 2, 3), "chronic": PoolYear(4)}
    one, other = (
        msgspec.structs.replace(ADMISSION, entitlement=Entitlement(year_to_date=YearToDate(2024, pools=dict(order))))
        for order in (pools.items(), reversed(pools.items()))
    )
    assert ledger.encode_entry(entry_with(one)) != ledger.encode_entry(entry_with(other))
    assert ledger.content_digest(one, 5) == ledger.content_digest(other, 5)


@given(st.integers(1, 2**15 - 1), st.integers(0, 2**48 - 1), st.integers(1, 2**15 - 1), st.integers(0, 2**48 - 1))
def test_a_later_epoch_outweighs_any_offset(epoch, offset, other_epoch, other_offset):
    pairs = sorted([(epoch, offset), (other_epoch, other_offset)])
    assert [ledger.version_of(*pair) for pair in pairs] == sorted(ledger.version_of(*pair) for pair in pairs)
    assert ledger.version_of(epoch, offset) < 2**63


def test_keys_tell_patients_and_departments_apart():
    assert ledger.patient_key("H1", "P1") == b"H1|P1"
    assert ledger.department_key("H1", "心内", 202403) == "H1|心内|202403".encode()

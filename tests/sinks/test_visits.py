"""Past visits event by event: what a re-audit reads is what stood on the ledger, entry for entry."""

import typing
from importlib.metadata import entry_points

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import ledger
from schemas.facts import VisitStatus
from schemas.ledger import Admission, Charge, ChargeDetail, Clinical, Entitlement, Order, OrderDetail, Pricing
from schemas.visit_history import StoredFinding
from sinks.clickhouse import visits
from sinks.clickhouse.reaudit import write_run
from sinks.clickhouse.visits import read_entries, read_findings
from streams.topics import Topic
from tests.sinks import make

pytestmark = pytest.mark.integration

EPOCH = 1
DAY = 24 * make.HOUR
#: 2024-03-01, 08:00 in Shanghai.
DISCHARGED = {"status": VisitStatus.DISCHARGED, "discharged_at": make.MORNING, "length_of_stay_days": 1}
_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_moment = st.integers(-2_208_988_800_000, 4_102_444_800_000).filter(bool)
_limits = {
    "days": st.integers(0, 2**16 - 1), "day": st.integers(-(2**31), 2**31 - 1), "year": st.integers(1990, 2100),
    "admissions": st.integers(0, 1000), "source_partition": st.integers(0, 2**31 - 1),
    "source_position": st.integers(0, 2**63), "digest": st.integers(0, 2**64 - 1),
}  # fmt: skip
#: Said nothing is said once: as None, never as an empty struct (agents.core.accept).
_NOTHING = (Pricing(), ChargeDetail(), OrderDetail(), Clinical(), Entitlement())


def _value(name: str, kind: typing.Any) -> st.SearchStrategy:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return st.lists(_value("", arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(_text, _value("", arguments[1]), max_size=3)
    if arguments:
        return st.one_of([_value(name, argument) for argument in arguments])
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return instances(kind).map(lambda made: None if made in _NOTHING else made)
    if kind is int:
        is_moment = name.endswith("_at") or name == "as_of"
        return _limits.get(name, _moment if is_moment else st.integers(-(2**63), 2**63 - 1))
    return {str: _text, bool: st.booleans(), type(None): st.none()}[kind]


def instances(struct: type, **said: typing.Any) -> st.SearchStrategy:
    """Any instance whose numbers fit their columns."""
    hints = typing.get_type_hints(struct)
    made = {name: _value(name, hints[name]) for name in struct.__struct_fields__ if name not in said}
    return st.builds(struct, **made, **{name: st.just(value) for name, value in said.items()})


@st.composite
def logs(draw):
    """A ledger of a few patients, every kind of body in it, each event once."""
    found = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(typing.get_args(ledger.Body)))
        ids = {"charge_id": f"C{number}"} if kind is Charge else {"order_id": f"O{number}"} if kind is Order else {}
        body = draw(instances(kind, **ids))
        entry = instances(
            ledger.Entry, hospital="H1", patient_id=draw(st.sampled_from(["P1", "P2", "'%s"])),
            visit_id=draw(st.sampled_from(["V1", "V2"])), event_id=f"E{number}", body=body,
        )  # fmt: skip
        found.append(draw(entry))
    return found


@pytest.fixture
def ended(store):
    """Stores a visit that ended on 2024-03-01, or otherwise as said."""

    def write(patient_id="P1", visit="V1", version=1, **said):
        fact = msgspec.structs.replace(make.visit_fact(visit, version, **(DISCHARGED | said)), patient_id=patient_id)
        store(make.record(fact, Topic.VISIT_FACT, key=f"{patient_id}|{visit}".encode()))

    return write


def records_of(entries):
    return [make.record(entry, offset=offset) for offset, entry in enumerate(entries)]


def read(where, first="2024-03-01", last="2024-03-01", hospital="H1"):
    return list(read_entries(where, hospital, first, last))


@pytest.fixture
def where(client, request):
    """Settings of the migrated database."""
    return request.getfixturevalue("settings")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(entries=logs())
def test_entries_are_read_as_they_stood_on_the_ledger(where, client, store, ended, entries):
    for table in ("charge_line", "order_event", "admission_event", "settlement_event", "alert_ack", "visit_fact"):
        client.execute(f"TRUNCATE TABLE {table}")
    for patient_id in {entry.patient_id for entry in entries}:
        ended(patient_id)
    store(*records_of(entries))

    found = {log.patient_id: log for log in read(where)}
    wanted: dict[str, list] = {}
    for offset, entry in enumerate(entries):
        wanted.setdefault(entry.patient_id, []).append((EPOCH << 48 | offset, entry))
    assert {patient_id: list(log.entries) for patient_id, log in found.items()} == wanted
    assert {log.total for log in found.values()} == {len(wanted)}
    assert list(found) == sorted(found)


def test_every_visit_of_a_patient_is_read_and_of_others_none(where, store, ended):
    first, other = make.entry(make.charge("C1"), "V1"), make.entry(make.charge("C2"), "V2", patient_id="P2")
    later = make.entry(make.charge("C3"), "V3")
    store(*records_of([first, other, later]))
    ended("P1", "V1")
    ended("P1", "V3", discharged_at=make.MORNING + 30 * DAY)
    ended("P2", "V2", discharged_at=make.MORNING + DAY)

    assert [(log.patient_id, [entry for _, entry in log.entries]) for log in read(where)] == [("P1", [first, later])]
    assert [log.patient_id for log in read(where, last="2024-03-02")] == ["P1", "P2"]
    assert read(where, "2024-02-01", "2024-02-29") == read(where, hospital="H2") == []


def test_a_visit_ends_on_the_day_of_the_hospital(where, store, ended):
    """2024-02-29 23:30 in Shanghai is 15:30 in UTC; half an hour later it is March there."""
    store(*records_of([make.entry(make.charge("C1"))]))
    ended("P1", discharged_at=make.MORNING - 8 * make.HOUR - make.HOUR // 2)

    assert [log.patient_id for log in read(where, "2024-02-29", "2024-02-29")] == ["P1"]
    assert read(where) == []


def test_visits_that_have_not_ended_are_not_read_but_outpatient_ones_are_over_at_once(where, ended):
    ended("P1", status=VisitStatus.OPEN, discharged_at=None)
    ended("P2", status=VisitStatus.CANCELLED)
    ended("P3", status=VisitStatus.OPEN, discharged_at=None, length_of_stay_days=None, admitted_at=make.MORNING)

    assert [(log.patient_id, log.entries) for log in read(where)] == [("P3", ())]


def test_of_a_line_sent_twice_the_first_content_is_read(where, store, ended):
    first, second = make.entry(make.charge("C1", 100)), make.entry(make.charge("C1", 200))
    store(*records_of([first, second]))
    ended("P1")

    assert [entry for _, entry in read(where)[0].entries] == [first]


@pytest.mark.parametrize(("lines", "patients"), [(1, 500), (3, 500), (50_000, 1), (50_000, 2)])
def test_groups_of_any_size_read_the_same(where, store, ended, monkeypatch, lines, patients):
    entries = [
        make.entry(make.charge(f"C{number}"), patient_id=f"P{number % 5}", source_position=number)
        for number in range(12)
    ]
    store(*records_of(entries))
    for number in range(6):  # the last has no line at all
        ended(f"P{number}")
    whole = read(where)

    monkeypatch.setattr(visits, "GROUP_LINES", lines)
    monkeypatch.setattr(visits, "GROUP_PATIENTS", patients)
    assert read(where) == whole
    assert [len(log.entries) for log in whole] == [3, 3, 2, 2, 2, 0]


def test_what_was_stored_before_there_were_particulars_says_nothing_of_them(where, client, ended):
    client.execute(
        "INSERT INTO admission_event (hospital, patient_id, visit_id, event_id, kind, diagnosis_code, diagnosis_role,"
        " procedure_code, ledger_version) VALUES ('H1', 'P1', 'V1', 'E1', 'admit', ['I10'], ['main'], ['51.23'], 7)"
    )
    client.execute(
        "INSERT INTO order_event (hospital, patient_id, visit_id, order_id, event_id, kind, ledger_version)"
        " VALUES ('H1', 'P1', 'V1', 'O1', 'E2', 'placed', 8)"
    )
    ended("P1")

    [(_, admission), (_, order)] = read(where)[0].entries
    assert admission.body == Admission(
        "admit", diagnoses=(ledger.Diagnosis("I10", "main"),), procedures=(ledger.Procedure("51.23"),)
    )
    assert order.body == Order("O1", "placed")


def test_findings_are_read_as_they_stand_withdrawn_ones_too(where, store, ended):
    ended("P1", "V1")
    store(
        make.record(make.finding("R1", version=1, amount_fen=1), Topic.FINDING, offset=0, key=b"1"),
        make.record(make.finding("R1", version=2, status="withdrawn"), Topic.FINDING, offset=1, key=b"1"),
        make.record(make.finding("R2", visit_id="V2"), Topic.FINDING, offset=2, key=b"2"),
    )

    [found] = read_findings(where, "H1", "2024-03-01", "2024-03-01")
    finding = make.finding("R1", version=2, status="withdrawn")
    assert found == StoredFinding(**{name: getattr(finding, name) for name in StoredFinding.__struct_fields__})
    assert list(read_findings(where, "H1", "2024-03-02", "2024-03-31")) == []


def test_a_re_audit_finds_reader_and_writer_by_their_name():
    for group, function in (
        ("kongfei.visits", read_entries),
        ("kongfei.findings", read_findings),
        ("kongfei.reaudit", write_run),
    ):
        [entry] = entry_points(group=group, name="clickhouse")
        assert entry.load() is function

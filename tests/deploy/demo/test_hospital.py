"""The 示例 hospital is reproducible, knows what it comes to, and has every mistake and every case the demo shows."""

import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from deploy.demo.generate import write_play_file
from deploy.demo.hospital.catalogue import catalogue
from deploy.demo.hospital.departments import BY_CODE, DEPARTMENTS, HOSPITAL
from deploy.demo.hospital.malformed import malformed_messages
from deploy.demo.hospital.plots import PLOTS
from deploy.demo.hospital.simulation import SMALL, Hospital, Message
from schemas.codec import SINGLE_OBJECT
from schemas.codes import is_known
from schemas.events import AdmissionEvent, ChargeEvent, Event, SettlementEvent
from schemas.reasons import Reason, RejectError
from tests.deploy.demo.recompute import conflicts, read, read_all, totals


@pytest.fixture(scope="module")
def hospital() -> Hospital:
    return Hospital(7, SMALL)


@pytest.fixture(scope="module")
def messages(hospital: Hospital) -> list[Message]:
    return hospital.batch()


@pytest.fixture(scope="module")
def events(messages: list[Message]) -> list:
    return read_all(messages)[0]


def test_the_same_seed_gives_the_same_bytes_and_the_same_totals(hospital: Hospital, messages: list[Message]) -> None:
    again = Hospital(7, SMALL)
    assert again.batch() == messages
    assert again.expectation.summary() == hospital.expectation.summary()


def test_another_seed_gives_another_hospital(hospital: Hospital, messages: list[Message]) -> None:
    other = Hospital(8, SMALL)
    assert other.batch() != messages
    assert other.expectation.total_fen != hospital.expectation.total_fen


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_expectation_equals_a_plain_recomputation_from_the_bytes(seed: int) -> None:
    hospital = Hospital(seed, SMALL)
    events, _ = read_all(hospital.batch())
    booked = defaultdict(int)
    for cell, amount in hospital.expectation.cells.items():
        booked[cell.visit_id, cell.department, cell.category, cell.day] += amount
    recomputed = totals(events)
    assert {key: fen for key, fen in recomputed.items() if fen} == {key: fen for key, fen in booked.items() if fen}
    assert sum(recomputed.values()) == hospital.expectation.total_fen


def test_refusals_are_as_expected(hospital: Hospital, messages: list[Message]) -> None:
    events, refused = read_all(messages)
    refused["R301"] = conflicts(events)
    refused["R302"] = sum(message.event_type == "ack" for message in messages)
    assert refused == hospital.expectation.dead_letters


def test_every_reason_of_decoding_and_validation_occurs(hospital: Hospital) -> None:
    wanted = {reason.value for reason in Reason if reason.value[0] in "DV"} | {"R301", "R302"}
    assert set(hospital.expectation.dead_letters) == wanted


def test_each_malformed_message_has_the_reason_it_was_made_for() -> None:
    hospital = Hospital(5, SMALL)
    drafts = {message.event_type: message.draft for message in hospital.batch() if message.draft is not None}
    made = malformed_messages(*(drafts[kind].fields for kind in ("charge", "admission", "order")))
    for bad in made:
        if bad.reason is Reason.UNKNOWN_ALERT:
            continue  # needs the patient's state
        with pytest.raises(RejectError) as refused:
            read(Message("", bad.key, bad.value, 0, bad.event_type, None))
        assert refused.value.reason is bad.reason, bad


def test_what_the_play_file_holds_is_read_as_the_same_events(tmp_path: Path, events: list) -> None:
    path = tmp_path / "small.ndjson.gz"
    count = write_play_file(Hospital(7, SMALL), path)
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert len(lines) == count == sum(event.TYPE != "ack" for event in events)
    assert {line["type"] for line in lines} == {"admission", "order", "charge", "settlement"}
    assert write_play_file(Hospital(7, SMALL), tmp_path / "again.ndjson.gz") == count
    assert (tmp_path / "again.ndjson.gz").read_bytes() == path.read_bytes()


def test_events_come_late_twice_and_out_of_order(hospital: Hospital, messages: list[Message], events: list) -> None:
    assert hospital.expectation.duplicates > len(messages) * 0.01
    charges = [event for event in events if isinstance(event, ChargeEvent)]
    admitted, discharged = {}, {}
    seen_charges, early, after, orphans = set(), 0, 0, 0
    for event in events:
        if isinstance(event, AdmissionEvent) and event.kind == "admit":
            admitted.setdefault(event.visit_id, event)
        elif isinstance(event, AdmissionEvent) and event.kind == "discharge":
            discharged.setdefault(event.visit_id, event)
        elif isinstance(event, ChargeEvent):
            early += event.visit_id.startswith("ZY") and event.visit_id not in admitted
            after += event.visit_id in discharged
            orphans += bool(event.refund_of) and (event.visit_id, event.refund_of) not in seen_charges
            seen_charges.add((event.visit_id, event.charge_id))
    assert early
    assert after
    assert orphans
    assert any(charge.amount is None and charge.refund_of for charge in charges)
    assert any(charge.amount and charge.amount < 0 and not charge.refund_of for charge in charges)
    assert any(not charge.ordering_department and not charge.refund_of for charge in charges)


def test_three_formats_are_on_the_wire(messages: list[Message]) -> None:
    good = [message.value for message in messages if message.draft is not None]
    avro = sum(value.startswith(SINGLE_OBJECT) for value in good)
    national = sum(b'"fixmedins_code"' in value for value in good)
    assert 0.1 < avro / len(good) < 0.2
    assert 0.02 < national / len(good) < 0.08


def test_every_category_and_class_is_charged(events: list) -> None:
    charges = [event for event in events if isinstance(event, ChargeEvent)]
    assert {charge.category for charge in charges if charge.category} == {f"{number:02d}" for number in range(1, 15)}
    assert {charge.level for charge in charges if charge.level} == {"01", "02", "03"}
    assert any(charge.item_code.startswith("XJ01") for charge in charges)
    assert any(catalogue()[charge.hospital_item_code].valuable for charge in charges if charge.hospital_item_code)
    assert any(catalogue()[charge.hospital_item_code].high_value for charge in charges if charge.hospital_item_code)


def test_every_kind_of_admission_event_and_every_coverage_occurs(events: list) -> None:
    admissions = [event for event in events if isinstance(event, AdmissionEvent)]
    kinds = Counter(event.kind.value for event in admissions)
    assert set(kinds) == {
        "admit", "register", "transfer", "discharge", "update", "cover", "cancel_admit", "cancel_discharge",
    }  # fmt: skip
    assert {"", "310", "390"} == {event.insurance_type for event in admissions}
    assert {"11", "14", "21", "52"} <= {event.care_type for event in admissions}


def test_what_insurance_may_say_is_said_now_and_then(events: list) -> None:
    admissions = [event for event in events if isinstance(event, AdmissionEvent)]
    assert any(event.year_to_date and event.year_to_date.pools for event in admissions)
    assert any(event.year_to_date and not event.year_to_date.admissions for event in admissions)
    assert any(event.account_balance for event in admissions)
    assert any(event.account_used is False for event in admissions)
    assert any(event.special_person for event in admissions)
    assert any(event.out_of_area for event in admissions)
    assert any(event.disease_code for event in admissions)
    charges = [event for event in events if isinstance(event, ChargeEvent)]
    assert {True, False} <= {charge.limited_use_met for charge in charges}
    assert {"1", "2"} <= {charge.approval for charge in charges}


def test_insurance_comes_late_never_or_changes(events: list) -> None:
    said = defaultdict(list)
    for event in sorted((event for event in events if isinstance(event, AdmissionEvent)), key=_when):
        if event.kind in {"admit", "cover"}:
            said[event.visit_id].append(event.insurance_type)
    stories = [list(dict.fromkeys(types)) for types in said.values()]
    assert [""] in stories
    assert ["", "310"] in stories
    assert ["310", "390"] in stories


def test_a_settlement_comes_to_what_its_visit_cost(hospital: Hospital, events: list) -> None:
    settlements = {event.visit_id: event for event in events if isinstance(event, SettlementEvent)}
    assert set(settlements) == set(hospital.expectation.settled)
    assert set(hospital.expectation.disputed) <= set(settlements)
    for visit, event in settlements.items():
        assert event.total == hospital.expectation.visit_fen(visit)
        parts = (event.full_self_pay, event.over_limit, event.first_self_pay, event.within_scope)
        assert sum(parts) == event.total
        assert event.fund_total + event.patient_part == event.total
        assert event.account_paid + event.cash_paid == event.patient_part


def test_patients_return_and_have_several_visits_open_at_once(events: list) -> None:
    visits = defaultdict(set)
    for event in events:
        if isinstance(event, AdmissionEvent):
            visits[event.patient_id].add(event.visit_id)
    assert any(sum(visit.startswith("ZY") for visit in found) > 1 for found in visits.values())
    assert any({visit[:2] for visit in found} == {"ZY", "MZ"} for found in visits.values())


def test_codes_are_known_to_the_code_tables(events: list) -> None:
    for event in events:
        assert event.hospital == HOSPITAL
        if isinstance(event, AdmissionEvent):
            for table in ("insurance_type", "care_type", "person_type", "sex", "discharge_way"):
                code = getattr(event, table)
                assert not code or is_known(table, code), (table, code)


def test_item_codes_have_the_national_shapes() -> None:
    for item in catalogue().values():
        shape = {"X": 23, "Z": 20, "T": 10, "C": 23}.get(item.item_code[0], 15)
        assert len(item.item_code) == shape, item
        assert item.item_code.startswith("XJ01") == item.antibiotic, item
        assert item.list_type == {"X": "101", "Z": "101", "T": "102", "C": "301"}.get(item.item_code[0], "201"), item


def test_about_two_hundred_beds_in_known_departments(events: list) -> None:
    assert sum(department.beds for department in DEPARTMENTS) == 200
    used = {event.department for event in events if isinstance(event, AdmissionEvent) and event.department}
    assert used <= set(BY_CODE)


def test_no_two_patients_lie_in_one_bed(events: list) -> None:
    admissions = [event for event in events if isinstance(event, AdmissionEvent) and event.visit_id.startswith("ZY")]
    moves = {
        (event.occurred_at, event.kind != "discharge", event.visit_id, event.bed)
        for event in admissions
        if event.kind in {"admit", "transfer", "discharge"}
    }
    lying: dict[str, str] = {}
    for _, comes, visit_id, bed in sorted(moves):
        for known in [known for known, who in lying.items() if who == visit_id]:
            del lying[known]
        if comes:
            assert bed not in lying, bed
            lying[bed] = visit_id


def test_the_scripted_cases_come_out_as_written() -> None:
    hospital = Hospital(7, SMALL)
    plotted = {}
    admit = hospital._admit_plot

    def remember(plot, midnight: int) -> None:
        before = set(hospital.expectation.patient_of)
        admit(plot, midnight)
        new = [visit for visit in hospital.expectation.patient_of if visit not in before and visit.startswith("ZY")]
        plotted[plot.name] = new[0]

    hospital._admit_plot = remember
    hospital.batch()
    assert set(plotted) == {plot.name for plot in PLOTS}
    sums = defaultdict(Counter)
    for cell, amount in hospital.expectation.cells.items():
        sums[cell.visit_id]["total"] += amount
        sums[cell.visit_id][cell.category] += amount
        sums[cell.visit_id]["self_pay"] += amount * (cell.level == "03")

    def share(name: str, *parts: str) -> float:
        return sum(sums[plotted[name]][part] for part in parts) / sums[plotted[name]]["total"]

    def use(name: str) -> float:
        quota = next(plot.department.quota_yuan for plot in PLOTS if plot.name == name)
        return hospital.expectation.basic_fen(plotted[name]) / (quota * 100)

    assert use("over_quota") > 1.1
    assert use("over_4x_quota") > 4.5
    assert 0.8 < use("near_quota") < 1
    assert 0.8 < use("near_quota_resident") < 1
    assert share("drug_ratio", "09", "11") > 0.65
    assert share("material_ratio", "08") > 0.6
    assert share("self_pay", "self_pay") > 0.5
    assert 0 < sums[plotted["low_cost"]]["total"] <= 300_000
    assert sums[plotted["cancelled_admission"]]["total"] == 0


def test_the_days_after_the_period_go_on_without_loss() -> None:
    hospital = Hospital(7, SMALL)
    messages = [*hospital.batch(), *hospital.next_day(), *hospital.next_day()]
    events, _ = read_all(messages)
    assert sum(totals(events).values()) == hospital.expectation.total_fen


def _when(event: Event) -> tuple[int, str]:
    return event.occurred_at, event.event_id

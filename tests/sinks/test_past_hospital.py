"""A hospital played through the real pipeline and read back: its ledger entry for entry, its findings and checks."""

import os
import subprocess
import sys

import pytest

from schemas.finding import decode_finding
from schemas.ledger import Admission, Charge, Order, decode_entry, version_of
from schemas.order_check import decode_check
from sinks.clickhouse.visits import read_entries, read_findings
from streams.topics import Topic
from tests.hospitals import EVERYTHING, POLICY, client, publish, small_hospital
from tests.pipeline import Pipeline

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
EVER = ("2000-01-01", "2099-12-31")


@pytest.fixture(scope="module")
def house(kafka, clickhouse, tmp_path_factory):
    database = "past_hospital"
    url = f"{clickhouse.url.rpartition('/')[0]}/{database}"
    env = {"KONGFEI_BOOK_DIR": POLICY}
    folder = tmp_path_factory.mktemp("past")
    with Pipeline(folder, kafka.bootstrap, url, prefix=f"{database}.", partitions=2, env=env) as made:
        made.create_topics().start(*EVERYTHING)
        publish(made, small_hospital(seed=11)[1])
        made.wait_caught_up(*EVERYTHING)
        made.stop()
        yield made
        client(made).execute(f"DROP DATABASE {database}")


def identity(entry):
    """What the same event has in common with itself when it is sent again."""
    body = entry.body
    name = body.charge_id if isinstance(body, Charge) else entry.event_id
    order = body.order_id if isinstance(body, Order) else ""
    return type(body), entry.hospital, entry.patient_id, entry.visit_id, order, name


def ledger_of(house):
    """(hospital, patient) → version → entry, of every event the first."""
    found, seen = {}, set()
    for record in house.records(Topic.LEDGER):
        entry = decode_entry(record.value)
        if identity(entry) not in seen:
            seen.add(identity(entry))
            log = found.setdefault((entry.hospital, entry.patient_id), [])
            log.append((version_of(house.settings.epoch, record.offset), entry))
    return found


def test_every_ended_visits_patient_is_read_back_entry_for_entry(house):
    wanted = ledger_of(house)
    hospitals = {hospital for hospital, _ in wanted}
    logs = [log for hospital in sorted(hospitals) for log in read_entries(house.settings, hospital, *EVER)]

    assert len(logs) > 20
    assert {(log.hospital, log.patient_id): list(log.entries) for log in logs} == {
        (log.hospital, log.patient_id): wanted[log.hospital, log.patient_id] for log in logs
    }
    bodies = [entry.body for log in logs for _, entry in log.entries]
    assert {type(body) for body in bodies} >= {Charge, Admission, Order}


def test_the_findings_that_stand_are_those_told_last(house):
    latest = {}
    for record in house.records(Topic.FINDING):
        finding = decode_finding(record.value)
        if finding.version >= getattr(latest.get(finding.finding_id), "version", 0):
            latest[finding.finding_id] = finding
    assert latest, "the hospital's book has rules, and its visits break some"

    columns = "finding_id, version, status, amount_fen, message_zh"
    rows = client(house).execute(f"SELECT {columns} FROM finding FINAL")
    assert {row[0]: row[1:] for row in rows} == {
        finding.finding_id: (finding.version, finding.status, finding.amount_fen, finding.message_zh)
        for finding in latest.values()
    }
    ended = {
        stored.finding_id
        for hospital in {finding.hospital for finding in latest.values()}
        for stored in read_findings(house.settings, hospital, *EVER)
    }
    assert ended <= latest.keys()


def test_every_order_check_that_was_answered_is_kept(house):
    told = {}
    for record in house.records(Topic.ORDER_CHECK):
        check = decode_check(record.value)
        told[check.hospital, check.patient_id, check.request_id] = (check.outcome.value, len(check.findings))
    columns = "hospital, patient_id, request_id, outcome, finding_count"
    rows = client(house).execute(f"SELECT {columns} FROM order_check FINAL")
    assert {row[:3]: row[3:] for row in rows} == told
    assert told, "every order that is placed is checked"


def test_a_re_audit_by_the_same_book_finds_what_stands_and_keeps_its_run(house):
    """What only a re-audit looks for, over many visits, is new to the store; nothing else is, and nothing is gone."""
    [hospital] = {hospital for hospital, _ in ledger_of(house)}
    words = ["reaudit", "--from", EVER[0], "--to", EVER[1], "--hospital", hospital, "--book", POLICY, "--store"]
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", *words, "--json"],
        env={**os.environ, **house.env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    columns = "standing, finding_id, rule, visit_id"
    kept = client(house).execute(f"SELECT {columns} FROM reaudit_finding FINAL WHERE NOT is_shadow")
    open_ones = {
        stored.finding_id
        for stored in read_findings(house.settings, hospital, *EVER)
        if stored.status == "open" and not stored.is_shadow
    }
    assert len(open_ones) > 10
    assert {finding_id for standing, finding_id, *_ in kept if standing == "same"} == open_ones
    assert {standing for standing, *_ in kept} <= {"same", "new"}
    told = {rule for (rule,) in client(house).execute("SELECT DISTINCT rule FROM finding")}
    over_many = [visit_id == "" or rule not in told for standing, _, rule, visit_id in kept if standing == "new"]
    assert all(over_many)
    [(same, gone, run)] = client(house).execute("SELECT sum(same), sum(gone), any(run_id) FROM v_reaudit")
    assert (same, gone) == (len(open_ones), 0)
    assert run

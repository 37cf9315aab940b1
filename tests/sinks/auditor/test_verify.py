"""An audit of a real pipeline at rest is silent, and finds each planted difference under the check meant to see it."""

import json
import os
import subprocess
import sys
import uuid
from typing import NamedTuple

import pytest

from streams.topics import Topic
from tests.hospitals import EVERYTHING, POLICY, publish, small_hospital
from tests.pipeline import Pipeline

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
TABLES = (
    "charge_line", "order_event", "admission_event", "visit_fact", "department_fact", "hospital_fact", "alert",
    "dead_letter", "finding",
)  # fmt: skip
VISIT = {"hospital": "H1", "patient_id": "P-audit", "visit_id": "V-audit"}


class Sent(NamedTuple):
    topic: str
    key: bytes
    value: bytes


def extra_charges():
    """One visit with everything the generated hospital may lack: a conflict, bare refunds, no department."""

    def message(topic, **said):
        fields = VISIT | {"occurred_at": "2024-03-01T08:00:00"} | said
        return Sent(topic, b"P-audit", json.dumps(fields).encode())

    def charge(charge_id, **said):
        return message(Topic.CHARGE, charge_id=charge_id, **said)

    return [
        message(Topic.ADMISSION, event_id="A2", kind="transfer", department="ER", occurred_at="2024-03-02T08:00:00"),
        charge("C1", amount="123.45", category="09", level="01"),
        charge("C1", amount="99.00", category="09", level="01"),
        charge("R1", refund_of="C1", charged_at="2024-03-03T08:00:00"),
        charge("R2", refund_of="C2", charged_at="2024-03-03T08:00:00"),
        message(Topic.ADMISSION, event_id="A1", kind="admit", department="ICU"),
        charge("C2", amount="50.00", category="08", level="03", ordering_department="OR"),
        charge("C3", amount="10.00", category="99"),
        charge("C1", amount="123.45", category="09", level="01"),
        charge("C4", amount=1.5),
    ]


@pytest.fixture(scope="module")
def house(kafka, clickhouse, tmp_path_factory):
    """A small hospital, played, at rest, its processes gone."""
    from sinks.clickhouse.connection import connect

    database = f"audit_{uuid.uuid4().hex[:10]}"
    url = f"{clickhouse.url.rpartition('/')[0]}/{database}"
    folder = tmp_path_factory.mktemp("audit")
    env = {"KONGFEI_BOOK_DIR": POLICY}
    with Pipeline(folder, kafka.bootstrap, url, prefix=f"{database}.", partitions=2, env=env) as made:
        _, messages = small_hospital(seed=5)
        made.create_topics().start(*EVERYTHING)
        publish(made, messages)
        publish(made, extra_charges())
        made.wait_caught_up(*EVERYTHING)
        made.stop()
        with connect(url) as client:
            for table in TABLES:
                client.execute(f"CREATE TABLE kept_{table} AS {table}")
                client.execute(f"INSERT INTO kept_{table} SELECT * FROM {table} FINAL")
        yield made
        with connect(url, database="default") as client:
            client.execute(f"DROP DATABASE {database}")


@pytest.fixture
def plant(house):
    """Runs statements against the house's database, and makes good the damage afterwards."""
    from sinks.clickhouse.connection import connect

    with connect(house.settings.clickhouse_url, {"mutations_sync": 2, "insert_deduplicate": 0}) as client:
        yield lambda *statements: [client.execute(statement) for statement in statements]
        for table in TABLES:
            client.execute(f"TRUNCATE TABLE {table}")
            client.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")


def audit(house):
    from sinks.auditor.verify import Listener, run_audit

    return run_audit(house.settings, 0, Listener(lambda *_: None, lambda _: None, lambda _: None))


def found(house):
    """check → subjects that differ."""
    return {
        check.name_en: [difference.subject for difference in check.differences]
        for check in audit(house).checks
        if check.differences
    }


def superseding(table, changes, where, version="version + 1"):
    """An insert of the rows `where`, changed, under a higher version."""
    replaced = ", ".join(f"{value} AS {name}" for name, value in {"version": version, **changes}.items())
    return f"INSERT INTO {table} SELECT * REPLACE ({replaced}) FROM (SELECT * FROM {table} FINAL WHERE {where})"


AUDITED = "visit_id = 'V-audit'"


def test_at_rest_everything_is_equal_to_the_fen(house):
    verdict = audit(house)

    assert verdict.is_equal, [check for check in verdict.checks if check.differences]
    assert verdict.notes == []
    compared = {check.name_en: check.compared for check in verdict.checks}
    assert compared["fee lines and their content"] > 10
    assert compared["same id, different content"] >= 1
    assert compared["dead letters"] > 5
    assert compared["totals of the simulated settlement"] == compared["identities of the simulated settlement"] > 5
    assert compared["class C within full self-pay"] >= 1
    assert min(compared["the whole hospital by month"], compared["lines that findings rest on"]) >= 1
    sums = {check.name_en: check.sum_fen for check in verdict.checks if check.sum_fen is not None}
    del sums["departments' funds, income and profit"], sums["amounts of findings"]
    assert len(set(sums.values())) == 1, "every breakdown comes to the same total"


def test_every_dead_letter_there_is_was_compared(house):
    from sinks.clickhouse.connection import connect

    with connect(house.settings.clickhouse_url) as client:
        [(stored,)] = client.execute("SELECT count() FROM dead_letter FINAL")
    [check] = [check for check in audit(house).checks if check.name_en == "dead letters"]
    assert check.compared == stored


def test_a_missing_line_is_found(house, plant):
    plant("ALTER TABLE charge_line DELETE WHERE visit_id = 'V-audit' AND charge_id = 'C3'")

    differences = found(house)
    assert differences["distinct events"] == ["charge"]
    assert differences["fee lines and their content"] == ["H1|P-audit|V-audit"]
    assert differences["fen by visit and day"] == ["H1|P-audit|V-audit 2024-03-01"]


def test_a_changed_amount_is_found(house, plant):
    plant("ALTER TABLE charge_line UPDATE amount_fen = amount_fen + 1 WHERE visit_id = 'V-audit' AND charge_id = 'C3'")

    assert found(house) == {"fen by visit and day": ["H1|P-audit|V-audit 2024-03-01"]}


def test_content_that_moves_no_money_is_found_too(house, plant):
    plant("ALTER TABLE charge_line UPDATE digest = digest + 1 WHERE visit_id = 'V-audit' AND charge_id = 'C3'")

    assert found(house) == {"fee lines and their content": ["H1|P-audit|V-audit"]}


def test_a_line_nobody_sent_is_found(house, plant):
    plant(
        "INSERT INTO charge_line SELECT * REPLACE ('C9' AS charge_id, 777 AS digest) FROM"
        " (SELECT * FROM charge_line FINAL WHERE visit_id = 'V-audit' AND charge_id = 'C3')"
    )

    assert {"distinct events", "fee lines and their content", "fen by visit and day"} <= found(house).keys()


def test_a_visits_total_off_by_one_fen_is_found(house, plant):
    plant(superseding("visit_fact", {"amount_fen": "amount_fen + 1"}, AUDITED))

    assert found(house) == {"visit totals": ["H1|P-audit|V-audit"]}


@pytest.mark.parametrize("column", ["gross_fen", "refund_fen", "charge_count"])
def test_the_other_sums_of_a_visit_are_held_as_well(house, plant, column):
    plant(superseding("visit_fact", {column: f"{column} + 1"}, AUDITED))

    assert found(house) == {"visit totals": ["H1|P-audit|V-audit"]}


def test_a_missing_visit_and_one_nobody_knows_are_found(house, plant):
    plant(
        superseding("visit_fact", {"visit_id": "'V-ghost'"}, AUDITED),
        f"ALTER TABLE visit_fact DELETE WHERE {AUDITED}",
    )

    assert found(house)["visit totals"] == ["H1|P-audit|V-audit", "H1|P-audit|V-ghost"]


def test_money_in_the_wrong_category_is_found(house, plant):
    swapped = "arrayMap(code -> if(code = '14', '01', code), category_code)"
    plant(superseding("visit_fact", {"category_code": swapped}, AUDITED))

    assert found(house) == {"category × class": ["H1|P-audit|V-audit 01", "H1|P-audit|V-audit 14"]}


def test_money_in_the_wrong_class_is_found(house, plant):
    changes = {"category_unclassified_fen": "category_class_a_fen", "category_class_a_fen": "category_unclassified_fen"}
    plant(superseding("visit_fact", changes, AUDITED))

    assert found(house).keys() == {"category × class"}


def test_money_in_the_wrong_department_is_found(house, plant):
    plant(
        superseding(
            "visit_fact", {"share_department": "arrayMap(d -> if(d = 'ICU', 'ER', d), share_department)"}, AUDITED
        )
    )

    assert "visit by department and month" in found(house)


@pytest.mark.parametrize(
    "column", ["amount_fen", "drug_fen", "material_fen", "test_fen", "self_pay_fen", "charge_count"]
)
def test_a_departments_month_off_by_one_is_found(house, plant, column):
    plant(superseding("department_fact", {column: f"{column} - 1"}, "department = 'ICU' AND month = 202403"))

    differences = found(house)
    assert differences.pop("the whole hospital by month") == ["H1 202403"]
    assert differences == {"departments by month": ["H1 ICU 202403"]}


def test_a_missing_department_is_found(house, plant):
    plant("ALTER TABLE department_fact DELETE WHERE department = 'ICU' AND month = 202403")

    assert found(house)["departments by month"] == ["H1 ICU 202403"]


def test_a_missing_month_of_the_hospital_is_found(house, plant):
    plant("ALTER TABLE hospital_fact DELETE WHERE month = 202403")

    assert found(house) == {"the whole hospital by month": ["H1 202403"]}


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        (dict.fromkeys(("total", "within_scope", "patient_part", "cash_paid"), 1), "totals"),
        ({"cash_paid": 1}, "identities"),
        ({"hospital_part": -1}, "identities"),
        ({"basic_fund": 1}, "identities"),
    ],
)
def test_a_settlement_that_does_not_add_up_is_found(house, plant, changes, check):
    columns = {f"simulated_{name}_fen": f"simulated_{name}_fen + {more}" for name, more in changes.items()}
    plant(superseding("visit_fact", columns, AUDITED))

    assert found(house) == {f"{check} of the simulated settlement": ["H1|P-audit|V-audit"]}


def test_class_c_that_a_fund_would_pay_is_found(house, plant):
    visit = "simulated_full_self_pay_fen > 0 AND refund_fen = 0 AND has(arrayMap(c -> c > 0, category_class_c_fen), 1)"
    changes = {
        "simulated_full_self_pay_fen": "toInt64(0)",
        "simulated_within_scope_fen": "simulated_within_scope_fen + simulated_full_self_pay_fen",
    }
    plant(superseding("visit_fact", changes, f"{visit} ORDER BY patient_id, visit_id LIMIT 1"))

    assert found(house).keys() == {"class C within full self-pay"}


@pytest.mark.parametrize("column", ["amount_fen", "visit_count", "responsible_count", "bed_days", "fund_fen"])
def test_a_month_of_the_hospital_off_by_one_is_found(house, plant, column):
    plant(superseding("hospital_fact", {column: f"{column} + 1"}, "month = 202403"))

    assert found(house) == {"the whole hospital by month": ["H1 202403"]}


@pytest.mark.parametrize("column", ["fund_fen", "income_fen", "profit_fen", "predicted_profit_fen", "loss_count"])
def test_what_a_department_earns_off_by_one_is_found(house, plant, column):
    plant(superseding("department_fact", {column: f"{column} + 1"}, "department = 'ER' AND month = 202403"))

    assert found(house) == {
        "departments' funds, income and profit": ["H1 ER 202403"], "the whole hospital by month": ["H1 202403"],
    }  # fmt: skip


def test_a_missing_dead_letter_is_found(house, plant):
    plant("ALTER TABLE dead_letter DELETE WHERE reason = 'V203'")

    assert len(found(house)["dead letters"]) >= 1


def test_a_dead_letter_under_another_reason_is_found(house, plant):
    plant(
        "INSERT INTO dead_letter SELECT * REPLACE ('D101' AS reason) FROM"
        " (SELECT * FROM dead_letter FINAL WHERE reason = 'R301' AND key = 'H1|P-audit')",
        "ALTER TABLE dead_letter DELETE WHERE reason = 'R301' AND key = 'H1|P-audit'",
    )

    assert len(found(house)["dead letters"]) == 1


def test_a_dead_letter_of_a_message_that_was_applied_is_found(house, plant):
    plant(
        "INSERT INTO dead_letter (source_topic, source_partition, source_offset, reason) VALUES"
        " ('his.charge.v1', 0, 0, 'V201')"
    )

    assert found(house) == {"dead letters": ["his.charge.v1[0]@0"]}


def test_a_row_the_sink_had_to_refuse_is_found(house, plant):
    plant(
        "INSERT INTO dead_letter (source_topic, source_partition, source_offset, reason) VALUES"
        " ('alert.v1', 0, 3, 'S401')"
    )

    assert found(house) == {"dead letters": ["alert.v1[0]@3"]}


def test_of_two_contents_both_stored_or_none_is_found(house, plant):
    plant("ALTER TABLE charge_line UPDATE digest = 1 WHERE visit_id = 'V-audit' AND charge_id = 'C1'")

    differences = found(house)
    assert [subject.split()[-1] for subject in differences["same id, different content"]] == ["C1"]
    assert "dead letters" in differences


def test_a_fact_older_than_its_lines_is_found(house, plant):
    plant(
        "CREATE TABLE older AS visit_fact",
        "INSERT INTO older SELECT * REPLACE (1 AS version) FROM visit_fact FINAL WHERE visit_id = 'V-audit'",
        f"ALTER TABLE visit_fact DELETE WHERE {AUDITED}",
        "INSERT INTO visit_fact SELECT * FROM older",
        "DROP TABLE older",
    )

    assert found(house)["versions"] == ["H1|P-audit|V-audit"]


def test_two_rows_under_one_version_are_found(house, plant):
    plant("SYSTEM STOP MERGES visit_fact")
    plant(superseding("visit_fact", {"bed": "'99'"}, AUDITED, version="version"))
    differences = found(house)
    plant("SYSTEM START MERGES visit_fact")

    assert differences == {"versions": ["visit_fact H1|P-audit|V-audit"]}


def test_an_alert_no_bill_could_have_raised_is_found(house, plant):
    plant(
        "INSERT INTO alert (alert_id, version, hospital, rule, unit, threshold, patient_id, visit_id, status) VALUES"
        " ('false', 1, 'H1', 'case_cost', 'fen', 18346, 'P-audit', 'V-audit', 'raised'),"
        " ('true', 1, 'H1', 'case_cost', 'fen', 18345, 'P-audit', 'V-audit', 'cleared')"
    )

    assert found(house) == {"alerts and their thresholds": ["false"]}


def run(house, *words):
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *words],
        env={**os.environ, **house.env, "COLUMNS": "140"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_says_so_and_exits_with_zero(house):
    done = run(house, "verify", "--wait", "5")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "完全一致" in done.stdout
    assert "equal, to the fen" in done.stdout


def test_the_command_shows_each_difference_and_exits_with_one(house, plant):
    plant(superseding("visit_fact", {"amount_fen": "amount_fen + 1"}, AUDITED))

    shown = run(house, "verify")
    assert shown.returncode == 1
    assert "V-audit" in shown.stdout
    assert "不一致" in shown.stdout

    answer = json.loads(run(house, "verify", "--json").stdout)
    assert answer["ok"] is False
    [difference] = answer["differences"]
    assert difference["subject"] == "H1|P-audit|V-audit"
    assert difference["found"].startswith("10.01 = ")


def test_what_a_stage_has_not_read_yet_is_noted_and_found(house):
    late = json.dumps(VISIT | {"charge_id": "late", "amount": "1.00", "occurred_at": "2024-03-09T08:00:00"}).encode()
    producer = house.producer()
    producer.send(house.topic(Topic.CHARGE), late, key=b"P-audit").get(30)
    producer.close()

    done = run(house, "verify", "--wait", "1", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert any("intake has 1 records left" in note for note in answer["notes"])
    assert "distinct events" in {difference["what"] for difference in answer["differences"]}

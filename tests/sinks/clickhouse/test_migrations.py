"""Migrations: what they make is what the writer declares; applied ones may not change."""

import re
from dataclasses import replace

import pytest

from sinks.clickhouse.code_rows import code_rows, load_code_names
from sinks.clickhouse.connection import ClickHouseError, connect, verify_server
from sinks.clickhouse.migrate import (
    Migration,
    migrate,
    pending_migrations,
    shipped_migrations,
    split_statements,
    verify_migrated,
)
from sinks.clickhouse.tables import TABLES
from streams.settings import Settings

VIEWS = {
    "v_charge", "v_visit", "v_visit_category", "v_visit_department", "v_visit_segment", "v_department_month",
    "v_department_day", "v_day", "v_alert", "v_alert_history", "v_alert_answer", "v_dead_letter", "v_item", "v_order",
    "v_over_4x", "v_low_cost", "v_hospital_month", "v_settlement", "v_settlement_step", "v_settlement_period",
    "v_settlement_difference", "v_visit_method", "v_visit_group", "v_visit_question", "v_payment_outlook",
    "v_loss_visit", "v_loss_department", "v_budget", "v_special_case", "v_case_mix", "v_unmapped_item",
    "v_finding", "v_finding_evidence", "v_finding_by_scene", "v_finding_by_rule", "v_finding_by_department",
    "v_finding_by_doctor", "v_self_check", "v_order_check", "v_order_check_finding", "v_order_check_month",
    "v_order_check_by_rule", "v_feedback", "v_rule_quality", "v_reaudit", "v_indicator",
}  # fmt: skip

SHIPPED = shipped_migrations("Asia/Shanghai")


def test_a_file_is_split_at_semicolons_that_end_a_line():
    text = "-- a comment;\nSELECT 'a;b';\n\n  SELECT 2 -- two\n;\n-- the end\n"

    assert split_statements(text) == ("SELECT 'a;b'", "SELECT 2 -- two")


def test_every_statement_may_be_repeated():
    for migration in shipped_migrations("Asia/Shanghai"):
        for statement in migration.statements:
            if statement.startswith("ALTER TABLE"):
                added = statement.count("ADD COLUMN IF NOT EXISTS ")
                assert added == len(re.findall(r"\b(ADD|DROP|MODIFY|RENAME|UPDATE|DELETE)\b", statement)), statement[
                    :80
                ]
            else:
                assert re.match(r"CREATE (TABLE IF NOT EXISTS|OR REPLACE VIEW) \w", statement), statement[:80]


def test_the_time_zone_is_part_of_the_checksum():
    here, there = shipped_migrations("Asia/Shanghai"), shipped_migrations("Asia/Urumqi")

    assert [migration.checksum for migration in here] != [migration.checksum for migration in there]
    assert not any("${" in statement for migration in here for statement in migration.statements)


@pytest.mark.integration
def test_the_declared_schema_is_the_schema_after_the_migrations(client):
    for table in TABLES:
        found = dict(
            client.execute(
                "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = %(name)s",
                {"name": table.name},
            )
        )
        assert found == dict(table.columns) | dict(table.computed), table.name
        [(engine, key, window)] = client.execute(
            "SELECT engine_full, sorting_key, partition_key FROM system.tables"
            " WHERE database = currentDatabase() AND name = %(name)s",
            {"name": table.name},
        )
        assert engine.startswith(f"ReplacingMergeTree({table.version})"), table.name
        assert tuple(key.split(", ")) == table.key, table.name
        assert window == "", "a replacing merge happens only inside a partition"


@pytest.mark.integration
def test_every_table_and_column_says_what_it_is(client):
    silent = client.execute(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = ''"
        " AND NOT startsWith(table, 'v_')"
    )
    assert silent == []
    comments = dict(client.execute("SELECT name, comment FROM system.tables WHERE database = currentDatabase()"))
    assert comments.keys() >= VIEWS
    assert all(" | " in comment for comment in comments.values())


@pytest.mark.integration
def test_every_view_can_be_asked_on_an_empty_database(client):
    for view in VIEWS:
        assert client.execute(f"SELECT * FROM {view}") == []


@pytest.mark.integration
def test_a_second_run_applies_nothing(client, settings):
    assert migrate(settings) == []
    verify_migrated(client, settings.timezone)
    verify_server(client)


@pytest.mark.integration
def test_a_migration_that_was_interrupted_is_applied_again(client, settings):
    client.execute("ALTER TABLE schema_migration DELETE WHERE number = 3", settings={"mutations_sync": 2})

    assert [migration.number for migration in migrate(settings)] == [3]


@pytest.mark.integration
def test_what_an_earlier_version_wrote_is_kept_and_says_nothing_of_what_came_later(database_url):
    settings = Settings(clickhouse_url=database_url)
    migrate(settings, SHIPPED[:3])
    with connect(database_url) as client:
        client.execute(
            "INSERT INTO visit_fact (hospital, patient_id, visit_id, version, status, amount_fen, as_of)"
            " VALUES ('H1', 'P1', 'V1', 1, 'open', 700, 0)"
        )
        client.execute(
            "INSERT INTO department_fact (hospital, department, month, version, amount_fen)"
            " VALUES ('H1', 'D', 202403, 1, 7)"
        )
        client.execute("INSERT INTO charge_line (visit_id, charge_id, amount_fen) VALUES ('V1', 'C1', 700)")

        assert [migration.number for migration in migrate(settings)] == [m.number for m in SHIPPED[3:]]

        columns = "amount_fen, simulated_standing, simulated_total_fen, in_force_profit_fen, special_case, dip_score_e4"
        assert client.execute(f"SELECT {columns} FROM visit_fact FINAL") == [(700, "", None, None, [], 0)]
        columns = "amount_fen, first_self_pay_bp, limited_use_met, consent, take_home, days, name"
        assert client.execute(f"SELECT {columns} FROM charge_line") == [(700, None, None, None, None, 0, "")]
        assert client.execute("SELECT amount_fen, fund_yuan, loss_count FROM v_department_month") == [(7, 0, 0)]
        assert client.execute("SELECT amount_fen FROM v_visit") == [(700,)]
        for view in ("v_settlement", "v_payment_outlook", "v_visit_method", "v_budget", "v_hospital_month"):
            assert client.execute(f"SELECT * FROM {view}") == []


@pytest.mark.integration
def test_an_applied_migration_that_changed_is_an_error(client, settings):
    migrations = shipped_migrations(settings.timezone)
    changed = [replace(migrations[0], statements=("SELECT 1",)), *migrations[1:]]

    with pytest.raises(ClickHouseError, match="0001 was applied with other content"):
        pending_migrations(client, changed)
    with pytest.raises(ClickHouseError, match="time zone"):
        migrate(settings.model_copy(update={"timezone": "Asia/Urumqi"}))


@pytest.mark.integration
def test_a_newer_database_is_an_error(client, settings):
    newer = [*SHIPPED, Migration(len(SHIPPED) + 1, "later", ("SELECT 1",))]
    migrate(settings, newer)

    with pytest.raises(ClickHouseError, match=f"{len(SHIPPED) + 1:04d} was applied by a newer version"):
        verify_migrated(client, settings.timezone)


@pytest.mark.integration
def test_the_database_is_made_where_it_is_missing(database_url, database):
    fresh = Settings(clickhouse_url=database_url.replace(database, f"{database}_new"))
    try:
        assert len(migrate(fresh)) == len(SHIPPED)
    finally:
        with connect(database_url) as client:
            client.execute(f"DROP DATABASE {database}_new")


@pytest.mark.integration
def test_a_database_that_was_never_migrated_is_named_as_such(database_url):
    with connect(database_url) as client, pytest.raises(ClickHouseError, match="run kongfei migrate"):
        verify_migrated(client, "Asia/Shanghai")


@pytest.mark.integration
def test_code_tables_are_loaded_and_mended(client, settings):
    client.execute("ALTER TABLE code_name DELETE WHERE code_table = 'sex'", settings={"mutations_sync": 2})
    client.execute("INSERT INTO code_name (code_table, code, name_zh) VALUES ('reason', 'R301', '旧名')")
    migrate(settings)
    assert load_code_names(client) == 0

    found = client.execute("SELECT code_table, code, name_zh, name_en, source FROM code_name FINAL ORDER BY ALL")
    assert found == code_rows()
    assert ("reason", "R301", "同号不同内容") in [row[:3] for row in found]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("ALTER TABLE charge_line MODIFY COLUMN amount_fen Nullable(Int32)", "charge_line must have amount_fen"),
        ("ALTER TABLE alert DROP COLUMN bed", "alert must have bed"),
        ("DROP TABLE dead_letter", "table dead_letter is missing"),
        ("ALTER TABLE visit_fact MODIFY SETTING non_replicated_deduplication_window = 0", "does not deduplicate"),
    ],
)
def test_a_server_that_is_not_as_it_must_be_is_refused(client, statement, complaint):
    client.execute(statement)

    with pytest.raises(ClickHouseError, match=complaint):
        verify_server(client)


@pytest.mark.integration
def test_a_setting_that_is_not_in_force_is_refused(client):
    client.settings["async_insert"] = 1

    with pytest.raises(ClickHouseError, match="async_insert is 1, must be 0"):
        verify_server(client)


@pytest.mark.parametrize("url", ["http://localhost:8123", "localhost:9000", "clickhouse:///db"])
def test_a_url_that_is_none_is_refused_without_naming_it(url):
    with pytest.raises(ClickHouseError, match="clickhouse://user:password@host:port/database"):
        connect(url)

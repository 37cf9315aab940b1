"""The command line: what fails is said in one line, without a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams.metrics import every_metric
from streams.settings import Settings, variable_of


def kongfei(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KONGFEI_", "KAFKA_"))}
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments],
        env=clean | {"COLUMNS": "300"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_settings_are_listed_with_their_variables_and_without_secrets() -> None:
    shown = kongfei("settings", KAFKA_PASSWORD="hidden", KONGFEI_PARTITIONS="3")
    assert shown.returncode == 0
    assert all(variable_of(name) in shown.stdout for name in Settings.model_fields)
    assert "hidden" not in shown.stdout


def test_a_wrong_setting_is_told_in_one_line() -> None:
    told = kongfei("topics", "check", KONGFEI_PARTITIONS="many")
    assert told.returncode == 2
    assert "KONGFEI_PARTITIONS" in told.stderr
    assert "Traceback" not in told.stderr


def test_an_unknown_stage_is_told() -> None:
    told = kongfei("worker", "kitchen")
    assert told.returncode == 2
    assert "there is no stage 'kitchen'" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.slow  # waits for the client to give up
def test_a_broker_that_is_not_there_is_told() -> None:
    told = kongfei("topics", "check", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert told.returncode == 2
    assert "127.0.0.1:1" in told.stderr
    assert "Traceback" not in told.stderr


def test_every_metric_is_printed_with_its_meaning() -> None:
    printed = kongfei("metrics").stdout
    for metric in every_metric():
        assert f"| `{metric.name}` | {metric.kind} | {', '.join(metric.labels)} | {metric.meaning} |" in printed


def test_metrics_are_named_component_noun_unit_and_carry_no_id() -> None:
    metrics = every_metric()
    assert len({metric.name for metric in metrics}) == len(metrics)
    for metric in metrics:
        assert len(metric.name.split("_")) >= 3, metric.name
        assert not {"patient", "visit", "key", "hospital"} & set(metric.labels)


@pytest.mark.integration
def test_a_hospital_is_set_up_played_and_its_dead_letters_looked_at(kafka, topic_prefix: str, tmp_path: Path) -> None:
    from kafka import KafkaProducer

    from schemas.dead_letter import dead_letter_headers
    from schemas.reasons import Reason

    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap,
        "KONGFEI_TOPIC_PREFIX": topic_prefix,
        "KONGFEI_DATA_DIR": str(tmp_path),
    }
    assert kongfei("topics", "check", **environment).returncode == 1
    assert "created 17" in kongfei("topics", "create", **environment).stdout
    assert "every topic exists already" in kongfei("topics", "create", **environment).stdout
    assert kongfei("topics", "check", **environment).returncode == 0

    events = tmp_path / "events.ndjson"
    events.write_text('{"type": "charge", "patient_id": "P1", "amount": "1.00"}\nnot json\n')
    played = kongfei("play", str(events), **environment)
    assert "published 2 events" in played.stdout
    assert "1 lines cannot be read" in played.stdout
    assert kongfei("play", str(tmp_path / "none"), **environment).returncode == 2

    headers = dead_letter_headers(Reason.NOT_JSON, "x", "intake", ("his.charge.v1", 0, 1), 1_767_600_000_000)
    with KafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        producer.send(topic_prefix + "dead.letter.v1", key=b"k", value=b"not json", headers=headers, partition=2)
    listed = kongfei("dlq", "list", "--reason", "D1", **environment).stdout
    assert "2:0" in listed
    assert "his.charge.v1[0]@1" in listed
    assert "0 dead letters" in kongfei("dlq", "list", "--since", "2026-02-01 00:00:00", **environment).stdout
    assert kongfei("dlq", "show", "2:0", "--raw", **environment).stdout == "not json"
    stopped = kongfei("dlq", "replay", **environment)
    assert stopped.returncode == 2
    assert "2:0 would fail again: D101" in stopped.stderr
    tried = kongfei("dlq", "replay", "--would-fail-again", "refuse-again", "--dry-run", **environment)
    assert "1 selected, 1 would be published, 0 skipped" in tried.stdout
    assert kongfei("dlq", "list", "--offsets", "a-b", **environment).returncode == 2

import pytest
from pydantic import ValidationError

from streams.settings import Settings, SettingsError, load_settings, variable_of


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("KONGFEI_", "KAFKA_", "CLICKHOUSE_")):
            monkeypatch.delenv(name)


def test_an_empty_environment_has_working_defaults() -> None:
    settings = load_settings()
    assert (settings.partitions, settings.epoch, settings.timezone) == (8, 1, "Asia/Shanghai")
    assert settings.health_host == "127.0.0.1"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings().partitions = 9


def test_kafka_and_clickhouse_keep_their_usual_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "a:1,b:2")
    monkeypatch.setenv("CLICKHOUSE_URL", "clickhouse://u:p@h:9000/d")
    monkeypatch.setenv("KONGFEI_PARTITIONS", "3")
    settings = load_settings()
    assert settings.kafka_bootstrap_servers == "a:1,b:2"
    assert settings.clickhouse_url == "clickhouse://u:p@h:9000/d"
    assert settings.partitions == 3
    assert variable_of("kafka_bootstrap_servers") == "KAFKA_BOOTSTRAP_SERVERS"
    assert variable_of("partitions") == "KONGFEI_PARTITIONS"


def test_every_mistake_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONGFEI_PARTITIONS", "none")
    monkeypatch.setenv("KONGFEI_TIMEZONE", "Asia/Nowhere")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "broker")
    with pytest.raises(SettingsError) as error:
        load_settings()
    lines = str(error.value).splitlines()
    assert any(line.startswith("KONGFEI_PARTITIONS: ") and "'none'" in line for line in lines)
    assert any(line.startswith("KONGFEI_TIMEZONE: ") and "IANA" in line for line in lines)
    assert any(line.startswith("KAFKA_BOOTSTRAP_SERVERS: ") and "host:port" in line for line in lines)


def test_no_secret_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLICKHOUSE_URL", "clickhouse://u:hidden1@h:9000/d")
    monkeypatch.setenv("KAFKA_PASSWORD", "hidden2")
    monkeypatch.setenv("KONGFEI_LOG_SALT", "hidden3")
    settings = load_settings()
    assert "hidden" not in str(settings.masked)
    assert "hidden" not in repr(settings)
    assert settings.masked["clickhouse_url"] == "clickhouse://u:***@h:9000/d"
    assert settings.masked["kafka_password"] == "***"


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []

"""What is written for compose, Kubernetes and Grafana names only what exists in the code."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
import yaml

import sinks.metrics  # noqa: F401 - adds the sink's metrics to the list
from streams.cli import app, load_commands
from streams.metrics import METRICS, Kind
from streams.settings import Settings, load_settings, variable_of

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parents[2] / "deploy"
OURS = re.compile(r"^(KONGFEI_|KAFKA_|CLICKHOUSE_)")
VARIABLES = {variable_of(field) for field in Settings.model_fields}
STAGES = {entry.name for entry in entry_points(group="kongfei.stages")}
# Services of compose that run someone else's image, whose variables are not ours.
FOREIGN = {"kafka", "clickhouse", "prometheus", "grafana"}


def _compose() -> dict[str, Any]:
    loaded = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def _manifests() -> dict[str, list[dict[str, Any]]]:
    folder = DEPLOY / "kubernetes"
    return {
        path.name: list(yaml.safe_load_all(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.yaml"))
    }


def _all_of_kind(*kinds: str) -> list[dict[str, Any]]:
    return [one for documents in _manifests().values() for one in documents if one["kind"] in kinds]


def _workloads() -> list[dict[str, Any]]:
    return _all_of_kind("Deployment", "StatefulSet", "Job")


def _container(workload: dict[str, Any]) -> dict[str, Any]:
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def _our_services() -> dict[str, dict[str, Any]]:
    return {name: service for name, service in _compose()["services"].items() if name not in FOREIGN}


@cache
def _command_line() -> Any:
    load_commands()
    return typer.main.get_command(app)


def _resolve(command: list[str]) -> None:
    """Walk the command line's own tree; fails where a word is neither a command nor a stage."""
    node = _command_line()
    words = list(command)
    while words and hasattr(node, "commands"):
        word = words.pop(0)
        assert word in node.commands, f"kongfei has no command {' '.join(command)!r}"
        node = node.commands[word]
    assert not hasattr(node, "commands")
    options = {option for parameter in node.params for option in parameter.opts}
    arguments = [word for word in words if word not in options]
    assert len(arguments) == (1 if command[0] == "worker" else 0)
    assert set(arguments) <= STAGES


@pytest.mark.parametrize("service", sorted(_our_services()))
def test_compose_runs_a_command_that_exists(service: str) -> None:
    _resolve(_our_services()[service]["command"])


@pytest.mark.parametrize("workload", _workloads(), ids=lambda workload: workload["metadata"]["name"])
def test_kubernetes_runs_a_command_that_exists(workload: dict[str, Any]) -> None:
    _resolve(_container(workload)["args"])


def test_compose_sets_only_variables_that_are_read() -> None:
    named = {variable for service in _our_services().values() for variable in service["environment"]}
    assert named <= VARIABLES


def test_kubernetes_sets_only_variables_that_are_read() -> None:
    named = {key for one in _all_of_kind("ConfigMap") for key in one["data"]}
    named |= {key for one in _all_of_kind("Secret") for key in one["stringData"]}
    given = [variable for one in _workloads() for variable in _container(one).get("env", [])]
    named |= {variable["name"] for variable in given}
    parts = {name for variable in given for name in re.findall(r"\$\((\w+)\)", variable.get("value", ""))}
    assert named - parts <= VARIABLES
    assert parts <= named, "a value is made of a variable that is not set"


def test_the_image_sets_only_variables_that_are_read() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:ENV)?\s+([A-Z_]+)=", dockerfile, re.MULTILINE))
    assert "KONGFEI_HEALTH_PORT" in named
    assert {name for name in named if OURS.match(name)} <= VARIABLES


def test_the_values_given_are_valid_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    (config,) = _all_of_kind("ConfigMap")
    given = {**config["data"]}
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in given.items():
        assert isinstance(value, str)
        monkeypatch.setenv(variable, value)
    settings = load_settings()
    assert settings.health_port == 8080


def test_every_stage_runs_in_both() -> None:
    assert _our_services().keys() >= STAGES | {"sink", "topics"}
    assert {workload["metadata"]["name"] for workload in _workloads()} == _our_services().keys()
    assert _our_services()["cost"]["deploy"]["replicas"] == 2


def test_compose_waits_for_healthy_servers_and_watches_every_process() -> None:
    services = _compose()["services"]
    for name, service in _our_services().items():
        assert service["depends_on"], name
        assert service["healthcheck"], name
        assert service["read_only"], name
        for needed, how in service["depends_on"].items():
            if how["condition"] == "service_healthy":
                assert "test" in services[needed]["healthcheck"]


def test_a_secret_has_no_value_and_no_default() -> None:
    assert {value for one in _all_of_kind("Secret") for value in one["stringData"].values()} == {""}
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(CLICKHOUSE_PASSWORD[^}]*)\}", text)) == {
        "CLICKHOUSE_PASSWORD:?set CLICKHOUSE_PASSWORD"
    }


@pytest.mark.parametrize("workload", _workloads(), ids=lambda workload: workload["metadata"]["name"])
def test_pods_are_confined(workload: dict[str, Any]) -> None:
    pod = workload["spec"]["template"]["spec"]
    container = _container(workload)
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize(
    "workload", _all_of_kind("Deployment", "StatefulSet"), ids=lambda workload: workload["metadata"]["name"]
)
def test_probes_ask_what_the_process_answers(workload: dict[str, Any]) -> None:
    container = _container(workload)
    probed = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe["path"] for probe in probed.values()} == {"/live", "/ready"}
    assert probed["readinessProbe"]["path"] == "/ready"
    (config,) = _all_of_kind("ConfigMap")
    assert str(container["ports"][0]["containerPort"]) == config["data"]["KONGFEI_HEALTH_PORT"]
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_every_manifest_is_listed_once() -> None:
    manifests = _manifests()
    (kustomization,) = manifests.pop("kustomization.yaml")
    manifests.pop("secret.example.yaml")
    assert sorted(kustomization["resources"]) == sorted(manifests)


def test_the_versions_deployed_are_the_versions_tested() -> None:
    services = _compose()["services"]
    pom = (DEPLOY / "kafka" / "pom.xml").read_text(encoding="utf-8")
    kafka = re.search(r"kafka_2\.13</artifactId>\s*<version>([^<]+)", pom)
    assert kafka is not None
    assert services["kafka"]["image"] == f"apache/kafka:{kafka[1]}"
    engine = ".".join(version("chdb-core").split(".")[:2])
    assert services["clickhouse"]["image"] == f"clickhouse/clickhouse-server:{engine}"


# ------------------------------------------------------------ Grafana


def _expressions() -> Iterator[str]:
    for path in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            yield from (target["expr"] for target in panel.get("targets", []))


def test_dashboards_show_only_metrics_that_exist() -> None:
    known = {"up"}
    for metric in METRICS:
        suffixes = ("_bucket", "_sum", "_count") if metric.kind is Kind.HISTOGRAM else ("",)
        known |= {metric.name + suffix for suffix in suffixes}
    words = {word for text in _expressions() for word in re.findall(r"\b([a-z_]+)(?=[{\[)])", text)}
    labels = {label for metric in METRICS for label in metric.labels} | {"le", "job"}
    assert words - labels
    assert words - labels <= known


def test_every_panel_says_what_it_shows() -> None:
    for path in (DEPLOY / "grafana" / "dashboards").glob("*.json"):
        panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
        assert all(panel.get("description") for panel in panels if panel["type"] != "row")
        assert len({panel["id"] for panel in panels}) == len(panels)


def test_every_yaml_file_says_what_it_is_and_can_be_read() -> None:
    paths = [path for folder in ("grafana", "kubernetes") for path in (DEPLOY / folder).rglob("*.yaml")]
    for path in [*paths, DEPLOY / "compose.yaml"]:
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# "), path
        assert list(yaml.safe_load_all(text))

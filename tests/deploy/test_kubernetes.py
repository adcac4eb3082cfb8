"""ops/kubernetes against Kubernetes' own schemas, and against docker-compose.yml: the same processes, nothing else."""

from typing import Any, Final

import pytest
import yaml
from kubernetes_validate import ValidationError, latest_version, validate

from tests.deploy.compose import ROOT, compose, seconds

FILES: Final = sorted((ROOT / "ops" / "kubernetes").glob("*.yaml"))
DOCUMENTS: Final[list[dict[str, Any]]] = [one for file in FILES for one in yaml.safe_load_all(file.read_text())]
VERSIONS: Final = ("1.30", latest_version())
SERVICES: Final[dict[str, dict[str, Any]]] = compose({"ALLOWED_HOSTS": "recon.example.com"})["services"]
OURS: Final = ("migrate", "web", "worker", "beat", "listen")
MEMORY: Final = {"256m": "256Mi", "512m": "512Mi", "1g": "1Gi"}
CPUS: Final = {"0.5": "500m"}


def named(name: str, kind: str) -> dict[str, Any]:
    (found,) = (one for one in DOCUMENTS if (one["kind"], one["metadata"]["name"]) == (kind, name))
    return found


def workload(name: str) -> dict[str, Any]:
    return named(f"recon-{name}", "Job" if name == "migrate" else "Deployment")


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = workload(name)["spec"]["template"]["spec"]
    return spec


def container(name: str) -> dict[str, Any]:
    (one,) = pod(name)["containers"]
    return dict(one)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: f"{one['kind']} {one['metadata']['name']}")
def test_each_document_is_what_the_schema_says(document: dict[str, Any], version: str) -> None:
    validate(document, version, strict=True)


def test_a_word_that_the_schema_does_not_know_is_found() -> None:
    wrong = {**workload("beat"), "spec": {**workload("beat")["spec"], "replica": 1}}
    with pytest.raises(ValidationError):
        validate(wrong, latest_version(), strict=True)


@pytest.mark.parametrize("name", OURS)
def test_a_process_is_started_as_compose_starts_it(name: str) -> None:
    assert container(name)["command"] == SERVICES[name]["command"]
    assert container(name)["image"] == SERVICES[name]["image"]
    grace = pod(name).get("terminationGracePeriodSeconds")
    assert grace == (seconds(SERVICES[name]["stop_grace_period"]) if name != "migrate" else None)


@pytest.mark.parametrize("name", OURS)
def test_it_reads_the_same_settings_and_secrets(name: str) -> None:
    settings = named("recon", "ConfigMap")["data"]
    assert container(name)["envFrom"] == [{"configMapRef": {"name": "recon"}}]
    its = settings | {one["name"]: one["value"] for one in container(name)["env"]}
    said = {name: value for name, value in SERVICES[name]["environment"].items() if value}
    assert its == said
    files = {value.removeprefix("/run/secrets/") for name, value in its.items() if name.endswith("_FILE")}
    (mounted,) = (one["secret"]["items"] for one in pod(name)["volumes"] if one["name"] == "secrets")
    assert {(one["key"], one["path"]) for one in mounted} == {(file, file) for file in files}


@pytest.mark.parametrize("name", OURS)
def test_it_has_no_more_rights_and_takes_no_more(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]
    cpu = CPUS.get(limits["cpus"], limits["cpus"])
    assert container(name)["resources"]["limits"] == {"cpu": cpu, "memory": MEMORY[limits["memory"]]}
    user, group = (int(number) for number in SERVICES[name]["user"].split(":"))
    ids = {"runAsUser": user, "runAsGroup": group, "fsGroup": group, "runAsNonRoot": True}
    assert pod(name)["securityContext"] == {**ids, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": SERVICES[name]["read_only"],
        "capabilities": {"drop": SERVICES[name]["cap_drop"]},
    }
    assert not pod(name)["automountServiceAccountToken"]


@pytest.mark.parametrize("name", [name for name in OURS if name != "migrate"])
def test_it_is_watched_by_the_same_question(name: str) -> None:
    asked = SERVICES[name]["healthcheck"]
    probe = container(name)["readinessProbe" if name == "web" else "livenessProbe"]
    assert probe["exec"]["command"] == asked["test"][1:]
    told = (probe["periodSeconds"], probe["timeoutSeconds"], probe["failureThreshold"])
    assert told == (seconds(asked["interval"]), seconds(asked["timeout"]), asked["retries"])
    start = container(name)["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] == seconds(asked["start_period"])


def test_the_schedule_is_sent_by_one_at_a_time() -> None:
    spec = workload("beat")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_drained_node_takes_one_at_most(name: str) -> None:
    spec = named(f"recon-{name}", "PodDisruptionBudget")["spec"]
    assert spec == {"maxUnavailable": 1, "selector": workload(name)["spec"]["selector"]}
    assert workload(name)["spec"]["replicas"] >= 2

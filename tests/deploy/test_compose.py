"""docker-compose.yml against the Compose specification, and against what every service of ours promises."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from recon.settings import env
from tests.deploy.compose import ROOT, Unset, compose, seconds, variables

NEEDED: Final = {"ALLOWED_HOSTS": "recon.example.com"}
FILLED: Final = compose(NEEDED)
SERVICES: Final[dict[str, dict[str, Any]]] = FILLED["services"]
OURS: Final = {"migrate", "web", "worker", "beat", "listen"}
ONCE: Final = {"migrate"}
EXAMPLE: Final = ROOT / "ops" / "compose" / "example.env"
MADE_BY: Final = ROOT / "ops" / "compose" / "secrets.sh"


def held_against_the_specification(path: Path) -> "subprocess.CompletedProcess[str]":
    command = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_file_is_what_the_specification_says(tmp_path: Path) -> None:
    wrong = {**FILLED, "services": {**SERVICES, "web": {**SERVICES["web"], "read_onyl": True}}}
    for name, content in (("right.yml", FILLED), ("wrong.yml", wrong)):
        (tmp_path / name).write_text(yaml.safe_dump(content))
    told = held_against_the_specification(tmp_path / "right.yml")
    assert told.returncode == 0, told.stdout
    assert "'read_onyl' was unexpected" in held_against_the_specification(tmp_path / "wrong.yml").stdout


def test_our_processes_share_one_image() -> None:
    assert set(SERVICES) == OURS | {"postgres", "valkey"}
    assert {SERVICES[name]["image"] for name in OURS} == {"recon"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    kept = {key: service[key] for key in ("read_only", "cap_drop", "security_opt", "init")}
    assert kept == {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "init": True,
    }
    user, group = (int(number) for number in service["user"].split(":"))
    assert user > 0
    assert group > 0
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])
    assert not {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"} & set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_watched_bounded_and_given_time_to_end(name: str) -> None:
    service = SERVICES[name]
    assert service["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory"}
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    if name in ONCE:
        assert service["restart"] == "no"
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert seconds(service["healthcheck"]["timeout"]) < seconds(service["healthcheck"]["interval"])
    assert seconds(service["stop_grace_period"]) >= 10


def test_nothing_starts_before_the_migration_has_ended_well() -> None:
    waits = {name: SERVICES[name]["depends_on"].get("migrate", {}).get("condition") for name in OURS - ONCE}
    assert waits == dict.fromkeys(OURS - ONCE, "service_completed_successfully")
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy", "required": False}}


def test_any_setting_of_ours_reaches_every_process_of_ours() -> None:
    assert {name for name in OURS if SERVICES[name]["env_file"] == [{"path": ".env", "required": False}]} == OURS


def test_no_variable_of_the_file_is_taken_for_a_setting() -> None:
    """All of .env reaches the processes: a path of this host would be looked for in the container."""
    settings = {*env.dump(), *(f"{name}_FILE" for name in env.dump())}
    taken = {found["name"] for found in variables()} & settings
    assert [name for name in OURS if not taken <= SERVICES[name]["environment"].keys()] == []


def test_the_worker_scales() -> None:
    """A name or a port on the host could be had once only."""
    assert not {"container_name", "hostname", "ports"} & set(SERVICES["worker"])
    assert compose({**NEEDED, "WORKERS": "4"})["services"]["worker"]["deploy"]["replicas"] == "4"


def test_the_web_alone_is_reached_from_outside_and_by_this_host_only() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "web": ["127.0.0.1:8000:8000"]
    }
    assert FILLED["networks"]["servers"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if service["networks"] == ["servers"]} == {"postgres", "valkey"}


def test_the_database_of_the_set_prepares_transactions() -> None:
    assert "max_prepared_transactions=64" in SERVICES["postgres"]["command"]


def test_every_setting_that_names_a_secret_is_given_that_secret_and_no_other() -> None:
    optional = {found["name"]: "/etc/a-secret" for found in variables() if found["name"].endswith("_PATH")}
    with_all = compose({**NEEDED, **optional})["services"]
    for name in OURS:
        named = {path for key, path in with_all[name]["environment"].items() if key.endswith("_FILE")}
        assert named == {f"/run/secrets/{secret}" for secret in with_all[name]["secrets"]}, name
    granted = {secret for service in SERVICES.values() for secret in service["secrets"]}
    assert granted == set(FILLED["secrets"])


def test_every_secret_that_the_settings_know_can_be_given_as_a_file() -> None:
    ours = {name for name in env.dump() if not re.match("SANDBOX_|STRIPE_TWIN_", name)}  # the embedded default's own
    secret = {name for name in ours if re.search("_(URL|KEY|KEY_FALLBACKS|SECRETS?)$", name)}
    assert {f"{name}_FILE" for name in secret} == {
        key for key in SERVICES["web"]["environment"] if key.endswith("_FILE")
    }
    assert SERVICES["web"]["environment"]["OIDC_CLIENT_SECRET_FILE"] == ""


def test_no_secret_stands_in_the_file_or_on_a_command_line() -> None:
    for name, service in SERVICES.items():
        values = {key: value for key, value in service.get("environment", {}).items() if not key.endswith("_FILE")}
        assert not {key for key in values if re.search("URL|KEY|SECRET|PASSWORD|TOKEN", key)}, name
        assert not re.search(r"(requirepass|PASSWORD\S*)[ =](?!\\1)\w", " ".join(service["command"])), name


def test_every_variable_has_a_default_or_says_what_it_is() -> None:
    bare = {found["name"] for found in variables() if not found["how"] or not found["word"]}
    assert bare == set()
    with pytest.raises(Unset, match="ALLOWED_HOSTS: set it to the names under which the inspector is reached"):
        compose({})


def test_the_example_tells_every_variable_with_its_default() -> None:
    told = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))
    defaults = {found["name"]: found["word"].replace("/dev/null", "") for found in variables() if found["how"] == ":-"}
    own = {"ALLOWED_HOSTS": "recon.example.com", "COMPOSE_PROFILES": "servers", "STRIPE_LIVEMODE": "false"}
    assert told == defaults | own
    assert {found["name"] for found in variables()} <= set(told)


def test_one_command_makes_a_file_for_each_secret_and_never_a_second_time(tmp_path: Path) -> None:
    def made() -> dict[str, str]:
        subprocess.run(["sh", MADE_BY, tmp_path / "secrets"], check=True, capture_output=True)
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    first = made()
    assert set(first) == {name for name, secret in FILLED["secrets"].items() if secret["file"] != "/dev/null"}
    assert made() == first
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert len({first[name] for name in ("secret_key", "audit_key", "postgres_password")}) == 3

"""Half a minute of events under fire, on servers of their own; `make chaos` makes it ten minutes, once it has shown
that a planted bug is seen."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recon.sandbox.cluster import Sandbox
from tests.chaos.fleet import ROOT

SEED = 20260320
FEW = ("--seconds", "20", "--accounts", "60", "--rate", "10", "--rounds", "2", "--hurry", "20", "--seed", str(SEED))
PLANT_ALL = """
from tests.chaos.hurry import app
from tests.chaos.intake_bugs import BUGS
for plant in BUGS.values():
    plant(app)
"""
SHORT = ("--seconds", "3", "--rounds", "1", "--patience", "25")


@pytest.fixture
def apart(sandbox: Sandbox) -> dict[str, str]:
    """The environment without this run's servers: those of the campaign are killed."""
    return {name: value for name, value in os.environ.items() if name not in (*sandbox.env(), "DJANGO_SETTINGS_MODULE")}


def campaign(var: Path, env: dict[str, str], *more: str) -> dict[str, Any]:
    argv = [sys.executable, "-m", "tests.chaos.events", *FEW, "--var", str(var), *more]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=500, check=False)
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def test_nothing_is_lost_whatever_is_killed_and_nobody_has_to_lend_a_hand(
    tmp_path: Path, apart: dict[str, str]
) -> None:
    report = campaign(tmp_path, apart)
    assert report["breaches"] == []
    lost = ("lost_updates", "double_applies", "undelivered", "prepared_left")
    assert [report[name] for name in lost] == [0, 0, 0, 0]
    assert report["kills"]["flush and all"] >= 1
    assert report["events_in"] > 100


def test_each_known_bug_is_a_change_of_what_is_there(sandbox: Sandbox) -> None:
    done = subprocess.run([sys.executable, "-c", PLANT_ALL], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.long
def test_a_queue_that_lives_in_the_broker_alone_is_seen(tmp_path: Path, apart: dict[str, str]) -> None:
    report = campaign(tmp_path, apart, "--bug", "queue-in-the-broker", *SHORT)
    assert any("did not come to rest" in breach or "was lost" in breach for breach in report["breaches"])

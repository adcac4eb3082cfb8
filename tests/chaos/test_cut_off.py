"""Two rounds with a host cut off; `make chaos` makes sixteen."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recon.sandbox.cluster import Sandbox
from tests.chaos.fleet import ROOT
from tests.chaos.network import is_possible

FEW = ("--rounds", "2", "--accounts", "40", "--hurry", "3")


@pytest.mark.long
@pytest.mark.skipif(not is_possible(), reason="network namespaces are for root, with iproute2 and util-linux")
def test_a_host_that_is_cut_off_in_the_middle_does_no_harm(tmp_path: Path, sandbox: Sandbox) -> None:
    apart = {
        name: value for name, value in os.environ.items() if name not in (*sandbox.env(), "DJANGO_SETTINGS_MODULE")
    }
    argv = [sys.executable, "-m", "tests.chaos.cut_off", *FEW, "--var", str(tmp_path)]
    done = subprocess.run(argv, cwd=ROOT, env=apart, capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["breaches"] == []
    assert [report[name] for name in ("inconsistent", "prepared left", "double applies")] == [0, 0, 0]
    assert report["in flight when cut off"] > 0

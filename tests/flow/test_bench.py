"""Every figure can be measured again: a run of seconds, whose numbers say little."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_bench_runs() -> None:
    argv = [sys.executable, "-m", "tests.bench", "--quick", "--json"]
    figures = json.loads(subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert {one["name"].partition(":")[0].partition(",")[0] for one in figures} >= {
        "mirror", "facts", "rules", "read", "sweep", "webhook", "entitlement", "account page", "apply",
        "bulk repair of 8 accounts",
    }  # fmt: skip
    assert all(one["per_second"] > 0 for one in figures)

"""The API against its own schema: schemathesis makes calls, right and wrong, and holds every answer to what it says.

All its checks are on. Here it makes a few calls of each kind; `make fuzz` makes tens of thousands, and those at the
edges of every parameter too.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial, reduce
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings as configured
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from recon.actions.draft_bulk_repair import draft_bulk_repair
from recon.actions.start_bulk_repair import start_bulk_repair
from recon.actions.steer_bulk_repair import Steer, steer_bulk_repair
from recon.actors import Scope
from recon.models import ApplyState
from tests.support.bulk import EVERYTHING, drifted
from tests.support.repairs import plan_of, repair_in
from tests.support.tokens import token_of

RULES: Final = Path(__file__).with_name("schemathesis.toml")
EXAMPLES: Final = os.environ.get("FUZZ_EXAMPLES", "")
PHASES: Final = "examples,coverage,fuzzing,stateful" if EXAMPLES else "examples,fuzzing,stateful"
LEAST: Final = int(os.environ.get("FUZZ_LEAST", "0"))
NAME: Final = "fuzz"
CANCEL: Final = partial(steer_bulk_repair, deed=Steer.CANCEL)


@pytest.fixture
def rules(stores_clean: None, told: Callable[..., Any], transactional_db: None, tmp_path: Path) -> Path:
    """The fuzzer's rules, with what they name really there: three accounts, a repair and three bulk repairs."""
    drifted(told, 3)
    repair = repair_in(ApplyState.DONE, "acc_1", closed_at=timezone.now())
    rules = tmp_path / RULES.name
    named = {"DIGEST": plan_of("acc_1").digest, "REPAIR": str(repair.id), "RUNS": ", ".join(map(str, runs()))}
    rules.write_text(reduce(lambda text, name: text.replace(name, named[name]), named, RULES.read_text()))
    return rules


def runs() -> Iterator[int]:
    """The token's own: one that runs, one that was only drafted, and one that was cancelled."""
    token_of(*Scope, name=NAME)
    mine = {"actor": f"token:{NAME}", "groups": {Scope.BULK.group}, "now": timezone.now()}
    for number, steps in enumerate(((), (start_bulk_repair,), (start_bulk_repair, CANCEL))):
        run_id = draft_bulk_repair(EVERYTHING, request_key=str(number), **mine).run_id
        assert run_id is not None
        for step in steps:
            assert not step(run_id, reason="late webhooks", **mine).code
        yield run_id


@pytest.mark.django_db(transaction=True)
def test_every_answer_is_what_the_schema_says(
    live_server: LiveServer, settings: Any, rules: Path, tmp_path: Path
) -> None:
    settings.API_CALLS_PER_MINUTE = {"calls": 10**9, "entitlements": 10**9}
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", str(rules),
        "run", f"{live_server.url}/api/schema/",
        "-H", f"Authorization: Bearer {token_of(*Scope, name=NAME)}",
        "--phases", PHASES, "--max-examples", EXAMPLES or "1", "--seed", os.environ.get("SEED", "1"),
        "--generation-database", "none", "--no-color",
    ]  # fmt: skip
    counts = tmp_path / "counts.json"
    env = {**os.environ, "FUZZ_COUNTS": str(counts), "PYTHONPATH": str(configured.BASE_DIR)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=env)
    answers = json.loads(counts.read_text()) if counts.exists() else {}
    sys.stdout.write(f"{done.stdout[-1_000:]}\n{told_by_call(answers)}\n")
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert sum(sum(of_call.values()) for of_call in answers.values()) >= LEAST


def told_by_call(answers: dict[str, dict[str, int]]) -> str:
    """A line a call: how often it was made, and how often it was answered by which status."""
    lines = [f"{sum(of_call.values()):>7}  {call}  {of_call}" for call, of_call in sorted(answers.items())]
    return "\n".join([*lines, f"{sum(sum(of_call.values()) for of_call in answers.values()):>7}  calls in all"])

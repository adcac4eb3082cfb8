"""The API against its own schema: schemathesis makes calls, right and wrong, and holds every answer to what it says.

All its checks are on. `make fuzz` makes far more calls, and those at the edges of every parameter too.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from pytest_django.live_server_helper import LiveServer

from recon.actors import Scope
from tests.support.kept import golden, keep_case
from tests.support.tokens import token_of

RULES: Final = Path(__file__).with_name("schemathesis.toml")
EXAMPLES: Final = os.environ.get("FUZZ_EXAMPLES", "")
PHASES: Final = "examples,coverage,fuzzing,stateful" if EXAMPLES else "examples,fuzzing,stateful"


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_every_answer_is_what_the_schema_says(live_server: LiveServer, settings: Any, tmp_path: Path) -> None:
    settings.API_CALLS_PER_MINUTE = {"calls": 10**9, "entitlements": 10**9}
    keep_case(golden("drift/never_dunned"), account_id="acc_1")
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", str(RULES),
        "run", f"{live_server.url}/api/schema/",
        "-H", f"Authorization: Bearer {token_of(*Scope, name='fuzz')}",
        "--phases", PHASES, "--max-examples", EXAMPLES or "1", "--seed", os.environ.get("SEED", "1"),
        "--generation-database", "none", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    sys.stdout.write(done.stdout[-1_000:])
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr

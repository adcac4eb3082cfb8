"""Commands run as a person runs them: processes that know nothing but where the sandbox is."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from recon.sandbox.cluster import Sandbox

ROOT: Final = Path(__file__).resolve().parents[2]
KEPT: Final = ("PATH", "HOME", "LANG")


def own_environment(box: Sandbox) -> dict[str, str]:
    """Nothing of this process's settings."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | {"RECON_SANDBOX": str(box.var_dir)}


def run(box: Sandbox, *argv: str) -> "subprocess.CompletedProcess[str]":
    """`manage.py` with these words, to its end."""
    command = [sys.executable, "manage.py", *argv]
    return subprocess.run(command, cwd=ROOT, env=own_environment(box), capture_output=True, text=True, check=False)

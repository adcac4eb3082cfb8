"""The Stripe sync engine (npm) ready to be served by two processes of Node."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.bench.apart import LeftOut, install, new_database
from tests.bench.serving import AT_ONCE, ENDS_WITHIN_S, LOGS, ROOT, SERVERS, Endpoint, free_port, wait_for

HOME: Final = LOGS / "sync-engine"
PACKAGES: Final = ("@supabase/stripe-sync-engine@0.48.5", "stripe@19")
DATABASE: Final = "bench_sync_engine"
SCRIPT: Final = "tests/bench/sync_engine.cjs"
ENDPOINT: Final = Endpoint("the Stripe sync engine 0.48", SCRIPT, "/")


@contextmanager
def served_sync_engine() -> Iterator[int]:
    """Its port. LeftOut: Node or its packages cannot be had."""
    node, port, log = _node(), free_port(), HOME / "server.log"
    env = {
        "NODE_PATH": str(HOME / "node_modules"),
        "PEER_DATABASE_URL": new_database(DATABASE),
        "PORT": str(port),
        "SERVERS": str(SERVERS),
        "CONNECTIONS": str(AT_ONCE // SERVERS),
    }
    with log.open("w") as output:
        server = subprocess.Popen([node, SCRIPT], env={**os.environ, **env}, cwd=ROOT, stdout=output, stderr=output)
    try:
        wait_for(log, "ready", 1)
        yield port
    finally:
        server.terminate()
        server.wait(4 * ENDS_WITHIN_S)


def _node() -> str:
    """Where Node is, with the packages ready."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise LeftOut("The Stripe sync engine is left out: there is no Node here.")
    HOME.mkdir(parents=True, exist_ok=True)
    install(HOME.name, [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(HOME), *PACKAGES])
    return node

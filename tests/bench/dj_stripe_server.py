"""dj-stripe ready to be served."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.apart import environment, new_database
from tests.bench.serving import LOGS, ROOT, Endpoint, same_version, served

HOME = LOGS / "dj-stripe"
PYTHON = HOME / "bin" / "python"
DATABASE = "bench_peer"
# It answers 500 with our own stripe.
ITS_OWN = ("dj-stripe==2.10.*", "stripe==13.2.*")
OURS_TOO = ("django", "granian", "psycopg[binary]", "dj-database-url")
PATH = "/stripe/webhook/5f3a6b0e-9d0c-4c55-8a3e-0f6f4b1f2c11/"
ENDPOINT = Endpoint("dj-stripe 2.10", "tests.bench.dj_stripe:application", PATH, str(PYTHON))
STRIPE = Endpoint("Stripe", "tests.bench.stripe_at_once:application", "/")


@contextmanager
def served_dj_stripe() -> Iterator[int]:
    """Its port. LeftOut: its packages cannot be had."""
    environment(HOME, [*ITS_OWN, *map(same_version, OURS_TOO)])
    with served(STRIPE, servers=1) as stripe_port:
        env = {"PEER_DATABASE_URL": new_database(DATABASE), "STRIPE_API_BASE": f"http://127.0.0.1:{stripe_port}"}
        build = [PYTHON, "-m", "tests.bench.dj_stripe"]
        subprocess.run(build, env={**os.environ, **env}, cwd=ROOT, check=True)
        with served(ENDPOINT, env) as port:
            yield port

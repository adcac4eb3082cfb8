"""`python -m tests.chaos --runs 5000 --seed 1`: the campaign at length, on servers of its own under var/chaos."""

import argparse
import fcntl
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recon.sandbox.cluster import Sandbox

VAR = Path(__file__).resolve().parents[2] / "var" / "chaos"


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sandbox = Sandbox(options.var, durable=options.durable)
    with alone(options.var):
        return _on(sandbox, options)


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """One campaign at a time on these servers: it kills them."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "campaign.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"A campaign is under way in {var}: wait for it, or name another place with --var.")
        yield


def _on(sandbox: Sandbox, options: argparse.Namespace) -> int:
    sandbox.ensure_started(twin=True)
    os.environ.update(sandbox.env(), DJANGO_SETTINGS_MODULE="recon.settings")
    import django  # the settings name servers that run only now

    django.setup()
    from django.core.management import call_command

    sandbox.recreate_ours()
    call_command("migrate", verbosity=0, skip_checks=True)
    try:
        return _campaign(options, sandbox)
    finally:
        sandbox.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scenario", help="this one alone")
    parser.add_argument("--var", type=Path, default=VAR, help="where its servers live")
    parser.add_argument("--durable", action="store_true", help="with fsync")
    return parser.parse_args()


def _campaign(options: argparse.Namespace, sandbox: Sandbox) -> int:
    import psycopg

    from tests.chaos.campaign import Totals
    from tests.chaos.world import World
    from tests.support.stores import empty_stores
    from tests.support.twin import TwinUnderTest

    env = sandbox.env()
    empty_stores(env)
    with psycopg.connect(env["STRIPE_TWIN_DATABASE_URL"]) as conn:
        twin = TwinUnderTest(env["STRIPE_API_BASE"], env["STRIPE_API_KEY"], conn)
        twin.empty()
        world, totals = World(sandbox, twin), Totals()
        with world.constraints_that_refuse(), suppress(KeyboardInterrupt):
            _run_all(world, totals, options)
    _tell(totals)
    return 1 if totals.inconsistent or totals.prepared_left else 0


def _run_all(world, totals, options: argparse.Namespace) -> None:
    from tests.chaos.campaign import cases, run
    from tests.chaos.scenarios import BY_NAME, SCENARIOS

    chosen = [BY_NAME[options.scenario]] if options.scenario else SCENARIOS
    started, round_number = time.monotonic(), 0
    while totals.runs < options.runs:
        every = list(cases(world, chosen, options.seed + round_number))
        random.Random(options.seed + round_number).shuffle(every)  # so that a short campaign meets every scenario
        for case in every:
            if run(world, case, totals):
                print(totals.inconsistent[-1], flush=True)
            if totals.runs % 250 == 0:
                print(f"{totals.runs} runs, {totals.runs / (time.monotonic() - started):.1f}/s", flush=True)
            if totals.runs >= options.runs:
                return
        round_number += 1


def _tell(totals) -> None:
    print(f"runs                        {totals.runs}")
    print(f"crash points × scenarios    {len(totals.points)}")
    print(f"coordinators hit            {totals.hits}")
    print(f"recoveries killed           {totals.recoveries_hit}")
    for manner, count in sorted(totals.by_manner.items()):
        print(f"  {manner:<30}{count}")
    print(f"ends                        {dict(sorted(totals.ends.items()))}")
    print(f"inconsistent                {len(totals.inconsistent)}")
    print(f"prepared transactions left  {totals.prepared_left}")


if __name__ == "__main__":
    sys.exit(main())

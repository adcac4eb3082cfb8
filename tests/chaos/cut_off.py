"""`python -m tests.chaos.cut_off --rounds 16 --seed 1`: a host vanishes from the network in the middle of its applies.

Three network namespaces: the servers' (PostgreSQL with all databases, Valkey, the Stripe twin), and two hosts with a
worker and a beat each. In each round accounts that every store has wrong are repaired in bulk; one host is cut off at
a step of its coordinator's, or at any moment, and comes back before or after the other has finished its work. The
product's own schedule recovers: nobody lends a hand but to let a run go on that stopped by itself, as a person would.
"""

import argparse
import json
import os
import random
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median

from recon.sandbox.cluster import Sandbox
from tests.chaos.__main__ import alone
from tests.chaos.fleet import ROOT, environment
from tests.chaos.network import enter, wire

VAR = ROOT / "var" / "chaos-cut-off"
POLICY = '{"plans": {"price_pro": "pro"}}'
FIGURES = {
    "settled_seconds": "in flight, until settled",
    "standstill_seconds": "the other host's work stood still",
    "finished_seconds": "until the whole run was finished",
    "forgotten_seconds": "until no server held its connections",
    "back_seconds": "its worker took a task again after",
}


def main() -> int:
    options = _options()
    enter()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with alone(options.var):
        return _on(Sandbox(options.var, durable=False), options)


def _on(sandbox: Sandbox, options: argparse.Namespace) -> int:
    from tests.chaos.hosts import Crew, open_servers

    with wire("north", "south") as hosts:
        open_servers(sandbox)
        os.environ.update(environment(sandbox, options.hurry, ""), RECON_POLICY=POLICY)
        import django  # the settings name servers that run only now

        django.setup()
        crews = [Crew(host, sandbox, options.hurry) for host in hosts.values()]
        try:
            return _campaign(sandbox, crews, options)
        finally:
            for crew in crews:
                crew.stop()
            sandbox.stop()


def _campaign(sandbox: Sandbox, crews: list, options: argparse.Namespace) -> int:
    from tests.chaos.cut_off_rounds import Town, rounds_of  # its models need the settings

    town = Town(sandbox, crews, accounts=options.accounts)
    town.prepare()
    for crew in crews:
        crew.start()
    for crew in crews:
        crew.wait_until_it_works()
    seen = []
    for number, chosen in enumerate(rounds_of(random.Random(options.seed), options), start=1):
        seen.append(town.live_through(chosen))
        print(f"{number:>3} {seen[-1]}", flush=True)
    breaches = [*town.breaches_at_rest(), *(breach for one in seen for breach in one.breaches)]
    _tell(seen, breaches, options)
    return 1 if breaches else 0


def _tell(seen: list, breaches: list[str], options: argparse.Namespace) -> None:
    report = {"rounds": len(seen), "accounts": sum(one.accounts for one in seen)}
    report["in flight when cut off"] = sum(one.in_flight for one in seen)
    for name in ("inconsistent", "prepared_left", "double_applies", "resumed"):
        report[name.replace("_", " ")] = sum(getattr(one, name) for one in seen)
    for name, words in FIGURES.items():
        took = [value for one in seen if (value := getattr(one, name)) is not None]
        if took:
            report[f"{words}, seconds (median, worst)"] = (round(median(took), 1), round(max(took), 1))
    for name, value in report.items():
        print(f"{name:<70}{value}")
    for breach in breaches[:40]:
        print(f"BREACH {breach}")
    told = {"seed": options.seed, **report, "breaches": breaches, "seen": [asdict(one) for one in seen]}
    print(json.dumps(told, default=str), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.cut_off", description=__doc__)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--accounts", type=int, default=80, help="in each round")
    parser.add_argument("--step", help="cut off at this step alone")
    parser.add_argument("--cut", help="this cut alone, by its name")
    parser.add_argument("--hurry", type=float, default=1.0, help="so many times shorter are schedule and leases")
    parser.add_argument("--var", type=Path, default=VAR, help="where its servers live")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

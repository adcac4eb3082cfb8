"""`python -m tests.chaos.events --seconds 600 --seed 1`: events, repairs and changing facts while all is killed.

Real processes on servers of their own: granian, two Celery workers, beat, `listen`, PostgreSQL, Valkey and the Stripe
twin. The seed decides what changes, what is sent how often, and who is killed when; the same command plays it again.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recon.sandbox.cluster import Sandbox
from tests.chaos.__main__ import alone
from tests.chaos.fleet import ROOT, Fleet, environment

VAR = ROOT / "var" / "chaos-events"
AUTOMATIC = ("values", "inconsistent_debt_flags", "entitlement_drift")


@dataclass(frozen=True, slots=True)
class Options:
    """How long, how much, and what is planted."""

    seconds: float
    seed: int
    accounts: int
    rate: float
    rounds: int
    hurry: float
    patience: float
    bug: str
    var: Path


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with alone(options.var):
        return _on(Sandbox(options.var, durable=False), options)


def _on(sandbox: Sandbox, options: Options) -> int:
    sandbox.ensure_started(twin=True)
    env = environment(sandbox, options.hurry, options.bug)
    os.environ.update(env)
    import django  # the settings name servers that run only now

    django.setup()
    fleet = Fleet(sandbox, env)
    try:
        report = _campaign(options, sandbox, fleet)
    finally:
        fleet.stop()
        sandbox.stop()
    _tell(report)
    return 1 if report["breaches"] else 0


def _campaign(options: Options, sandbox: Sandbox, fleet: Fleet) -> dict[str, Any]:
    from tests.chaos.storm import Storm  # its models need the settings

    prepare(sandbox, options.accounts)
    repair_automatically()
    storm = Storm(fleet, seed=options.seed, rate=options.rate, rounds=options.rounds)
    fleet.start_all()
    storm.rage(options.seconds)
    settled = storm.settle(options.patience)
    return {"seed": options.seed, "commit": _commit(), "seconds": options.seconds, **asdict(settled)}


def repair_automatically() -> None:
    """Three classes are repaired without a person."""
    from recon.actions.set_class_mode import set_class_mode

    for name in AUTOMATIC:
        set_class_mode(name, "auto", actor="user:admin", reason="the campaign", now=datetime.now(UTC))


def prepare(sandbox: Sandbox, accounts: int) -> None:
    """The population, once swept; triggers in two stores."""
    from django.core.management import call_command

    from recon.actions import equipment
    from recon.actions.run_sweep import Reports, run_sweep, work_here
    from recon.sandbox.logins import ensure_logins
    from recon.sandbox.population import seed
    from recon.sandbox.services import flush_queue
    from recon.sandbox.showcase import prepared_left
    from tests.chaos.outside import NOTED, note_changes
    from tests.support.stores import roll_back_prepared

    flush_queue(sandbox.env()["REDIS_URL"])
    sandbox.recreate_ours()
    call_command("migrate", verbosity=0, skip_checks=True)
    ensure_logins()
    roll_back_prepared(sandbox.env())
    assert prepared_left(sandbox) == 0
    seed(sandbox.env(), accounts, now=datetime.now(UTC))
    sandbox.mark_seeded(accounts)
    for store in NOTED:
        note_changes(store, sandbox.env())
    sweeper = equipment.sweeper()
    silent = Reports(lambda *_: None, lambda *_: None)
    run_sweep(sweeper, actor="chaos", pace=equipment.pace(), work=work_here(lambda: sweeper), reports=silent)


def _tell(report: dict[str, Any]) -> None:
    for name, value in report.items():
        if name != "breaches":
            print(f"{name.replace('_', ' '):<28}{value}")
    for breach in report["breaches"][:40]:
        print(f"BREACH {breach}")
    print(json.dumps(report), flush=True)


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.events", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long facts change and things are killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--rate", type=float, default=12.0, help="changes a second")
    parser.add_argument("--rounds", type=int, help="how often each kind is killed (default: one round in 40 seconds)")
    parser.add_argument(
        "--hurry", type=float, default=10.0, help="so many times shorter are schedule, leases, back-offs"
    )
    parser.add_argument("--patience", type=float, default=420.0, help="within so many seconds it has to come to rest")
    parser.add_argument("--bug", default="", help="plant one of intake_bugs.py")
    parser.add_argument("--var", type=Path, default=VAR, help="where its servers live")
    given = vars(parser.parse_args())
    given["rounds"] = given["rounds"] or max(1, round(given["seconds"] / 40))
    return Options(**given)


if __name__ == "__main__":
    sys.exit(main())

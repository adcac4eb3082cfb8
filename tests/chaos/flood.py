"""`python -m tests.chaos.flood`: 10,000 events for 1,000 accounts, shuffled; the recomputes that they cost.

And how long it takes until all accounts are evaluated. `--kill` empties Valkey and kills all workers in the middle, and
nobody lends a hand after that.
"""

import argparse
import os
import random
import sys
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psycopg

from recon.sandbox.cluster import Sandbox
from tests.chaos.__main__ import alone
from tests.chaos.fleet import ROOT, WORKERS, Fleet, environment

VAR = ROOT / "var" / "chaos-flood"
SENDERS = 8
GIVE_UP_SECONDS = 900.0


@dataclass(slots=True)
class Flood:
    """What was sent, and when the last of it was accepted."""

    requests: list[tuple[str, dict[str, str]]]
    accepted: int = 0
    seconds: float = 0.0


def main() -> int:
    options = _options()
    with alone(options.var):
        return _on(Sandbox(options.var), options)


def _on(sandbox: Sandbox, options: argparse.Namespace) -> int:
    sandbox.ensure_started(twin=True)
    env = environment(sandbox, options.hurry, "")
    os.environ.update(env)
    import django  # the settings name servers that run only now

    django.setup()
    fleet = Fleet(sandbox, env)
    try:
        return _run(options, sandbox, fleet)
    finally:
        fleet.stop()
        sandbox.stop()


def _run(options: argparse.Namespace, sandbox: Sandbox, fleet: Fleet) -> int:
    from recon.models import Dirty, Inbox, InboxMark, Recompute  # they need the settings
    from tests.chaos.events import prepare
    from tests.chaos.settled import open_marks, stale_accounts

    prepare(sandbox, options.accounts)
    fleet.start_all()
    flood = Flood(_requests(fleet, options.events, options.seed))
    before = Recompute.objects.count()
    killer = threading.Timer(options.kill_after, _flush_and_kill, args=(fleet,)) if options.kill else None
    if killer is not None:
        killer.start()
    _send_all(fleet.port, flood)
    began = time.monotonic()
    while due := open_marks():
        fleet.look_after()
        if time.monotonic() - began > GIVE_UP_SECONDS:
            break
        time.sleep(0.1)
    waited = time.monotonic() - began
    recomputes = Recompute.objects.count() - before
    stale = stale_accounts()
    print(f"events accepted             {flood.accepted} of {options.events}, {Inbox.objects.count()} in the inbox")
    print(f"events a second             {flood.accepted / flood.seconds:.0f}")
    print(f"accounts marked             {InboxMark.objects.values('account_id').distinct().count()}")
    print(f"recomputes                  {recomputes}, of {Dirty.objects.count()} accounts")
    print(f"last event to all evaluated {waited:.1f} s")
    print(f"left to do                  {due}")
    print(f"accounts that are stale     {len(stale)}")
    return 1 if due or stale or flood.accepted < options.events else 0


def _requests(fleet: Fleet, events: int, seed: int) -> list[tuple[str, dict[str, str]]]:
    """Signed requests about customers in turn, in a seeded order."""
    from tests.chaos.outside import Happened
    from tests.chaos.sender import as_request, delivery

    with psycopg.connect(fleet.env["STRIPE_TWIN_DATABASE_URL"]) as conn:
        bodies = [body for (body,) in conn.execute("select body from objects where kind = 'customer' order by id")]
    told = [Happened("", "stripe", "customer.updated", bodies[n % len(bodies)]) for n in range(events)]
    made = [as_request(delivery(n, one), fleet.env["STRIPE_WEBHOOK_SECRET"]) for n, one in enumerate(told)]
    random.Random(seed).shuffle(made)
    return made


def _send_all(port: int, flood: Flood) -> None:
    shares = [flood.requests[n::SENDERS] for n in range(SENDERS)]
    answered: list[int] = []
    threads = [threading.Thread(target=_send, args=(port, share, answered)) for share in shares]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flood.accepted, flood.seconds = answered.count(200), time.monotonic() - began


def _send(port: int, requests: list[tuple[str, dict[str, str]]], answered: list[int]) -> None:
    from tests.chaos.sender import WEBHOOK

    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for text, headers in requests:
        connection.request("POST", WEBHOOK, text.encode(), headers)
        answer = connection.getresponse()
        answer.read()
        answered.append(answer.status)
    connection.close()


def _flush_and_kill(fleet: Fleet) -> None:
    """The workers are started again by whoever looks after them, as any supervisor would."""
    fleet.flush_valkey()
    for worker in WORKERS:
        fleet.kill(worker)
    for worker in WORKERS:
        fleet.start(worker)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.flood", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill", action="store_true", help="flush Valkey and kill all workers in the middle")
    parser.add_argument("--kill-after", type=float, default=8.0, metavar="SECONDS")
    parser.add_argument(
        "--hurry", type=float, default=1.0, help="so many times shorter are schedule, leases, back-offs"
    )
    parser.add_argument("--var", type=Path, default=VAR, help="where its servers live")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

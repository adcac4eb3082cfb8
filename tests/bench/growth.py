"""How each work grows with the company: `python -m tests.bench.growth [ACCOUNTS …] [--rounds ROUNDS] [--keep]`.

At each size, on servers of its own: the sweeps of `tests.bench.sweep` and the memory of their worker; then, in this
process, what one account, one event or one page costs. `--keep` draws them in bench/growth.svg and writes
bench/growth.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import psycopg

from tests.bench.growth_picture import Measured, picture
from tests.bench.report import ROOT, machine
from tests.bench.sweep import ALONE, CHANGED, FLOOR, PROCESSES, UNCHANGED, VAR, company_of, full_sweep, in_turn
from tests.bench.sweep_fill import FIRST, account_id
from tests.bench.worker import watched_worker

SIZES = (10_000, 100_000, 1_000_000)
TIMES = 40
SNAPSHOT, KEPT = 10, 7  # of one account in ten, whose number ends so, it is kept what the stores said
APPLIES = 5  # of eight each


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description=__doc__)
    parser.add_argument("accounts", nargs="*", type=int, default=SIZES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--json", action="store_true", help="of one size, a line each")
    options = parser.parse_args()
    if options.json:
        for work, unit, value in _measure(options.accounts[0], options.rounds):
            print(json.dumps(asdict(Measured(work, unit, options.accounts[0], value))), flush=True)
        return
    measured = [one for accounts in options.accounts for one in _measured_apart(accounts, options.rounds)]
    if options.keep:
        _keep(measured)


def _measured_apart(accounts: int, rounds: int) -> Iterator[Measured]:
    """In a process of its own, for settings name the servers of one company."""
    argv = [sys.executable, "-m", "tests.bench.growth", str(accounts), "--rounds", str(rounds), "--json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            one = Measured(**json.loads(line))
            print(f"{one.accounts:>12,}  {one.work:<56}{one.value:>12,.2f} {one.unit}", flush=True)
            yield one
    if process.returncode:
        raise SystemExit(process.returncode)


def _measure(accounts: int, rounds: int) -> Iterator[tuple[str, str, float]]:
    with company_of(accounts):
        with watched_worker(VAR, PROCESSES) as watched:
            took = in_turn(rounds, watched)
            seconds = {name: statistics.median(one.seconds for one in each) for name, each in took.items()}
            yield "raw COPY of all rows", "s", seconds[FLOOR]
            yield "sweep, nothing changed", "s", seconds[UNCHANGED]
            yield "sweep, one in a thousand changed", "s", seconds[CHANGED]
            yield "those that changed, as they are told of", "s", seconds[ALONE]
            yield "largest process of the sweep's worker", "MB", watched.largest
            full_sweep(accounts)  # what is kept of an account for the first time is another thing
            again, sample, _ = full_sweep(accounts)
            yield "full sweep, an account", "ms", again / sample * 1e3
        for work, run in _works(accounts).items():
            yield work, "ms", _median_ms(run)
        yield "apply, eight at a time, an account", "ms", _eight_applies()


def _works(accounts: int) -> dict[str, Callable[[int], None]]:
    """What is asked of one account, or of one page, by number: its accounts are spread over the company."""
    from tests.bench.entitlement import token

    client, spread = _client(), max(SNAPSHOT, accounts // TIMES)
    bearer = {"authorization": f"Bearer {token()}"}

    def of(number: int) -> str:
        place = FIRST + number * spread
        return account_id(place - place % SNAPSHOT + KEPT)

    return {
        "account page": lambda n: _get(client, f"/accounts/{of(n)}/"),
        "entitlement": lambda n: _get(client, f"/api/v1/accounts/{of(n)}/entitlement/", headers=bearer),
        "search by account": lambda n: _get(client, f"/search/?q={of(n)}"),
        "search by email": lambda n: _get(client, f"/search/?q={of(n)}@example.com"),
        "queue, the first page of those who drift": lambda n: _get(client, "/accounts/"),
        "queue, who owes most": lambda n: _get(client, "/accounts/?drift=any&currency=usd&sort=money"),
        "home": lambda n: _get(client, "/"),
        "webhook, kept and its account marked": lambda n: _post_event(client, f"evt_{n}", of(n)),
    }


def _median_ms(run: Callable[[int], None]) -> float:
    """The first few warm up and do not count."""
    took = []
    for number in range(TIMES):
        began = time.perf_counter()
        run(number)
        took.append(time.perf_counter() - began)
    return statistics.median(took[TIMES // 8 :]) * 1e3


def _client() -> Any:
    from django.contrib.auth.models import Group, User
    from django.test import Client

    person, _ = User.objects.get_or_create(username="bench")
    person.groups.add(Group.objects.get_or_create(name="finance")[0])
    client = Client(SERVER_NAME="localhost")
    client.force_login(person)
    return client


def _get(client: Any, address: str, **given: Any) -> None:
    status = client.get(address, **given).status_code
    assert status in (200, 302), f"{address}: {status}"  # one that was found is opened


def _post_event(client: Any, event_id: str, account_id: str) -> None:
    from recon.models import StripeObject
    from tests.bench.intake import OURS, request

    customer = StripeObject.objects.get(kind="customers", account_id=account_id)
    asked = request(event_id, customer.body)
    answer = client.post(OURS.path, asked.body, content_type="application/json", headers=asked.headers)
    assert answer.status_code == 200, answer.content


def _eight_applies() -> float:
    """Milliseconds an account, of those that drift."""
    from recon.models import AccountState, StripeObject
    from recon.sandbox.twin import state
    from tests.bench.bulk import TOGETHER, eight_at_a_time

    drifted = AccountState.objects.filter(writes__gt=0).order_by("-account_id")
    account_ids = list(drifted.values_list("account_id", flat=True)[: TOGETHER * APPLIES])
    claimed = StripeObject.objects.filter(account_id__in=account_ids).values_list("id", flat=True)
    tables: dict[str, list[Any]] = {}
    for one in StripeObject.objects.filter(customer__in=list(claimed)):
        tables.setdefault(one.kind, []).append(one.body)
    with psycopg.connect(os.environ["STRIPE_TWIN_DATABASE_URL"]) as conn:
        state.reset(conn)
        state.load(conn, tables)
    return 1e3 / eight_at_a_time(account_ids, APPLIES).per_second


def _keep(measured: list[Measured]) -> None:
    kept = {"at": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "figures": [asdict(one) for one in measured]}
    (ROOT / "bench" / "growth.json").write_text(json.dumps(kept, indent=1) + "\n")
    (ROOT / "bench" / "growth.svg").write_text(picture(measured))


if __name__ == "__main__":
    main()

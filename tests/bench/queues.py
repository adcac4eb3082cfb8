"""A queue's page at many accounts against the same page at few: `python -m tests.bench.queues [ACCOUNTS]`.

On servers of its own under var/bench-queues: 5,000 generated accounts, a fifth of them drifted, then as many as asked
for. Prints each page's median time at both, in turn, their ratio, and with `--explain` the plan of each page's walk.
"""

import argparse
import os
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from recon.sandbox.cluster import Sandbox

VAR = Path(__file__).resolve().parents[2] / "var" / "bench-queues"
FEW = 5_000
TIMES = 25
PAGES = {
    "all drifted": "",
    "wrongly locked out": "detail=paid_but_blocked",
    "a class": "class=bad_debt_drift",
    "a rare finding": "finding=identity",
    "bad debt, drifted or not": "state=bad_debt&drift=any",
    "by money": "sort=money",
    "by age": "sort=age",
    "by days wrong": "sort=since",
    "a cluster": "cluster=0000000000000003",
    "class, currency, amount, age": "class=bad_debt_drift&currency=usd&amount=900&age=over-90",
    "nobody's hand": "claimed=nobody",
    "my hand": "claimed=me",
    "put off": "snoozed=only",
    "nothing matches": "currency=xxx",
}
ROWS = """
insert into account_state (
    account_id, evaluation_id, evaluated_at, changed_at, drift_since, is_known, state, classes, details, findings,
    drifted_cells, writes, risk, is_stuck_in_bad_debt, has_inconsistent_flags, is_flagged_but_paid, standing, owed,
    oldest_due_at, reads, cluster, harm_rank, owed_rank
)
select 'acc_' || lpad(n::text, 8, '0'), %(evaluation)s, %(now)s, %(now)s,
       case when drifts then %(now)s::timestamptz - random() * interval '90 days' end, random() > 0.002,
       case when random() < 0.65 then 'clear'
            else (array['grace', 'past_due', 'delinquent', 'bad_debt'])[1 + (random() * 3)::int] end,
       case when drifts then (array['{bad_debt_drift}', '{bad_debt_drift,entitlement_drift}', '{entitlement_drift}',
           '{no_successful_payment_drift}', '{inconsistent_debt_flags}'])[1 + (random() * 4)::int] else '{}'
           end::text[],
       case when locked then '{paid_but_blocked}' when drifts then (array['{stuck}', '{missed}', '{wrong}',
           '{flagged_but_paid}', '{unflagged_never_paid}', '{served_unpaid}'])[1 + (random() * 5)::int] else '{}'
           end::text[],
       case when random() < 0.001 then '{identity}' when random() < 0.004 then '{fact_conflict}' else '{}' end::text[],
       case when drifts then 1 + (random() * 8)::int else 0 end, case when drifts then 1 else 0 end,
       case when drifts then 'lenient' end, drifts, drifts and random() < 0.3, drifts and random() < 0.3, '{}',
       case when owes then jsonb_build_object((array['eur', 'usd', 'gbp', 'jpy'])[1 + (random() * 3)::int], minor)
           else '{}' end,
       case when owes then %(now)s::timestamptz - random() * interval '150 days' end, '{}',
       case when drifts then lpad((random() * 40)::int::text, 16, '0') else '' end,
       case when locked then 0 when drifts then 1 else 2 end, case when owes then -(minor / 50) else 0 end
from (
    select n, drifts, random() < 0.3 as owes, (random() ^ 3 * 200000)::int as minor, drifts and random() < 0.1 as locked
    from (select n, random() < 0.2 as drifts from generate_series(%(from)s, %(to)s) as n) as drawn
) as each
"""


def main() -> None:
    options = _options()
    sandbox = Sandbox(VAR)
    with sandbox.attached():
        os.environ.update(sandbox.env())
        os.environ["DJANGO_SETTINGS_MODULE"] = "recon.settings"
        sandbox.recreate_ours()
        _measure(options.accounts, explain=options.explain)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.queues", description=__doc__)
    parser.add_argument("accounts", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--explain", action="store_true")
    return parser.parse_args()


def _measure(many: int, *, explain: bool) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _fill(1, FEW)
    _keep_few()
    _fill(FEW + 1, many)
    times = _times()
    for name, (few, found) in times.items():
        print(f"{name:<32}{few:>8.1f} ms{found:>8.1f} ms   {found / few:.2f}")
    few, found = (sum(column) for column in zip(*times.values(), strict=True))
    print(f"{'all of them':<32}{few:>8.1f} ms{found:>8.1f} ms   {found / few:.2f}")
    if explain:
        _explain()


def _fill(first: int, last: int) -> None:
    from django.db import connection

    from recon.actions.count_queues import count_queues
    from recon.models import Evaluation

    now = datetime.now(UTC)
    evaluation, _ = Evaluation.objects.get_or_create(
        account_id="acc_model",
        defaults={"at": now, "is_known": True, "trigger": "sweep", "policy_hash": "", "digest": ""},
    )
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("select setseed(0.5)")
        cursor.execute(ROWS, {"evaluation": evaluation.id, "now": now, "from": first, "to": last})
        cursor.execute("vacuum analyze account_state")
    filled = time.perf_counter()
    count_queues(now=now)
    print(f"{last:,} accounts filled in {filled - began:.0f} s, counted in {time.perf_counter() - filled:.1f} s")


def _keep_few() -> None:
    """The tables as they are, in a schema of their own, so that both sizes are measured in turn."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("create schema few")
        for table in ("account_state", "queue_count"):
            cursor.execute(f"create table few.{table} (like public.{table} including all)")
            cursor.execute(f"insert into few.{table} select * from public.{table}")
            cursor.execute(f"vacuum analyze few.{table}")


def _times() -> dict[str, tuple[float, float]]:
    """Page → its median time in milliseconds at few accounts and at many."""
    from django.db import connection

    client = _client()
    found = {}
    for name, asked in PAGES.items():
        times: dict[str, list[float]] = {"few, public": [], "public": []}
        for _ in range(TIMES):
            for path, measured in times.items():
                with connection.cursor() as cursor:
                    cursor.execute(f"set search_path to {path}")
                began = time.perf_counter()
                assert client.get(f"/accounts/?{asked}").status_code == 200
                measured.append((time.perf_counter() - began) * 1_000)
        found[name] = tuple(statistics.median(measured[2:]) for measured in times.values())
    return found


def _client():
    from django.contrib.auth.models import Group, User
    from django.test import Client

    person, _ = User.objects.get_or_create(username="bench")
    person.groups.add(Group.objects.get_or_create(name="finance")[0])
    client = Client(SERVER_NAME="localhost")
    client.force_login(person)
    return client


def _explain() -> None:
    from django.db import connection
    from django.http import QueryDict
    from django.test.utils import CaptureQueriesContext

    from inspector.display.queue_filter import asked_queue
    from recon.queries.queue import queue_page
    from recon.queries.queue_totals import kept_counts, sizes

    counts = sizes(kept_counts())
    for name, query in PAGES.items():
        asked = asked_queue(QueryDict(query), person="user:bench", now=datetime.now(UTC))
        with CaptureQueriesContext(connection) as captured:
            queue_page(asked.wanted, sort=asked.sort, counts=counts)
        with connection.cursor() as cursor:
            cursor.execute(f"explain (analyze, buffers, costs off) {captured[0]['sql']}".replace("%", "%%"))
            print(f"\n-- {name}", *(line for (line,) in cursor.fetchall()), sep="\n")


if __name__ == "__main__":
    main()

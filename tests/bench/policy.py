"""What trying a policy out on everybody costs: `python -m tests.bench.policy [ACCOUNTS]`.

On servers of its own under var/bench-policy: the stories of the demo's population are evaluated and kept, then copied
by SQL to as many accounts as asked for, of which one in ten owes something. A version with other rungs is drafted and
previewed through Celery by a worker of two processes. Prints the time to the preview's end, the peak of the worker's
memory, what both took of the processors (on a machine that others use too, the time alone says little), and the same
against recomputing everybody, which is measured on a sample and scaled to two processes.
"""

import argparse
import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recon.sandbox.cluster import Sandbox
from tests.bench.worker import watched_worker

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var" / "bench-policy"
PROCESSES = 2
STORIES = 1_000
SAMPLE = 5_000
AT_ONCE = 50_000
OTHER_RUNGS = {"rungs": {"self_serve": {"past_due": 5, "delinquent": 20}}}
# Every tenth copy is of an account that owes, the others of the rest.
COPIED = """
from (
    select 'acc_' || lpad(n::text, 9, '0') as id,
           case when n %% 10 = 0 then (n / 10) %% %(owing)s else %(owing)s + n %% %(rest)s end as place
    from generate_series(%(first)s, %(last)s) as n
) as copy
join bench_template as template using (place)
join {table} as said on said.account_id = template.account_id
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.policy", description=__doc__)
    parser.add_argument("accounts", nargs="?", type=int, default=1_000_000)
    accounts = parser.parse_args().accounts
    sandbox = Sandbox(VAR)
    with sandbox.attached():
        os.environ.update(sandbox.env())
        os.environ["DJANGO_SETTINGS_MODULE"] = "recon.settings"
        sandbox.recreate_ours()
        _measure(accounts)


def _measure(accounts: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    _fill(accounts)
    print(f"{accounts:,} accounts filled in {time.perf_counter() - began:.0f} s; {_mix()}")
    with watched_worker(VAR, PROCESSES) as watched:
        seconds, preview = _preview()
    print(
        f"preview: {seconds:.1f} s; the worker's {PROCESSES + 1} processes: at most {watched.megabytes:.0f} MB together"
    )
    print(f"of the processors: {watched.busy:.1f} s by the worker, {watched.database_busy:.1f} s by the database")
    print(f"{preview.accounts:,} accounts, {preview.to_recompute:,} recomputed, {preview.unknown:,} unknown")
    print(f"{preview.result['severe']:,} more severe, {preview.result['lenient']:,} more lenient")
    each = _seconds_each(preview)
    everybody = each * accounts / PROCESSES
    print(f"one account: {each * 1e6:.0f} us; everybody: about {everybody:.0f} s; ratio {seconds / everybody:.2f}")


def _fill(accounts: int) -> None:
    """Templates by the engine itself, copies by SQL, in portions."""
    from django.db import connection

    from recon.models import SNAPSHOTS, AccountState

    owing, rest = _keep_templates()
    with connection.cursor() as cursor:
        cursor.execute("create table bench_template (place bigint, account_id text)")
        cursor.executemany("insert into bench_template values (%s, %s)", list(enumerate([*owing, *rest])))
        for first in range(1, accounts + 1, AT_ONCE):
            given = {"owing": len(owing), "rest": len(rest)}
            given |= {"first": first, "last": min(first + AT_ONCE - 1, accounts)}
            for model in SNAPSHOTS.values():
                cursor.execute(_copy_of(model), given)
            cursor.execute(_copy_of(AccountState), given)
        for model in (*SNAPSHOTS.values(), AccountState):
            cursor.execute(
                f"delete from {model._meta.db_table} where account_id in (select account_id from bench_template)"
            )
            cursor.execute(f"vacuum analyze {model._meta.db_table}")


def _keep_templates() -> tuple[list[str], list[str]]:
    """The stories' accounts, evaluated and kept: those that owe, and the others."""
    from recon.actions import equipment
    from recon.actions.evaluate import evaluate
    from recon.actions.keep_evaluations import keep_evaluations
    from recon.models import AccountState, Trigger
    from recon.sandbox.population import generate

    now, rules = datetime.now(UTC), equipment.rules()
    evaluated = [
        evaluate(account_id, episode.readings(now), rules, now)
        for episode in generate(STORIES, 7, now)
        for account_id in episode.account_ids
    ]
    keep_evaluations(evaluated, trigger=Trigger.SWEEP, actor="bench")
    states = dict(AccountState.objects.filter(is_known=True).values_list("account_id", "policy_inputs"))
    owes = {name for name, inputs in states.items() if any(part.startswith("ladder:") for part in inputs)}
    return sorted(owes), sorted(states.keys() - owes)


def _copy_of(model: Any) -> str:
    """The account's id is replaced wherever it stands in what the stores said."""
    from django.db.models import JSONField

    fields = [field for field in model._meta.concrete_fields if field.column != "id"]
    taken = []
    for field in fields:
        if field.column == "account_id":
            taken.append("copy.id")
        elif isinstance(field, JSONField):
            taken.append(f"replace(said.{field.column}::text, said.account_id, copy.id)::jsonb")
        else:
            taken.append(f"said.{field.column}")
    table, columns = model._meta.db_table, ", ".join(field.column for field in fields)
    return f"insert into {table} ({columns}) select {', '.join(taken)} {COPIED.format(table=table)}"


def _mix() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) filter (where policy_inputs && '{ladder:self_serve}'),"
            " count(*) filter (where policy_inputs && '{ladder:contract}'), count(*) from account_state"
        )
        self_serve, contract, everybody = cursor.fetchone()
    return (
        f"{100 * self_serve / everybody:.1f} % owe as self-serve, {100 * contract / everybody:.1f} % under a contract"
    )


def _preview() -> tuple[float, Any]:
    """Seconds from the draft to the preview's end."""
    from recon.actions.draft_policy import draft_policy
    from recon.models import PolicyPreview

    began = time.perf_counter()
    done = draft_policy(OTHER_RUNGS, actor="user:bench", groups=["admin"], now=datetime.now(UTC))
    assert done.number is not None, done
    while not (preview := PolicyPreview.objects.get()).finished_at:
        assert not preview.stopped, preview.stopped
        time.sleep(0.1)
    return time.perf_counter() - began, preview


def _seconds_each(preview: Any) -> float:
    """Of one account drawn from all, in one process."""
    from recon.actions.preview_policy import CHUNK, counts_of
    from recon.models import AccountState

    ids = list(AccountState.objects.values_list("account_id", flat=True)[: 20 * SAMPLE])
    drawn = sorted(random.Random(3).sample(ids, min(SAMPLE, len(ids))))
    began = time.perf_counter()
    for at in range(0, len(drawn), CHUNK):
        counts_of(preview, drawn[at : at + CHUNK])
    return (time.perf_counter() - began) / len(drawn)


if __name__ == "__main__":
    main()

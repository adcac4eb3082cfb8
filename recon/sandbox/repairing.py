"""How the demo repairs: bulk repairs that finance starts and admin approves, followed to their end."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.conf import settings

from recon.actions.draft_bulk_repair import Selection, draft_bulk_repair
from recon.actions.drive_bulk_repairs import drive_bulk_repairs
from recon.actions.hand_out import GIVE_UP_AFTER_SECONDS, NobodyWorks
from recon.actions.start_bulk_repair import approve_bulk_repair, start_bulk_repair
from recon.models import BulkRepair, BulkState
from recon.queries.bulk import outcomes_of
from recon.queries.drift import plans
from recon.sandbox.errors import SandboxError

STARTER: Final = "finance"
SECOND: Final = "admin"
REASON: Final = "The demo repairs all drift that it was seeded with."
SECONDED: Final = "The demo's population is made up, and its plans are tested."
LOOK_SECONDS: Final = 0.25
DRIVE_SECONDS: Final = 3.0  # what beat does, where there is none
Report = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Repaired:
    """How many accounts had a plan, and how many came to each outcome."""

    accounts: int
    outcomes: dict[str, int]


def repair(report: Report) -> Repaired:
    """Every account with a plan, in as many bulk repairs as their limit makes of them.

    Raises SandboxError when a run stops by itself, NobodyWorks when no worker takes its accounts.
    """
    found: Counter[str] = Counter()
    lists = list(_lists())
    total = sum(map(len, lists))
    for account_ids in lists:
        run_id = begin(account_ids)
        if run_id is not None:
            found.update(_follow(run_id, sum(found.values()), total, report))
    return Repaired(total, {outcome: count for outcome, count in sorted(found.items()) if count})


def _lists() -> Iterator[list[str]]:
    after, limit = "", settings.BULK_MOST_ACCOUNTS
    while page := plans(after=after, limit=limit):
        yield [one.account_id for one in page]
        after = page[-1].account_id


def begin(account_ids: Sequence[str]) -> int | None:
    """The run's number; None where nobody may write any of these now."""
    now, wanted = datetime.now(UTC), Selection(account_ids=account_ids)
    drafted = draft_bulk_repair(wanted, actor=f"user:{STARTER}", groups=[STARTER], request_key="", now=now)
    if drafted.run_id is None:
        return None
    start_bulk_repair(drafted.run_id, actor=f"user:{STARTER}", groups=[STARTER], reason=REASON, now=now)
    if BulkRepair.objects.get(id=drafted.run_id).state == BulkState.WAITING_FOR_SECOND:
        approve_bulk_repair(drafted.run_id, actor=f"user:{SECOND}", groups=[SECOND], reason=SECONDED, now=now)
    return drafted.run_id


def _follow(run_id: int, before: int, total: int, report: Report) -> Mapping[str, int]:
    """Until every account has its outcome; how many came to each."""
    moved_at, driven_at, run = time.monotonic(), time.monotonic(), BulkRepair.objects.get(id=run_id)
    while run.state == BulkState.RUNNING:
        time.sleep(LOOK_SECONDS)
        if time.monotonic() - driven_at > DRIVE_SECONDS:
            driven_at = time.monotonic()
            drive_bulk_repairs(now=datetime.now(UTC))
        known = run.done
        run.refresh_from_db()
        if run.done != known:
            moved_at = time.monotonic()
            report(before + run.done, total)
        elif time.monotonic() - moved_at > GIVE_UP_AFTER_SECONDS:
            raise NobodyWorks(run.accounts - run.done)
    if run.state != BulkState.DONE:
        raise SandboxError(f"The bulk repair {run_id} is {run.state}: {run.stop_reason}")
    return outcomes_of(run_id)

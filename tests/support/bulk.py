"""Bulk repairs over real stores: people, a swept population of one story, and a worker that takes tasks by hand."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from recon.actions.draft_bulk_repair import Drafted, Selection, draft_bulk_repair
from recon.actions.drive_bulk_repairs import drive_bulk_repairs
from recon.actions.look_again import look_again
from recon.actions.repair_bulk_items import repair_bulk_items
from recon.actions.start_bulk_repair import approve_bulk_repair, start_bulk_repair
from recon.models import BulkRepair, BulkRepairItem
from recon.queries.queue import QueueFilter

REASON = "late webhooks of 3 March"
EVERYTHING = Selection(wanted=QueueFilter(), in_url={})


def person(name: str, *groups: str) -> User:
    made, _ = User.objects.get_or_create(username=name)
    made.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
    return made


def drifted(told: Callable[..., Any], accounts: int) -> None:
    """So many accounts whose payer is locked out, read by the process's own equipment."""
    for number in range(1, accounts + 1):
        told("paid_after_suspension", number)
    for number in range(1, accounts + 1):
        look_again(f"acc_{number}", actor="task:sweep")


def draft(selection: Selection = EVERYTHING, *, name: str = "fin", group: str = "finance", key: str = "") -> Drafted:
    person(name, group)
    return draft_bulk_repair(selection, actor=f"user:{name}", groups={group}, request_key=key, now=timezone.now())


def started(selection: Selection = EVERYTHING) -> BulkRepair:
    """Drafted and started by fin; approved by eve where a second person is asked."""
    run_id = draft(selection).run_id
    assert run_id is not None
    start_bulk_repair(run_id, actor="user:fin", groups={"finance"}, reason=REASON, now=timezone.now())
    if BulkRepair.objects.get(id=run_id).state == "waiting_for_second":
        person("eve", "finance")
        approve_bulk_repair(run_id, actor="user:eve", groups={"finance"}, reason="I looked", now=timezone.now())
    return BulkRepair.objects.get(id=run_id)


def with_workers() -> list[tuple[int, int]]:
    """What tasks a worker would find, by what is leased now: (item, tries)."""
    rows = BulkRepairItem.objects.filter(done_at__isnull=True, lease_until__gt=timezone.now()).order_by("id")
    return list(rows.values_list("id", "tries"))


def work(items: list[tuple[int, int]] | None = None, *, clock: Callable[[], datetime] = timezone.now) -> None:
    """What a worker does with these tasks, or with all that are handed out now."""
    for item in with_workers() if items is None else items:
        repair_bulk_items([item], clock=clock)


def work_to_the_end(run: BulkRepair, rounds: int = 100) -> None:
    """Until the run neither runs nor hands out."""
    for _ in range(rounds):
        drive_bulk_repairs(now=timezone.now())
        run.refresh_from_db()
        if run.state != "running":
            return
        work()
    raise AssertionError(f"still {run.state} after {rounds} rounds")


def outcomes(run: BulkRepair) -> dict[str, str]:
    return dict(run.items.order_by("id").values_list("account_id", "outcome"))

"""Settle what a crash left: finish every apply that nobody finishes, then sweep the servers for late branches.

Any number of recoveries may run at once, and be killed at any point: each apply is taken over under a new epoch, and
the sweep touches only a branch whose apply is closed as aborted. A prepared transaction of our name that the journal
does not know is reported, never guessed at.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from recon.apply import journal
from recon.apply.journal import Overtaken
from recon.apply.settle import Settler
from recon.apply.steps import Observer, Step
from recon.models import LIVE_STATES, Apply, ApplyBranch, ApplyState
from recon.stores.base import InDoubt, StoreError, WritableStore
from recon.under_way import under_way

log = logging.getLogger(__name__)
TOO_OLD: Final = timedelta(minutes=1)
TOO_LONG: Final = timedelta(minutes=2)
LONGEST_RUN: Final = timedelta(seconds=12)  # the schedule soon runs it again; what is left waits for that


@dataclass(slots=True)
class Recovered:
    """What one recovery did and could not do. `alerts` are sentences for a person."""

    settled: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    expired: int = 0
    swept: int = 0
    prepared_left: int = 0
    unreachable: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recovery:
    """`run` may be called at any time, by anybody, as often as they like."""

    instance: str
    settler: Settler
    clock: Callable[[], datetime]
    observe: Observer

    def run(self, *, whatever_lease: bool = False) -> Recovered:
        """`whatever_lease`: also what a live coordinator still holds; it will notice and stop."""
        report = Recovered(expired=journal.expire(now=self.clock()))
        until = self.clock() + LONGEST_RUN
        unfinished = Apply.objects.filter(state__in=LIVE_STATES).exclude(state=ApplyState.APPROVED)
        for apply_id in list(unfinished.order_by("lease_until").values_list("id", flat=True)):
            if self.clock() > until:
                break
            held = journal.take_over(apply_id, instance=self.instance, now=self.clock(), whatever_lease=whatever_lease)
            if held is not None:
                self.observe(Step.TAKEN_OVER)
                with under_way("recover", account_id=held.account_id, repair_id=str(held.id)) as work:
                    work.follow(Apply.objects.filter(id=held.id).values_list("traceparent", flat=True).all)
                    self._settle(held, report)
        for store in self.settler.stores.values():
            self._sweep(store, report)
        return report

    def _settle(self, held: journal.Held, report: Recovered) -> None:
        """One apply; whatever is wrong with it stops no other."""
        try:
            apply = self.settler.drive(held)
        except Overtaken:
            return
        except Exception:
            log.exception("apply not settled")
            connection.close_if_unusable_or_obsolete()
            report.alerts.append(f"apply {held.id}: could not be settled; the log says why")
            return
        if apply.closed_at is None:
            report.waiting += 1
            if apply.decided_at is not None and self.clock() - apply.decided_at > TOO_LONG:
                report.alerts.append(f"apply {apply.id}: decided, and not finished for minutes: {apply.waiting_for}")
            return
        report.settled[apply.state] = report.settled.get(apply.state, 0) + 1
        if apply.state == ApplyState.EXCEPTION:
            report.alerts.append(f"apply {apply.id}: {apply.explanation}")

    def _sweep(self, store: WritableStore, report: Recovered) -> None:
        try:
            for listed in store.in_doubt(journal.gid_prefix(self.instance)):
                self._sweep_one(store, listed, report)
        except StoreError as error:
            report.unreachable.append(error.sentence)

    def _sweep_one(self, store: WritableStore, listed: InDoubt, report: Recovered) -> None:
        branch = ApplyBranch.objects.select_related("apply").filter(gid=listed.gid, store=store.name.value).first()
        state = branch.apply.state if branch else None
        if state == ApplyState.ABORTED:
            # Its PREPARE arrived after the abort was decided, from a coordinator that slept.
            store.send_rollback(listed.gid).outcome()
            report.swept += 1
            self.observe(Step.SWEPT)
            return
        report.prepared_left += 1
        if state is None:
            report.alerts.append(f"{store.name.value}: nobody knows the prepared transaction {listed.gid}; look at it.")
        elif state not in LIVE_STATES:
            report.alerts.append(f"{store.name.value}: {listed.gid} is still prepared, though its apply is {state}.")
        elif self.clock() - listed.prepared_at > TOO_OLD:
            report.alerts.append(f"{store.name.value}: {listed.gid} has held its locks for over a minute.")

"""Settle what a crash left: finish every apply that nobody finishes, then sweep the servers for late branches.

Any number of recoveries may run at once, and be killed at any point: each apply is taken over under a new epoch, and
the sweep touches only a branch whose apply is closed as aborted. A prepared transaction of our name that the journal
does not know is reported, never guessed at.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from recon.apply import journal
from recon.apply.journal import Overtaken
from recon.apply.settle import Settler
from recon.apply.steps import Observer, Step
from recon.engine.facts import StoreName
from recon.models import LIVE_STATES, Apply, ApplyBranch, ApplyState
from recon.stores.base import InDoubt, StoreError, WritableStore
from recon.under_way import under_way

log = logging.getLogger(__name__)
TOO_OLD: Final = timedelta(minutes=1)
TOO_LONG: Final = timedelta(minutes=2)
UNKNOWN: Final = "{store}: nobody knows the prepared transaction {gid}; look at it."
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
class Stray:
    """A prepared transaction of our name that the journal does not know."""

    store: StoreName
    gid: str


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
        for apply_id in list(_unfinished().order_by("lease_until").values_list("id", flat=True)):
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

    def look(self) -> Recovered:
        """What there is to settle, and nothing of it is."""
        report = Recovered(waiting=_unfinished().count())
        for store in self.settler.stores.values():
            try:
                listed = store.in_doubt(journal.gid_prefix(self.instance))
            except StoreError as error:
                report.unreachable.append(error.sentence)
                continue
            report.prepared_left += len(listed)
            report.alerts += [UNKNOWN.format(store=store.name.value, gid=one.gid) for one in _unknown(store, listed)]
        return report

    def strays(self) -> list[Stray]:
        """What is prepared in our name, and nobody knows why. Raises StoreUnreachable."""
        prefix = journal.gid_prefix(self.instance)
        listed = {store: store.in_doubt(prefix) for store in self.settler.stores.values()}
        return [Stray(store.name, one.gid) for store, found in listed.items() for one in _unknown(store, found)]

    def roll_back(self, strays: Sequence[Stray]) -> None:
        """By a person's decision alone. Raises StoreUnreachable."""
        for finish in [self.settler.stores[stray.store].send_rollback(stray.gid) for stray in strays]:
            finish.outcome()

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
            report.alerts.append(UNKNOWN.format(store=store.name.value, gid=listed.gid))
        elif state not in LIVE_STATES:
            report.alerts.append(f"{store.name.value}: {listed.gid} is still prepared, though its apply is {state}.")
        elif self.clock() - listed.prepared_at > TOO_OLD:
            report.alerts.append(f"{store.name.value}: {listed.gid} has held its locks for over a minute.")


def _unfinished() -> QuerySet[Apply]:
    return Apply.objects.filter(state__in=LIVE_STATES).exclude(state=ApplyState.APPROVED)


def _unknown(store: WritableStore, listed: Sequence[InDoubt]) -> list[InDoubt]:
    gids = [one.gid for one in listed]
    known = set(ApplyBranch.objects.filter(gid__in=gids, store=store.name.value).values_list("gid", flat=True))
    return [one for one in listed if one.gid not in known]

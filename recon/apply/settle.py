"""Finish an apply from whatever state is durable. The coordinator and its successors run this same code.

CALLING asks Stripe until it knows, then decides. COMMITTING commits what is left, pays what is owed to Stripe, reads
back, closes. ABORTING rolls back what is there, closes. Everything here may be run any number of times.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from recon.apply import journal
from recon.apply.calls import Caller, Settled
from recon.apply.changes import is_read_back, row_from_json
from recon.apply.journal import Closing, Held, MarkDirty, Overtaken
from recon.apply.steps import Observer, Step
from recon.engine.facts import StoreName
from recon.models import Apply, ApplyBranch, ApplyCall, ApplyState, BranchState, CallClass, CallState
from recon.stores.base import Fate, Finish, StoreError, StoreUnreachable, WritableStore
from recon.traces import moment, passed, span

TRY_AGAIN_AFTER = timedelta(seconds=5)
UNPAID = (CallState.PLANNED, CallState.INTENDED)


@dataclass(slots=True)
class Progress:
    """What is finished of an apply, and what stands in the way of the rest."""

    branches: dict[str, BranchState] = field(default_factory=dict)
    calls: list[ApplyCall] = field(default_factory=list)
    waiting_for: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    changed_since: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Part:
    """One apply that is decided: what the journal knows of it, and how far it is."""

    held: Held
    branches: Sequence[ApplyBranch]
    calls: Sequence[ApplyCall]
    progress: Progress

    @property
    def owes(self) -> bool:
        """Is Stripe still to be asked?"""
        return any(call.state in UNPAID for call in self.calls)

    def closing(self) -> Closing:
        lost = self.progress.lost
        state = ApplyState.EXCEPTION if lost else ApplyState.DONE
        explanation = " ".join(lost or self.progress.changed_since)
        return Closing(self.held, state, self.progress.branches, self.progress.calls, explanation)


@dataclass(frozen=True, slots=True)
class Settler:
    """Pushes applies to their end. Raises Overtaken when somebody else does."""

    stores: Mapping[StoreName, WritableStore]
    caller: Caller
    mark_dirty: MarkDirty
    clock: Callable[[], datetime]
    observe: Observer

    def drive(self, held: Held) -> Apply:
        """The apply as it stands when nothing more can be done now: closed, or waiting for something out of reach."""
        state = _state(held)
        if state == ApplyState.PREPARING:
            reason = "The coordinator stopped before everything was prepared."
            journal.decide_abort(held, reason, refused=False, now=self.clock())
            self.observe(Step.ABORT_DECIDED)
        elif state == ApplyState.CALLING:
            self.settle_pivot(held, again=True)
        return self.finish(held)

    def finish(self, held: Held) -> Apply:
        """What was decided, as far as it can be finished now."""
        state = _state(held)
        if state == ApplyState.COMMITTING:
            return self.finish_commit(held)
        if state == ApplyState.ABORTING:
            return self.finish_abort(held)
        return Apply.objects.get(id=held.id)

    def settle_pivot(self, held: Held, *, again: bool) -> None:
        """Asks Stripe, then decides. Still unknown: forward, and the call stays owed under the same key."""
        call = ApplyCall.objects.get(apply_id=held.id, call_class=CallClass.PIVOT)
        if again:
            self.caller.intend(held, call)
        with span("ask stripe", call=call.verb):
            verdict = self.caller.settle(held, call)
        self.observe(Step.PIVOT_SETTLED)
        if verdict is Settled.REFUSED:
            explanation = f"Stripe refused {call.verb} of {call.object_id} ({call.http_status} {call.code})."
            journal.decide_abort(held, explanation, refused=True, calls=[call], now=self.clock())
            self.observe(Step.ABORT_DECIDED)
        else:
            journal.decide_commit(held, (), calls=[call], now=self.clock())
            self.observe(Step.COMMIT_DECIDED)

    def finish_commit(self, held: Held) -> Apply:
        ends = self.finish_commits([held])
        if held not in ends:
            raise Overtaken(f"apply {held.id} is no longer ours")
        return ends[held]

    def finish_commits(self, decided: Sequence[Held]) -> dict[Held, Apply]:
        """Several at once, each for itself. Those that somebody has taken over meanwhile are left out."""
        parts = _parts(decided)
        with span("commit all"):
            self._commit_branches([(branch, part.progress) for part in parts for branch in _open(part.branches)])
        self.observe(Step.ALL_COMMITTED)
        # The locks are gone, and nobody waits for Stripe any more: what owes it nothing is closed first.
        free = [part for part in parts if not part.owes]
        return self._end(free) | self._end([part for part in parts if part.owes and self._pays(part)])

    def _end(self, parts: Sequence[Part]) -> dict[Held, Apply]:
        """Closed, all that can be; what waits for something comes back."""
        ends = {}
        for part in parts:
            if part.progress.waiting_for:
                with suppress(Overtaken):
                    ends[part.held] = self._come_back(part.held, part.progress)
        closings = [part.closing() for part in parts if not part.progress.waiting_for]
        return ends | self._close(closings)

    def _pays(self, part: Part) -> bool:
        """False: somebody has taken it over."""
        try:
            self._pay_owed_calls(part.held, part.calls, part.progress)
        except Overtaken:
            return False
        return True

    def finish_abort(self, held: Held) -> Apply:
        progress = Progress()
        branches = _open(ApplyBranch.objects.filter(apply_id=held.id))
        for branch, finish, _ in self._send([(branch, progress) for branch in branches], "rollback"):
            self._await(branch, finish, BranchState.ROLLED_BACK, progress)
            self.observe(Step.BRANCH_ROLLED_BACK)
        self.observe(Step.ALL_ROLLED_BACK)
        if progress.waiting_for:
            return self._come_back(held, progress)
        closed = self._close([Closing(held, ApplyState.ABORTED, progress.branches)])
        if held not in closed:
            raise Overtaken(f"apply {held.id} is no longer ours")
        return closed[held]

    def _commit_branches(self, branches: Sequence[tuple[ApplyBranch, Progress]]) -> None:
        since, found = moment(), []
        for branch, finish, progress in self._send(branches, "commit"):
            answered = self._await(branch, finish, BranchState.COMMITTED, progress)
            passed("commit", since, store=branch.store, repair_id=str(branch.apply_id), found=bool(answered))
            found.append((branch, finish, progress, answered))
        for branch, finish, progress, answered in found:
            if answered is False:
                self._learn_fate(branch, progress)
            if answered is not None:
                with span("read back", store=branch.store):
                    self._read_back(branch, finish, progress)
        self.observe(Step.READ_BACK)

    def _send(
        self, branches: Sequence[tuple[ApplyBranch, Progress]], verb: str
    ) -> list[tuple[ApplyBranch, Finish, Progress]]:
        """All of them in flight before the first answer is waited for."""
        sent = []
        for branch, progress in branches:
            store = self.stores[StoreName(branch.store)]
            try:
                if verb == "commit":
                    finish = store.send_commit(branch.gid, [row_from_json(row) for row in branch.rows])
                else:
                    finish = store.send_rollback(branch.gid)
            except StoreUnreachable as error:
                progress.waiting_for.append(error.sentence)
                continue
            sent.append((branch, finish, progress))
            self.observe(Step.COMMIT_SENT if verb == "commit" else Step.ROLLBACK_SENT)
        return sent

    def _await(self, branch: ApplyBranch, finish: Finish, state: BranchState, progress: Progress) -> bool | None:
        """True: done. False: no such prepared transaction. None: no answer."""
        try:
            found = finish.outcome()
        except StoreError as error:
            progress.waiting_for.append(error.sentence)
            return None
        if found or state is BranchState.ROLLED_BACK:
            # Nothing to roll back is what presumed abort expects: it was never prepared, or is rolled back already.
            progress.branches[branch.gid] = state
        if state is BranchState.COMMITTED:
            self.observe(Step.BRANCH_COMMITTED)
        return found

    def _learn_fate(self, branch: ApplyBranch, progress: Progress) -> None:
        """COMMIT PREPARED found nothing: it was done before, or somebody else touched it. Only the server knows."""
        try:
            fate = self.stores[StoreName(branch.store)].fate(branch.xid or "", branch.system_identifier or "")
        except StoreUnreachable as error:
            progress.waiting_for.append(error.sentence)
            return
        if fate is Fate.COMMITTED:
            progress.branches[branch.gid] = BranchState.COMMITTED
        elif fate is Fate.IN_PROGRESS:
            progress.waiting_for.append(f"{branch.store}: the branch is being finished")
        else:
            progress.branches[branch.gid] = BranchState.LOST
            progress.lost.append(f"{branch.store}: the branch {branch.gid} was {fate} outside our control.")

    def _read_back(self, branch: ApplyBranch, finish: Finish, progress: Progress) -> None:
        try:
            stored = finish.read_back()
        except StoreUnreachable as error:
            progress.waiting_for.append(error.sentence)
            return
        rows = [row_from_json(row) for row in branch.rows]
        if progress.branches.get(branch.gid) is BranchState.COMMITTED and not all(map(is_read_back, rows, stored)):
            progress.changed_since.append(f"{branch.store}: a row was changed again right after it was written.")

    def _pay_owed_calls(self, held: Held, calls: Sequence[ApplyCall], progress: Progress) -> None:
        """The calls that come after the decision, each asked until it is done, and a pivot whose answer is unknown."""
        for call in calls:
            if call.state not in UNPAID:
                continue
            self.caller.intend(held, call)
            # Nobody's rows are locked any more, so nobody waits for Stripe here longer than a hiccup.
            verdict = self.caller.settle(held, call, hold=self.caller.hold_when_owed)
            progress.calls.append(call)
            place = f"stripe: {call.verb} of {call.object_id}"
            if verdict is Settled.UNKNOWN:
                progress.waiting_for.append(f"{place} has no answer yet")
            elif verdict is not Settled.DONE:
                told = f"{call.http_status} {call.code}".strip()
                progress.lost.append(f"{place} was {verdict} ({told}) after the databases had committed.")
            self.observe(Step.OWED_SETTLED)

    def _come_back(self, held: Held, progress: Progress) -> Apply:
        return journal.keep_progress(
            held,
            progress.branches,
            progress.calls,
            waiting_for="; ".join(progress.waiting_for),
            retry_at=self.clock() + TRY_AGAIN_AFTER,
        )

    def _close(self, closings: Sequence[Closing]) -> dict[Held, Apply]:
        """Those that are ours still."""
        if not closings:
            return {}
        with span("close"):
            closed = journal.close_all(closings, mark_dirty=self.mark_dirty, now=self.clock())
        self.observe(Step.CLOSED)
        return {one.held: closed[one.held.id] for one in closings if one.held.id in closed}


def _parts(decided: Sequence[Held]) -> list[Part]:
    ids = [held.id for held in decided]
    branches, calls = defaultdict(list), defaultdict(list)
    for branch in ApplyBranch.objects.filter(apply_id__in=ids):
        branches[branch.apply_id].append(branch)
    for call in ApplyCall.objects.filter(apply_id__in=ids).order_by("position"):
        calls[call.apply_id].append(call)
    known = [(held, branches[held.id], calls[held.id]) for held in decided]
    return [Part(held, its, owed, Progress(lost=_lost_before(its, owed))) for held, its, owed in known]


def _state(held: Held) -> str:
    return Apply.objects.values_list("state", flat=True).get(id=held.id)


def _open(branches: Iterable[ApplyBranch]) -> list[ApplyBranch]:
    """Those that are not finished, in the stores' order."""
    unfinished = {
        StoreName(branch.store): branch
        for branch in branches
        if branch.state in (BranchState.PLANNED, BranchState.PREPARED)
    }
    return [unfinished[store] for store in StoreName if store in unfinished]


def _lost_before(branches: Iterable[ApplyBranch], calls: Iterable[ApplyCall]) -> list[str]:
    """What an earlier round already found beyond repair: it has to be told when the apply is closed."""
    lost = [branch for branch in branches if branch.state == BranchState.LOST]
    refused = [call for call in calls if call.state == CallState.REFUSED]
    return [
        *(f"{branch.store}: the branch {branch.gid} was finished outside our control." for branch in lost),
        *(f"stripe: {call.verb} of {call.object_id} was refused ({call.http_status} {call.code})." for call in refused),
    ]

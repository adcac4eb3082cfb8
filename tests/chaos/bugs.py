"""Known wrong ways to do it, planted one at a time: a harness that does not see them proves nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from uuid import UUID

from psycopg import sql

from recon.apply import journal
from recon.apply.calls import Caller, Settled
from recon.apply.coordinator import Coordinator
from recon.apply.recovery import Recovery
from recon.apply.settle import Settler
from recon.apply.steps import Step
from recon.engine.facts import StoreName
from recon.models import Apply, ApplyState
from recon.stores import two_phase
from recon.stores.base import Fate, Prepared, RowWrite
from recon.stores.postgres import PostgresStore
from recon.stores.relation import Relation


@dataclass(frozen=True, slots=True)
class Bug:
    """`targets` are (object, attribute, what stands there instead); it has to show in `scenario`, by `manner`."""

    name: str
    scenario: str = ""
    manner: str = ""
    targets: tuple[tuple[Any, str, Any], ...] = ()

    @contextmanager
    def planted(self) -> Iterator[None]:
        patches = [patch.object(*target) for target in self.targets]
        for one in patches:
            one.start()
        try:
            yield
        finally:
            for one in patches:
                one.stop()


def _unguarded(write: RowWrite, relation: Relation) -> Any:
    statement, values = ORIGINAL_STATEMENT(write, relation)
    if write.row_version is None or write.delete:
        return statement, values
    changes = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name, _ in write.after)
    keys = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name, _ in write.key)
    unguarded = sql.SQL("UPDATE {} SET {}, row_version = row_version + 1 WHERE {}").format(
        sql.Identifier(write.table), changes, keys
    )
    return unguarded, [*(value for _, value in write.after), *(value for _, value in write.key)]


def _commit_then_decide(self: Coordinator, prepared: Any) -> dict[journal.Held, Apply]:
    for branch in [branch for branches in prepared.values() for branch in branches]:
        self.stores[StoreName(branch.gid.rpartition(".")[2])].send_commit(branch.gid, []).outcome()
        self.observe(Step.BRANCH_COMMITTED)
    return ORIGINAL_COMMIT(self, prepared)


def _no_intent(held: journal.Held, prepared: Any, *, now: Any) -> None:
    journal._keep_prepared(held, prepared)


def _abort_in_calling(self: Settler, held: journal.Held) -> Apply:
    if Apply.objects.get(id=held.id).state == ApplyState.CALLING:
        journal.decide_abort(held, "unanswered", refused=False, now=self.clock())
    return ORIGINAL_DRIVE(self, held)


def _no_fence(held: Any, before: Any, now: Any, **changes: Any) -> dict[UUID, Apply]:
    ours = Apply.objects.filter(id__in=[one.id for one in held])
    ours.update(**changes)
    return {apply.id: apply for apply in ours}


def _swallowed(self: two_phase.PostgresBranch) -> Prepared:
    try:
        return ORIGINAL_AWAIT(self)
    except two_phase.WriteRefused:
        return Prepared(self._gid, "3", "0")


def _prepare_nothing(self: two_phase.PostgresBranch, *_: Any) -> None:
    if self._connection is not None:
        ORIGINAL_SEND_PREPARE(self)


def _await_nothing(self: two_phase.PostgresBranch, *_: Any) -> None:
    if self._connection is not None:
        ORIGINAL_AWAIT_PREPARE(self)


def _stripe_first(self: Coordinator, begun: Any) -> dict[journal.Held, Apply]:
    for held, changes in begun.items():
        for call in changes.calls:
            self.settler.caller.stripe.call(call.verb, call.object_id, call.params, f"first.{held.id.hex}")
    return ORIGINAL_RUN(self, begun)


def _decide_before_prepared(self: Coordinator, begun: Any) -> dict[journal.Held, Apply]:
    for held in begun:
        journal.decide_commit(held, (), now=self.clock())
    return ORIGINAL_RUN(self, begun)


ORIGINAL_STATEMENT = two_phase.statement_of
ORIGINAL_DRIVE = Settler.drive
ORIGINAL_AWAIT = two_phase.PostgresBranch.await_writes
ORIGINAL_SEND_PREPARE = two_phase.PostgresBranch.send_prepare
ORIGINAL_AWAIT_PREPARE = two_phase.PostgresBranch.await_prepare
ORIGINAL_COMMIT = Coordinator._commit
ORIGINAL_RUN = Coordinator._run

UNHURT, KILLED, FROZEN = "unhurt", "killed", "frozen, taken over, thawed"
PLAIN, PROPOSAL = "databases and metadata", "with a Stripe proposal"
NO_BUG = Bug("none")
BUGS: tuple[Bug, ...] = (
    Bug(
        "commit before the decision",
        PLAIN,
        KILLED,
        ((Coordinator, "_commit", _commit_then_decide),),
    ),
    Bug(
        "decide before all are prepared",
        "constraint refuses at prepare",
        UNHURT,
        ((Coordinator, "_run", _decide_before_prepared),),
    ),
    Bug(
        "call Stripe first",
        "stale row beside a proposal",
        UNHURT,
        ((Coordinator, "_run", _stripe_first),),
    ),
    Bug("call without an intent", PROPOSAL, KILLED, ((journal, "intend_pivot", _no_intent),)),
    Bug("abort in calling", PROPOSAL, KILLED, ((Settler, "drive", _abort_in_calling),)),
    Bug(
        "unknown is no",
        "proposal meets 500_after",
        UNHURT,
        ((Caller, "_unknown", lambda *_: Settled.REFUSED),),
    ),
    Bug("no compare-and-set", "stale row in subs_dunning", UNHURT, ((two_phase, "statement_of", _unguarded),)),
    Bug(
        "swallowed error",
        "constraint refuses at once",
        UNHURT,
        (
            (two_phase.PostgresBranch, "await_writes", _swallowed),
            (two_phase.PostgresBranch, "send_prepare", _prepare_nothing),
            (two_phase.PostgresBranch, "await_prepare", _await_nothing),
        ),
    ),
    Bug("no fence", PLAIN, FROZEN, ((journal, "_move_all", _no_fence),)),
    Bug("no sweep", PLAIN, FROZEN, ((Recovery, "_sweep", lambda *_: None),)),
    Bug(
        "a missing branch is a committed one",
        "a branch is rolled back by hand after the decision",
        UNHURT,
        ((PostgresStore, "fate", lambda *_: Fate.COMMITTED),),
    ),
)

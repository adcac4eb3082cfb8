"""What must hold when everything can be reached again and recovery has run. Each breach is a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.models import Apply, ApplyBranch, ApplyState, AuditEntry, BranchState, Dirty, OutboxEvent
from tests.chaos.crash import Trace
from tests.chaos.scenarios import End, Scenario
from tests.chaos.world import Subject, World

CLOSED = {ApplyState.DONE, ApplyState.ABORTED, ApplyState.EXCEPTION}
DECISIONS = {"repair.applied", "repair.refused", "repair.failed"}


@dataclass(frozen=True, slots=True)
class Run:
    """One run, after the dust has settled."""

    scenario: Scenario
    subject: Subject
    before: Evaluation
    after: Evaluation
    trace: Trace
    was_hit: bool


def breaches(world: World, run: Run) -> list[str]:
    apply = Apply.objects.filter(account_id=run.subject.account_id).first()
    state = ApplyState(apply.state) if apply else None
    if not (run.before.verdict.known and run.after.verdict.known):
        return [f"the stores could not be read: {run.before.verdict.reasons or run.after.verdict.reasons}"]
    found = [*_of_the_stores(run, state), *_of_stripe(world, run, state), *_of_the_end(run, state)]
    found += [f"{gid} is still prepared" for gid in world.prepared()]
    if run.trace.error is not None:
        found.append(f"the process broke: {run.trace.error}")
    if apply is not None:
        found += _of_the_journal(run, apply)
    return found


def _of_the_stores(run: Run, state: ApplyState | None) -> Iterator[str]:
    """A1: all databases new, or all old, as the journal says."""
    databases = {store: side(run.before, run.after, store) for store in StoreName if store is not StoreName.STRIPE}
    held = set(databases.values())
    if state is ApplyState.EXCEPTION and run.scenario.end is End.PERSON and run.scenario.may_need_person:
        return
    expected = "new" if state in (ApplyState.DONE, ApplyState.EXCEPTION) else "old"
    if held != {expected}:
        yield f"the apply is {state}, the databases are {databases}"


def side(before: Evaluation, after: Evaluation, store: StoreName) -> str:
    """What a store holds of an account that was wrong there: all new, all old, or some of both."""
    was, is_now = _cells(before, store), _cells(after, store)
    if not is_now:
        return "new"
    return "old" if is_now == was else "mixed"


def _cells(evaluation: Evaluation, store: StoreName) -> dict[tuple[Any, ...], Any]:
    cells = [cell for cell in evaluation.drift.cells if cell.store is store]
    return {(cell.table, cell.key, cell.column): cell.stored for cell in cells}


def _of_stripe(world: World, run: Run, state: ApplyState | None) -> Iterator[str]:
    """A3: the proposal at most once, and exactly once when it was applied; metadata as the databases."""
    voided = world.times_voided()
    wanted = int(run.scenario.with_proposal and state is ApplyState.DONE)
    if voided != wanted and not (state is ApplyState.EXCEPTION and voided <= 1):
        yield f"the apply is {state}, and the invoice was voided {voided} times"
    customer = world.in_stripe("customer", run.subject.customer)
    debt_state = customer.get("metadata", {}).get("debt_state")
    if state is ApplyState.DONE and debt_state != "clear":
        yield f"the apply is done, and Stripe's metadata says {debt_state}"
    if state in (None, ApplyState.ABORTED) and debt_state != "bad_debt":
        yield f"the apply is {state}, and Stripe's metadata says {debt_state}"


def _of_the_end(run: Run, state: ApplyState | None) -> Iterator[str]:
    """A2 and the scenario: what must not be written never is; what nobody disturbs is."""
    end = run.scenario.end
    if end is End.NOTHING and state is ApplyState.DONE and not (run.was_hit and run.scenario.passes):
        yield "it was applied though it had to be refused"
    if state is ApplyState.EXCEPTION and not run.scenario.may_need_person:
        yield "it ended as an exception without a reason to"
    if not run.was_hit and end is End.APPLIED and state is not ApplyState.DONE:
        yield f"nobody was killed, and it ended as {state}"
    if not run.was_hit and end is End.PERSON and state is not ApplyState.EXCEPTION:
        yield f"somebody else had a hand in it, and it ended as {state}"
    if end is End.APPLIED and "commit_decided" in run.trace.steps and state is not ApplyState.DONE:
        yield f"it was decided, and ended as {state}"


def _of_the_journal(run: Run, apply: Apply) -> Iterator[str]:
    """A4 and A6: state, branches, audit, events and mark agree; nothing is left open."""
    state = ApplyState(apply.state)
    if state not in CLOSED:
        yield f"the apply is still {state}"
        return
    committed = state is not ApplyState.ABORTED
    decision = ["repair.applied"] if committed else ["repair.refused" if apply.refused else "repair.failed"]
    actions = list(AuditEntry.objects.filter(apply_id=apply.id).order_by("seq").values_list("action", flat=True))
    closing = {ApplyState.DONE: ["repair.finished"], ApplyState.EXCEPTION: ["repair.needs_person"]}.get(state, [])
    approval = ["repair.approved"] if run.scenario.approved_before else []
    if actions != approval + decision + closing:
        yield f"the apply is {state}, the audit says {actions}"
    events = OutboxEvent.objects.filter(cause=f"apply:{apply.id}", kind__startswith="repair.").order_by("sequence")
    told = list(events.values_list("kind", flat=True))
    if told != decision + (["repair.failed"] if state is ApplyState.EXCEPTION else []):
        yield f"the apply is {state}, the events say {told}"
    if not Dirty.objects.filter(account=apply.account_id, gen=1).exists():
        yield "the account is not marked to be looked at again, or more than once"
    ended = {BranchState.COMMITTED, BranchState.LOST} if committed else {BranchState.ROLLED_BACK}
    left = ApplyBranch.objects.filter(apply=apply).exclude(state__in=ended).values_list("store", "state")
    if left:
        yield f"the apply is {state}, its branches are {list(left)}"
    if state is ApplyState.EXCEPTION and not apply.explanation:
        yield "the exception does not say why"

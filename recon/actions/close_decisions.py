"""Close the decisions that an evaluation has overtaken: what the stores say now ends them, never a person's click.

Part of the transaction that keeps the evaluation. A verdict unknown says nothing of a finding, and closes none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from recon.apply.tell import Event
from recon.models import STANDS, AccountState, CaseClosing, CaseDecision, CaseKind, EventKind
from recon.queries.case_subjects import Subject, is_grave, subjects_of

ENDED: Final = {"closed": "ended"}
"""What an event and the audit tell of a decision that was ended before the stores closed it."""


def close_decisions(states: Sequence[AccountState]) -> list[Event]:
    """The events to tell. The states are the latest ones, with their evaluations."""
    known = {state.account_id: state for state in states if state.is_known}
    standing = CaseDecision.objects.filter(STANDS, account_id__in=known).order_by("id")
    found: dict[str, tuple[Subject, ...]] = {}
    closed = []
    for decision in standing:
        state = known[decision.account_id]
        if state.account_id not in found:
            found[state.account_id] = subjects_of(state.evaluation.findings, state.evaluation.cells)
        closing = _closing(decision, found[state.account_id], state)
        if closing is not None:
            decision.closed_at, decision.closing = state.evaluated_at, closing
            closed.append(decision)
    CaseDecision.objects.bulk_update(closed, ["closed_at", "closing"])
    return list(_events(closed))


def told_of(decision: CaseDecision) -> dict[str, object]:
    """A decision as the audit and the events tell it."""
    return {
        "decision": decision.id,
        "finding": decision.finding,
        "refs": decision.refs,
        "kind": decision.kind,
        "params": decision.params,
        "owner": decision.owner,
        "until": decision.until.isoformat() if decision.until else None,
    }


def _closing(decision: CaseDecision, found: Iterable[Subject], state: AccountState) -> CaseClosing | None:
    of_kind = [one for one in found if one.finding == decision.finding]
    if not any(one.refs_hash == decision.refs_hash for one in of_kind):
        is_another = any(not _places(decision.refs).isdisjoint(_places(one.refs)) for one in of_kind)
        return CaseClosing.CHANGED if is_another else CaseClosing.GONE
    if decision.kind == CaseKind.ACCEPT and not decision.covers_severe and is_grave(state.risk, state.details):
        return CaseClosing.WORSE
    return None


def _places(refs: Iterable[str]) -> frozenset[str]:
    """Of a difference, the place without its values."""
    return frozenset(ref.partition(": ")[0] for ref in refs)


def _events(closed: Iterable[CaseDecision]) -> Iterator[Event]:
    for decision in closed:
        after: Mapping[str, object] = {"closed": decision.closing}
        yield Event(EventKind.CASE_DECIDED, decision.account_id, told_of(decision), after)

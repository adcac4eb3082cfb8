"""The page of one repair: how far it is, what it wrote and what the stores hold now, or the new plan to approve."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from inspector.access import Permission
from inspector.display.approval import ApprovalForm, Typed
from inspector.display.comparison import Comparison, comparison
from inspector.display.moments import moment_words
from inspector.display.read_back import WriteResult, write_results
from inspector.display.refusal import again
from inspector.display.repair import Progress, progress
from inspector.display.words import RISKS, Word
from recon.actors import person
from recon.queries.account import AccountView
from recon.queries.repairs import Repair

_UNWRITTEN = ("aborted", "expired")


@dataclass(frozen=True, slots=True)
class RepairPage:
    """`seen` names all that the page shows of the repair: whoever asks again with it is answered on a change only.
    `outcome` heads the writes; `again` asks for the new plan where nothing was applied."""

    progress: Progress
    account_id: str
    title: str
    approved_at: str
    risk: Word | None
    short_digest: str
    digest: str
    outcome: str
    results: tuple[WriteResult, ...]
    entries: tuple[int, ...]
    comparison: Comparison | None
    again: ApprovalForm | None
    seen: str


def repair_page(
    repair: Repair, view: AccountView | None, *, permission: Permission, username: str, now: datetime
) -> RepairPage:
    """`view` is the account's latest evaluation, `permission` the reader's for its plan."""
    shown = progress(repair, now, read_again_at=view.evaluated_at if view else None)
    results = write_results(repair, view, now)
    came_to_nothing = repair.state in _UNWRITTEN and view is not None and not repair.undoes
    return RepairPage(
        progress=shown,
        account_id=repair.account_id,
        title="Undo of a repair of" if repair.undoes else "Repair of",
        approved_at=moment_words(repair.created_at),
        risk=RISKS.get(repair.risk) if repair.risk else None,
        short_digest=repair.digest[:12],
        digest=repair.digest,
        outcome=_outcome(repair, results),
        results=results,
        entries=repair.audit_seqs,
        comparison=comparison(repair.writes, view) if view and came_to_nothing and view.is_known else None,
        again=again(view, _typed(repair, username), permission) if view and came_to_nothing else None,
        seen=shown.seen if repair.is_live else _seen(shown, results),
    )


def _typed(repair: Repair, username: str) -> Typed:
    """Nobody approves under another's reason."""
    own = repair.approved_by == person(username)
    return Typed(reason=repair.reason if own else "", proposal=repair.proposal)


def _seen(shown: Progress, results: tuple[WriteResult, ...]) -> str:
    told = repr((shown.seen, shown.is_moving, [result.text for result in results]))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _outcome(repair: Repair, results: tuple[WriteResult, ...]) -> str:
    if repair.is_live:
        return "What it writes"
    if repair.state in _UNWRITTEN:
        return "What was not written"
    held = sum(result.code == "held" for result in results)
    return f"What was written: {held} of {len(results)} read back as approved"

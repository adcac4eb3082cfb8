"""One repair in words: the state it is in, the steps it has taken, what it wrote, and what to do."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from inspector.display.moments import clock_words
from inspector.display.proposals import number_of, proposal_words
from inspector.display.words import STORES, Tone, Word
from recon.actors import name_of
from recon.queries.repairs import Repair, Step

LATE = timedelta(seconds=5)
READ_AGAIN_WITHIN = timedelta(minutes=1)
WORKER = "celery -A recon worker"

_STATES = {
    "approved": Word("queued", "Queued", Tone.QUIET),
    "preparing": Word("running", "Running", Tone.QUIET),
    "calling": Word("running", "Running", Tone.QUIET),
    "committing": Word("running", "Running", Tone.QUIET),
    "aborting": Word("running", "Taking it back", Tone.WARN),
    "done": Word("done", "Applied", Tone.GOOD),
    "aborted": Word("failed", "Not applied", Tone.BAD),
    "expired": Word("expired", "Expired", Tone.WARN),
    "exception": Word("exception", "Needs a person", Tone.BAD),
}
_UNDONE = Word("done", "Undo applied", Tone.GOOD)
_LATE = Word("late", "Queued, no worker", Tone.WARN)
_IN_DOUBT = Word("doubt", "Decided, not finished", Tone.WARN)
_REFUSED = Word("refused", "Refused", Tone.WARN)

_STEP_STATES = {
    "done": ("✓", "done"),
    "now": ("▸", "now"),
    "waiting": ("·", "to come"),
    "failed": ("✕", "stopped here"),
    "skipped": ("–", "not done"),
}
_UNWRITTEN = ("expired", "refused", "failed")
_STEPS = {
    "approved": "Approve",
    "claimed": "Read all six stores again, compare the plan",
    "prepared": "Make every database ready, to commit or to undo",
    "stripe_called": "Ask Stripe",
    "decided": "Decide, with the audit entry",
    "committed": "Commit everywhere",
    "read_back": "Read back",
}
BRANCHES = {
    "planned": ("·", "not sent yet"),
    "prepared": ("▸", "ready, not committed yet"),
    "committed": ("✓", "holds it"),
    "rolled_back": ("–", "as it was before"),
    "lost": ("✕", "finished outside our control"),
}
CALLS = {
    "planned": ("·", "not sent yet"),
    "intended": ("▸", "sent, no answer yet"),
    "done": ("✓", "done"),
    "refused": ("✕", "refused"),
}


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step: `code` is the CSS class, `sign` is drawn, `state` said, `at` when where that is known."""

    code: str
    sign: str
    state: str
    text: str
    at: str

    @property
    def is_now(self) -> bool:
        return self.code == "now"


@dataclass(frozen=True, slots=True)
class PartLine:
    """One store's part of the repair, or one call to Stripe, and how far it is."""

    code: str
    name: str
    sign: str
    state: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a repair is. `seen` names what is shown here: whoever asks again with it is answered only on a change.
    `what_to_do` is empty where nothing is; `command` is what to type. `is_moving`: something is still to come."""

    id: str
    account_id: str
    word: Word
    sentence: str
    what_to_do: str
    command: str
    by: str
    reason: str
    what: str
    steps: tuple[StepLine, ...]
    parts: tuple[PartLine, ...]
    is_live: bool
    is_moving: bool
    seen: str


def progress(repair: Repair, now: datetime, *, read_again_at: datetime | None = None) -> Progress:
    """The repair as it stands; `now` tells whether it is late. `read_again_at` is when the account was last read."""
    is_late = repair.state == "approved" and now - repair.created_at >= LATE
    word = _word(repair, is_late)
    sentence, what_to_do = _sentences(repair, word.code, now)
    steps = tuple(_step(repair, step) for step in repair.steps)
    parts = _parts(repair) if word.code in ("doubt", "exception") else ()
    return Progress(
        id=str(repair.id),
        account_id=repair.account_id,
        word=word,
        sentence=sentence,
        what_to_do=what_to_do,
        command=WORKER if is_late else "",
        by=name_of(repair.approved_by),
        reason=repair.reason,
        what=_what(repair),
        steps=steps,
        parts=parts,
        is_live=repair.is_live,
        is_moving=repair.is_live or _is_to_be_read(repair, read_again_at, now),
        seen=_seen(word, sentence, steps, parts),
    )


def _is_to_be_read(repair: Repair, read_again_at: datetime | None, now: datetime) -> bool:
    """The account is read again right after its repair; a page that waits for it in vain stops after a minute."""
    if repair.closed_at is None or read_again_at is None or now - repair.closed_at > READ_AGAIN_WITHIN:
        return False
    return read_again_at < repair.closed_at


def _word(repair: Repair, is_late: bool) -> Word:
    if is_late:
        return _LATE
    if repair.state == "committing" and repair.waiting_for:
        return _IN_DOUBT
    if repair.state == "aborted" and repair.refused:
        return _REFUSED
    if repair.state == "done" and repair.undoes:
        return _UNDONE
    return _STATES[repair.state]


def _sentences(repair: Repair, code: str, now: datetime) -> tuple[str, str]:
    """(what is so, what to do)."""
    told = {
        "queued": ("Approved, and waiting for a worker. Nothing has been written.", ""),
        "late": (
            f"No worker has taken it yet. Nothing has been written. The approval {_runs_out(repair, now)} UTC.",
            "Somebody has to start a worker; then it goes on by itself. Whoever runs the servers types:",
        ),
        "doubt": (
            f"It is decided and will be applied in full. Not finished, because: {repair.waiting_for}.",
            "Nothing to do: it is tried again each minute until every store holds it. Tell whoever runs that store.",
        ),
        "expired": (
            "No worker took it in time, so the approval ran out. Nothing has been written.",
            "See that a worker runs, look at the plan again, and approve it anew.",
        ),
        "exception": (
            f"Part of it could not be finished. {repair.explanation}",
            "A person has to look: the on-call engineer compares what is listed here with the stores and settles it.",
        ),
        "refused": (f"Nothing has been written. {repair.explanation}", _after_refusal(repair.code)),
        "failed": (f"Nothing has been written. {repair.explanation}", "Look at the plan and approve it again."),
        "done": (_done(repair), ""),
    }
    if repair.undoes and code in _UNWRITTEN:
        return told[code][0], "Look at the repair itself: its undo stands there as it is now."
    return told.get(code, _running(repair))


def _runs_out(repair: Repair, now: datetime) -> str:
    return f"{'runs' if now < repair.expires_at else 'ran'} out at {clock_words(repair.expires_at, now)}"


def _running(repair: Repair) -> tuple[str, str]:
    if repair.state == "calling":
        return f"Stripe is being asked: {proposal_words(repair.proposal)}. Nothing is committed yet.", ""
    if repair.state == "committing":
        return "It is decided; the stores are committing.", ""
    if repair.state == "aborting":
        return f"It will not be applied: {repair.explanation} What was prepared is being undone.", ""
    return "The stores are getting ready. Nothing is committed until all of them can.", ""


def _after_refusal(code: str) -> str:
    return {
        "stale": "Compare what was approved with what is true now, and approve the new plan if it is right.",
        "unknown": "Re-read the account when the store answers again.",
        "paused": "Wait until somebody lets applies go on, then approve it again.",
        "forbidden": "Ask somebody of finance or admin to approve it.",
        "read_only": "Nothing can be written there until that is done; then approve the plan again.",
        "nothing": "There is nothing left to do here.",
        "no_proposal": "There is nothing left to ask of Stripe here.",
    }.get(code, "Look at the account as it is now.")


def _done(repair: Repair) -> str:
    asked = f" Stripe was told: {proposal_words(repair.proposal)}." if repair.proposal else ""
    return f"Every store committed what was approved.{asked} {repair.explanation}".strip()


def _what(repair: Repair) -> str:
    said = [number_of(len(repair.writes), "write") if repair.writes else ""]
    said.append(proposal_words(repair.proposal) if repair.proposal else "")
    return ", and at Stripe: ".join(filter(None, said))


def _step(repair: Repair, step: Step) -> StepLine:
    sign, state = _STEP_STATES[step.state]
    return StepLine(step.state.value, sign, state, _STEPS[step.name], _at(repair, step))


def _at(repair: Repair, step: Step) -> str:
    """When, for the steps whose moment is kept: the first to the second, the others as what they took."""
    if step.state != "done":
        return ""
    if step.name == "approved":
        return f"{repair.created_at:%H:%M:%S}"
    if step.name == "decided" and repair.decided_at:
        return f"+{_took(repair.created_at, repair.decided_at)}"
    if step.name == "read_back" and repair.closed_at and repair.decided_at:
        return f"+{_took(repair.decided_at, repair.closed_at)}"
    return ""


def _took(start: datetime, end: datetime) -> str:
    seconds = (end - start).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


def _parts(repair: Repair) -> tuple[PartLine, ...]:
    branches = (PartLine(one.state, STORES[one.store], *BRANCHES[one.state]) for one in repair.branches)
    calls = (PartLine(one.state, f"Stripe: {one.verb} of {one.object_id}", *CALLS[one.state]) for one in repair.calls)
    return (*branches, *calls)


def _seen(word: Word, sentence: str, steps: tuple[StepLine, ...], parts: tuple[PartLine, ...]) -> str:
    shown = repr((word.code, sentence, steps, parts))
    return hashlib.sha256(shown.encode()).hexdigest()[:16]

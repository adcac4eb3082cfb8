"""The undo of a repair in words: its inverse as a plan, what it leaves alone and why, and what it is linked with."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from inspector.access import Permission
from inspector.display.approval import ApprovalForm, Typed, approval_form
from inspector.display.follows import Follows, follows_from
from inspector.display.foot import paused_words
from inspector.display.moments import age_words, moment_words
from inspector.display.proposals import number_of, proposal_words
from inspector.display.words import RISKS, Word
from inspector.display.writes import WriteLine, cell_words, stores_of, write_line
from recon.actions.approve_undo import WHY_NOT
from recon.actions.foresee import foresee_events
from recon.actors import name_of
from recon.engine.answer import cell_json
from recon.engine.inverse import LeftBecause, LeftOut
from recon.engine.plan import Risk, plain
from recon.queries.account import Json
from recon.queries.pauses import Pause
from recon.queries.undo import NoUndo, OtherApply, Undo
from recon.queries.undone import StandingUndo

_LEFT: Final = {
    LeftBecause.CHANGED: "It holds {held} now, which the repair did not write.",
    LeftBecause.REPAIRED: "A later repair wrote it: that one can be undone.",
    LeftBecause.TOUCHED: "Its row was written again since, so this may be somebody's own value.",
    LeftBecause.NOT_OURS: "It is not this account's any more, or not only.",
}
_TITLES: Final = {
    "stale": "The stores have moved since you looked: nothing was undone. Below is the undo as it is now.",
    "busy": "Another repair of this account is under way: nothing was undone. Look at that one first.",
}
_AFTER: Final = (
    "An undo changes no fact: the account drifts again, on purpose, and the engine leaves it to people. "
    "The way back is the account's plan."
)
_AGAINST: Final = (
    "It takes away what the rules gave. Unless the truth has moved since, a customer who is in the right is worse off "
    "from then on, until somebody repairs the account."
)
_ANEW: Final = "The block is set anew: it counts from then on, and is set by recon."
_SECTION: Final = (NoUndo.NOTHING, NoUndo.UNKNOWN, NoUndo.WITHHELD, NoUndo.IRREVERSIBLE)
"""Why there is no undo, where that is worth a section of its own."""


@dataclass(frozen=True, slots=True)
class UndoStanding:
    """What decides about an undo besides its inverse: the reader's right to it, who paused all applies, and why what it
    writes to is only read (empty: it can be written)."""

    permission: Permission
    pause: Pause | None
    may_override: bool
    read_only: str


@dataclass(frozen=True, slots=True)
class Linked:
    """A repair that this one is linked with: `text` says how, `link` names it, `quoted` is its reason, `after` what is
    to be known besides."""

    text: str
    id: str
    link: str
    quoted: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class LeftLine:
    """A cell that stays as it is."""

    line: WriteLine
    because: str


@dataclass(frozen=True, slots=True)
class UndoSection:
    """The inverse as a plan; `none_because` says why there is none, `final` what Stripe did and keeps. `said` is why
    the form that was just sent was not taken; `anew` is what cannot be as it was, `against` whom it harms."""

    writes: tuple[WriteLine, ...]
    risk: Word | None
    digest: str
    short_digest: str
    what: str
    stores: str
    left_out: tuple[LeftLine, ...]
    left_words: str
    none_because: str
    final: str
    anew: str
    against: str
    follows: Follows
    form: ApprovalForm | None
    said: str


@dataclass(frozen=True, slots=True)
class UndoView:
    """Of one repair: what it is linked with, and its section where it has one."""

    links: tuple[Linked, ...]
    section: UndoSection | None


@dataclass(frozen=True, slots=True)
class Undone:
    """Why an account drifts on purpose, beside its plan."""

    text: str
    quoted: str
    id: str


def undo_view(undo: Undo, standing: UndoStanding, *, typed: Typed, said: str = "", now: datetime) -> UndoView:
    """`typed` stands in the form already; `said` is the refusal of what was sent."""
    has_section = undo.why_none is None or undo.why_none in _SECTION
    section = _section(undo, standing, typed, said, now) if has_section else None
    return UndoView(tuple(_links(undo)), section)


def said_words(code: str, sentence: str) -> str:
    """Why an undo was not approved."""
    return _TITLES.get(code, f"Nothing was undone. {sentence}")


def undone_words(undo: StandingUndo | None, now: datetime) -> Undone | None:
    """None where nothing that was undone stands."""
    if undo is None:
        return None
    text = f"{name_of(undo.approved_by)} took a repair of this back {age_words(undo.at, now)}"
    return Undone(text, undo.reason, str(undo.apply_id))


def _links(undo: Undo) -> Iterator[Linked]:
    if undo.undoes is not None:
        yield Linked("Takes back", str(undo.undoes.id), _named("the repair", undo.undoes), undo.undoes.reason, _AFTER)
    if undo.undone_by is not None:
        text = "Taken back by" if undo.undone_by.closed_at else "Is being taken back by"
        yield Linked(text, str(undo.undone_by.id), _named("the undo", undo.undone_by), undo.undone_by.reason)


def _named(what: str, other: OtherApply) -> str:
    return f"{what} of {moment_words(other.created_at)} UTC, approved by {name_of(other.approved_by)}"


def _section(undo: Undo, standing: UndoStanding, typed: Typed, said: str, now: datetime) -> UndoSection:
    plan = undo.inverse.plan if undo.inverse else None
    writes = [cell_json(write) for write in plan.writes] if plan else []
    risk = RISKS.get(plan.risk.value) if plan and plan.risk else None
    left = undo.inverse.left_out if undo.inverse else ()
    return UndoSection(
        writes=tuple(write_line(write, undo.account_id, {}) for write in writes),
        risk=risk,
        digest=plan.digest if plan else "",
        short_digest=plan.digest[:12] if plan else "",
        what=number_of(len(writes), "write"),
        stores=", ".join(stores_of(writes)),
        left_out=tuple(_left(one, undo.account_id) for one in left),
        left_words=f"{number_of(len(left), 'value')} left as {'it is' if len(left) == 1 else 'they are'}",
        none_because=" ".join((WHY_NOT[undo.why_none], *undo.reasons)) if undo.why_none else "",
        final=_final(undo),
        anew=_ANEW if any(one["table"] == "blocks" and one["stored"] is None for one in writes) else "",
        against=_AGAINST if plan and plan.risk is Risk.SEVERE else "",
        follows=follows_from(writes, foresee_events(undo.account_id, writes)),
        form=None if undo.why_none or plan is None else _form(undo, plan.digest, standing, typed, now),
        said=said,
    )


def _final(undo: Undo) -> str:
    if not undo.proposal:
        return ""
    return f"What Stripe was told stays as it is: {proposal_words(undo.proposal)}. An undo never takes that back."


def _left(one: LeftOut, account_id: str) -> LeftLine:
    cell: Json = cell_json(one.cell)
    held = cell_words(cell, plain(one.held))
    return LeftLine(write_line(cell, account_id, {}), _LEFT[one.because].format(held=held))


def _form(undo: Undo, digest: str, standing: UndoStanding, typed: Typed, now: datetime) -> ApprovalForm:
    paused = paused_words(standing.pause, now) if standing.pause else ""
    barred = "" if standing.may_override else paused
    return approval_form(
        undo.account_id,
        digest,
        name="undo",
        button="Undo this repair",
        typed=typed,
        why_not=barred or standing.read_only or standing.permission.why_not,
        override=paused if standing.may_override else "",
        is_first=True,
        undoes=str(undo.apply_id),
    )

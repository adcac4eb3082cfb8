"""What a person approved, and whether it may still be done: asked when it is approved, and again when it is applied."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from recon.apply.record import Entry
from recon.apply.tell import Event
from recon.models import EventKind


class Rights(StrEnum):
    """What an approver may approve."""

    NONE = "none"
    LENIENT = "lenient"
    ALL = "all"  # severe plans and Stripe proposals too

    def cover(self, is_severe: bool) -> bool:
        return self is Rights.ALL or (self is Rights.LENIENT and not is_severe)


@dataclass(frozen=True, slots=True)
class Order:
    """What a person approved: this digest of this account's plan, and at most one of its Stripe proposals."""

    account_id: str
    digest: str
    actor: str
    reason: str
    rights: Rights
    request_id: str = ""
    proposal: str | None = None  # "verb:object"
    overrides_pause: bool = False  # an admin's emergency
    request_key: str = ""  # of one that is approved and begun in one act: the same one, once
    undoes: UUID | None = None  # then the plan is the inverse of this repair
    approved: UUID | None = None  # the stored approval that is carried out; without one, to approve is to begin


@dataclass(frozen=True, slots=True)
class Barred:
    """What stands in everybody's way to a plan: the classes of its drift that are shown only, and in words until when,
    by whom and why the difference is accepted (empty: it is not), and why what it writes to is only read (empty: it can
    be written)."""

    observed: Collection[str] = ()
    accepted: str = ""
    read_only: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What could be approved of an account at one moment; `proposals` are "verb:object"."""

    is_known: bool
    reasons: Sequence[str]
    digest: str
    is_severe: bool
    has_writes: bool
    proposals: Collection[str]
    barred: Barred


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is begun: a word for programs and a sentence for people."""

    code: str
    sentence: str


READ_ONLY = "read_only"
BUSY = Refusal("busy", "Another apply of this account is under way; look at it first.")
PAUSED = Refusal("paused", "All applies are paused; the switch says who paused them and why.")
NOT_YOURS = Refusal("forbidden", "A plan is approved by somebody of support, finance or admin.")
TOO_SEVERE = Refusal(
    "forbidden", "A severe plan, and what is asked of Stripe, is approved by somebody of finance or admin."
)
EXPIRED = Refusal("expired", "The approval was not taken up in time; look at the account and approve again.")


def refusal_of(order: Order, standing: Standing) -> Refusal | None:
    """Why what was approved is not what may be done now; None when it may."""
    if not standing.is_known:
        return Refusal("unknown", f"The verdict is unknown, so nothing may be written: {'; '.join(standing.reasons)}")
    if standing.digest != order.digest:
        return Refusal(
            "stale", "The stores have changed since this plan was made; look at the new one and approve that."
        )
    if not order.rights.cover(standing.is_severe or order.proposal is not None):
        return NOT_YOURS if order.rights is Rights.NONE else TOO_SEVERE
    if standing.barred.observed:
        named = ", ".join(sorted(standing.barred.observed))
        return Refusal("observed", f"Drift of the class {named} is only observed; an admin can change its mode.")
    if standing.barred.accepted:
        return Refusal("accepted", f"The difference is accepted {standing.barred.accepted}. End the acceptance first.")
    if standing.barred.read_only:
        return Refusal(READ_ONLY, f"It cannot be written. {standing.barred.read_only}")
    if order.proposal is not None and order.proposal not in standing.proposals:
        return Refusal("no_proposal", f"The plan proposes no {order.proposal}.")
    if not standing.has_writes and order.proposal is None:
        return Refusal("nothing", "There is nothing to write.")
    return None


def undone(undoes: UUID | None) -> dict[str, str]:
    """How audit and events say that a plan is the inverse of another repair; empty where it is none."""
    return {} if undoes is None else {"undoes": str(undoes)}


def refused(order: Order, refusal: Refusal, *, digest_now: str | None) -> tuple[Entry, Event]:
    """The audit entry and the event of an attempt that was refused before anything was sent."""
    asked = {"digest": order.digest, "proposal": order.proposal, **undone(order.undoes)}
    answered = {"code": refusal.code, "why": refusal.sentence, "digest": digest_now}
    cause = f"request:{order.request_id}" if order.request_id else order.actor
    entry = Entry(
        actor=order.actor,
        action=EventKind.REPAIR_REFUSED,
        reason=order.reason,
        account=order.account_id,
        before=asked,
        after=answered,
        request_id=order.request_id,
    )
    return entry, Event(EventKind.REPAIR_REFUSED, order.account_id, asked, answered, cause)

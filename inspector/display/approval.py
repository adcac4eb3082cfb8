"""One form that approves something: its reason, its seal, and the key that makes it count once."""

from dataclasses import dataclass
from uuid import uuid4

REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into a form that is shown again, and what is wrong with it. `proposal` names the form;
    `kept` says why it stands there after a session that had ended."""

    reason: str = ""
    proposal: str = ""
    object_id: str = ""
    reason_error: str = ""
    object_error: str = ""
    kept: str = ""


NOTHING_TYPED = Typed()


@dataclass(frozen=True, slots=True)
class ApprovalForm:
    """`name` makes its fields' ids unique on the page. `request_key` is new with every rendering: what is sent twice is
    applied once. `asks_for` is the Stripe object's id that has to be typed, empty when none has. A form with `why_not`
    is shown and cannot be sent; one with `override`, what an admin's emergency overrides, has a box to tick for it.
    `is_first` takes the page's key `a`. `undoes` is the repair that it undoes; empty for a plan's own form."""

    name: str
    account_id: str
    digest: str
    proposal: str
    request_key: str
    button: str
    reason: str
    reason_error: str
    kept: str
    asks_for: str
    object_id: str
    object_error: str
    why_not: str
    override: str
    is_first: bool
    undoes: str = ""
    reason_length: int = REASON_LENGTH


def approval_form(
    account_id: str,
    digest: str,
    *,
    name: str,
    button: str,
    typed: Typed,
    why_not: str,
    override: str = "",
    proposal: str = "",
    asks_for: str = "",
    is_first: bool = False,
    undoes: str = "",
) -> ApprovalForm:
    """The form as it is shown; what was typed into another form of the page is not put into this one."""
    own = typed if typed.proposal == proposal else NOTHING_TYPED
    return ApprovalForm(
        name=name,
        account_id=account_id,
        digest=digest,
        proposal=proposal,
        request_key=str(uuid4()),
        button=button,
        reason=own.reason,
        reason_error=own.reason_error,
        kept=own.kept,
        asks_for=asks_for,
        object_id=own.object_id,
        object_error=own.object_error,
        why_not=why_not,
        override=override,
        is_first=is_first,
        undoes=undoes,
    )

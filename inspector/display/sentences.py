"""Two texts to copy: what a customer may be told, and what a colleague needs.

The customer's text names no store, rule or flag, blames nobody, and promises nothing: what it says of a sum is what the
rules confirmed, and what it says of access is what ought to be, not when it will be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from inspector.display.clearing import paid_words
from inspector.display.moments import date_words, moment_words
from inspector.display.money import amount_words
from inspector.display.verdict import harm, owed_words
from inspector.display.words import STATES, UNKNOWN_STATE, word
from recon.engine.clearing import Clearing, Way
from recon.engine.rules.subscription import FREE
from recon.engine.suppose import Change, ChangeKind
from recon.queries.account import AccountView, Json

NAMED = 5
"""Invoices that are named one by one; of more, the oldest due date and the number are said."""


@dataclass(frozen=True, slots=True)
class Sentences:
    customer: str
    colleague: str


def sentences(view: AccountView, clearing: Clearing | None, *, link: str) -> Sentences:
    """`link` is the account's page, as an address that a colleague can open."""
    return Sentences(customer_text(view, clearing), colleague_text(view, link))


def customer_text(view: AccountView, clearing: Clearing | None) -> str:
    """Plain and polite, true at the moment of the evaluation."""
    if view.truth is None:
        return "We are still checking your account and cannot confirm its status at the moment."
    parts = [_standing(view, clearing), _access(view), _doubt(view)]
    return " ".join(part for part in parts if part)


def _standing(view: AccountView, clearing: Clearing | None) -> str:
    state = (view.truth or {})["state"]
    day = date_words(view.evaluated_at)
    if state == "clear":
        return f"As of {day} (UTC), nothing on your account is overdue."
    asked = _asked(clearing)
    settled = f" A payment of {asked} would bring it up to date." if asked else ""
    if state == "written_off":
        left = " and ".join(_amounts(view, "written_off_minor")) or "an earlier amount"
        return (
            f"As of {day} (UTC), we are not asking for payment, but {left} from earlier invoices on your account "
            f"remains unpaid.{settled}"
        )
    checking = "" if asked else " We are checking what remains to be settled."
    more = f"{_not_asked(clearing)}{checking}{_earlier_payments(clearing)}"
    return f"As of {day} (UTC), your account has an overdue balance.{settled}{more}"


def _asked(clearing: Clearing | None) -> str:
    """The sum and the invoices of the way that is a payment, of which the rules say that it clears."""
    way = _payment_way(clearing)
    if way is None:
        return ""
    paid = [change for change in way.changes if change.kind is ChangeKind.PAYMENT]
    return f"{paid_words(paid)} ({_invoices(paid)})"


def _not_asked(clearing: Clearing | None) -> str:
    """What of the payment was written off: it ends what is limited because of that, and nobody asks for it."""
    way = _payment_way(clearing)
    written_off = [replace(one, amount_minor=one.written_off_minor) for one in way.changes] if way is not None else []
    left = paid_words(one for one in written_off if one.amount_minor)
    return f" Of that, {left} is from earlier invoices, for which we are not asking." if left else ""


def _payment_way(clearing: Clearing | None) -> Way | None:
    ways = clearing.ways if clearing is not None else ()
    return next((way for way in ways if all(one.kind is ChangeKind.PAYMENT for one in way.changes)), None)


def _invoices(paid: Sequence[Change]) -> str:
    if len(paid) > NAMED:
        oldest = min((change.due_at for change in paid if change.due_at is not None), default=None)
        since = f", the oldest due {date_words(oldest)}" if oldest else ""
        return f"{len(paid)} invoices{since}"
    return "; ".join(_invoice(change, alone=len(paid) == 1) for change in paid)


def _invoice(change: Change, *, alone: bool) -> str:
    amount = "" if alone else f", {amount_words(change.amount_minor, change.currency)}"
    due = f", due {date_words(change.due_at)}" if change.due_at is not None else ""
    return f"invoice {change.ledger_invoice or change.stripe_invoice}{amount}{due}"


def _earlier_payments(clearing: Clearing | None) -> str:
    """Money that was seen and has not arrived, so that nobody pays twice; and money that went back."""
    kinds = {change.kind for way in (clearing.ways if clearing else ()) for change in way.changes}
    told = ""
    if ChangeKind.ARRIVAL in kinds:
        told += " An earlier payment has not reached us yet; if it does, it counts towards this."
    if kinds & {ChangeKind.DISPUTE_WON, ChangeKind.REVERSAL_UNDONE}:
        told += " An earlier payment was returned by the bank."
    return told


def _amounts(view: AccountView, name: str) -> tuple[str, ...]:
    balances = (view.truth or {}).get("balances", {})
    return owed_words({currency: sums[name] for currency, sums in balances.items()})


def _access(view: AccountView) -> str:
    """What ought to be open to the customer; what the product does meanwhile is said where it denies more."""
    told = [_for_debt(view.truth or {})]
    if "paid_but_blocked" in view.details:
        told = ["Our product is more restricted for you than it should be; we are looking into that."]
    if _has_other_block(view):
        told.append("There is also a restriction on your account that has nothing to do with payments.")
    return " ".join(filter(None, told))


def _for_debt(truth: Json) -> str:
    """What is limited because of a debt, and nothing else: a plan may be off for other reasons."""
    has_plan = truth["plan_code"] not in (None, FREE)
    match truth["state"]:
        case "clear":
            return ""
        case "bad_debt":
            return "While this is open, your account is suspended."
        case "delinquent":
            return "While this is open, your plan is switched off." if has_plan else ""
    if truth["billing_block"] is None:
        return "Nothing on your account is limited because of it."
    plan = "your plan stays available and " if truth["plan_active"] and has_plan else ""
    return f"While this is open, {plan}some features are limited."


def _has_other_block(view: AccountView) -> bool:
    return any(
        row.get("reason") != "billing_debt" and row.get("account_id") == view.account_id
        for row in view.stores["cf_prod"].rows("blocks")
    )


def _doubt(view: AccountView) -> str:
    if any(finding["class"] in ("fact_conflict", "identity") for finding in view.findings):
        return "We are still comparing our records, so we may come back to you about details."
    return ""


def colleague_text(view: AccountView, link: str) -> str:
    """Account, state with its rule, since when, what differs, what the plan is, and where to look."""
    state = word((view.truth or {}).get("state"), STATES) if view.truth else UNKNOWN_STATE
    reason = view.because.get("state", {})
    rule = f" ({reason['rule']})" if reason.get("rule") else ""
    owed = ", ".join(_amounts(view, "collectible_minor"))
    lines = [
        f"{view.account_id}: {state.text}{rule}, since {moment_words(view.changed_at)} UTC",
        reason.get("text", "") if view.truth else " ".join(view.reasons),
        f"Open in all, due or not: {owed}" if owed else "",
        _differs(view),
        _plan(view),
        f"As of {moment_words(view.evaluated_at)} UTC: {link}",
    ]
    return "\n".join(line for line in lines if line)


def _differs(view: AccountView) -> str:
    if not view.cells:
        return ""
    since = f" since {moment_words(view.drift_since)} UTC" if view.drift_since else ""
    places = sorted({f"{cell['store']}.{cell['table']}.{cell['column']}" for cell in view.cells})
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    what = harm(view.is_known, view.details, view.classes, len(view.cells)).text
    return f"Differs{since}: {', '.join(places[:NAMED])}{more}. {what}."


def _plan(view: AccountView) -> str:
    if not view.writes:
        return "Plan: withheld, whose customer it is has to be settled first" if view.risk else ""
    count = len(view.writes)
    return f"Plan: {count} write{'s' if count > 1 else ''}, {view.risk}, digest {view.digest[:12]}"

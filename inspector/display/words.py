"""The names of closed sets as people say them, each with the tone in which a page shows it."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How loud a word is; a page shows it by colour and always by the word too."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Word:
    """One value of a closed set: `code` as stored, `text` as said, `tone`, and `meaning` in a sentence."""

    code: str
    text: str
    tone: Tone = Tone.QUIET
    meaning: str = ""


STORES: dict[str, str] = {
    "subs_dunning": "subs_dunning",
    "cf_prod": "cf_prod",
    "billing_prod": "billing_prod",
    "subs_account": "subs_account",
    "subs_customer": "subs_customer",
    "stripe": "Stripe",
}

_STATES = (
    Word("clear", "Clear", Tone.GOOD, "Nothing is owed past its date."),
    Word(
        "written_off",
        "Written off",
        Tone.WARN,
        "Nothing is chased any more, but an approved write-off was never recovered.",
    ),
    Word("grace", "In grace", Tone.WARN, "Just overdue: nothing is restricted yet."),
    Word("past_due", "Past due", Tone.WARN, "Overdue: the plan stays, the account is restricted."),
    Word("delinquent", "Delinquent", Tone.BAD, "Long overdue: the plan is off."),
    Word("bad_debt", "Bad debt", Tone.BAD, "Overdue beyond hope: the account is suspended."),
)
STATES = {word.code: word for word in _STATES}
UNKNOWN_STATE = Word(
    "unknown",
    "Unknown",
    Tone.WARN,
    "Not all stores could be read and understood, so nothing is claimed and nothing is written.",
)

_CLASSES = (
    Word("bad_debt_drift", "Bad-debt drift", Tone.BAD, "A store's bad-debt signal is not what the truth says."),
    Word(
        "inconsistent_debt_flags", "Inconsistent debt flags", Tone.WARN, "The stored debt flags are not the true ones."
    ),
    Word(
        "no_successful_payment_drift",
        "No-successful-payment flag",
        Tone.WARN,
        "The flag and the payment history disagree.",
    ),
    Word("entitlement_drift", "Entitlement drift", Tone.BAD, "The product grants or denies what the truth does not."),
)
CLASSES = {word.code: word for word in _CLASSES}

_DETAILS = (
    Word("stuck", "Stuck in bad debt", Tone.BAD, "A store says bad debt, the truth does not."),
    Word("missed", "Missed bad debt", Tone.WARN, "The truth says bad debt, a store does not."),
    Word(
        "contradictory",
        "Contradictory flags",
        Tone.BAD,
        "The stores contradict each other: the flags fit no state at all.",
    ),
    Word("wrong", "Wrong flags", Tone.WARN, "The flags fit a state, but not the true one."),
    Word("flagged_but_paid", "Flagged, but paid", Tone.BAD, "Says no successful payment, though one exists."),
    Word("unflagged_never_paid", "Not flagged, never paid", Tone.WARN, "Says a payment succeeded, though none exists."),
    Word("paid_but_blocked", "Wrongly locked out", Tone.BAD, "A store denies what the truth allows."),
    Word("served_unpaid", "Wrongly served", Tone.WARN, "A store allows what the truth denies."),
)
DETAILS = {word.code: word for word in _DETAILS}

_FINDINGS = (
    Word("fact_conflict", "Ledger and Stripe disagree on facts", Tone.WARN),
    Word("identity", "Whose customer is it?", Tone.WARN),
    Word("duplicate_subscription", "Two live subscriptions", Tone.WARN),
    Word("unknown", "Could not be read or understood", Tone.WARN),
    Word("draft_backlog", "Drafts pile up behind an unpaid subscription", Tone.QUIET),
)
FINDINGS = {word.code: word for word in _FINDINGS}

_RISKS = (
    Word("lenient", "Lenient", Tone.GOOD, "Every write relaxes; support may approve it."),
    Word("severe", "Severe", Tone.BAD, "At least one write takes something away; finance approves it."),
)
RISKS = {word.code: word for word in _RISKS}

VERBS = {
    "invoices.pay": "Mark the invoice paid out of band",
    "invoices.void_invoice": "Void the invoice",
    "invoices.mark_uncollectible": "Mark the invoice uncollectible",
    "subscriptions.cancel": "Cancel the subscription",
}


def word(code: str | None, among: dict[str, Word]) -> Word:
    """The word of a code; one that nobody knows is shown as it is, loudly."""
    if code is None:
        return Word("", "none")
    return among.get(code) or Word(code, code, Tone.WARN)


def number_words(number: int) -> str:
    """`4 211`, with a narrow space that does not break."""
    return f"{number:,}".replace(",", "\u202f")


def accounts_words(number: int) -> str:
    """`4 211 accounts`, or `1 account`."""
    return f"{number_words(number)} account{'' if number == 1 else 's'}"


def value_words(value: object) -> str:
    """A stored or true value (str, int, bool or None) as a table cell says it."""
    if value is None:
        return "none"
    if value is True:
        return "yes"
    if value is False:
        return "no"
    if value == "":
        return "(empty)"
    return str(value)

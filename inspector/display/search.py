"""What a search led to: the accounts and by what, the terms that led nowhere, and what else one may try."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse

from inspector.display.moments import age_words
from inspector.display.verdict import harm
from inspector.display.words import STATES, UNKNOWN_STATE, Word, number_words, word
from recon.queries.find import Exact, Found, Hit, Missed, StripeOnly
from recon.queries.find_names import Likeness
from recon.queries.handles import LONGEST
from recon.queries.runs import MirrorState, SweepState
from recon.queries.terms import MOST_TERMS

SHOWN: Final = 80  # characters of a term that is no handle anyway
BY: Final[Mapping[Exact | Likeness, str]] = {
    Exact.ACCOUNT: "account id",
    Exact.EMAIL: "email",
    Exact.STRIPE_CUSTOMER: "Stripe customer",
    Exact.SUBSCRIPTION: "Stripe subscription",
    Exact.STRIPE_INVOICE: "Stripe invoice",
    Exact.PAYMENT_INTENT: "payment intent",
    Exact.CHARGE: "charge",
    Exact.OLD_CHARGE: "charge",
    Exact.DISPUTE: "dispute",
    Exact.OLD_DISPUTE: "dispute",
    Exact.LEDGER_INVOICE: "ledger invoice",
    Exact.LEDGER_PAYMENT: "ledger payment",
    Exact.OTHER: "another id of this account: merged, or in the ledger",
    Exact.ITS_CUSTOMER: "an object of its Stripe customer",
    Likeness.EMAIL_BEGINS: "email begins with it",
    Likeness.NAME_BEGINS: "name begins with it",
    Likeness.HOLDS: "email or name holds it",
    Likeness.ONE_SLIP: "email or name is one slip away",
}
KINDS: Final = {
    "customers": "customer",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "payment_intents": "payment intent",
    "charges": "charge",
    "disputes": "dispute",
}


@dataclass(frozen=True, slots=True)
class MatchLine:
    """One term that led to the account, and by what; of a search for one term the term goes without saying."""

    term: str
    by: str


@dataclass(frozen=True, slots=True)
class HitLine:
    """One account that was found."""

    account_id: str
    href: str
    name: str
    email: str
    state: Word
    harm: Word
    matches: tuple[MatchLine, ...]


@dataclass(frozen=True, slots=True)
class MissedLine:
    """One term that led nowhere; `read_href` reads the stores for `unread`, the account id that it may be."""

    term: str
    text: str
    unread: str
    read_href: str


@dataclass(frozen=True, slots=True)
class SearchView:
    """A search and its answer. `pasted` is what was asked, one term a line."""

    title: str
    is_asked: bool
    lines: tuple[HitLine, ...]
    missed: tuple[MissedLine, ...]
    notes: tuple[str, ...]
    searched: tuple[str, ...]
    tries: tuple[str, ...]
    pasted: str


def search_view(found: Found, sweep: SweepState | None, mirror: MirrorState, now: datetime) -> SearchView:
    is_asked = bool(found.terms or found.too_long)
    return SearchView(
        title=_title(found) if is_asked else "Search",
        is_asked=is_asked,
        lines=tuple(_hit_line(hit, says_terms=len(found.terms) > 1) for hit in found.hits),
        missed=tuple(_missed_line(missed) for missed in found.missed),
        notes=tuple(_notes(found)),
        searched=_searched(sweep, mirror, now),
        tries=tuple(_tries(found.missed)),
        pasted="\n".join(found.terms) if len(found.terms) > 1 else "",
    )


def _title(found: Found) -> str:
    if len(found.terms) == 1 and not found.too_long:
        [term] = found.terms
        if not found.hits:
            return f"Nothing found for “{_short(term)}”"
        return f"{_number(len(found.hits), 'account')} for “{_short(term)}”"
    terms = len(found.terms) + len(found.too_long)
    return f"{_number(len(found.hits), 'account')} for {_number(terms, 'term')}"


def _hit_line(hit: Hit, *, says_terms: bool) -> HitLine:
    return HitLine(
        account_id=hit.account_id,
        href=reverse("account", args=[hit.account_id]),
        name=hit.name,
        email=hit.email,
        state=word(hit.state, STATES) if hit.is_known else UNKNOWN_STATE,
        harm=harm(hit.is_known, hit.details, hit.classes, hit.drifted_cells),
        matches=tuple(MatchLine(_short(one.term) if says_terms else "", BY[one.by]) for one in hit.matches),
    )


def _missed_line(missed: Missed) -> MissedLine:
    return MissedLine(
        term=_short(missed.term),
        text=_why(missed),
        unread=missed.unread,
        read_href=reverse("recompute", args=[missed.unread]) if missed.unread else "",
    )


def _why(missed: Missed) -> str:
    if missed.stripe is not None:
        return _of_stripe(missed.stripe)
    if missed.gave_up:
        return "So many names are like it that the search was given up after a second. Give more of the name, or an id."
    if not missed.by_name:
        return (
            "No account has it as an id or email. Of so many terms the last are not searched as names: give it alone."
        )
    if missed.unread:
        return "No account has it as an id, email or name. If it is the id of an account that is new, read the stores."
    return "No account has it as an id, email or name."


def _of_stripe(known: StripeOnly) -> str:
    if known.claimed is not None:
        return f"Stripe's customer {known.customer} names the account {known.claimed}, which was never evaluated."
    what = KINDS.get(known.kind, "object")
    if known.kind == "customers" or known.customer is None:
        return f"Stripe has this {what}, and it belongs to nobody: no account is linked to it, and it names none."
    return f"Stripe has this {what}, of {known.customer}: no account is linked to that customer, and it names none."


def _notes(found: Found) -> list[str]:
    """What was cut short, in sentences."""
    notes = []
    if found.left_out:
        given = len(found.terms) + len(found.too_long) + found.left_out
        notes.append(
            f"{number_words(given)} terms were given; the first {MOST_TERMS} were searched. "
            "Search the others in another go."
        )
    for term in found.too_long[:5]:
        notes.append(
            f"“{_short(term)}” has {number_words(len(term))} characters: no id, email or name has more than {LONGEST}, "
            "so it was not searched."
        )
    if len(found.too_long) > 5:
        notes.append(f"{len(found.too_long) - 5} more terms are too long and were not searched.")
    for term in found.crowded[:5]:
        notes.append(f"“{_short(term)}” leads to more accounts than are shown: write more of it, or another id.")
    return notes


def _searched(sweep: SweepState | None, mirror: MirrorState, now: datetime) -> tuple[str, ...]:
    filled = f"as of {age_words(mirror.as_of, now)}" if mirror.as_of else "never filled"
    swept = age_words(sweep.finished_at or sweep.started_at, now) if sweep else "never"
    return (
        f"As each account was last evaluated (last sweep: {swept}): account ids, also merged ones; "
        "emails, names and Stripe customers of subs_customer; invoices and payments of billing_prod; "
        "customers, subscriptions, invoices and their numbers, payment intents, charges and disputes of Stripe.",
        f"The mirror of Stripe ({filled}): objects whose customer belongs to nobody yet.",
    )


def _tries(missed: Sequence[Missed]) -> list[str]:
    if not missed:
        return []
    tries = ["Ids have to be whole; of an email or a name three letters in a row will do, and one slip is forgiven."]
    if any("@" in one.term for one in missed):
        tries.append("Try what stands before the @, or the domain alone: people write from several addresses.")
    if any(" " in one.term for one in missed):
        tries.append("Try the family name alone, or the company's.")
    tries.append("Try an id off the invoice or the bank statement: in_…, pi_…, ch_… or the invoice's number.")
    return tries


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _number(count: int, noun: str) -> str:
    return f"{number_words(count) if count else 'No'} {noun}{'' if count == 1 else 's'}"

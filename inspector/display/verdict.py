"""The verdict line: the state as a word, one sentence why, what harm is done, and what it was computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from inspector.display.because import asked_words
from inspector.display.moments import age_words, clock_words, date_words
from inspector.display.money import amount_words
from inspector.display.words import CLASSES, DETAILS, STATES, STORES, UNKNOWN_STATE, Tone, Word, word
from recon.queries.account import AccountView


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one reads first. `badges` are the drift's details and classes; `owed` amounts, one a currency."""

    state: Word
    why: str
    rule: str
    reasons: tuple[str, ...]
    harm: Word
    badges: tuple[Word, ...]
    owed: tuple[str, ...]
    oldest_due: str
    computed: str
    sources: str
    policy: tuple[str, str] | None
    next_evaluation: str
    asked: str


def verdict(view: AccountView, now: datetime) -> Verdict:
    """The verdict of one account; `now` words the ages alone."""
    truth = view.truth or {}
    reason = view.because.get("state", {})
    return Verdict(
        state=word(truth["state"], STATES) if view.is_known else UNKNOWN_STATE,
        why=reason.get("text", "") if view.is_known else UNKNOWN_STATE.meaning,
        rule=reason.get("rule", ""),
        reasons=tuple(view.reasons),
        harm=harm(view.is_known, view.details, view.classes, len(view.cells)),
        badges=tuple(word(code, CLASSES) for code in view.classes),
        owed=owed_words({c: b["collectible_minor"] for c, b in truth.get("balances", {}).items()}),
        oldest_due=date_words(truth.get("oldest_due_at")),
        computed=clock_words(view.evaluated_at, now),
        sources=_sources(view, now),
        policy=_policy(view.policy_version),
        next_evaluation=age_words(view.next_evaluation_at, now) if view.next_evaluation_at else "",
        asked=asked_words(view.causes, view.more_causes, named=1),
    )


def harm(is_known: bool, details: Sequence[str], classes: Sequence[str], cells: int) -> Word:
    """What the drift does to the customer, the worst first."""
    if not is_known:
        return Word("unknown", "Not known", Tone.WARN)
    for code in ("paid_but_blocked", "served_unpaid"):
        if code in details:
            return DETAILS[code]
    if classes:
        return Word("flags", "Flags are wrong, access is right", Tone.WARN)
    if cells:
        return Word("values", f"{cells} derived value{'s' if cells > 1 else ''} differ, no class of drift", Tone.WARN)
    return Word("none", "All stores agree with the truth", Tone.GOOD)


def owed_words(owed: dict[str, int]) -> tuple[str, ...]:
    """Collectible amounts, one a currency, zeros left out."""
    return tuple(amount_words(minor, currency) for currency, minor in sorted(owed.items()) if minor)


def _policy(number: int | None) -> tuple[str, str] | None:
    """The version whose numbers were used, in words and where it stands; None for numbers from before versions."""
    return (f"policy version {number}", f"{reverse('policy')}#version-{number}") if number is not None else None


def _sources(view: AccountView, now: datetime) -> str:
    read = [name for name, store in view.stores.items() if store.ok]
    stripe = view.stores["stripe"]
    tail = f", Stripe {age_words(stripe.as_of, now)}" if stripe.ok else ""
    return f"from {len(read)} of {len(STORES)} stores{tail}"

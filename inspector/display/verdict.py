"""The verdict line: the state as a word, one sentence why, what harm is done, and what it was computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inspector.display.material import AccountMaterial
from inspector.display.moments import age_words, clock_words, date_words
from inspector.display.money import amount_words
from inspector.display.words import CLASSES, DETAILS, FINDINGS, STATES, STORES, UNKNOWN_STATE, Tone, Word, word


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
    next_evaluation: str


@dataclass(frozen=True, slots=True)
class FindingLine:
    """Something that a person has to settle."""

    name: Word
    text: str
    refs: tuple[str, ...]


def verdict(material: AccountMaterial, now: datetime) -> Verdict:
    """The verdict of one account; `now` words the ages alone."""
    truth = material.truth or {}
    reason = material.because.get("state", {})
    return Verdict(
        state=word(truth["state"], STATES) if material.known else UNKNOWN_STATE,
        why=reason.get("text", "") if material.known else UNKNOWN_STATE.meaning,
        rule=reason.get("rule", ""),
        reasons=tuple(material.reasons),
        harm=harm(material.known, material.details, material.classes, len(material.cells)),
        badges=tuple(word(code, CLASSES) for code in material.classes),
        owed=owed_words({c: b["collectible_minor"] for c, b in truth.get("balances", {}).items()}),
        oldest_due=date_words(truth.get("oldest_due_at")),
        computed=clock_words(material.at, now),
        sources=_sources(material, now),
        next_evaluation=age_words(material.next_evaluation_at, now) if material.next_evaluation_at else "",
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


def findings(material: AccountMaterial) -> tuple[FindingLine, ...]:
    return tuple(
        FindingLine(word(finding["class"], FINDINGS), finding["text"], tuple(finding.get("refs", ())))
        for finding in material.findings
    )


def _sources(material: AccountMaterial, now: datetime) -> str:
    read = [name for name, store in material.stores.items() if store.ok]
    stripe = material.stores["stripe"]
    tail = f", Stripe as of {age_words(stripe.as_of, now)}" if stripe.ok else ""
    return f"from {len(read)} of {len(STORES)} stores{tail}"

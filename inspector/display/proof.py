"""The badge: when the audit's chain was last walked, and what was found. It is never silent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from inspector.display.moments import age_words, moment_words, span_words
from inspector.display.words import Tone, number_words
from recon.queries.verifications import Proof

LATE: Final = timedelta(hours=2)
REMEMBERED: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Badge:
    """`sign` says by its shape what `tone` says by its colour; `note` says what to do, empty when nothing is."""

    sign: str
    text: str
    note: str
    tone: Tone


def badge(proof: Proof, now: datetime) -> Badge:
    latest = proof.latest
    if latest is None:
        return Badge("?", "Chain never verified", "A worker does it each hour: manage.py verify_audit.", Tone.WARN)
    if latest.problems:
        text = f"Chain BROKEN: {'; '.join(latest.problems)}"
        return Badge(
            "✕",
            text,
            f"Found {age_words(latest.at, now)}. Restore it from a copy, and ask who could change it.",
            Tone.BAD,
        )
    counted = f"{_counted(latest.entries, 'entry', 'entries')}, {_counted(latest.checkpoints, 'checkpoint')}"
    if now - latest.at > LATE:
        text = f"Chain not verified for {span_words(now - latest.at)}"
        return Badge("?", text, f"Whole when it was last walked: {counted}. Does a worker run?", Tone.WARN)
    text = f"Chain verified {age_words(latest.at, now)}: {counted}"
    if proof.broken is not None and now - proof.broken.at < REMEMBERED:
        note = f"But it was found broken on {moment_words(proof.broken.at)}: {'; '.join(proof.broken.problems)}."
        return Badge("!", text, note, Tone.WARN)
    return Badge("✓", text, "", Tone.GOOD)


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number_words(number)} {one if number == 1 else many or one + 's'}"

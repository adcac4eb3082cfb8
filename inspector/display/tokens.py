"""The tokens of programs in words: what each may do, how long, and when it was last used."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final
from urllib.parse import urlencode

from inspector.display.deeds import actor_words
from inspector.display.moments import age_words, date_words, moment_words
from inspector.display.words import Tone
from recon.actors import Scope
from recon.queries.tokens import Token

MEANINGS: Final[Mapping[Scope, str]] = {
    Scope.READ: "look up accounts, drift and the feed of events, and recompute one account",
    Scope.REPAIR: "approve and apply lenient plans, never severe ones or calls to Stripe",
    Scope.BULK: "start bulk repairs; above the limits a person approves them",
    Scope.AUDIT: "read the audit",
}
LIVES: Final[Mapping[int, str]] = {30: "30 days", 90: "90 days", 180: "180 days", 365: "a year"}
USUAL_LIFE: Final = 90
NUMBERED: Final = re.compile(r"-\d{1,4}$")
LONGEST_STEM: Final = 58  # a name has at most 63 letters


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form already; `problem` is what is wrong with it."""

    name: str = ""
    purpose: str = ""
    scopes: frozenset[str] = frozenset({Scope.READ})
    days: int = USUAL_LIFE
    problem: str = ""


def successor_of(name: str, tokens: Sequence[Token]) -> Typed:
    """The form for a token that may do the same, under the next free name; empty where there is none of this name.

    Both are in force until one is revoked, so that its program may change over when it likes."""
    names = {token.name for token in tokens}
    former = next((token for token in tokens if token.name == name), None)
    if former is None:
        return Typed()
    stem = NUMBERED.sub("", former.name)[:LONGEST_STEM]
    free = next(f"{stem}-{number}" for number in count(2) if f"{stem}-{number}" not in names)
    return Typed(free, former.purpose, frozenset(former.scopes))


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    value: str
    meaning: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class LifeChoice:
    value: int
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class TokenLine:
    """`ended` says why a token opens nothing any more, a dash where nobody revoked it."""

    number: int
    name: str
    prefix: str
    scopes: str
    purpose: str
    made: str
    expires: str
    expires_at: str
    used: str
    state: str
    tone: Tone
    ended: str

    @property
    def can_revoke(self) -> bool:
        return self.state == "in force"

    @property
    def successor(self) -> str:
        """The address of the form for one that may do the same."""
        return f"?{urlencode({'after': self.name})}#make-name"


@dataclass(frozen=True, slots=True)
class TokensPage:
    """`made` is the text of a token that was made just now, shown this once; `problem` is about revoking."""

    lines: tuple[TokenLine, ...]
    scopes: tuple[ScopeChoice, ...]
    lives: tuple[LifeChoice, ...]
    typed: Typed
    made: str
    problem: str


def tokens_page(
    tokens: Sequence[Token], *, typed: Typed, now: datetime, made: str = "", problem: str = ""
) -> TokensPage:
    return TokensPage(
        lines=tuple(_line(token, now) for token in tokens),
        scopes=tuple(ScopeChoice(one, meaning, one in typed.scopes) for one, meaning in MEANINGS.items()),
        lives=tuple(LifeChoice(days, text, days == typed.days) for days, text in LIVES.items()),
        typed=typed,
        made=made,
        problem=problem,
    )


def _line(token: Token, now: datetime) -> TokenLine:
    state, tone = _state(token, now)
    return TokenLine(
        number=token.number,
        name=token.name,
        prefix=f"recon_{token.prefix}_…",
        scopes=", ".join(token.scopes),
        purpose=token.purpose,
        made=f"{date_words(token.made_at)} by {actor_words(token.made_by)}",
        expires=f"{date_words(token.expires_at)}, {age_words(token.expires_at, now)}",
        expires_at=moment_words(token.expires_at),
        used=age_words(token.last_used_at, now),
        state=state,
        tone=tone,
        ended=_ended(token),
    )


def _state(token: Token, now: datetime) -> tuple[str, Tone]:
    if token.is_in_force(now):
        return "in force", Tone.GOOD
    return ("revoked", Tone.WARN) if token.revoked_at else ("expired", Tone.QUIET)


def _ended(token: Token) -> str:
    if token.revoked_at is None:
        return "–"
    return f"{moment_words(token.revoked_at)} by {actor_words(token.revoked_by)}: “{token.revoke_reason}”"

"""The proof of convergence in words: what came in, each order that was tried, and where it ended."""

from collections.abc import Iterator
from dataclasses import dataclass

from inspector.display.moments import moment_words
from inspector.display.words import STATES, STORES, UNKNOWN_STATE, Tone, Word, number_words
from recon.actions.prove_convergence import LAST, MOST_SECONDS, RUNS, Proof, Run
from recon.queries.deliveries import Delivery

SEAL_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as it did arrive; `number` is its name in the orders."""

    number: int
    source: str
    what: str
    event_id: str
    at: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One order: `order` as `3 1 1 2`, `lost` likewise, the seal of where it ended, and what that says."""

    number: int
    order: str
    lost: str
    seal: str
    sign: str
    result: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Outcome:
    """`note` says what is not as one would expect, empty when all is."""

    sign: str
    text: str
    note: str
    tone: Tone
    state: Word
    seal: str
    arrivals_name: str
    are_events: bool
    arrivals: tuple[Arrival, ...]
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True)
class ConvergencePage:
    """`outcome` is None before it was asked for."""

    account_id: str
    runs: int
    last: int
    seconds: str
    outcome: Outcome | None


def convergence_page(account_id: str, proof: Proof | None) -> ConvergencePage:
    return ConvergencePage(
        account_id=account_id,
        runs=RUNS,
        last=LAST,
        seconds=f"{MOST_SECONDS:g} s",
        outcome=_outcome(proof) if proof is not None else None,
    )


def _outcome(proof: Proof) -> Outcome:
    parted = len(proof.parted)
    took = f"{number_words(proof.looks)} evaluations, {proof.seconds * 1000:,.0f} ms"
    if parted:
        text = f"{number_words(parted)} of {len(proof.runs)} orders did not lead where the others did: {took}."
        sign, tone = "✕", Tone.BAD
    else:
        text = f"The same verdict after each of {len(proof.runs)} orders: {took}."
        sign, tone = "✓", Tone.GOOD
    return Outcome(
        sign=sign,
        text=text,
        note=" ".join(_notes(proof)),
        tone=tone,
        state=STATES[proof.state] if proof.state is not None else UNKNOWN_STATE,
        seal=proof.digest[:SEAL_LENGTH],
        arrivals_name=_arrivals_name(proof),
        are_events=_are_events(proof),
        arrivals=tuple(_arrival(number, one) for number, one in enumerate(proof.deliveries, 1)),
        tried=tuple(_tried(number, run, proof.digest) for number, run in enumerate(proof.runs, 1)),
    )


def _notes(proof: Proof) -> Iterator[str]:
    if proof.parted:
        yield "The rules must not remember: do not apply anything, and show this page to who keeps the rules."
    if len(proof.runs) < RUNS:
        yield f"Of {RUNS} orders, {len(proof.runs)} could be tried in {MOST_SECONDS:g} s."
    if proof.deliveries and not _are_events(proof):
        yield "No event of this account has come in yet: the moments when a store's word changed stand for them."


def _arrivals_name(proof: Proof) -> str:
    if not proof.deliveries:
        return "Nothing has come in yet"
    return "Its last events, as they arrived" if _are_events(proof) else "When a store's word changed"


def _are_events(proof: Proof) -> bool:
    return any(one.event_id for one in proof.deliveries)


def _arrival(number: int, one: Delivery) -> Arrival:
    return Arrival(
        number, STORES.get(one.source, one.source), one.what or "said something new", one.event_id, moment_words(one.at)
    )


def _tried(number: int, run: Run, expected: str) -> Tried:
    if run.digest != expected:
        sign, result, tone = "✕", "another verdict", Tone.BAD
    elif run.strayed:
        sign, result, tone = "✕", f"strayed at {moment_words(run.strayed[0])}", Tone.BAD
    else:
        sign, result, tone = "✓", "the same", Tone.GOOD
    return Tried(number, _places(run.order), _places(run.lost), run.digest[:SEAL_LENGTH], sign, result, tone)


def _places(places: tuple[int, ...]) -> str:
    return " ".join(str(place + 1) for place in places) or "none"

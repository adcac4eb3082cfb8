"""A run of Stripe proposals in words: what Stripe will do of each kind, what it is about, and what it takes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inspector.display.bulk_words import proposals_words
from inspector.display.money import amount_words
from inspector.display.proposals import effect_of, proposal_words
from inspector.display.words import VERBS, accounts_words, number_words
from recon.queries.bulk import BulkRun
from recon.queries.bulk_plans import Waiting


@dataclass(frozen=True, slots=True)
class VerbTotal:
    """All calls of one kind; `money` is a line for each currency."""

    what: str
    number: str
    money: tuple[str, ...]
    does: str
    way_back: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class VerbChoice:
    """One kind of call, for a list to choose from."""

    verb: str
    text: str


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """What waits of one kind."""

    verb: str
    what: str
    number: str
    accounts: str


def verb_totals(totals: Mapping[str, Any]) -> tuple[VerbTotal, ...]:
    """The most frequent kind first."""
    verbs = sorted(totals.get("verbs", {}).items(), key=lambda one: (-one[1], one[0]))
    return tuple(_total(verb, number, totals.get("money", {}).get(verb, {})) for verb, number in verbs)


def verb_choices() -> tuple[VerbChoice, ...]:
    """Every kind, and each."""
    return (VerbChoice("", "Every kind"), *(VerbChoice(verb, text) for verb, text in VERBS.items()))


def waiting_lines(waiting: Sequence[Waiting]) -> tuple[WaitingLine, ...]:
    return tuple(
        WaitingLine(one.verb, VERBS.get(one.verb, one.verb), number_words(one.proposals), accounts_words(one.accounts))
        for one in waiting
    )


def sample_words(run: BulkRun) -> tuple[tuple[str, str], ...]:
    """(account, what is proposed) of the random sample."""
    return tuple((account, proposal_words(proposal)) for account, proposal in run.totals.get("sampled", ()))


def with_words(run: BulkRun) -> str:
    """What else the approval covers."""
    number, cells = run.totals.get("written_with", 0), run.totals.get("writes", 0)
    if not number:
        return "Nothing else is written: none of these accounts has a plan besides."
    accounts = "One account has" if number == 1 else f"{number_words(number)} accounts have"
    return (
        f"{accounts} a plan besides ({number_words(cells)} cells): it is written together with the account's first "
        "call, all of it or nothing."
    )


def aside_words(run: BulkRun) -> str:
    """What a run of repairs leaves undone."""
    number = run.totals.get("proposals", 0)
    if not number:
        return ""
    verb = "is" if number == 1 else "are"
    return f"{proposals_words(number)} to Stripe {verb} left aside: a run of their own carries them out."


def still_words(number: int) -> str:
    """What a finished run leaves to be done in Stripe."""
    if not number:
        return ""
    return f"{number_words(number)} of these accounts still {'has' if number == 1 else 'have'} Stripe proposals."


def slow_words(run: BulkRun) -> str:
    """How much slower it goes because Stripe asked; empty where it goes as ever."""
    if not run.halvings or run.slowed_at is None:
        return ""
    share = {1: "half", 2: "a quarter", 3: "an eighth"}.get(run.halvings, "a small part")
    return (
        f"Stripe asked for fewer requests at {run.slowed_at:%H:%M:%S}: it goes at {share} of its pace, and faster "
        "again by itself. What Stripe turned away is tried again."
    )


def _total(verb: str, number: int, money: Mapping[str, list[int]]) -> VerbTotal:
    effect = effect_of(verb)
    lines = [_money(currency, calls, minor, number) for currency, (calls, minor) in sorted(money.items())]
    unseen = number - sum(calls for calls, _ in money.values())
    if unseen and verb.startswith("invoices."):
        lines.append(f"How much is open is not known of {number_words(unseen)}")
    return VerbTotal(
        what=VERBS.get(verb, verb),
        number=number_words(number),
        money=tuple(lines),
        does=effect.does,
        way_back=effect.way_back,
        is_final=effect.is_final,
    )


def _money(currency: str, calls: int, minor: int, of: int) -> str:
    share = "" if calls == of else f" of {number_words(calls)} of them"
    return f"{amount_words(minor, currency)} still open in Stripe{share}"

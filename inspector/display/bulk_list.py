"""All bulk repairs, the newest first; and the form that begins one from a list of accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.urls import reverse

from inspector.access import Permission
from inspector.display.bulk_proposals import VerbChoice, WaitingLine, verb_choices, waiting_lines
from inspector.display.bulk_words import OUTCOMES, STATES_OF_RUN, selection_words, who_words
from inspector.display.moments import moment_words
from inspector.display.words import Word, number_words
from recon.queries.bulk import BulkRun
from recon.queries.bulk_plans import Waiting


@dataclass(frozen=True, slots=True)
class BulkBegin:
    """From ticked rows, or all that match `query` (the list's own, as in its URL). `request_key` is new with every
    rendering: a form that is sent twice begins one. `shown` is how many accounts the page says there are; the rest is
    for the Stripe proposals of the same accounts."""

    query: str
    request_key: str
    all_text: str
    why_not: str
    shown: str
    verbs: tuple[VerbChoice, ...]
    propose_all_text: str
    propose_why_not: str


@dataclass(frozen=True, slots=True)
class RunLine:
    """One bulk repair of the list."""

    number: int
    href: str
    kind: str
    word: Word
    frozen_at: str
    by: str
    second: str
    accounts: str
    done: str
    outcomes: str
    chosen: str
    reason: str


@dataclass(frozen=True, slots=True)
class BulkList:
    """`next_href` is empty on the last page; `problem` says why nothing was begun. `waiting` is what all accounts
    together propose to Stripe, and `propose_why_not` empty for who may draft a run of it."""

    lines: tuple[RunLine, ...]
    next_href: str
    problem: str
    waiting: tuple[WaitingLine, ...]
    request_key: str
    propose_why_not: str


def bulk_begin(query: str, total: int | None, permission: Permission, propose: Permission) -> BulkBegin:
    """`total`, where it is known, is how many accounts the list holds."""
    known = f"all {number_words(total)} that match" if total is not None else "all that match"
    return BulkBegin(
        query=query,
        request_key=str(uuid4()),
        all_text=f"Repair {known}…",
        why_not=permission.why_not,
        shown="" if total is None else str(total),
        verbs=verb_choices(),
        propose_all_text=f"Of {known}…",
        propose_why_not=propose.why_not,
    )


def bulk_list(
    runs: Sequence[BulkRun], waiting: Sequence[Waiting], propose: Permission, *, size: int, problem: str = ""
) -> BulkList:
    """`runs` holds one more than a page where another page follows."""
    shown = runs[:size]
    more = f"{reverse('bulk_repairs')}?below={shown[-1].id}" if len(runs) > size else ""
    return BulkList(tuple(map(_line, shown)), more, problem, waiting_lines(waiting), str(uuid4()), propose.why_not)


def _line(run: BulkRun) -> RunLine:
    said = [f"{number_words(number)} {OUTCOMES[name].text.lower()}" for name, number in run.outcomes.items() if number]
    return RunLine(
        number=run.id,
        href=reverse("bulk_repair", args=[run.id]),
        kind="Stripe proposals" if run.is_of_proposals else "Repairs",
        word=STATES_OF_RUN[run.state],
        frozen_at=moment_words(run.frozen_at),
        by=who_words(run.actor),
        second=who_words(run.second) if run.second else "–",
        accounts=number_words(run.accounts),
        done=number_words(run.done),
        outcomes=", ".join(said) or "–",
        chosen=selection_words(run)[0],
        reason=run.reason or "–",
    )

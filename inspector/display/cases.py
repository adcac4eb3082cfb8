"""What a person decides, on the account's page: each finding and the difference itself, with what may be decided, what
was decided, and how that ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from inspector.access import Person, may_decide
from inspector.display.case_decisions import SUBJECTS, DecisionView, decision_view, decision_views, owner_words
from inspector.display.moments import date_words
from inspector.display.money import amount_words
from inspector.display.option import Option
from inspector.display.places import Places, Ref
from inspector.display.words import STORES, Word, word
from recon.queries.account import AccountView
from recon.queries.case_choices import Choice, choices_of, owner_of
from recon.queries.case_invoices import LEDGER, STRIPE, sides_of
from recon.queries.case_subjects import DRIFT, Subject, is_grave, subjects_of
from recon.queries.cases import CaseKind, Decision
from recon.queries.facts import AccountFacts

REASON_LENGTH: Final = 500
REFERENCE_LENGTH: Final = 100
MOST_REFS: Final = 6


@dataclass(frozen=True, slots=True)
class TypedCase:
    """What stands in the form on one case already (`finding` and `seal` name it), and what is wrong with it."""

    finding: str = ""
    seal: str = ""
    choice: str = ""
    owner: str = ""
    reference: str = ""
    until: str = ""
    reason: str = ""
    error: str = ""


NO_CASE: Final = TypedCase()


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """One thing to decide. With `why_not` it cannot be chosen; `owner` says who acts on it then."""

    value: str
    text: str
    owner: str
    why_not: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class CaseForm:
    """`own` are the choices of this very case; `hand_over` and `accept` come with fields of their own."""

    name: str
    finding: str
    seal: str
    request_key: str
    own: tuple[ChoiceView, ...]
    hand_over: ChoiceView
    accept: ChoiceView
    owners: tuple[Option, ...]
    tomorrow: str
    typed: TypedCase
    why_not: str
    summary: str
    is_opened: bool
    reason_length: int = REASON_LENGTH
    reference_length: int = REFERENCE_LENGTH


@dataclass(frozen=True, slots=True)
class Side:
    """What one store says of an invoice."""

    store: str
    invoice: Ref | None
    status: str
    owed: str


@dataclass(frozen=True, slots=True)
class CaseCard:
    """One case: what the stores say, both `sides` of it where two of them disagree, and what was decided."""

    name: Word
    text: str
    refs: tuple[Ref, ...]
    more_refs: str
    sides: tuple[Side, ...]
    decisions: tuple[DecisionView, ...]
    form: CaseForm
    is_difference: bool


@dataclass(frozen=True, slots=True)
class CasesView:
    """`accepted` is the acceptance that runs, `past` the decisions that are over; `problem` is what was wrong with a
    form whose case is not there any more."""

    cards: tuple[CaseCard, ...]
    accepted: DecisionView | None
    past: tuple[DecisionView, ...]
    problem: str

    @property
    def running(self) -> tuple[DecisionView, ...]:
        return (self.accepted,) if self.accepted else ()

    @property
    def past_number(self) -> int:
        return len(self.past)


@dataclass(frozen=True, slots=True)
class Reading:
    """One account as one reader sees it; `typed` stands in one of the forms."""

    view: AccountView
    facts: AccountFacts
    places: Places
    reader: Person
    typed: TypedCase
    now: datetime


def cases_view(seen: Reading) -> CasesView:
    subjects = subjects_of(seen.view.findings, seen.view.cells)
    standing = [one for one in seen.view.decisions if one.stands and (one.until is None or one.until > seen.now)]
    cards = tuple(_card(number, one, standing, seen) for number, one in enumerate(subjects))
    accepted = max((one for one in standing if one.until), key=lambda one: one.until or seen.now, default=None)
    is_here = any(card.form.typed is not NO_CASE for card in cards)
    past = (one for one in seen.view.decisions if one not in standing)
    return CasesView(
        cards=cards,
        accepted=decision_view(accepted, seen.reader, seen.now) if accepted else None,
        past=decision_views(past, seen.reader, seen.now),
        problem="" if is_here else seen.typed.error,
    )


def _card(number: int, subject: Subject, standing: Iterable[Decision], seen: Reading) -> CaseCard:
    is_difference = subject.finding == DRIFT
    own = [one for one in standing if one.refs_hash == subject.refs_hash]
    more = len(subject.refs) - MOST_REFS
    return CaseCard(
        name=word(subject.finding, SUBJECTS),
        text=subject.text,
        refs=() if is_difference else seen.places.refs(subject.refs[:MOST_REFS]),
        more_refs=f"and {more} more" if more > 0 and not is_difference else "",
        sides=_sides(subject, seen),
        decisions=tuple(decision_view(one, seen.reader, seen.now, text=subject.text) for one in own),
        form=_form(f"case-{number}", subject, seen, is_decided=bool(own)),
        is_difference=is_difference,
    )


def _form(name: str, subject: Subject, seen: Reading, *, is_decided: bool) -> CaseForm:
    is_of_this = (seen.typed.finding, seen.typed.seal) == (subject.finding, subject.seal)
    typed = seen.typed if is_of_this else NO_CASE
    choices = choices_of(seen.view, seen.facts, subject)
    *own, hand_over, accept = (_choice(one, seen, typed) for one in choices)
    chosen = typed.owner or owner_of(subject)
    return CaseForm(
        name=name,
        finding=subject.finding,
        seal=subject.seal,
        request_key=str(uuid4()),
        own=tuple(own),
        hand_over=hand_over,
        accept=accept,
        owners=tuple(Option(store, owner_words(store), store == chosen) for store in STORES),
        tomorrow=date_words(seen.now + timedelta(days=1)),
        typed=typed,
        why_not=may_decide(seen.reader).why_not,
        summary=_summary(subject, is_decided),
        is_opened=bool(typed.error),
    )


def _summary(subject: Subject, is_decided: bool) -> str:
    if is_decided:
        return "Decide anew"
    return "Accept it until a day, or hand it over" if subject.finding == DRIFT else "Decide"


def _choice(one: Choice, seen: Reading, typed: TypedCase) -> ChoiceView:
    grave = one.kind is CaseKind.ACCEPT and is_grave(seen.view.risk, seen.view.details)
    permission = may_decide(seen.reader, is_of_facts=one.is_of_facts, is_grave=grave)
    owner = f"for {owner_words(one.owner)}" if one.owner else ""
    if one.proposal:
        owner = "the plan above proposes it to Stripe"
    return ChoiceView(one.code, one.text, owner, permission.why_not, typed.choice == one.code)


def _sides(subject: Subject, seen: Reading) -> tuple[Side, ...]:
    """Both stores' word, where it is an invoice on which they disagree."""
    sides = sides_of(seen.facts, subject) if subject.finding == "fact_conflict" else None
    if sides is None:
        return ()
    places = seen.places
    ledger = _side("The ledger", LEDGER, sides.ledger_id, sides.ledger_status, places)
    stripe = _side("Stripe", STRIPE, sides.stripe_id, sides.stripe_status, places)
    return (
        Side(*ledger, owed=_owed(sides.ledger_minor, sides.ledger_currency)),
        Side(*stripe, owed=_owed(sides.stripe_minor, sides.stripe_currency)),
    )


def _side(name: str, store: str, invoice: str, status: str, places: Places) -> tuple[str, Ref | None, str]:
    if not invoice:
        return name, None, "knows no such invoice"
    ref = places.ref(f"{store}.invoices[{invoice}]")
    return name, Ref(invoice, ref.href), status


def _owed(minor: int | None, currency: str) -> str:
    return "–" if minor is None else amount_words(minor, currency)

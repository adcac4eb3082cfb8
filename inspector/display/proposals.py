"""Stripe's proposals: what Stripe will do, whether it can be taken back, and the form that approves one."""

from collections.abc import Sequence
from dataclasses import dataclass

from inspector.display.approval import ApprovalForm, Typed, approval_form
from inspector.display.words import VERBS, value_words
from recon.queries.account import AccountView, Json


@dataclass(frozen=True, slots=True)
class Effect:
    """What a call does at Stripe, and what is left of a way back; `is_final` when there is none."""

    does: str
    way_back: str
    is_final: bool


# After Stripe's own pages on invoice states, on marking an invoice paid out of band, and on canceling subscriptions.
EFFECTS = {
    "invoices.pay": Effect(
        "Stripe marks the invoice as paid outside Stripe and stops collecting it. No money moves, no card is charged.",
        "Final: a paid invoice can never be opened again.",
        is_final=True,
    ),
    "invoices.void_invoice": Effect(
        "Stripe voids the invoice: it counts as zero, nobody can pay it any more, and its page says so.",
        "Final: a void invoice can never be opened again.",
        is_final=True,
    ),
    "invoices.mark_uncollectible": Effect(
        "Stripe counts the invoice as bad debt.",
        "Partly final: it can still be paid or voided, and never opened again.",
        is_final=False,
    ),
    "subscriptions.cancel": Effect(
        "Stripe ends the subscription at once, makes no further invoice for it, and stops collecting the unpaid ones.",
        "Final: a canceled subscription cannot be started again; a new one would have to be made.",
        is_final=True,
    ),
}
_UNKNOWN = Effect("Stripe is asked to do this.", "Taken as final: nobody has said that it can be undone.", True)


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """One thing that Stripe would be asked to do; a person of finance approves each on its own."""

    what: str
    verb: str
    object: str
    params: str
    why: str
    does: str
    way_back: str
    is_final: bool
    with_it: str
    form: ApprovalForm


def proposal_cards(view: AccountView, *, typed: Typed, why_not: str, override: str) -> tuple[ProposalCard, ...]:
    """A card for each proposal of the account's latest plan; `why_not` is empty for who may approve now."""
    return tuple(
        _card(view, proposal, number, typed=typed, why_not=why_not, override=override)
        for number, proposal in enumerate(view.proposals)
    )


def effect_of(verb: str) -> Effect:
    """One that nobody described is taken as final."""
    return EFFECTS.get(verb, _UNKNOWN)


def id_to_type(proposal: str) -> str:
    """The object's id that has to be typed for this `verb:object`; empty where there is a way back."""
    verb, _, object_id = proposal.partition(":")
    return object_id if effect_of(verb).is_final else ""


def proposal_words(proposal: str) -> str:
    """`invoices.void_invoice:in_1` as people say it."""
    verb, _, object_id = proposal.partition(":")
    return f"{VERBS.get(verb, verb)} {object_id}".strip()


def _card(view: AccountView, proposal: Json, number: int, *, typed: Typed, why_not: str, override: str) -> ProposalCard:
    verb, object_id = str(proposal["verb"]), str(proposal["object"])
    effect, approval = effect_of(verb), f"{verb}:{object_id}"
    params = ", ".join(f"{name} = {value_words(value)}" for name, value in proposal.get("params", {}).items())
    form = approval_form(
        view.account_id,
        view.digest,
        name=f"proposal-{number}",
        button=VERBS.get(verb, verb),
        typed=typed,
        why_not=why_not,
        override=override,
        proposal=approval,
        asks_for=id_to_type(approval),
    )
    return ProposalCard(
        what=VERBS.get(verb, verb),
        verb=verb,
        object=object_id,
        params=params,
        why=proposal["why"],
        does=effect.does,
        way_back=effect.way_back,
        is_final=effect.is_final,
        with_it=_with_it(view.writes),
        form=form,
    )


def _with_it(writes: Sequence[Json]) -> str:
    """One approval is one apply: what else it does is said on the form."""
    if not writes:
        return "Nothing else is written with it."
    return f"Applied together with the plan above ({number_of(len(writes), 'write')}), all of it or nothing."


def number_of(count: int, what: str) -> str:
    """`1 write`, `3 writes`."""
    return f"{count} {what}{'' if count == 1 else 's'}"

"""The plan in words: numbered writes, each `store.table.column: old → new` and why; Stripe's proposals apart."""

from dataclasses import dataclass

from inspector.display.words import RISKS, VERBS, Word, value_words
from inspector.display.writes import WriteLine, stores_of, write_line
from recon.queries.account import AccountView, Json


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """One thing that Stripe would be asked to do; a person approves each on its own."""

    what: str
    verb: str
    object: str
    params: str
    why: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """The whole plan; `command` applies it from a terminal. `none_because` says why there is nothing to write."""

    writes: tuple[WriteLine, ...]
    proposals: tuple[ProposalLine, ...]
    risk: Word | None
    digest: str
    short_digest: str
    stores: str
    command: str
    none_because: str


def plan_view(view: AccountView, username: str) -> PlanView:
    """The account's plan, with the command line that `username` would give."""
    return PlanView(
        writes=tuple(write_line(write, view.account_id, view.because) for write in view.writes),
        proposals=tuple(_proposal(proposal) for proposal in view.proposals),
        risk=RISKS.get(view.risk) if view.risk else None,
        digest=view.digest,
        short_digest=view.digest[:12],
        stores=", ".join(stores_of(view.writes)),
        command=f"manage.py apply {view.account_id} --digest {view.digest} --reason '…' --as {username}",
        none_because=_none_because(view),
    )


def _none_because(view: AccountView) -> str:
    if view.writes:
        return ""
    if not view.is_known:
        return "The verdict is unknown, so nothing is written: absence of an answer is never evidence."
    if view.cells:
        return "The plan is withheld: it is severe, and whose customer this is has to be settled first."
    return "Nothing to write: every derived value is the true one."


def _proposal(proposal: Json) -> ProposalLine:
    verb: str = proposal["verb"]
    params = ", ".join(f"{name} = {value_words(value)}" for name, value in proposal.get("params", {}).items())
    return ProposalLine(VERBS.get(verb, verb), verb, proposal["object"], params, proposal["why"])

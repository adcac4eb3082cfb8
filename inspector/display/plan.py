"""The plan in words: numbered writes, each `store.table.column: old → new` and why; Stripe's proposals apart."""

from dataclasses import dataclass

from inspector.display.material import AccountMaterial, Json
from inspector.display.moments import moment_words
from inspector.display.money import amount_words
from inspector.display.words import RISKS, STORES, VERBS, Word, value_words

_BALANCES = frozenset({"collectible_minor", "written_off_minor"})
_FIELDS = {
    "in_bad_debt": "is_bad_debt",
    "level": "billing_block",
    "metadata.debt_state": "state",
    "collectible_minor": "balances",
    "written_off_minor": "balances",
}


@dataclass(frozen=True, slots=True)
class WriteLine:
    """One cell to write: `where` as store.table.column, `key` the row's, and why."""

    store: str
    where: str
    key: str
    old: str
    new: str
    rule: str
    because: str


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


def plan_view(material: AccountMaterial, username: str) -> PlanView:
    """The account's plan, with the command line that `username` would give."""
    stores = list(dict.fromkeys(STORES[write["store"]] for write in material.writes))
    return PlanView(
        writes=tuple(_write(write, material) for write in material.writes),
        proposals=tuple(_proposal(proposal) for proposal in material.proposals),
        risk=RISKS.get(material.risk) if material.risk else None,
        digest=material.digest,
        short_digest=material.digest[:12],
        stores=", ".join(stores),
        command=f"manage.py apply {material.account_id} --digest {material.digest} --reason '…' --as {username}",
        none_because=_none_because(material),
    )


def _none_because(material: AccountMaterial) -> str:
    if material.writes:
        return ""
    if not material.known:
        return "The verdict is unknown, so nothing is written: absence of an answer is never evidence."
    if material.cells:
        return "The plan is withheld: it is severe, and whose customer this is has to be settled first."
    return "Nothing to write: every derived value is the true one."


def _write(write: Json, material: AccountMaterial) -> WriteLine:
    column: str = write["column"]
    reason = material.because.get(_FIELDS.get(column, column), {})
    return WriteLine(
        store=STORES[write["store"]],
        where=f"{write['store']}.{write['table']}.{column}",
        key=_key_words(write["key"], material.account_id),
        old=_cell_words(write, write["stored"]),
        new=_cell_words(write, write["truth"]),
        rule=write["rule"],
        because=reason.get("text", ""),
    )


def _key_words(key: Json, account_id: str) -> str:
    """The parts of a key that the page's own account does not say already."""
    return ", ".join(str(value) for value in key.values() if value != account_id)


def _cell_words(write: Json, value: object) -> str:
    if write["column"] == "level" and value is None:
        return "no block"
    if write["column"] in _BALANCES and isinstance(value, int):
        return amount_words(value, write["key"]["currency"])
    if write["column"].endswith("_at") and isinstance(value, str):
        return moment_words(value)
    return value_words(value)


def _proposal(proposal: Json) -> ProposalLine:
    verb: str = proposal["verb"]
    params = ", ".join(f"{name} = {value_words(value)}" for name, value in proposal.get("params", {}).items())
    return ProposalLine(VERBS.get(verb, verb), verb, proposal["object"], params, proposal["why"])

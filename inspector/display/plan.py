"""The plan in words: numbered writes, each `store.table.column: old → new` and why."""

from dataclasses import dataclass

from inspector.display.words import RISKS, Word
from inspector.display.writes import WriteLine, stores_of, write_line
from recon.queries.account import AccountView


@dataclass(frozen=True, slots=True)
class PlanView:
    """What would be written to the databases; `command` applies it from a terminal. `none_because` says why there is
    nothing to write."""

    writes: tuple[WriteLine, ...]
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

"""What would make an account clear, out of what the stores last said: the rules, asked when a page is asked for."""

from recon.engine.clearing import Clearing, Missing, clearing_of
from recon.engine.enums import DebtState
from recon.queries.account import AccountView
from recon.queries.facts import AccountFacts
from recon.queries.policy import in_force


def account_clearing(view: AccountView, known: AccountFacts) -> Clearing | None:
    """None where the rules, asked now, do not come to the kept verdict: then it has to be read again first.

    The rules are run only where the state is known and not clear.
    """
    if view.truth is None:
        missing = (Missing(next(iter(one.get("refs", ())), ""), one["text"]) for one in view.findings)
        return Clearing(None, missing=tuple(missing))
    state = DebtState(view.truth["state"])
    if state is DebtState.CLEAR:
        return Clearing(state, is_drifted=bool(view.cells))
    if known.facts is None:
        return None
    found = clearing_of(known.facts, in_force().policy, view.evaluated_at)
    return found if found.state is state else None

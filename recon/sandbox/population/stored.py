"""What the jobs of the past left in the DERIVED columns.

`settle` writes what was true on an earlier day, as a job that ran then would have; a story goes on from there and the
columns stay behind. `believe` writes what a job wrongly took for the state, in all of its columns or in some only.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from recon.engine.case import facts_from_readings
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation, recompute
from recon.engine.policy import Policy
from recon.sandbox.population.account import Account
from recon.sandbox.population.rows import Episode, write_cells

SETTLE_HOUR = 3  # the nightly job

ALL = frozenset(
    {
        "state",
        "raw_state",
        "dunning.has_debt",
        "is_bad_debt",
        "flags.has_debt",
        "in_bad_debt",
        "payment_status",
        "delinquent",
        "block",
        "entitlements",
        "metadata",
    }
)


class StoryError(Exception):
    """A story's facts do not allow what the story says of them: a mistake in the story."""


@dataclass(frozen=True, slots=True)
class Belief:
    """A row of the projection, as a job writes it: the stored values that go with a state."""

    has_debt: bool
    is_bad_debt: bool
    payment_status: str
    delinquent: bool
    block: str | None
    plan_active: bool


BELIEFS: Mapping[str, Belief] = {
    "clear": Belief(False, False, "current", False, None, True),
    "written_off": Belief(False, False, "written_off", False, "restrict", True),
    "grace": Belief(True, False, "past_due", False, None, True),
    "past_due": Belief(True, False, "past_due", False, "restrict", True),
    "delinquent": Belief(True, False, "unpaid", True, "restrict", False),
    "bad_debt": Belief(True, True, "bad_debt", True, "suspend", False),
}


def settle(account: Account, days: int = 0) -> None:
    """Make every DERIVED column of every account of this story true as of the night `days` ago.

    StoryError: the engine has no known verdict on the facts so far.
    """
    at = account.days_ago(days, SETTLE_HOUR if days else 0)
    episode = Episode("", account_ids(account), account.tables)
    for account_id in episode.account_ids:
        evaluation = evaluate(episode, account_id, account, days)
        if evaluation.truth is None:
            raise StoryError(f"{account_id} cannot be settled: {'; '.join(evaluation.verdict.reasons)}")
        write_cells(account.tables, evaluation.drift.cells, at)


def evaluate(episode: Episode, account_id: str, account: Account, days: int) -> Evaluation:
    """The engine's answer about one account on an earlier day."""
    at = account.days_ago(days, SETTLE_HOUR if days else 0)
    facts = facts_from_readings(account_id, episode.readings(at), livemode=False)
    return recompute(facts, Policy(), at)


def account_ids(account: Account) -> tuple[str, ...]:
    """The accounts whose rows stand beside this one's, itself among them."""
    return tuple(row["account_id"] for row in account.rows(StoreName.SUBS_DUNNING, "dunning"))


def believe(account: Account, state: str, only: Collection[str] = ALL) -> None:
    """Write the columns of `only` as a job that took the account for `state`."""
    belief = BELIEFS[state]
    dunning = account.row(StoreName.SUBS_DUNNING, "dunning")
    flags = account.row(StoreName.BILLING_PROD, "account_flags")
    changes = (
        ("state", dunning, {"state": state}),
        ("raw_state", dunning, {"raw_state": state}),
        ("dunning.has_debt", dunning, {"has_debt": belief.has_debt}),
        ("is_bad_debt", dunning, {"is_bad_debt": belief.is_bad_debt}),
        ("flags.has_debt", flags, {"has_debt": belief.has_debt}),
        ("in_bad_debt", flags, {"in_bad_debt": belief.is_bad_debt}),
        ("payment_status", account.row(StoreName.SUBS_ACCOUNT, "accounts"), {"payment_status": belief.payment_status}),
        ("delinquent", account.row(StoreName.SUBS_CUSTOMER, "customers"), {"delinquent": belief.delinquent}),
    )
    for name, row, values in changes:
        if name in only:
            row.update(values)
    if "block" in only:
        _believe_block(account, belief.block)
    if "entitlements" in only:
        _believe_entitlements(account, belief)
    if "metadata" in only and account.customer_id:
        account.stripe_customer()["metadata"]["debt_state"] = state


def _believe_block(account: Account, level: str | None) -> None:
    blocks = account.rows(StoreName.CF_PROD, "blocks")
    if level:
        account.block("billing_debt", level, since=2, set_by="dunning-job")
    else:
        blocks[:] = [b for b in blocks if (b["account_id"], b["reason"]) != (account.account_id, "billing_debt")]


def _believe_entitlements(account: Account, belief: Belief) -> None:
    """What the product would allow under the belief, other reasons for a block left aside."""
    row = account.row(StoreName.CF_PROD, "entitlements")
    row.update(
        plan_active=belief.plan_active,
        restricted=belief.block is not None,
        suspended=belief.block == "suspend",
    )
    if not belief.plan_active:
        row["effective_plan"] = "free"


def remember(account: Account, store: StoreName, table: str, **cells: object) -> None:
    """Leave these values in the account's own row of a table."""
    account.row(store, table).update(cells)

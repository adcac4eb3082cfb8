"""Readings of one account into its answer: the pure engine, and for what it cannot read, a verdict unknown."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recon.actions.keep_evaluations import Evaluated
from recon.engine.answer import answer
from recon.engine.case import CaseError, facts_from_readings
from recon.engine.facts import Reading, StoreName
from recon.engine.pipeline import Evaluation, recompute, unknown
from recon.engine.policy import Policy
from recon.engine.policy_inputs import ANY
from recon.engine.ranks import owed_rank
from recon.engine.schema import TABLES
from recon.queries.policy import hash_of

log = logging.getLogger(__name__)

ROW = re.compile(r"stores\.(?P<store>\w+)\.(?P<table>\w+)\[(?P<place>\d+)\](?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rules are applied with: the policy, which of Stripe's modes is ours, and the number of the version that
    the policy is; None for numbers that never governed."""

    policy: Policy
    livemode: bool
    version: int | None = None
    policy_hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "policy_hash", hash_of(self.policy))  # once, however many accounts it is kept with


def evaluate(account_id: str, readings: Sequence[Reading], rules: Rules, now: datetime) -> Evaluated:
    """Never raises for what a store says: a malformed row is a verdict unknown that names it (T0)."""
    evaluation = evaluation_of(account_id, readings, rules, now)
    return Evaluated(
        account_id=account_id,
        at=now,
        answer=answer(evaluation),
        readings=tuple(readings),
        policy_hash=rules.policy_hash,
        policy_version=rules.version,
        policy_inputs=evaluation.policy_inputs if evaluation.policy_inputs is not None else frozenset({ANY}),
        likeness=evaluation.likeness,
        owed_rank=owed_rank(evaluation.truth.balances, rules.policy) if evaluation.truth else 0,
        steady_until=evaluation.steady_until,
    )


def evaluation_of(account_id: str, readings: Sequence[Reading], rules: Rules, now: datetime) -> Evaluation:
    """The engine's own value of the same."""
    try:
        facts = facts_from_readings(account_id, readings, livemode=rules.livemode)
        return recompute(facts, rules.policy, now)
    except CaseError as error:
        place = place_of(error.path, readings)
        return unknown(account_id, [(place, f"{place}{str(error).removeprefix(error.path)}")], ())
    except Exception as error:  # a fault of the rules themselves: nothing is written here, and the others go on
        log.exception("the rules failed", extra={"account_id": account_id})
        return unknown(account_id, [("rules", f"the rules failed on this account ({type(error).__name__})")], ())


def place_of(path: str, readings: Sequence[Reading]) -> str:
    """`stores.billing_prod.invoices[2].currency` → `billing_prod.invoices[inv_7].currency`: the row by its key."""
    found = ROW.fullmatch(path)
    if found is None:
        return path.removeprefix("stores.")
    store, table = StoreName(found["store"]), found["table"]
    rows = next((reading.tables[table] for reading in readings if reading.store is store), ())
    return f"{store}.{table}[{_key_of(store, table, rows[int(found['place'])])}]{found['rest']}"


def _key_of(store: StoreName, table: str, row: Any) -> str:
    columns = ("id",) if store is StoreName.STRIPE else TABLES[store][table].key
    return ",".join(str(row.get(column)) for column in columns) if isinstance(row, Mapping) else "?"

"""When an account was last looked at: evaluated, or proved unchanged by a sweep, which leaves its evaluation alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from recon.models import AccountState, SweepRun

PROVED_AT: Final = """
select proved_at from sweep_run where finished_at is not null and proved_at is not null
order by proved_at desc limit 1
"""
# Beside each row of `account_state as state`: the latest proof that is newer than its evaluation, if any.
PROVED: Final = """
left join lateral (
    select proved_at, proved_reads from sweep_run
    where state.steady_by is not null and finished_at is not null and proved_at > state.evaluated_at
    order by proved_at desc limit 1
) as proved on true
"""


@dataclass(frozen=True, slots=True)
class Look:
    """When, and how each store was read: store → {ok, as_of, reason}."""

    at: datetime
    reads: Mapping[str, Mapping[str, Any]]


def latest_look(state: AccountState) -> Look:
    evaluated = Look(state.evaluated_at, state.reads)
    proof = latest_proof() if state.steady_by is not None else None
    return evaluated if proof is None or proof.at <= evaluated.at else proof


def latest_proof() -> Look | None:
    """The latest look at all steady accounts that were not evaluated since."""
    proofs = SweepRun.objects.filter(finished_at__isnull=False, proved_at__isnull=False).order_by("-proved_at")
    found = proofs.only("proved_at", "proved_reads").first()
    return Look(found.proved_at, found.proved_reads or {}) if found and found.proved_at else None

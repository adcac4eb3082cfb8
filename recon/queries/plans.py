"""A plan that somebody may have seen: what an account's evaluation with that digest would have written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recon.models import Evaluation


@dataclass(frozen=True, slots=True)
class PlanSeen:
    """The writes (cells as in the answer's JSON) of one evaluation, and when it was made."""

    at: datetime
    writes: Sequence[Mapping[str, Any]]


def plan_seen(account_id: str, digest: str) -> PlanSeen | None:
    """None when no evaluation of this account ever had that digest; another account's tells nothing here."""
    row = Evaluation.objects.filter(account_id=account_id, digest=digest).order_by("-at", "-id").first()
    return PlanSeen(row.at, row.writes) if row else None

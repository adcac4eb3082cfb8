"""When the audit's chain was last walked, and what was found."""

from dataclasses import dataclass
from datetime import datetime

from recon.models import AuditVerification


@dataclass(frozen=True, slots=True)
class Verification:
    """One walk; `problems` are sentences, empty when the chain was whole."""

    at: datetime
    actor: str
    entries: int
    checkpoints: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """The latest walk, and the latest that found a problem (the same one, while the chain is broken)."""

    latest: Verification | None
    broken: Verification | None


def audit_proof() -> Proof:
    """One query, because every page that says it asks."""
    walks = AuditVerification.objects.order_by("-id")
    rows = sorted(walks[:1].union(walks.exclude(problems=[])[:1]), key=lambda row: -row.id)
    latest = next(map(_verification, rows), None)
    return Proof(latest, next((_verification(row) for row in rows if row.problems), None))


def _verification(row: AuditVerification) -> Verification:
    return Verification(row.at, row.actor, row.entries, row.checkpoints, tuple(row.problems))

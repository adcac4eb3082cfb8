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
    walks = AuditVerification.objects.order_by("-id")
    return Proof(latest=_verification(walks.first()), broken=_verification(walks.exclude(problems=[]).first()))


def _verification(row: AuditVerification | None) -> Verification | None:
    if row is None:
        return None
    return Verification(row.at, row.actor, row.entries, row.checkpoints, tuple(row.problems))

"""What was done, by whom and why: lines of the audit chain, newest first."""

from dataclasses import dataclass
from datetime import datetime

from recon.models import AuditEntry


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry of the chain; `action` is dotted, as repair.applied."""

    seq: int
    at: datetime
    actor: str
    action: str
    account_id: str | None
    reason: str
    request_id: str
    apply_id: str | None


def entries_of_account(account_id: str, *, limit: int = 50) -> list[AuditLine]:
    """The account's latest entries."""
    rows = AuditEntry.objects.filter(account=account_id).order_by("-seq")[:limit]
    return [
        AuditLine(
            seq=row.seq,
            at=row.at,
            actor=row.actor,
            action=row.action,
            account_id=row.account,
            reason=row.reason,
            request_id=row.request_id,
            apply_id=str(row.apply_id) if row.apply_id else None,
        )
        for row in rows
    ]

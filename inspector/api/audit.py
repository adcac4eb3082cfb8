"""`GET audit/`: who did what, when and why, the newest first; attempts that failed or were refused too."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from rest_framework.request import Request

from inspector.api.cursors import USUAL, page_json
from inspector.api.parameters import day, identifier, refuse_parameter, text
from inspector.api.reads import PagesView
from inspector.api.shapes import AuditEntry
from inspector.display.audit_filter import TROUBLED, as_actor, entry_number
from recon.actors import Scope
from recon.engine.values import rfc3339
from recon.queries.audit import AuditFilter, AuditLine, audit_entries

DAY: Final = timedelta(days=1)


class Audit(PagesView):
    """Entries of the audit chain that all of the filters leave."""

    scopes = {"GET": Scope.AUDIT}
    shape = AuditEntry
    parameters = (
        text("actor", "Who: a person's name, or as token:crm.", example="token:crm"),
        text("action", f"What; `{TROUBLED}` for what failed or was refused.", example="repair.applied"),
        text("account", "On which account.", example="acc_1"),
        day("from", "From this day on, UTC."),
        day("to", "To the end of this day, UTC."),
        text("words", "Words of the reason.", example="wire"),
        text("request", "In which request.", example="0199a1f2-7c3e-7d10-9b52-3f6f5d0c1a77"),
        identifier("apply", "In which repair."),
    )

    def read(self, request: Request, asked: Mapping[str, Any], **where: str) -> Mapping[str, Any]:
        limit = asked.get("page_size", USUAL)
        entries = audit_entries(_wanted(asked), below=_below(asked.get("cursor")), limit=limit + 1)
        shown = entries[:limit]
        return page_json(request, [_json(entry) for entry in shown], str(shown[-1].seq) if entries[limit:] else None)


def _wanted(asked: Mapping[str, Any]) -> AuditFilter:
    action = asked.get("action", "")
    until = asked.get("to")
    return AuditFilter(
        actor=as_actor(asked.get("actor", "")),
        action="" if action == TROUBLED else action,
        is_troubled=action == TROUBLED,
        account=asked.get("account", ""),
        since=asked.get("from"),
        until=until + DAY if until else None,
        words=asked.get("words", ""),
        apply_id=asked.get("apply"),
        request_id=asked.get("request", ""),
    )


def _below(cursor: str | None) -> int | None:
    below = entry_number(cursor) if cursor else None
    if cursor and below is None:
        raise refuse_parameter("cursor", "not a cursor of the audit: take it from `next` of the page before")
    return below


def _json(entry: AuditLine) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": rfc3339(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "account_id": entry.account_id,
        "reason": entry.reason,
        "request_id": entry.request_id,
        "repair_id": entry.apply_id,
        "before": entry.before,
        "after": entry.after,
    }

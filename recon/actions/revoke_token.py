"""Take a program's way in from it: at its next call it has none, and what it had approved is not carried out."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from recon.actions.authority import Right, holds
from recon.actions.make_token import told
from recon.actions.settled import DONE, Settled
from recon.apply.record import Entry, record
from recon.models import ApiToken
from recon.words import reason_in


def revoke_token(
    number: int, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> Settled:
    """One that was revoked stays as it is. A refusal's code is forbidden or unknown. ValueError without a reason."""
    said = reason_in(reason)
    if not holds(groups, Right.GOVERN):
        refused = Settled(False, "forbidden", "Tokens are revoked by admins.")
        after = {"token": number, "code": refused.code, "why": refused.sentence}
        record(Entry(actor, "token.refused", said, after=after, request_id=request_id))
        return refused
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().filter(id=number).first()
        if token is None:
            return Settled(False, "unknown", "There is no such token.")
        if token.revoked_at is None:
            token.revoked_at, token.revoked_by, token.revoke_reason = now, actor, said
            token.save(update_fields=["revoked_at", "revoked_by", "revoke_reason"])
            record(Entry(actor, "token.revoked", said, before=told(token), request_id=request_id))
    return DONE

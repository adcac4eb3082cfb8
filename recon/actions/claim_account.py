"""Take one account in hand, so that nobody else works on it at the same time."""

from collections.abc import Iterable
from datetime import datetime

from recon.actions.claimed import MAY_NOT_WORK, Claimed, may_work, take
from recon.queries.work import claim_on


def claim_account(account_id: str, *, person: str, groups: Iterable[str], now: datetime, query: str = "") -> Claimed:
    """For half an hour after the last touch. Codes: forbidden, taken (somebody else has it), unknown."""
    if not may_work(groups):
        return MAY_NOT_WORK
    if take(account_id, person=person, now=now, query=query, again=True):
        return Claimed(account_id)
    other = claim_on(account_id, at=now)
    if other is None:
        return Claimed(code="unknown", sentence="There is no such account.")
    name = other.person.partition(":")[2] or other.person
    return Claimed(code="taken", sentence=f"{name} has it in hand until {other.until:%H:%M} UTC.")

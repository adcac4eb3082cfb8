"""Put an account off until a day, with the reason: it leaves the queues and comes back by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db import transaction

from recon.actions.authority import Right, holds
from recon.apply.record import Entry, record
from recon.models import AccountState, Snooze, WorkClaim
from recon.words import LONGEST_REASON, storable

LONGEST_SNOOZE: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Snoozed:
    """Until when, or why not: a word for programs and a sentence for people."""

    until: datetime | None
    code: str = ""
    sentence: str = ""


def snooze_account(
    account_id: str,
    day: date,
    *,
    actor: str,
    groups: Iterable[str],
    reason: str,
    now: datetime,
    request_id: str = "",
) -> Snoozed:
    """It comes back with that day, UTC; another date for one that is put off already replaces it. Who had it in hand
    has it no more. Codes: forbidden, empty, too_long, past, too_far, unknown."""
    said, until = storable(reason), datetime.combine(day, time(), UTC)
    refusal = _refusal(groups, said, until, now)
    if refusal is not None:
        return refusal
    with transaction.atomic():
        if not AccountState.objects.select_for_update(no_key=True).filter(account_id=account_id).exists():
            return Snoozed(None, "unknown", "There is no such account.")
        before = Snooze.objects.filter(account_id=account_id, until__gt=now).first()
        Snooze.objects.update_or_create(
            account_id=account_id, defaults={"until": until, "at": now, "person": actor, "reason": said}
        )
        WorkClaim.objects.filter(account_id=account_id, person=actor).delete()
        record(
            Entry(
                actor=actor,
                action="snooze.set",
                reason=said,
                account=account_id,
                before={"until": before.until if before else None},
                after={"until": until},
                request_id=request_id,
            )
        )
    return Snoozed(until)


def _refusal(groups: Iterable[str], reason: str, until: datetime, now: datetime) -> Snoozed | None:
    if not holds(groups, Right.WORK):
        return Snoozed(None, "forbidden", "Your role may look at a queue and not put anything off.")
    if not reason:
        return Snoozed(None, "empty", "Say why it can wait: whoever misses it will ask.")
    if len(reason) > LONGEST_REASON:
        return Snoozed(None, "too_long", f"A reason has at most {LONGEST_REASON} characters.")
    if until <= now:
        return Snoozed(None, "past", "Choose a day after today (UTC): it comes back when that day begins.")
    if until > now + LONGEST_SNOOZE:
        return Snoozed(None, "too_far", "Nothing is put off for more than a year.")
    return None

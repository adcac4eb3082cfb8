"""Ignore what made an account's evaluation fail: nobody tries again until something new happens to it.

Its marks count as answered, so a later one, and only a later one, makes it due again.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from recon.actions.authority import Right, holds
from recon.actions.replay_account import NOT_FAILING, standing_of
from recon.actions.settled import DONE, MAY_NOT_IGNORE, Settled
from recon.apply.record import Entry, record
from recon.models import Dirty
from recon.words import reason_in

IGNORED: Final = Settled(False, "ignored", "Nothing waits for it: it was ignored already, or evaluated.")
NEWS: Final = Settled(False, "news", "Something new has happened to it since: it is tried again by itself.")
RUNNING: Final = Settled(False, "running", "It is being tried at this moment: look again when that has ended.")


def ignore_account(
    account_id: str, *, seen: int, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> Settled:
    """Left parked, with nothing waiting. `seen` is the generation of it that the person saw: a later mark is not
    ignored with it. ValueError without a reason.

    Codes: forbidden, not_failing, ignored, news, running (what a try under way finds must not be thrown away).
    """
    if not holds(groups, Right.IGNORE):
        return MAY_NOT_IGNORE
    said = reason_in(reason)
    with transaction.atomic():
        row = Dirty.objects.select_for_update().filter(account=account_id).first()
        refused = _refusal(row, seen, now)
        if row is None or refused is not None:
            return refused or NOT_FAILING
        entry = Entry(
            actor=actor,
            action="queue.ignored",
            reason=said,
            account=account_id,
            before=standing_of(row) | {"waiting": row.gen - row.done_gen},
            after={"parked": True, "waiting": 0},
            request_id=request_id,
        )
        row.done_gen, row.causes, row.parked = row.gen, [], True
        row.not_before, row.lease_until, row.token = now, None, None
        row.save(update_fields=["done_gen", "causes", "parked", "not_before", "lease_until", "token"])
        record(entry)
    return DONE


def _refusal(row: Dirty | None, seen: int, now: datetime) -> Settled | None:
    if row is None or not (row.parked or row.attempts):
        return NOT_FAILING
    if row.gen == row.done_gen:
        return IGNORED
    if row.gen != seen:
        return NEWS
    return RUNNING if row.lease_until is not None and row.lease_until > now else None

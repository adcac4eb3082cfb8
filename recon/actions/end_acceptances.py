"""Let the differences come back whose last accepted day is over: looked at again, and in the queues."""

from datetime import datetime
from typing import Final

from django.db import transaction

from recon.actions.close_decisions import ENDED, told_of
from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actors import CALENDAR
from recon.apply.record import Entry, record
from recon.apply.tell import Event, tell
from recon.models import STANDS, CaseDecision, CaseKind, EventKind

REASON: Final = "The day until which it was accepted has come."


def end_acceptances(*, now: datetime, limit: int = 500) -> int:
    """By the schedule. How many ended."""
    due = CaseDecision.objects.filter(STANDS, kind=CaseKind.ACCEPT, until__lte=now)
    with transaction.atomic():
        # The marks before the decisions, as an evaluation takes them: two that wait for each other would both fail.
        found = dict(due.order_by("until", "id").values_list("id", "account_id")[:limit])
        mark_dirty(found.values(), now, cause=Cause(CauseKind.TIMER))
        ended = list(due.filter(id__in=found).select_for_update(skip_locked=True).order_by("until", "id"))
        for one in ended:
            one.ended_at, one.ended_by, one.end_reason = one.until, CALENDAR, REASON
        CaseDecision.objects.bulk_update(ended, ["ended_at", "ended_by", "end_reason"])
        entries = [record(_entry(one)) for one in ended]
        for one, entry in zip(ended, entries, strict=True):
            tell([Event(EventKind.CASE_DECIDED, one.account_id, told_of(one), ENDED, CALENDAR)], audit_seq=entry)
    return len(ended)


def _entry(one: CaseDecision) -> Entry:
    return Entry(CALENDAR, "case.ended", REASON, account=one.account_id, before=told_of(one), after=ENDED)

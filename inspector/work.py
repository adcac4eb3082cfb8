"""Who has the account in hand, for one request: whoever has it and looks at it goes on having it."""

from datetime import datetime

from django.http import HttpRequest

from inspector.access import may_work
from inspector.actor import actor_of
from inspector.display.work import TypedSnooze, WorkView, work_view
from recon.actions.touch_claim import touch_claim
from recon.queries.work import claim_and_snooze, claim_on


def work_on(request: HttpRequest, account_id: str, typed: TypedSnooze, now: datetime) -> WorkView:
    me = actor_of(request)
    claim, put_off = claim_and_snooze(account_id, at=now)
    if claim is not None and claim.person == me:
        touch_claim(account_id, person=me, now=now)
        claim = claim_on(account_id, at=now)
    return work_view(claim, put_off, may_work(request.user), typed, me=me, now=now)

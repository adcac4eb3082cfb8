"""The breaker of automatic severe repairs (T16): too many severe plans in an hour stop them for everyone."""

import logging
from datetime import datetime

from django.db import transaction

from recon.actors import AUTO
from recon.apply.record import Entry, record
from recon.engine.gate import SEVERE_WITHIN, is_too_many
from recon.engine.plan import Risk
from recon.models import AccountState, Apply, Switch
from recon.words import reason_in

log = logging.getLogger(__name__)


def breaker_is_open(now: datetime) -> bool:
    """True when automatic severe repairs are stopped for everyone; trips it when there are too many."""
    if Switch.objects.filter(name=Switch.AUTOMATIC_SEVERE_STOPPED, is_on=True).exists():
        return True
    severe, accounts = _severe_within_the_hour(now), AccountState.objects.count()
    if not is_too_many(severe, accounts):
        return False
    _trip(severe, accounts, now)
    return True


def open_breaker(reason: str, now: datetime, why: dict[str, int]) -> None:
    """Somebody decided what takes something from many at once: that nothing of it happens by itself. One that is open
    stays as it is."""
    if not Switch.objects.filter(name=Switch.AUTOMATIC_SEVERE_STOPPED, is_on=True).exists():
        _switch(True, AUTO, reason, now, why, "")


def close_breaker(*, actor: str, reason: str, now: datetime, request_id: str = "") -> None:
    """A person has looked: automatic severe repairs may go on. ValueError without a reason, or where it is closed."""
    said = reason_in(reason, "Say what you found: too many accounts were about to lose something at once.")
    with transaction.atomic():
        if not Switch.objects.select_for_update().filter(name=Switch.AUTOMATIC_SEVERE_STOPPED, is_on=True).exists():
            raise ValueError("It is closed already: nothing stops automatic severe repairs.")
        _switch(False, actor, said, now, {}, request_id)


def _severe_within_the_hour(now: datetime) -> int:
    """Accounts whose severe plan came up, or was carried out automatically, since an hour ago."""
    planned = AccountState.objects.filter(risk=Risk.SEVERE, writes__gt=0, changed_at__gt=now - SEVERE_WITHIN)
    done = Apply.objects.filter(approved_by=AUTO, risk=Risk.SEVERE, created_at__gt=now - SEVERE_WITHIN)
    ids = set(planned.values_list("account_id", flat=True)) | set(done.values_list("account_id", flat=True))
    return len(ids)


def _trip(severe: int, accounts: int, now: datetime) -> None:
    reason = f"{severe} of {accounts} accounts came to a severe plan within an hour; a person has to look first."
    log.error("automatic severe repairs are stopped", extra={"severe": severe, "accounts": accounts})
    _switch(True, AUTO, reason, now, {"severe": severe, "accounts": accounts}, "")


def _switch(is_on: bool, actor: str, reason: str, now: datetime, why: dict[str, int], request_id: str) -> None:
    with transaction.atomic():
        Switch.objects.update_or_create(
            name=Switch.AUTOMATIC_SEVERE_STOPPED,
            defaults={"is_on": is_on, "reason": reason, "set_by": actor, "set_at": now},
        )
        action = "automation.stopped" if is_on else "automation.resumed"
        record(
            Entry(
                actor=actor,
                action=action,
                reason=reason,
                before={"stopped": not is_on},
                after={"stopped": is_on, **why},
                request_id=request_id,
            )
        )

"""Wrong passwords are counted by person at an address and by address, so that guessing is slow for whoever guesses.

A stranger's guesses lock the stranger out, and the person only at that same address. The rows hold neither names nor
passwords: of what was typed as a name they keep a keyed digest, for people type passwords there too.
"""

import ipaddress
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, Q, Sum
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

Credentials = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong passwords within the cool-off; `last` is None without any."""

    of_person_here: int
    from_here: int
    last: datetime | None

    @property
    def are_too_many(self) -> bool:
        return self.of_person_here >= settings.AXES_FAILURE_LIMIT or self.from_here >= settings.LOGIN_TRIES_PER_ADDRESS


class LoginThrottle(AxesDatabaseHandler):  # type: ignore[misc] # axes has no types
    """Both counts in one query, each with its own limit."""

    def get_failures(self, request: HttpRequest, credentials: Credentials | None = None) -> int:
        tries = tries_of(request, credentials)
        return max(tries.of_person_here, settings.AXES_FAILURE_LIMIT if tries.are_too_many else 0)


def tries_of(request: HttpRequest, credentials: Credentials | None) -> Tries:
    """What counts against a login with that name from that address."""
    rows = AccessAttempt.objects.filter(
        ip_address=client_address(request), attempt_time__gte=get_cool_off_threshold(request)
    )
    told = rows.aggregate(
        of_person_here=Sum("failures_since_start", filter=Q(username=name_digest(request, credentials)), default=0),
        from_here=Sum("failures_since_start", default=0),
        last=Max("attempt_time"),
    )
    return Tries(**told)


def minutes_left(tries: Tries, now: datetime) -> int:
    """Until the door opens again, rounded up."""
    if tries.last is None:
        return 0
    return max(1, math.ceil((tries.last + settings.AXES_COOLOFF_TIME - now).total_seconds() / 60))


def name_digest(request: HttpRequest, credentials: Credentials | None = None) -> str:
    """What stands for the name that was typed, the same however it is spelled."""
    name = str((credentials or request.POST).get("username") or "")
    return salted_hmac(
        "inspector.throttle", unicodedata.normalize("NFKC", name).casefold(), algorithm="sha256"
    ).hexdigest()


def client_address(request: HttpRequest) -> str | None:
    """Who speaks to us; behind proxies of ours, whom the outermost of them saw. What stands before may be invented."""
    hops: list[str] = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if 0 < settings.TRUSTED_PROXIES <= len(hops) and _is_address(hops[-settings.TRUSTED_PROXIES]):
        return hops[-settings.TRUSTED_PROXIES]
    address: str | None = request.META.get("REMOTE_ADDR") or None
    return address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

"""So many calls a minute with one token, and every answer says how many are left."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from inspector.api.problems import Refusal
from recon.actions.count_call import Counted, count_call
from recon.actions.use_token import Caller


class TokenRate(BaseThrottle):  # type: ignore[misc] # rest_framework has no types
    """The view's `rate` names what is counted together."""

    counted: Counted | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        self.counted = view.counted = count(request.user, view.rate)
        return self.counted is None or not self.counted.is_too_many

    def wait(self) -> float | None:
        return float(self.counted.seconds_left) if self.counted else None


def say_rate(response: HttpResponse, counted: Counted) -> None:
    """RateLimit-* as the IETF's draft names them, in calls and seconds."""
    response["RateLimit-Limit"] = str(counted.limit)
    response["RateLimit-Remaining"] = str(counted.left)
    response["RateLimit-Reset"] = str(counted.seconds_left)


def count(caller: Caller, rate: str) -> Counted | None:
    """None when it could not be counted: then it is let through."""
    return count_call(caller.token_id, rate, limit=settings.API_CALLS_PER_MINUTE[rate], now=timezone.now())


def counted_call(caller: Caller, rate: str) -> Counted | None:
    """The same outside the framework. Refusal: too many."""
    counted = count(caller, rate)
    if counted is not None and counted.is_too_many:
        raise too_many(counted.seconds_left)
    return counted


def too_many(seconds: float) -> Refusal:
    return Refusal(
        429, "too_many", "Too many calls with this token in this minute.", {"Retry-After": str(max(1, int(seconds)))}
    )

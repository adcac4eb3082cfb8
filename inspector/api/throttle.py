"""So many calls a minute with one token, and every answer says how many are left."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from recon.actions.count_call import Counted, count_call


class TokenRate(BaseThrottle):  # type: ignore[misc] # rest_framework has no types
    """The view's `rate` names what is counted together."""

    counted: Counted | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        limit = settings.API_CALLS_PER_MINUTE[view.rate]
        self.counted = view.counted = count_call(request.user.token_id, view.rate, limit=limit, now=timezone.now())
        return self.counted is None or not self.counted.is_too_many

    def wait(self) -> float | None:
        return float(self.counted.seconds_left) if self.counted else None


def say_rate(response: HttpResponse, counted: Counted) -> None:
    """RateLimit-* as the IETF's draft names them, in calls and seconds."""
    response["RateLimit-Limit"] = str(counted.limit)
    response["RateLimit-Remaining"] = str(counted.left)
    response["RateLimit-Reset"] = str(counted.seconds_left)

"""`GET accounts/{id}/entitlement/`: what the product may grant, small enough to be asked at each of its own requests.

An unknown verdict locks nobody out and lets nobody in: the last entitlement that was known is told, and that it is
stale; what to make of that is the product's to decide.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from rest_framework.request import Request
from rest_framework.response import Response

from inspector.api.token_view import TokenView
from recon.actors import Scope
from recon.engine.values import rfc3339
from recon.queries.entitlement import Entitled, Entitlement, entitled

MAX_AGE_SECONDS: Final = 5


class EntitlementView(TokenView):
    """Who asked is not logged by account: it is asked for everybody, all the time, and names nobody."""

    scopes = {"GET": Scope.READ}
    rate = "entitlements"

    def get(self, request: Request, account_id: str) -> HttpResponse:
        found = entitled(account_id) if "\x00" not in account_id else None
        if found is None:
            raise Http404
        now = timezone.now()
        headers = {"ETag": _etag(found, now), "Cache-Control": f"private, max-age={_max_age(found, now)}"}
        unchanged: HttpResponse | None = get_conditional_response(request._request, etag=headers["ETag"])
        if unchanged is not None:
            return HttpResponse(status=unchanged.status_code, headers=headers)
        response: HttpResponse = Response(entitlement_json(account_id, found, now), headers=headers)
        return response


def entitlement_json(account_id: str, found: Entitled, now: datetime) -> dict[str, Any]:
    """`as_of` is when the entitlement was true, `evaluated_at` the latest look, `age_seconds` how long that is ago."""
    return {
        "account_id": account_id,
        "verdict": "known" if found.is_known else "unknown",
        "reasons": list(found.reasons),
        "entitlement": None if found.entitlement is None else _told(found.entitlement),
        "is_stale": found.is_stale(now),
        "as_of": None if found.known_at is None else rfc3339(found.known_at),
        "evaluated_at": rfc3339(found.evaluated_at),
        "age_seconds": max(0, int((now - found.evaluated_at).total_seconds())),
        "reads": {store: _read(read, found.evaluated_at) for store, read in found.reads.items()},
    }


def _told(entitlement: Entitlement) -> dict[str, Any]:
    return {
        "plan_active": entitlement.plan_active,
        "effective_plan": entitlement.effective_plan,
        "restricted": entitlement.restricted,
        "suspended": entitlement.suspended,
    }


def _read(read: Mapping[str, Any], evaluated_at: datetime) -> dict[str, Any]:
    """A store that was read without a time of its own was read for this evaluation."""
    return {"ok": read["ok"], "as_of": read["as_of"] or (rfc3339(evaluated_at) if read["ok"] else None)}


def _etag(found: Entitled, now: datetime) -> str:
    """Weak: the age alone may differ."""
    stale = "s" if found.is_stale(now) else "f"
    return f'W/"{found.evaluation_id}.{found.evaluated_at.timestamp():.6f}{stale}"'


def _max_age(found: Entitled, now: datetime) -> int:
    """Nobody keeps it beyond the moment at which it may change by itself."""
    if found.next_evaluation_at is None or found.next_evaluation_at <= now:
        return MAX_AGE_SECONDS
    return min(MAX_AGE_SECONDS, int((found.next_evaluation_at - now).total_seconds()))

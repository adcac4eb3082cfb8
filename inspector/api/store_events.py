"""`POST /api/v1/store-events/`: the five stores' owners say that an account changed; one event or a list of them."""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from inspector.access import for_signed
from inspector.api.bearer import given_secret, is_one_of, not_authenticated
from inspector.api.known import AN_ACCOUNT, NO_ACCOUNT
from inspector.api.problems import Refusal, answer, not_stored, posted, read_text
from recon.actions.receive_store_events import DATABASE_STORES, StoreEvent, receive_store_events

log = logging.getLogger(__name__)

MOST_EVENTS: Final = 1_000
MOST_ERRORS: Final = 20
FIELDS: Final = ("store", "event_id", "account_id", "occurred_at")
AN_ID: Final = re.compile(r"[!-~]{1,255}")
TEXTS: Final = (
    ("event_id", AN_ID, "not 1 to 255 printable ASCII characters without spaces"),
    ("account_id", AN_ACCOUNT, NO_ACCOUNT),
)


@csrf_exempt
@for_signed
@posted
def store_events(request: HttpRequest) -> HttpResponse:
    allowed = _stores_of(given_secret(request))
    events = _events(read_text(request, settings.STORE_EVENTS_MOST_BYTES))
    if {event.store for event in events} - allowed:
        raise Refusal(403, "other_store", "This secret does not speak for that store.")
    try:
        receive_store_events(events, now=timezone.now())
    except (DatabaseError, InterfaceError) as error:
        log.exception("store events were not stored", extra={"events": len(events)})
        raise not_stored() from error
    return answer({"accepted": len(events)}, 202)


def _stores_of(given: bytes) -> set[str]:
    """The stores that the given secret speaks for."""
    secrets: Mapping[str, list[str]] = settings.STORE_EVENT_SECRETS
    stores = {store for store, of_store in secrets.items() if is_one_of(given, of_store)}
    if not stores:
        raise not_authenticated("Send a store's secret as Authorization: Bearer.")
    return stores


def _events(text: str) -> list[StoreEvent]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "not_json", "The body is no JSON that can be read.") from error
    is_list = isinstance(body, list)
    given = body if is_list else [body]
    if not 1 <= len(given) <= MOST_EVENTS:
        raise Refusal(400, "how_many", f"Send 1 to {MOST_EVENTS:,} events.")
    errors = [
        {"pointer": (f"/{place}" if is_list else "") + pointer, "detail": detail}
        for place, one in enumerate(given)
        for pointer, detail in _faults(one)
    ]
    if errors:
        raise Refusal(400, "not_an_event", "Not every event has the four fields.", errors=errors[:MOST_ERRORS])
    return [_event(one) for one in given]


def _faults(one: object) -> Iterator[tuple[str, str]]:
    """What keeps it from being an event; field names are ours, nothing of it is repeated."""
    if not isinstance(one, dict):
        yield "", "not an object"
        return
    if one.keys() - set(FIELDS):
        yield "", "has other fields than " + ", ".join(FIELDS)
    if one.get("store") not in DATABASE_STORES:
        yield "/store", "not one of " + ", ".join(DATABASE_STORES)
    for name, like, otherwise in TEXTS:
        if not (isinstance(one.get(name), str) and like.fullmatch(one[name])):
            yield f"/{name}", otherwise
    if _moment(one.get("occurred_at")) is None:
        yield "/occurred_at", "not an RFC 3339 time with its offset"


def _event(one: Mapping[str, Any]) -> StoreEvent:
    occurred_at = _moment(one["occurred_at"])
    assert occurred_at is not None
    return StoreEvent(one["store"], one["event_id"], one["account_id"], occurred_at)


def _moment(text: object) -> datetime | None:
    """In UTC; None: no time, or one without its offset."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None

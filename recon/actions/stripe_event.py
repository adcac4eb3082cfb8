"""A body that Stripe signed, as what the inbox keeps: who it is about, and nothing that could be taken for a state.

Both kinds come: snapshot events (`data.object` is the whole object) and thin ones (`related_object` names it alone).
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, TypeGuard

from recon.actions.incoming import Incoming
from recon.actions.keep_snapshots import storable_json

STRIPE: Final = "stripe"
AN_ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")
A_TYPE: Final = re.compile(r"[!-~]{1,255}")
# By which an object that names no customer is found in the mirror: a dispute by its charge, a refund by its payment.
REFS: Final = ("customer", "charge", "payment_intent", "invoice", "subscription")


class NotAnEvent(ValueError):
    """The body is no event of Stripe's; the sentence says what it lacks and repeats nothing of it."""


def stripe_event(text: str) -> Incoming:
    """NotAnEvent: whatever else than an event a body can be."""
    try:
        event = json.loads(text)
        if not isinstance(event, dict):
            raise NotAnEvent("The body is JSON, but no object.")
        return _incoming(event)
    except NotAnEvent:
        raise
    except (ValueError, RecursionError) as error:
        raise NotAnEvent("The body is no JSON that can be read.") from error


def _incoming(event: dict[str, Any]) -> Incoming:
    # How many deliveries are still due: it differs between deliveries of one event.
    event.pop("pending_webhooks", None)
    event_id, kind, livemode = event.get("id"), event.get("type"), event.get("livemode")
    if not _is_id(event_id):
        raise NotAnEvent("The body has no event id.")
    if not (isinstance(kind, str) and A_TYPE.fullmatch(kind)):
        raise NotAnEvent("The body has no event type.")
    if not isinstance(livemode, bool):
        raise NotAnEvent("The body does not say its mode.")
    about = _object(event)
    body = storable_json(event)
    return Incoming(
        source=STRIPE,
        event_id=event_id,
        type=kind,
        object_id=next(filter(_is_id, [about.get("id")]), ""),
        refs=tuple(dict.fromkeys(references(about))),
        occurred_at=_moment(event.get("created")),
        livemode=livemode,
        connected_account=_connected(event),
        body=body,
        body_hash=sha256(body.encode()).hexdigest(),
    )


def _object(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the event is about; of a thin event the reference, which has an id and a type."""
    data = event.get("data")
    about = data.get("object") if isinstance(data, Mapping) else None
    about = about if about is not None else event.get("related_object")
    return about if isinstance(about, Mapping) else {}


def references(about: Mapping[str, Any]) -> Iterator[str]:
    """Ids by which an object may lead to an account, the customer first."""
    for name in REFS:
        value = about.get(name)
        value = value.get("id") if isinstance(value, Mapping) else value
        if _is_id(value):
            yield value
    if _is_id(about.get("id")):
        yield about["id"]


def _connected(event: Mapping[str, Any]) -> str:
    """The connected account that it happened on; empty: our own."""
    account = event.get("account") or event.get("context")
    return account if isinstance(account, str) else ""


def _moment(created: object) -> datetime | None:
    """Seconds, or text in a thin event; None: not told in a way that can be read."""
    try:
        if isinstance(created, int):
            return datetime.fromtimestamp(created, UTC)
        if isinstance(created, str):
            told = datetime.fromisoformat(created)
            return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and AN_ID.fullmatch(value) is not None

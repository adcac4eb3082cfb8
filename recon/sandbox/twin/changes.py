"""Changing: the few calls that the engine makes, each under a row lock, each with the event that Stripe would send."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from recon.sandbox.twin.errors import Refused, invalid, missing
from recon.sandbox.twin.forms import Params
from recon.sandbox.twin.shapes import Json
from recon.sandbox.twin.state import find, store

API_VERSION = "2026-10-28.endive"


@dataclass(frozen=True, slots=True)
class Change:
    """The object after the change, and the id of its event (None: nothing changed)."""

    body: Json
    event_id: str | None


def update_customer(conn: Connection[Any], object_id: str, params: Params, key: str | None) -> Change:
    """Merge `metadata`; an empty value takes its key out, an empty `metadata` all of them."""
    before = _locked(conn, "customer", object_id)
    if before.get("deleted"):
        raise missing("customer", object_id)
    for name in params:
        if name != "metadata":
            raise invalid(f"Received unknown parameter: {name}", "parameter_unknown", name)
    given = params.get("metadata", {})
    old = before.get("metadata") or {}
    merged = {name: value for name, value in (old | (given or {})).items() if value != ""} if given != "" else {}
    return _changed(conn, "customer.updated", before, {"metadata": merged}, key)


def pay_invoice(conn: Connection[Any], object_id: str, params: Params, key: str | None) -> Change:
    """Pay out of band: money that Stripe never saw. The twin charges nobody."""
    before = _locked(conn, "invoice", object_id)
    if params.get("paid_out_of_band") != "true":
        raise Refused(
            402,
            "card_error",
            "The twin charges nobody: pay with paid_out_of_band.",
            "card_declined",
        )
    if before["status"] == "paid":
        raise invalid("Invoice is already paid")
    _require(before, ("open", "uncollectible"), "pay")
    now = int(time.time())
    rest = before["amount_remaining"]
    moved = (before.get("status_transitions") or {}) | {"paid_at": now}
    changes = {
        "status": "paid",
        "amount_paid": before["amount_paid"] + rest,
        "amount_remaining": 0,
        "auto_advance": False,
        "status_transitions": moved,
    }
    if "parent" in before:
        changes["amount_paid_off_stripe"] = (before.get("amount_paid_off_stripe") or 0) + rest
    else:
        changes |= {"paid": True, "paid_out_of_band": True}
    return _changed(conn, "invoice.paid", before, changes, key)


def void_invoice(conn: Connection[Any], object_id: str, params: Params, key: str | None) -> Change:
    before = _locked(conn, "invoice", object_id)
    _require(before, ("open", "uncollectible"), "void")
    moved = (before.get("status_transitions") or {}) | {"voided_at": int(time.time())}
    changes = {"status": "void", "auto_advance": False, "status_transitions": moved}
    return _changed(conn, "invoice.voided", before, changes, key)


def mark_uncollectible(conn: Connection[Any], object_id: str, params: Params, key: str | None) -> Change:
    before = _locked(conn, "invoice", object_id)
    _require(before, ("open",), "mark as uncollectible")
    moved = (before.get("status_transitions") or {}) | {"marked_uncollectible_at": int(time.time())}
    changes = {
        "status": "uncollectible",
        "auto_advance": False,
        "status_transitions": moved,
    }
    return _changed(conn, "invoice.marked_uncollectible", before, changes, key)


def cancel_subscription(conn: Connection[Any], object_id: str, params: Params, key: str | None) -> Change:
    """End it now. One that has ended is no longer found, as in Stripe."""
    before = _locked(conn, "subscription", object_id)
    if before["status"] in ("canceled", "incomplete_expired"):
        raise missing("subscription", object_id)
    now = int(time.time())
    changes = {
        "status": "canceled",
        "canceled_at": now,
        "ended_at": now,
        "cancel_at_period_end": False,
    }
    if "cancellation_details" in before:
        changes["cancellation_details"] = {
            "comment": None,
            "feedback": None,
            "reason": "cancellation_requested",
        }
    return _changed(conn, "customer.subscription.deleted", before, changes, key)


def _locked(conn: Connection[Any], kind: str, object_id: str) -> Json:
    body = find(conn, kind, object_id, lock=True)
    if body is None:
        raise missing(kind, object_id)
    return body


def _require(invoice: Json, statuses: tuple[str, ...], verb: str) -> None:
    if invoice["status"] not in statuses:
        allowed = " or ".join(statuses)
        raise invalid(f"You can only {verb} an invoice that is {allowed}. This invoice is {invoice['status']}.")


def _changed(conn: Connection[Any], event_type: str, before: Json, changes: Json, key: str | None) -> Change:
    previous = {name: before.get(name) for name, value in changes.items() if before.get(name) != value}
    if not previous:
        return Change(before, None)
    after = before | changes
    store(conn, after["object"], after)
    event = {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": after, "previous_attributes": previous},
        "livemode": after.get("livemode", False),
        "pending_webhooks": 1,
        "request": {"id": f"req_{secrets.token_hex(7)}", "idempotency_key": key},
        "type": event_type,
    }
    store(conn, "event", event)
    return Change(after, event["id"])

"""The five verbs that change Stripe: one attempt each, and the question whether the wanted state is there.

Only `customers.update` sets a value and may be repeated at will. The others cannot be taken back; whoever calls them
keeps the key and the parameters first, and asks again with the same ones.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import stripe

from recon.stores.base import CallOutcome, CallResult
from recon.stores.stripe.client import AN_ID, Json, StripeApi
from recon.stores.stripe.errors import Unreadable, call_result, may_be_done_already

Params = Mapping[str, Any]
Send = Callable[[stripe.StripeClient, str, Any, Any], object]

SEND: Final[Mapping[str, Send]] = {
    "customers.update": lambda client, object_id, params, options: client.v1.customers.update(
        object_id, params, options
    ),
    "invoices.pay": lambda client, object_id, params, options: client.v1.invoices.pay(object_id, params, options),
    "invoices.void_invoice": lambda client, object_id, params, options: client.v1.invoices.void_invoice(
        object_id, params, options
    ),
    "invoices.mark_uncollectible": lambda client, object_id, params, options: client.v1.invoices.mark_uncollectible(
        object_id, params, options
    ),
    "subscriptions.cancel": lambda client, object_id, params, options: client.v1.subscriptions.cancel(
        object_id, params, options
    ),
}
# verb → the statuses of which one is the wanted state
WANTED: Final[Mapping[str, frozenset[str]]] = {
    "invoices.pay": frozenset({"paid"}),
    "invoices.void_invoice": frozenset({"void"}),
    "invoices.mark_uncollectible": frozenset({"uncollectible"}),
    "subscriptions.cancel": frozenset({"canceled", "incomplete_expired"}),
}


def send_call(api: StripeApi, verb: str, object_id: str, params: Params, idempotency_key: str) -> CallResult:
    """One attempt. A refusal that a repeated call gets is DONE where the wanted state is there.

    ValueError: a verb that the contract does not have, or an id that is none.
    """
    if verb not in SEND or not AN_ID.fullmatch(object_id):
        raise ValueError(f"{verb} of {object_id!r} is no call of the contract: it has {', '.join(SEND)}.")
    try:
        SEND[verb](api.client, object_id, _sendable(params), {"idempotency_key": idempotency_key})
    except stripe.StripeError as error:
        refused = call_result(error)
        if may_be_done_already(verb, refused) and is_reached(api, verb, object_id, params):
            return CallResult(CallOutcome.DONE, refused.http_status, refused.code, "It was done before.")
        return refused
    return CallResult(CallOutcome.DONE, 200)


def is_reached(api: StripeApi, verb: str, object_id: str, params: Params) -> bool | None:
    """Is what the call wants already so? None: Stripe could not be asked."""
    kind = verb.partition(".")[0]
    try:
        found = api.retrieve(kind, object_id, time.monotonic() + api.patience.look)
    except Unreadable:
        return None
    if found is None:
        return False
    if verb == "customers.update":
        return _holds_metadata(found, params)
    return found.get("status") in WANTED[verb]


def _holds_metadata(customer: Json, params: Params) -> bool:
    stored = customer.get("metadata") or {}
    wanted = params.get("metadata", {})
    return not customer.get("deleted") and all(stored.get(name, "") == (value or "") for name, value in wanted.items())


def _sendable(params: Params) -> dict[str, Any]:
    """Stripe unsets a metadata key by an empty value, not by null."""
    metadata = params.get("metadata")
    if metadata is None:
        return dict(params)
    return {**params, "metadata": {name: "" if value is None else value for name, value in metadata.items()}}

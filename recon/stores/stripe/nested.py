"""Lists inside objects: an invoice's payments, a subscription's items; Stripe cuts them off and says `has_more`."""

from collections.abc import Mapping
from typing import Any, Final

from recon.stores.stripe.client import Json, StripeApi
from recon.stores.stripe.errors import Unreadable

# kind of the holder → the key of the list inside, the list's own path, and the parameter that names the holder
INSIDE: Final = {
    "invoices": ("payments", "/v1/invoice_payments", "invoice"),
    "subscriptions": ("items", "/v1/subscription_items", "subscription"),
}
LIST_PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "invoices": {"expand": ["data.payments"]},
    "subscriptions": {"status": "all"},
}
RETRIEVE_PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {"invoices": {"expand": ["payments"]}}


def is_cut_off(kind: str, holder: Json) -> bool:
    """Does this object show only the first of a list inside it?"""
    inside = holder.get(INSIDE[kind][0]) if kind in INSIDE else None
    return isinstance(inside, dict) and inside.get("has_more") is True


def complete(api: StripeApi, kind: str, holder: Json, deadline: float) -> None:
    """Put the whole list into the object. Unreadable: as reading any list."""
    key, path, parameter = INSIDE[kind]
    whole = api.everything(path, {parameter: holder["id"]}, deadline)
    if whole is None:
        raise Unreadable(f"Stripe shows {holder['id']}, and denies it in GET {path}: read it again.")
    holder[key] = {**holder[key], "data": whole, "has_more": False}


def payment_refs(invoice: Json) -> tuple[set[str], set[str]]:
    """The ids of the payment intents and of the charges that an invoice names, in either of Stripe's shapes."""
    payments = invoice.get("payments")
    inside = payments.get("data") if isinstance(payments, dict) else None
    paid_by = [one.get("payment") for one in inside or () if isinstance(one, dict)]
    named = [one for one in (invoice, *paid_by) if isinstance(one, dict)]
    intents, charges = ({ref(one.get(key)) for one in named} for key in ("payment_intent", "charge"))
    return {found for found in intents if found}, {found for found in charges if found}


def ref(value: object) -> str | None:
    """The id of what Stripe gives as an id or, expanded, as the whole object."""
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else None

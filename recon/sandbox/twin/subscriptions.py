"""Customers, prices and subscriptions as Stripe shows them. Part of `objects.py`."""

from collections.abc import Sequence
from typing import Any

from recon.sandbox.twin.shapes import MONTH_S, Json, listing


def customer(
    object_id: str,
    *,
    created: int,
    email: str | None = None,
    name: str | None = None,
    metadata: dict[str, str] | None = None,
    default_payment_method: str | None = None,
    default_source: str | None = None,
    currency: str | None = "usd",
    livemode: bool = False,
    **more: Any,
) -> Json:
    """A customer. Its `delinquent` is Stripe's latch on the last event; no rule reads it."""
    settings = {
        "custom_fields": None,
        "default_payment_method": default_payment_method,
        "footer": None,
        "rendering_options": None,
    }
    return {
        "id": object_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": created,
        "currency": currency,
        "customer_account": None,
        "default_source": default_source,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": email,
        "invoice_prefix": object_id[-8:].upper().replace("_", "0"),
        "invoice_settings": settings,
        "livemode": livemode,
        "metadata": dict(metadata or {}),
        "name": name,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    } | more


def deleted_customer(object_id: str) -> Json:
    """What Stripe answers for a deleted customer."""
    return {"id": object_id, "object": "customer", "deleted": True}


def price(
    object_id: str,
    *,
    created: int,
    unit_amount: int,
    currency: str = "usd",
    lookup_key: str | None = None,
    metadata: dict[str, str] | None = None,
    product: str | None = None,
    livemode: bool = False,
    **more: Any,
) -> Json:
    """A monthly licensed price."""
    recurring = {
        "interval": "month",
        "interval_count": 1,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
    return {
        "id": object_id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": livemode,
        "lookup_key": lookup_key,
        "metadata": dict(metadata or {}),
        "nickname": None,
        "product": product or f"prod_{object_id.removeprefix('price_')}",
        "recurring": recurring,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    } | more


def plan(of_price: Json, **more: Any) -> Json:
    """The legacy plan object that Stripe still shows beside an item's price."""
    same = (
        "id",
        "active",
        "billing_scheme",
        "created",
        "currency",
        "livemode",
        "metadata",
        "nickname",
        "product",
    )
    return {
        **{key: of_price[key] for key in same},
        "object": "plan",
        "amount": of_price["unit_amount"],
        "amount_decimal": of_price["unit_amount_decimal"],
        "interval": "month",
        "interval_count": 1,
        "meter": None,
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    } | more


def subscription_item(
    object_id: str,
    *,
    subscription_id: str,
    item_price: Json,
    created: int,
    period_start: int,
    period_end: int,
    quantity: int = 1,
    **more: Any,
) -> Json:
    """One item; since 2025-03-31 the billing period stands here and no longer on the subscription."""
    return {
        "id": object_id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": created,
        "current_period_end": period_end,
        "current_period_start": period_start,
        "discounts": [],
        "metadata": {},
        "plan": plan(item_price),
        "price": item_price,
        "quantity": quantity,
        "subscription": subscription_id,
        "tax_rates": [],
    } | more


def subscription(
    object_id: str,
    *,
    customer_id: str,
    prices: Sequence[Json],
    created: int,
    status: str = "active",
    currency: str = "usd",
    period_start: int | None = None,
    period_end: int | None = None,
    cancel_at_period_end: bool = False,
    canceled_at: int | None = None,
    trial_end: int | None = None,
    pause_behavior: str | None = None,
    default_payment_method: str | None = None,
    latest_invoice: str | None = None,
    collection_method: str = "charge_automatically",
    livemode: bool = False,
    **more: Any,
) -> Json:
    """A subscription with an item for each price. `canceled_at` also ends it where the status is `canceled`."""
    start = created if period_start is None else period_start
    end = start + MONTH_S if period_end is None else period_end
    items = [
        subscription_item(
            f"si_{object_id.removeprefix('sub_')}_{n}",
            subscription_id=object_id,
            item_price=item_price,
            created=created,
            period_start=start,
            period_end=end,
        )
        for n, item_price in enumerate(prices)
    ]
    reason = "cancellation_requested" if canceled_at is not None or cancel_at_period_end else None
    return {
        "id": object_id,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": start,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": None, "type": "classic"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": end if cancel_at_period_end else None,
        "cancel_at_period_end": cancel_at_period_end,
        "canceled_at": canceled_at,
        "cancellation_details": {"comment": None, "feedback": None, "reason": reason},
        "collection_method": collection_method,
        "created": created,
        "currency": currency,
        "customer": customer_id,
        "customer_account": None,
        "days_until_due": None if collection_method == "charge_automatically" else 30,
        "default_payment_method": default_payment_method,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": canceled_at if status == "canceled" else None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": listing(f"/v1/subscription_items?subscription={object_id}", items),
        "latest_invoice": latest_invoice,
        "livemode": livemode,
        "metadata": {},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": {"behavior": pause_behavior, "resumes_at": None} if pause_behavior else None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": created,
        "status": status,
        "test_clock": None,
        "transfer_data": None,
        "trial_end": trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": created if trial_end is not None else None,
    } | more

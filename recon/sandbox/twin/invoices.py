"""Invoices, their payments and credit notes as Stripe shows them. Part of `objects.py`."""

from typing import Any

from recon.sandbox.twin.shapes import Json, listing


def invoice_line(object_id: str, *, invoice_id: str, amount: int, currency: str, start: int, end: int) -> Json:
    """One line over the invoice's whole amount."""
    return {
        "id": object_id,
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": None,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": {},
        "parent": None,
        "period": {"end": end, "start": start},
        "pretax_credit_amounts": [],
        "pricing": None,
        "quantity": 1,
        "subtotal": amount,
        "taxes": [],
    }


def invoice(
    object_id: str,
    *,
    customer_id: str,
    created: int,
    total: int,
    status: str = "open",
    currency: str = "usd",
    subscription_id: str | None = None,
    billing_reason: str = "subscription_cycle",
    amount_paid: int | None = None,
    amount_paid_off_stripe: int = 0,
    due_date: int | None = None,
    finalized_at: int | None = None,
    paid_at: int | None = None,
    period_start: int | None = None,
    period_end: int | None = None,
    uncollectible_reason: str | None = None,
    collection_method: str = "charge_automatically",
    livemode: bool = False,
    **more: Any,
) -> Json:
    """An invoice; `amount_paid` is the total for `paid` and 0 otherwise unless given, and the rest remains.

    A draft is not finalized; any other status is at `created` unless `finalized_at` says else.
    """
    paid = amount_paid if amount_paid is not None else (total if status == "paid" else 0)
    start = created if period_start is None else period_start
    end = start if period_end is None else period_end
    final = None if status == "draft" else (created if finalized_at is None else finalized_at)
    uncollectible = {"uncollectible": {"reason": uncollectible_reason}} if uncollectible_reason else None
    line = invoice_line(
        f"il_{object_id.removeprefix('in_')}",
        invoice_id=object_id,
        amount=total,
        currency=currency,
        start=start,
        end=end,
    )
    return {
        "id": object_id,
        "object": "invoice",
        "account_country": "US",
        "account_name": None,
        "account_tax_ids": None,
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": paid,
        "amount_paid_off_stripe": amount_paid_off_stripe,
        "amount_remaining": max(0, total - paid),
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0 if status == "draft" else 1,
        "attempted": status != "draft",
        "auto_advance": status in ("draft", "open"),
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": billing_reason,
        "collection_method": collection_method,
        "created": created,
        "currency": currency,
        "custom_fields": None,
        "customer": customer_id,
        "customer_account": None,
        "customer_address": None,
        "customer_email": None,
        "customer_name": None,
        "customer_phone": None,
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": due_date,
        "effective_at": final,
        "ending_balance": None if final is None else 0,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": listing(f"/v1/invoices/{object_id}/lines", [line]),
        "livemode": livemode,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None if final is None else object_id.removeprefix("in_").upper(),
        "on_behalf_of": None,
        "parent": _parent(subscription_id),
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": end,
        "period_start": start,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": status,
        "status_details": uncollectible,
        "status_transitions": {
            "finalized_at": final,
            "marked_uncollectible_at": final if status == "uncollectible" else None,
            "paid_at": (paid_at if paid_at is not None else final) if status == "paid" else None,
            "voided_at": final if status == "void" else None,
        },
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "test_clock": None,
        "total": total,
        "total_discount_amounts": [],
        "total_excluding_tax": total,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": final,
    } | more


def _parent(subscription_id: str | None) -> Json | None:
    if subscription_id is None:
        return None
    details = {"metadata": {}, "subscription": subscription_id}
    return {
        "quote_details": None,
        "subscription_details": details,
        "type": "subscription_details",
    }


def invoice_payment(
    object_id: str,
    *,
    invoice_id: str,
    amount: int,
    created: int,
    payment_intent: str | None = None,
    charge: str | None = None,
    payment_record: str | None = None,
    status: str = "paid",
    currency: str = "usd",
    amount_paid: int | None = None,
    is_default: bool = True,
    livemode: bool = False,
    **more: Any,
) -> Json:
    """One payment of an invoice by a payment intent, a charge, or a payment record (money that came outside Stripe)."""
    named = {
        "payment_intent": payment_intent,
        "charge": charge,
        "payment_record": payment_record,
    }
    kind, ref = next((name, ref) for name, ref in named.items() if ref is not None)
    paid = amount if status == "paid" else None
    return {
        "id": object_id,
        "object": "invoice_payment",
        "amount_paid": paid if amount_paid is None else amount_paid,
        "amount_requested": amount,
        "created": created,
        "currency": currency,
        "invoice": invoice_id,
        "is_default": is_default,
        "livemode": livemode,
        "payment": {kind: ref, "type": kind},
        "status": status,
        "status_transitions": {
            "canceled_at": created if status == "canceled" else None,
            "paid_at": created if status == "paid" else None,
        },
    } | more


def credit_note(
    object_id: str,
    *,
    invoice_id: str,
    customer_id: str,
    amount: int,
    created: int,
    currency: str = "usd",
    livemode: bool = False,
    **more: Any,
) -> Json:
    """An issued credit note on an open invoice; no rule reads it."""
    return {
        "id": object_id,
        "object": "credit_note",
        "amount": amount,
        "amount_shipping": 0,
        "created": created,
        "currency": currency,
        "customer": customer_id,
        "customer_account": None,
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": created,
        "invoice": invoice_id,
        "lines": listing(f"/v1/credit_notes/{object_id}/lines", []),
        "livemode": livemode,
        "memo": None,
        "metadata": {},
        "number": f"{invoice_id.removeprefix('in_').upper()}-CN-01",
        "out_of_band_amount": None,
        "pdf": "",
        "post_payment_amount": 0,
        "pre_payment_amount": amount,
        "pretax_credit_amounts": [],
        "reason": None,
        "refunds": [],
        "shipping_cost": None,
        "status": "issued",
        "subtotal": amount,
        "subtotal_excluding_tax": amount,
        "total": amount,
        "total_excluding_tax": amount,
        "total_taxes": [],
        "type": "pre_payment",
        "voided_at": None,
    } | more

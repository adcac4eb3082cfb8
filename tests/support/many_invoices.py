"""A golden case with many more invoices, each known to the ledger and to Stripe, and paid."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

FIRST = datetime(2009, 1, 5, 12, tzinfo=UTC)


def with_invoices(case: Mapping[str, Any], count: int, *, unpaid: int = 0) -> dict[str, Any]:
    """`case` with `count` invoices more, a month apart, paid by card; the last `unpaid` of them are overdue."""
    more = copy.deepcopy(dict(case))
    ledger, stripe = more["stores"]["billing_prod"], more["stores"]["stripe"]
    for number in range(count):
        at, is_paid = FIRST + timedelta(days=30 * number), number < count - unpaid
        ledger["invoices"].append(_ledger_invoice(more["account_id"], number, at))
        stripe["invoices"].append(_stripe_invoice(number, at, is_paid=is_paid))
        if is_paid:
            ledger["payments"].append(_ledger_payment(more["account_id"], number, at))
            stripe["payment_intents"].append(_intent(number, at))
            stripe["charges"].append(_charge(number, at))
    return json.loads(json.dumps(more))


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _ledger_invoice(account_id: str, number: int, at: datetime) -> dict[str, Any]:
    return {
        "invoice_id": f"inv_m{number}",
        "account_id": account_id,
        "stripe_invoice_id": f"in_m{number}",
        "status": "issued",
        "currency": "usd",
        "total_minor": 2000,
        "issued_at": _text(at),
        "due_at": _text(at),
        "period_start": _text(at),
        "period_end": _text(at + timedelta(days=30)),
    }


def _ledger_payment(account_id: str, number: int, at: datetime) -> dict[str, Any]:
    return {
        "payment_id": f"pay_m{number}",
        "account_id": account_id,
        "invoice_id": f"inv_m{number}",
        "rail": "stripe",
        "method": "card",
        "processor_ref": f"pi_m{number}",
        "status": "settled",
        "amount_minor": 2000,
        "currency": "usd",
        "created_at": _text(at),
        "settled_at": _text(at),
    }


def _stripe_invoice(number: int, at: datetime, *, is_paid: bool) -> dict[str, Any]:
    payment = {"id": f"inpay_m{number}", "object": "invoice_payment", "livemode": False, "invoice": f"in_m{number}"}
    payment |= {"status": "paid", "amount_paid": 2000, "amount_requested": 2000, "currency": "usd"}
    payment["payment"] = {"type": "payment_intent", "payment_intent": f"pi_m{number}"}
    return {
        "id": f"in_m{number}",
        "object": "invoice",
        "livemode": False,
        "customer": "cus_1",
        "status": "paid" if is_paid else "open",
        "currency": "usd",
        "billing_reason": "subscription_cycle",
        "total": 2000,
        "amount_due": 2000,
        "amount_paid": 2000 if is_paid else 0,
        "amount_remaining": 0 if is_paid else 2000,
        "created": int(at.timestamp()),
        "due_date": None,
        "status_transitions": {"finalized_at": int(at.timestamp())},
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}},
        "payments": {"object": "list", "data": [payment] if is_paid else []},
    }


def _intent(number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": f"pi_m{number}",
        "object": "payment_intent",
        "livemode": False,
        "customer": "cus_1",
        "status": "succeeded",
        "amount": 2000,
        "amount_received": 2000,
        "currency": "usd",
        "created": int(at.timestamp()),
    }


def _charge(number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": f"ch_m{number}",
        "object": "charge",
        "livemode": False,
        "customer": "cus_1",
        "status": "succeeded",
        "captured": True,
        "amount": 2000,
        "amount_captured": 2000,
        "amount_refunded": 0,
        "currency": "usd",
        "created": int(at.timestamp()),
        "payment_intent": f"pi_m{number}",
    }

"""Small worlds for the property tests: one account in six stores, as the JSON of a case.

Ids, amounts and moments come from small pools, so that rows meet: payments pay invoices that exist, ledger and Stripe
know the same ones, due dates stand on and beside the rungs.
"""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

NOW = datetime(2026, 3, 20, 0, 0, tzinfo=UTC)
ACCOUNT, CUSTOMER = "acc_1", "cus_1"

Case = dict[str, Any]
Rows = list[dict[str, Any]]

AGES = (0, 1, 2, 5, 6, 14, 15, 16, 29, 30, 44, 45, 59, 60, 89, 90, 119, 120, 200)
AMOUNTS = (50, 51, 1000, 2500, 5000)
CURRENCIES = ("eur", "usd")


def rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def days_ago(days: int) -> st.SearchStrategy[datetime]:
    return st.sampled_from((0, 1, 12 * 3600)).map(lambda seconds: NOW - timedelta(days=days, seconds=seconds))


past = st.sampled_from(AGES).flatmap(days_ago)
around = st.one_of(past, st.sampled_from((1, 5, 30)).map(lambda days: NOW + timedelta(days=days)))
amount = st.sampled_from(AMOUNTS)
currency = st.sampled_from(CURRENCIES)


def epoch(moment: datetime) -> int:
    return int(moment.timestamp())


@st.composite
def invoice_in_ledger(draw: st.DrawFn, number: int) -> dict[str, Any]:
    return {
        "invoice_id": f"inv_{number}",
        "account_id": ACCOUNT,
        "stripe_invoice_id": draw(st.sampled_from((f"in_{number}", None))),
        "status": draw(st.sampled_from(("issued", "issued", "issued", "draft", "void"))),
        "currency": draw(currency),
        "total_minor": draw(amount),
        "issued_at": rfc3339(draw(past)),
        "due_at": draw(st.one_of(st.none(), around.map(rfc3339))),
        "period_end": draw(st.one_of(st.none(), around.map(rfc3339))),
    }


@st.composite
def invoice_in_stripe(draw: st.DrawFn, number: int) -> dict[str, Any]:
    status = draw(st.sampled_from(("open", "open", "paid", "uncollectible", "void", "draft")))
    total = draw(amount)
    remaining = 0 if status == "paid" else draw(st.sampled_from((total, total // 2)))
    paid_by = draw(st.sampled_from((None, f"pi_{number}", "pi_0")))
    return {
        "id": f"in_{number}",
        "object": "invoice",
        "customer": CUSTOMER,
        "livemode": False,
        "status": status,
        "currency": draw(currency),
        "total": total,
        "amount_due": total,
        "amount_remaining": remaining,
        "amount_paid": total - remaining,
        "created": epoch(draw(past)),
        "due_date": draw(st.one_of(st.none(), around.map(epoch))),
        "paid_out_of_band": draw(st.booleans()),
        "billing_reason": draw(st.sampled_from(("subscription_create", "subscription_cycle", "manual"))),
        "parent": {"subscription_details": {"subscription": draw(st.sampled_from(("sub_0", "sub_1")))}},
        "payments": {"data": [_paid_by(number, paid_by, total, status)] if paid_by else []},
    }


def _paid_by(number: int, intent: str, total: int, status: str) -> dict[str, Any]:
    return {
        "id": f"inpay_{number}",
        "status": "paid" if status == "paid" else "open",
        "amount_paid": total if status == "paid" else None,
        "payment": {"type": "payment_intent", "payment_intent": intent},
    }


@st.composite
def payment(draw: st.DrawFn, number: int) -> dict[str, Any]:
    return {
        "payment_id": f"pay_{number}",
        "account_id": ACCOUNT,
        "invoice_id": draw(st.sampled_from(("inv_0", "inv_1", None))),
        "rail": draw(st.sampled_from(("stripe", "offline"))),
        "method": "card",
        "processor_ref": draw(st.sampled_from((f"pi_{number}", None))),
        "status": draw(st.sampled_from(("settled", "pending", "failed"))),
        "amount_minor": draw(amount),
        "currency": draw(currency),
        "created_at": rfc3339(draw(past)),
    }


@st.composite
def adjustment(draw: st.DrawFn, number: int) -> dict[str, Any]:
    return {
        "adjustment_id": f"adj_{number}",
        "invoice_id": draw(st.sampled_from(("inv_0", "inv_1"))),
        "payment_id": draw(st.sampled_from(("pay_0", None))),
        "kind": draw(st.sampled_from(("credit_note", "refund", "reversal", "reversal_undone", "write_off"))),
        "amount_minor": draw(amount),
        "currency": draw(currency),
        "effective_at": rfc3339(draw(past)),
        "approved_by": "finance@example.com",
    }


@st.composite
def payment_intent(draw: st.DrawFn, number: int) -> dict[str, Any]:
    return {
        "id": f"pi_{number}",
        "customer": CUSTOMER,
        "status": draw(st.sampled_from(("succeeded", "processing", "requires_payment_method"))),
        "amount": (value := draw(amount)),
        "amount_received": value,
        "currency": draw(currency),
        "created": epoch(draw(past)),
        "latest_charge": f"ch_{number}",
    }


@st.composite
def dispute(draw: st.DrawFn, number: int) -> dict[str, Any]:
    return {
        "id": f"dp_{number}",
        "status": draw(st.sampled_from(("lost", "won", "needs_response", "warning_under_review"))),
        "amount": draw(amount),
        "currency": draw(currency),
        "created": epoch(draw(past)),
        "charge": f"ch_{number}",
    }


@st.composite
def subscription(draw: st.DrawFn, number: int) -> dict[str, Any]:
    statuses = ("active", "trialing", "past_due", "unpaid", "paused", "incomplete", "incomplete_expired", "canceled")
    return {
        "id": f"sub_{number}",
        "customer": CUSTOMER,
        "status": draw(st.sampled_from(statuses)),
        "created": epoch(draw(past)),
        "currency": draw(currency),
        "items": {"data": [{"price": {"id": draw(st.sampled_from(("price_pro", "price_other")))}}]},
        "pause_collection": draw(st.sampled_from((None, {"behavior": "void"}, {"behavior": "keep_as_draft"}))),
    }


@st.composite
def intent(draw: st.DrawFn, number: int) -> dict[str, Any]:
    kinds = ("enforcement_off", "promise_to_pay", "approve_escalation", "comp_plan")
    return {
        "intent_id": f"int_{number}",
        "account_id": ACCOUNT,
        "kind": draw(st.sampled_from(kinds)),
        "plan_code": draw(st.sampled_from((None, "team"))),
        "until": draw(st.one_of(st.none(), around.map(rfc3339))),
    }


@st.composite
def contract(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "account_id": ACCOUNT,
        "segment": draw(st.sampled_from(("self_serve", "contract", "internal"))),
        "plan_code": draw(st.sampled_from((None, "enterprise"))),
        "net_days": draw(st.sampled_from((None, 30))),
        "starts_at": draw(st.one_of(st.none(), around.map(rfc3339))),
        "ends_at": draw(st.one_of(st.none(), around.map(rfc3339))),
    }


def several(build: Any, most: int) -> st.SearchStrategy[Rows]:
    """Up to `most` rows, numbered from 0, any of them left out."""
    one = [st.one_of(st.none(), build(number)) for number in range(most)]
    return st.tuples(*one).map(lambda rows: [row for row in rows if row is not None])


debt_states = st.sampled_from(("clear", "written_off", "grace", "past_due", "delinquent", "bad_debt", "zombie"))
version = st.integers(0, 9)


@st.composite
def stored(draw: st.DrawFn) -> dict[str, Rows]:
    """What the DERIVED cells happen to hold: anything."""
    flags = {"account_id": ACCOUNT, "has_debt": draw(st.booleans()), "in_bad_debt": draw(st.booleans())}
    dunning = {"account_id": ACCOUNT, "state": draw(debt_states), "has_debt": draw(st.booleans()), "row_version": 3}
    entitlement = {"account_id": ACCOUNT, "plan_active": draw(st.booleans()), "suspended": draw(st.booleans())}
    levels = st.sampled_from(("restrict", "suspend", "zombie"))
    own = {"account_id": ACCOUNT, "reason": "billing_debt", "level": draw(levels), "row_version": draw(version)}
    abuse = {"account_id": ACCOUNT, "reason": "abuse", "level": draw(st.sampled_from(("restrict", "suspend")))}
    balance = {"account_id": ACCOUNT, "currency": draw(currency), "collectible_minor": draw(amount)}
    return {
        "dunning": draw(st.sampled_from(([], [dunning]))),
        "balances": draw(st.sampled_from(([], [balance]))),
        "account_flags": draw(st.sampled_from(([], [flags]))),
        "entitlements": draw(st.sampled_from(([], [entitlement]))),
        "blocks": draw(st.sampled_from(([], [own], [abuse], [own, abuse]))),
    }


@st.composite
def worlds(draw: st.DrawFn) -> Case:
    """One account, anything that may be true of it, and anything that may be stored of it."""
    cells = draw(stored())
    account = {
        "account_id": ACCOUNT,
        "status": draw(st.sampled_from(("open", "open", "open", "closed"))),
        "payment_status": draw(st.sampled_from(("none", "current", "bad_debt", "zombie"))),
        "row_version": draw(version),
    }
    customer = {
        "account_id": ACCOUNT,
        "stripe_customer_id": CUSTOMER,
        "delinquent": draw(st.booleans()),
        "has_no_successful_payment": draw(st.booleans()),
    }
    metadata = {"account_id": draw(st.sampled_from((ACCOUNT, ""))), "debt_state": draw(debt_states)}
    billing = {
        "invoices": draw(several(invoice_in_ledger, 2)),
        "payments": draw(several(payment, 2)),
        "adjustments": draw(several(adjustment, 2)),
        "contracts": draw(st.one_of(st.just([]), contract().map(lambda row: [row]))),
        "account_flags": cells["account_flags"],
    }
    stripe = {
        "customers": [{"id": CUSTOMER, "object": "customer", "livemode": False, "metadata": metadata}],
        "subscriptions": draw(several(subscription, 2)),
        "invoices": draw(several(invoice_in_stripe, 2)),
        "payment_intents": draw(several(payment_intent, 2)),
        "charges": [],
        "disputes": draw(several(dispute, 1)),
    }
    intents = draw(several(intent, 2))
    return {
        "account_id": ACCOUNT,
        "now": rfc3339(NOW),
        "policy": {"plans": {"price_pro": "pro"}},
        "stores": {
            "subs_account": {"accounts": [account]},
            "subs_customer": {"customers": [customer], "customer_aliases": []},
            "subs_dunning": {"dunning": cells["dunning"], "balances": cells["balances"], "intents": intents},
            "billing_prod": billing,
            "cf_prod": {"entitlements": cells["entitlements"], "blocks": cells["blocks"]},
            "stripe": stripe,
        },
    }


def copied(case: Case) -> Case:
    """A case of one's own, to change."""
    return copy.deepcopy(case)

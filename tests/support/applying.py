"""A coordinator over the test's six stores, and an account that every one of them has wrong."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from recon.actions.apply_equipment import databases, evaluate_live, mark, undo_live, what_bars
from recon.actions.evaluate import Rules
from recon.apply.calls import Caller
from recon.apply.changes import cells_of
from recon.apply.claim import Approval
from recon.apply.claim import approve as store_approval
from recon.apply.coordinator import Coordinator, Result
from recon.apply.order import Order, Rights
from recon.apply.recovery import Recovery
from recon.apply.settle import Settler
from recon.apply.steps import Observer, unobserved
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.engine.policy import Policy
from recon.models import Apply
from recon.stores.base import Store

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
INSTANCE = "test"
VOID = "invoices.void_invoice:in_1"
RULES = Rules(policy=Policy.from_json({"plans": {"price_pro": "pro"}}), livemode=False)
Clock = Callable[[], datetime]


def coordinator(
    stores: Mapping[StoreName, Store], clock: Clock, observe: Observer = unobserved, hold: float = 1.0
) -> Coordinator:
    made = settler(stores, clock, observe, hold)
    return Coordinator(
        instance=INSTANCE,
        stores=made.stores,
        recompute_now=lambda account_ids: evaluate_live(account_ids, stores, RULES, clock()),
        undo_now=lambda account_id, undoes: undo_live(account_id, undoes, stores, RULES, clock()),
        what_bars=what_bars,
        settler=made,
        clock=clock,
        observe=observe,
    )


def recovery(stores: Mapping[StoreName, Store], clock: Clock, observe: Observer = unobserved) -> Recovery:
    return Recovery(instance=INSTANCE, settler=settler(stores, clock, observe), clock=clock, observe=observe)


def settler(
    stores: Mapping[StoreName, Store], clock: Clock, observe: Observer = unobserved, hold: float = 1.0
) -> Settler:
    """Pauses take no time; `hold` seconds of the clock are how long Stripe is waited for."""
    caller = Caller(
        stripe=stores[StoreName.STRIPE],
        clock=clock,
        sleep=lambda _: None,
        observe=observe,
        hold=hold,
        first_pause=hold / 3,
    )
    return Settler(stores=databases(stores), caller=caller, mark_dirty=mark, clock=clock, observe=observe)


def evaluation(stores: Mapping[StoreName, Store], account_id: str, now: datetime) -> Evaluation:
    """What the rules say of the stores at this moment."""
    return evaluate_live([account_id], stores, RULES, now)[account_id]


def order(evaluation: Evaluation, **changes: Any) -> Order:
    """The approval of exactly this evaluation's plan."""
    approved = Order(
        account_id=evaluation.account_id,
        digest=evaluation.plan.digest,
        actor="user:ada",
        reason="paid by wire",
        rights=Rights.ALL,
    )
    return replace(approved, **changes)


def approve(order: Order, evaluation: Evaluation, now: datetime) -> UUID:
    """The stored approval of exactly this evaluation's plan."""
    approval = Approval(
        account_id=order.account_id,
        digest=order.digest,
        risk=evaluation.plan.risk,
        proposal=order.proposal or "",
        actor=order.actor,
        reason=order.reason,
        request_id=order.request_id,
        cells=cells_of(evaluation.plan.writes),
    )
    return store_approval(approval, request_key="", now=now)


def carry_out(coordinator: Coordinator, apply_id: UUID) -> Result:
    """What a worker does that finds the approval; its approver may approve everything."""
    apply = Apply.objects.get(id=apply_id)
    order = Order(
        account_id=apply.account_id,
        digest=apply.digest,
        actor=apply.approved_by,
        reason=apply.reason,
        rights=Rights.ALL,
        proposal=apply.proposal or None,
        approved=apply.id,
    )
    return coordinator.apply(order)


def wrong_everywhere(account_id: str = "acc_1", number: int = 1, **ledger_invoice: Any) -> dict[str, Any]:
    """A healthy, paying account that all five databases and Stripe's metadata hold for bad debt.

    Stripe shows one open invoice (in_…) that the ledger has voided: the plan proposes to void it there too.
    """
    customer, created = f"cus_{number}", int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    return {
        "account_id": account_id,
        "stores": {
            "subs_account": {"accounts": [{"account_id": account_id, "status": "open", "payment_status": "bad_debt"}]},
            "subs_customer": {
                "customers": [{"account_id": account_id, "stripe_customer_id": customer, "delinquent": True}]
            },
            "subs_dunning": {
                "dunning": [
                    {
                        "account_id": account_id,
                        "state": "bad_debt",
                        "raw_state": "bad_debt",
                        "has_debt": True,
                        "is_bad_debt": True,
                        "oldest_due_at": "2025-11-01T00:00:00Z",
                    }
                ],
                "balances": [{"account_id": account_id, "currency": "usd", "collectible_minor": 4900}],
            },
            "billing_prod": {
                "account_flags": [{"account_id": account_id, "has_debt": True, "in_bad_debt": True}],
                "invoices": [
                    {
                        "invoice_id": f"inv_{number}",
                        "account_id": account_id,
                        "stripe_invoice_id": f"in_{number}",
                        "status": "void",
                        "currency": "usd",
                        "total_minor": 4900,
                        "issued_at": "2025-11-01T00:00:00Z",
                        "due_at": "2025-11-01T00:00:00Z",
                        **ledger_invoice,
                    }
                ],
            },
            "cf_prod": {
                "entitlements": [{"account_id": account_id, "restricted": True, "suspended": True}],
                "blocks": [
                    {"account_id": account_id, "reason": "billing_debt", "level": "suspend", "set_by": "job"},
                    {"account_id": account_id, "reason": "abuse", "level": "restrict", "set_by": "trust"},
                ],
            },
            "stripe": {
                "customers": [
                    {
                        "id": customer,
                        "object": "customer",
                        "livemode": False,
                        "created": created,
                        "metadata": {"account_id": account_id, "debt_state": "bad_debt"},
                    }
                ],
                "subscriptions": [
                    {
                        "id": f"sub_{number}",
                        "object": "subscription",
                        "livemode": False,
                        "customer": customer,
                        "status": "active",
                        "created": created,
                        "currency": "usd",
                        "items": {
                            "object": "list",
                            "has_more": False,
                            "data": [
                                {
                                    "id": f"si_{number}",
                                    "object": "subscription_item",
                                    "price": {"id": "price_pro", "object": "price", "currency": "usd", "metadata": {}},
                                }
                            ],
                        },
                    }
                ],
                "invoices": [
                    {
                        "id": f"in_{number}",
                        "object": "invoice",
                        "livemode": False,
                        "customer": customer,
                        "status": "open",
                        "currency": "usd",
                        "total": 4900,
                        "amount_due": 4900,
                        "amount_remaining": 4900,
                        "amount_paid": 0,
                        "created": created,
                        "metadata": {},
                    }
                ],
                "payment_intents": [],
                "charges": [],
                "disputes": [],
            },
        },
    }

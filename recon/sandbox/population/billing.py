"""Invoices and money: what happened to an account's bills, in the ledger, in Stripe, or in both.

`days` always counts back from the seeding day. A function's `stripe=` and `ledger=` say who saw the event: a webhook
that never arrived is a payment with `ledger=False`.
"""

from dataclasses import dataclass
from typing import Any

from recon.engine.facts import StoreName
from recon.sandbox.population.account import Account, epoch
from recon.sandbox.population.rows import Row
from recon.sandbox.twin import objects
from recon.sandbox.twin.shapes import Json

BILLING, STRIPE = StoreName.BILLING_PROD, StoreName.STRIPE


@dataclass(slots=True)
class Bill:
    """One invoice: its row in the ledger and its object in Stripe, either of which may not exist."""

    currency: str
    total: int
    row: Row | None
    stripe: Json | None
    last_charge: Json | None = None
    last_payment_id: str | None = None


def invoice(
    account: Account,
    days: int,
    total: int,
    *,
    due: int | None = None,
    months: int = 1,
    subscription: Json | None = None,
    reason: str = "subscription_cycle",
    customer_id: str | None = None,
    currency: str | None = None,
    stripe: bool = True,
    ledger: bool = True,
    stripe_due: bool = False,
) -> Bill:
    """An invoice issued `days` ago, payable `due` days ago (at once unless given), open in the stores that have it."""
    bill = Bill(currency or account.currency, total, None, None)
    due_at = account.days_ago(days if due is None else due, 15)
    if stripe:
        bill.stripe = objects.invoice(
            account.new_id("in"),
            customer_id=customer_id or account.customer_id,
            created=epoch(account.days_ago(days)),
            total=total,
            currency=bill.currency,
            subscription_id=subscription["id"] if subscription else None,
            billing_reason=reason,
            due_date=epoch(due_at) if stripe_due else None,
            collection_method="send_invoice" if stripe_due else "charge_automatically",
            period_start=epoch(account.days_ago(days)),
            period_end=epoch(account.days_ago(days - 30 * months)),
        )
        account.rows(STRIPE, "invoices").append(_shaped(account, bill.stripe, subscription))
    if ledger:
        bill.row = {
            "invoice_id": account.new_id("inv"),
            "account_id": account.account_id,
            "stripe_invoice_id": bill.stripe["id"] if bill.stripe else None,
            "status": "issued",
            "currency": bill.currency,
            "total_minor": total,
            "issued_at": account.days_ago(days),
            "due_at": due_at,
            "period_start": account.days_ago(days),
            "period_end": account.days_ago(days - 30 * months),
        }
        account.rows(BILLING, "invoices").append(bill.row)
    return bill


def _shaped(account: Account, body: Json, subscription: Json | None) -> Json:
    """The new invoice in the account's JSON shape, with room for its payments."""
    if account.older:
        for name in ("parent", "amount_paid_off_stripe", "amount_overpaid", "status_details"):
            del body[name]
        linked = subscription["id"] if subscription else None
        body.update(subscription=linked, charge=None, payment_intent=None, paid=False, paid_out_of_band=False)
    else:
        body["payments"] = objects.listing(f"/v1/invoice_payments?invoice={body['id']}", [])
    return body


def pay_by_card(
    account: Account,
    bill: Bill,
    days: int,
    amount: int | None = None,
    *,
    stripe: bool = True,
    ledger: bool = True,
    hour: int = 14,
) -> None:
    """The card was charged for the whole bill or for `amount`; Stripe always took the money where `stripe`."""
    paid = bill.total if amount is None else amount
    intent_id = account.new_id("pi")
    if stripe:
        _take_card(account, bill, intent_id, paid, days, hour)
        _mark_paid(account, bill, intent_id, paid, days, hour)
    if ledger:
        _book(account, bill, days, paid, rail="stripe", method="card", ref=intent_id, hour=hour + 1)


def fail_card(account: Account, bill: Bill, days: int) -> None:
    """The card was declined: a failed charge that both stores know."""
    intent_id = account.new_id("pi")
    _take_card(account, bill, intent_id, bill.total, days, 11, status="failed")
    _book(account, bill, days, bill.total, rail="stripe", method="card", ref=intent_id, hour=11, status="failed")


def debit_bank(account: Account, bill: Bill, days: int, *, ledger: bool = True) -> None:
    """A bank debit was started and takes days to settle: processing in Stripe, pending in the ledger."""
    intent = objects.payment_intent(
        account.new_id("pi"),
        customer_id=_customer_of(account, bill),
        amount=bill.total,
        created=epoch(account.days_ago(days, 12)),
        status="processing",
        currency=bill.currency,
        method="us_bank_account",
    )
    if account.older and bill.stripe:
        intent["invoice"] = bill.stripe["id"]
    account.rows(STRIPE, "payment_intents").append(intent)
    _attach(account, bill, intent["id"], bill.total, days, 12, "open")
    if ledger:
        _book(
            account,
            bill,
            days,
            bill.total,
            rail="stripe",
            method="bank_debit",
            ref=intent["id"],
            hour=12,
            status="pending",
        )


def wire(
    account: Account, bill: Bill | None, days: int, amount: int, *, method: str = "wire", currency: str | None = None
) -> None:
    """Money that came by bank transfer or check, booked by hand; Stripe knows nothing of it."""
    _book(account, bill, days, amount, rail="offline", method=method, ref=None, currency=currency)


def pay_out_of_band(account: Account, bill: Bill, days: int) -> None:
    """A colleague marked the Stripe invoice as paid outside Stripe."""
    assert bill.stripe is not None
    if account.older:
        bill.stripe["paid_out_of_band"] = True
    else:
        payment = objects.invoice_payment(
            account.new_id("inpay"),
            invoice_id=bill.stripe["id"],
            amount=bill.total,
            created=epoch(account.days_ago(days)),
            payment_record=account.new_id("prec"),
            currency=bill.currency,
        )
        bill.stripe["payments"]["data"].append(payment)
        bill.stripe["amount_paid_off_stripe"] = bill.total
    _settle_stripe(account, bill, bill.total, days, 12)


def authorise_only(account: Account, bill: Bill, days: int) -> None:
    """The card was authorised and never captured: no money moved."""
    intent_id, charge_id = account.new_id("pi"), account.new_id("ch")
    moment = epoch(account.days_ago(days, 12))
    who = {
        "customer_id": _customer_of(account, bill),
        "amount": bill.total,
        "created": moment,
        "currency": bill.currency,
    }
    intent = objects.payment_intent(intent_id, status="requires_capture", latest_charge=charge_id, **who)
    charge = objects.charge(charge_id, payment_intent_id=intent_id, captured=False, **who)
    account.rows(STRIPE, "payment_intents").append(intent)
    account.rows(STRIPE, "charges").append(charge)


def charge_without_intent(account: Account, days: int, amount: int) -> Json:
    """A charge from before payment intents, for no invoice and in no ledger."""
    charge = objects.charge(
        account.new_id("ch"),
        customer_id=account.customer_id,
        amount=amount,
        created=epoch(account.days_ago(days)),
        currency=account.currency,
        invoice=None,
    )
    account.rows(STRIPE, "charges").append(charge)
    return charge


def zero_invoice(account: Account, days: int, subscription: Json) -> Bill:
    """The paid invoice over nothing that opens a trial."""
    bill = invoice(account, days, 0, subscription=subscription, reason="subscription_create")
    _settle_stripe(account, bill, 0, days, 10)
    return bill


def _take_card(
    account: Account, bill: Bill, intent_id: str, amount: int, days: int, hour: int, *, status: str = "succeeded"
) -> None:
    """The payment intent and the charge of one attempt."""
    charge_id = account.new_id("ch")
    moment = epoch(account.days_ago(days, hour))
    who: Json = {
        "customer_id": _customer_of(account, bill),
        "amount": amount,
        "created": moment,
        "currency": bill.currency,
    }
    state = "succeeded" if status == "succeeded" else "requires_payment_method"
    intent = objects.payment_intent(intent_id, status=state, latest_charge=charge_id, **who)
    charge = objects.charge(charge_id, payment_intent_id=intent_id, status=status, **who)
    if account.older and bill.stripe:
        intent["invoice"] = charge["invoice"] = bill.stripe["id"]
    account.rows(STRIPE, "payment_intents").append(intent)
    account.rows(STRIPE, "charges").append(charge)
    if status == "succeeded":
        bill.last_charge = charge
    elif bill.stripe:
        bill.stripe["attempt_count"] += 1


def _mark_paid(account: Account, bill: Bill, intent_id: str, amount: int, days: int, hour: int) -> None:
    """The Stripe invoice, where there is one, shows the payment."""
    if bill.stripe is None:
        return
    if account.older:
        assert bill.last_charge is not None
        bill.stripe.update(charge=bill.last_charge["id"], payment_intent=intent_id)
    else:
        _attach(account, bill, intent_id, amount, days, hour, "paid")
    _settle_stripe(account, bill, amount, days, hour)


def _attach(account: Account, bill: Bill, intent_id: str, amount: int, days: int, hour: int, status: str) -> None:
    """The invoice payment that links a payment intent to its invoice in the current shape."""
    if bill.stripe is None:
        return
    if account.older:
        bill.stripe["payment_intent"] = intent_id
        return
    payment = objects.invoice_payment(
        account.new_id("inpay"),
        invoice_id=bill.stripe["id"],
        amount=amount,
        created=epoch(account.days_ago(days, hour)),
        payment_intent=intent_id,
        status=status,
        currency=bill.currency,
        is_default=status == "open" or not bill.stripe["payments"]["data"],
    )
    bill.stripe["payments"]["data"].append(payment)


def _settle_stripe(account: Account, bill: Bill, amount: int, days: int, hour: int) -> None:
    """Take an amount off what the Stripe invoice still asks for; paid when nothing is left."""
    body = bill.stripe
    assert body is not None
    body["amount_paid"] += amount
    body["amount_remaining"] = max(0, body["amount_remaining"] - amount)
    if body["amount_remaining"] == 0:
        body.update(status="paid", auto_advance=False)
        body["status_transitions"]["paid_at"] = epoch(account.days_ago(days, hour))
        if account.older:
            body["paid"] = True


def _book(
    account: Account,
    bill: Bill | None,
    days: int,
    amount: int,
    *,
    rail: str,
    method: str,
    ref: str | None,
    hour: int = 12,
    status: str = "settled",
    currency: str | None = None,
) -> None:
    """A payment in the ledger, for the bill where one is known."""
    at = account.days_ago(days, hour)
    payment: Row = {
        "payment_id": account.new_id("pay"),
        "account_id": account.account_id,
        "invoice_id": bill.row["invoice_id"] if bill and bill.row else None,
        "rail": rail,
        "method": method,
        "processor_ref": ref,
        "status": status,
        "amount_minor": amount,
        "currency": currency or (bill.currency if bill else account.currency),
        "created_at": at,
        "settled_at": at if status == "settled" else None,
    }
    account.rows(BILLING, "payments").append(payment)
    if bill and status == "settled":
        bill.last_payment_id = payment["payment_id"]


def _customer_of(account: Account, bill: Bill) -> Any:
    return bill.stripe["customer"] if bill.stripe else account.customer_id

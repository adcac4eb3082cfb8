"""What changes a bill without paying it: credit notes, refunds, disputes, write-offs, voids. `days` as in `billing`."""

from recon.engine.facts import StoreName
from recon.sandbox.population.account import Account, epoch
from recon.sandbox.population.billing import Bill
from recon.sandbox.twin import objects
from recon.sandbox.twin.shapes import Json

BILLING, STRIPE = StoreName.BILLING_PROD, StoreName.STRIPE


def refund(account: Account, bill: Bill, days: int) -> None:
    """The whole payment was given back voluntarily: no debt comes of it."""
    _adjust(account, bill, days, "refund", bill.total, of_payment=True)
    if bill.last_charge:
        bill.last_charge.update(amount_refunded=bill.total, refunded=True)


def credit(account: Account, bill: Bill, days: int) -> None:
    """A credit note over the whole bill in both stores."""
    _adjust(account, bill, days, "credit_note", bill.total)
    if bill.stripe:
        bill.stripe.update(amount_due=0, amount_remaining=0, status="paid", pre_payment_credit_notes_amount=bill.total)
        bill.stripe["status_transitions"]["paid_at"] = epoch(account.days_ago(days))


def write_off(account: Account, bill: Bill, days: int, amount: int | None = None) -> None:
    """Finance gave the bill up, with the name of who approved it."""
    _adjust(
        account,
        bill,
        days,
        "write_off",
        bill.total if amount is None else amount,
        approved_by="finance.lead@example.com",
    )


def reverse(account: Account, bill: Bill, days: int) -> None:
    """The ledger booked that the bank took the payment back."""
    _adjust(account, bill, days, "reversal", bill.total, of_payment=True)


def undo_reversal(account: Account, bill: Bill, days: int) -> None:
    """The ledger booked that the money came back after all."""
    _adjust(account, bill, days, "reversal_undone", bill.total, of_payment=True)


def dispute(account: Account, bill: Bill, days: int, status: str, reason: str = "fraudulent") -> Json:
    """The card holder disputed the bill's charge `days` ago; `status` is where that stands now."""
    charge = bill.last_charge
    assert charge is not None
    charge["disputed"] = True
    body = objects.dispute(
        account.new_id("du"),
        charge_id=charge["id"],
        payment_intent_id=charge["payment_intent"],
        amount=charge["amount"],
        currency=charge["currency"],
        created=epoch(account.days_ago(days, 8)),
        status=status,
        reason=reason,
    )
    account.rows(STRIPE, "disputes").append(body)
    return body


def void_in_ledger(bill: Bill) -> None:
    """The ledger voided the bill."""
    assert bill.row is not None
    bill.row["status"] = "void"


def mark_uncollectible(account: Account, bill: Bill, days: int) -> None:
    """Stripe gave up collecting after its retries: a status that forgives nothing."""
    assert bill.stripe is not None
    bill.stripe.update(status="uncollectible", auto_advance=False)
    bill.stripe["status_transitions"]["marked_uncollectible_at"] = epoch(account.days_ago(days))
    if not account.older:
        bill.stripe["status_details"] = {"uncollectible": {"reason": "max_payment_attempts"}}


def _adjust(
    account: Account,
    bill: Bill,
    days: int,
    kind: str,
    amount: int,
    *,
    of_payment: bool = False,
    approved_by: str | None = None,
) -> None:
    assert bill.row is not None
    row = {
        "adjustment_id": account.new_id("adj"),
        "invoice_id": bill.row["invoice_id"],
        "payment_id": bill.last_payment_id if of_payment else None,
        "kind": kind,
        "amount_minor": amount,
        "currency": bill.currency,
        "effective_at": account.days_ago(days, 8),
        "approved_by": approved_by,
    }
    account.rows(BILLING, "adjustments").append(row)

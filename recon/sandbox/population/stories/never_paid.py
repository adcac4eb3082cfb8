"""The never-paid flag against the evidence: set though a payment exists, or not set though none does."""

from recon.engine.facts import StoreName
from recon.sandbox.population import adjustments, billing
from recon.sandbox.population.account import Account
from recon.sandbox.population.catalogue import Price
from recon.sandbox.population.scenes import on_trial, subscriber
from recon.sandbox.population.stored import remember, settle
from recon.sandbox.population.story import FLAGGED, Story

CUSTOMER = (StoreName.SUBS_CUSTOMER, "customers")


def _flag(account: Account, value: bool = True) -> None:
    """Everything true but the flag, which reads `value`."""
    settle(account)
    remember(account, *CUSTOMER, has_no_successful_payment=value)


def _invoiced(account: Account, days: int, *, stripe: bool = True) -> billing.Bill:
    """A customer who pays by invoice, with the first one open; `stripe`: Stripe has it too."""
    account.open(since=days + 1)
    subscription = account.subscribe("business", since=days, period_from=days, collection_method="send_invoice")
    return billing.invoice(
        account,
        days,
        Price("business", account.currency).amount,
        due=days - 14,
        subscription=subscription,
        reason="subscription_create",
        stripe=stripe,
        stripe_due=True,
    )


def only_wires(account: Account) -> None:
    """Pays by wire alone; the job that flags those who never paid asks Stripe only."""
    bill = _invoiced(account, account.rng.randint(16, 28))
    billing.wire(account, bill, 15, bill.total)
    billing.pay_out_of_band(account, bill, 14)
    _flag(account)


def settled_outside_stripe(account: Account) -> None:
    """A colleague marked the first invoice as paid outside Stripe; the job looks for charges and found none."""
    bill = _invoiced(account, account.rng.randint(16, 28))
    billing.pay_out_of_band(account, bill, 14)
    _flag(account)


def paid_in_the_other_currency(account: Account) -> None:
    """Pays in euros through the second Stripe customer; the job asked the first one only."""
    account.open(since=70)
    euro = account.add_alias(since=60, currency="eur")
    subscription = account.subscribe("team", since=55, period_from=25, customer_id=euro, currency="eur")
    total = Price("team", "eur").amount
    bill = billing.invoice(account, 25, total, subscription=subscription, customer_id=euro, currency="eur")
    billing.pay_by_card(account, bill, 25, hour=11)
    _flag(account)


def paid_before_the_merge(account: Account, merged: Account) -> None:
    """Two accounts of one person were merged; the only payment was made on the one that is gone."""
    account.open(since=40)
    subscriber(merged, bills=1, older=account.older)
    merged_subscription = merged.rows(StoreName.STRIPE, "subscriptions")[-1]
    merged_subscription.update(status="canceled", canceled_at=merged_subscription["created"] + 86_400)
    merged.stripe_customer()["metadata"]["account_id"] = account.account_id
    merged.row(*CUSTOMER)["merged_into"] = account.account_id
    merged.close(1)
    _flag(account)


def refund_taken_for_never_paid(account: Account) -> None:
    """The one payment was refunded as a courtesy; the job counts money that stayed, not money that came."""
    scene = subscriber(account, bills=1)
    adjustments.refund(account, scene.bill, 1)
    _flag(account)


def flagged_during_a_dispute(account: Account) -> None:
    """The one payment was disputed and the flag set; the dispute was won, the flag stayed."""
    scene = subscriber(account, bills=1)
    adjustments.reverse(account, scene.bill, 2)
    adjustments.dispute(account, scene.bill, 2, "won")
    adjustments.undo_reversal(account, scene.bill, 1)
    _flag(account)


def wire_without_an_invoice(account: Account) -> None:
    """Sent a wire in advance that nobody has matched to an invoice yet; it is a payment all the same."""
    on_trial(account)
    billing.wire(account, None, 2, 50_000)
    _flag(account)


def charge_from_before(account: Account) -> None:
    """Bought once, before payment intents existed: a bare charge that no invoice and no ledger row names."""
    account.open(since=900)
    billing.charge_without_intent(account, 880, 2_500)
    _flag(account)


def trial_taken_for_payment(account: Account) -> None:
    """In a trial; the paid invoice over nothing was taken for a payment, so the flag is missing."""
    on_trial(account)
    _flag(account, False)


def authorisation_taken_for_payment(account: Account) -> None:
    """The card was authorised and never captured; the flag was lifted as if it had been charged."""
    scene = on_trial(account)
    billing.authorise_only(account, billing.Bill(account.currency, 100, None, scene.bill.stripe), 1)
    _flag(account, False)


def only_payment_charged_back(account: Account) -> None:
    """The one payment was charged back and the dispute lost; the flag does not say so."""
    scene = subscriber(account, bills=1)
    adjustments.dispute(account, scene.bill, 2, "lost")
    adjustments.reverse(account, scene.bill, 2)
    _flag(account, False)


STORIES = (
    Story(only_wires, 90, ("T2", "T14"), FLAGGED),
    Story(settled_outside_stripe, 60, ("T2", "T14"), FLAGGED),
    Story(paid_in_the_other_currency, 40, ("T1", "T14"), FLAGGED),
    Story(paid_before_the_merge, 30, ("T1", "T14"), FLAGGED, accounts=2),
    Story(refund_taken_for_never_paid, 50, ("T14",), FLAGGED),
    Story(flagged_during_a_dispute, 28, ("T7", "T14"), FLAGGED),
    Story(wire_without_an_invoice, 20, ("T14",), FLAGGED),
    Story(charge_from_before, 30, ("T2", "T14"), FLAGGED),
    Story(trial_taken_for_payment, 35, ("T14",)),
    Story(authorisation_taken_for_payment, 15, ("T2", "T14")),
    Story(only_payment_charged_back, 20, ("T7", "T14")),
)

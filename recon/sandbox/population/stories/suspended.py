"""Stuck: every store says bad debt, in one voice, and the debt is gone. What the stores say was true until it was paid,
credited, written off or voided; nobody came back to say so."""

from recon.sandbox.population import adjustments, billing
from recon.sandbox.population.account import Account
from recon.sandbox.population.catalogue import Price
from recon.sandbox.population.scenes import Scene, debtor, newcomer
from recon.sandbox.population.stored import believe, settle
from recon.sandbox.population.story import STUCK, STUCK_FLAGGED, Story

SUSPENDED = (64, 120)  # days overdue when the night job found the account in bad debt


def suspended(account: Account, seen: int = 3) -> Scene:
    """A debtor whom the night job suspended everywhere, `seen` days ago."""
    scene = debtor(account, account.rng.randint(*SUSPENDED) + seen)
    settle(account, seen)
    return scene


def card_paid_after_suspension(account: Account) -> None:
    """Was suspended for bad debt, then paid by card; nothing put the account back."""
    scene = suspended(account, account.rng.randint(2, 20))
    billing.pay_by_card(account, scene.bill, 1)
    scene.resume()


def late_webhook(account: Account) -> None:
    """Paid by card in Stripe; the webhook never reached the ledger, and everything still says bad debt."""
    scene = suspended(account, account.rng.randint(2, 6))
    billing.pay_by_card(account, scene.bill, 1, ledger=False)
    scene.resume()


def wire_transfer(account: Account) -> None:
    """Paid by wire, booked in the ledger by hand; Stripe still shows the invoice open, and the job asked Stripe."""
    scene = suspended(account, account.rng.randint(3, 9))
    billing.wire(account, scene.bill, 1, scene.bill.total)


def paid_by_check(account: Account) -> None:
    """Paid by check in two parts; Stripe still shows the invoice open."""
    scene = suspended(account, 12)
    half = scene.bill.total // 2
    billing.wire(account, scene.bill, 8, half, method="check")
    billing.wire(account, scene.bill, 2, scene.bill.total - half, method="check")


def voided_in_ledger_only(account: Account) -> None:
    """Billed by mistake: the ledger voided the invoice, Stripe's stayed open, and the account stayed suspended."""
    scene = suspended(account)
    adjustments.void_in_ledger(scene.bill)


def credited_after_suspension(account: Account) -> None:
    """The disputed bill was credited in full after a talk with support; the suspension stayed."""
    scene = suspended(account)
    adjustments.credit(account, scene.bill, 1)
    scene.resume()


def write_off_left_suspended(account: Account) -> None:
    """Finance wrote the bill off; the stores went on saying bad debt."""
    scene = suspended(account)
    adjustments.write_off(account, scene.bill, 1)


def recovered_after_write_off(account: Account) -> None:
    """Written off, then the customer paid after all; the stores still say bad debt."""
    scene = suspended(account, 9)
    adjustments.write_off(account, scene.bill, 7)
    billing.pay_by_card(account, scene.bill, 2)
    scene.resume()


def uncollectible_then_paid(account: Account) -> None:
    """Stripe had given up on the invoice when the customer paid it from the old mail."""
    scene = debtor(account, account.rng.randint(*SUSPENDED))
    adjustments.mark_uncollectible(account, scene.bill, 20)
    settle(account, 3)
    billing.pay_by_card(account, scene.bill, 1)
    scene.resume()


def dust_after_suspension(account: Account) -> None:
    """Paid all but thirty cents: too little to be debt, and the suspension stayed."""
    scene = suspended(account)
    billing.pay_by_card(account, scene.bill, 1, scene.bill.total - 30)


def one_wire_for_three_bills(account: Account) -> None:
    """Three monthly bills were paid by one wire, booked on each of them; Stripe still shows all three open."""
    overdue = account.rng.randint(*SUSPENDED)
    account.open(since=overdue + 95)
    subscription = account.subscribe("team", since=overdue + 90, period_from=overdue, status="unpaid")
    total = Price("team", account.currency).amount
    first = billing.invoice(account, overdue + 90, total, subscription=subscription, reason="subscription_create")
    billing.pay_by_card(account, first, overdue + 90, hour=11)
    bills = [billing.invoice(account, overdue + back, total, subscription=subscription) for back in (60, 30, 0)]
    settle(account, 3)
    for bill in bills:
        billing.wire(account, bill, 1, total)


def closed_after_paying(account: Account) -> None:
    """Paid the last bill and closed the account; the stores kept the bad debt."""
    scene = suspended(account)
    billing.pay_by_card(account, scene.bill, 2)
    scene.subscription.update(status="canceled", canceled_at=scene.subscription["created"] + 86_400)
    account.close(1)


def paid_outside_stripe(account: Account) -> None:
    """A colleague marked the Stripe invoice as paid outside Stripe; no one told the ledger or the dunning job."""
    scene = suspended(account)
    billing.pay_out_of_band(account, scene.bill, 1)
    scene.resume()


def abuse_beside_billing(account: Account) -> None:
    """Paid after suspension while an abuse block stands beside the billing block: only the billing block may go."""
    scene = suspended(account)
    account.block("abuse", "restrict", since=30, set_by="trust-and-safety")
    billing.pay_by_card(account, scene.bill, 1)
    scene.resume()


def invoice_never_in_ledger(account: Account) -> None:
    """Stripe alone knows the unpaid invoice; the dunning job called it bad debt on that one witness."""
    debtor(account, account.rng.randint(65, 90), tries=False)
    account.rows(billing.BILLING, "invoices").pop()
    settle(account)
    believe(account, "bad_debt")


def invoice_never_in_stripe(account: Account) -> None:
    """The ledger alone knows the unpaid invoice; the dunning job called it bad debt on that one witness."""
    scene = debtor(account, account.rng.randint(65, 90), tries=False)
    account.rows(billing.STRIPE, "invoices").pop()
    assert scene.bill.row is not None
    scene.bill.row["stripe_invoice_id"] = None
    scene.resume()
    settle(account)
    believe(account, "bad_debt")


def first_payment_after_suspension(account: Account) -> None:
    """Never paid, was suspended, then paid the first bill by card: flagged as never paid, and locked out."""
    scene = newcomer(account, account.rng.randint(*SUSPENDED))
    settle(account, 3)
    billing.pay_by_card(account, scene.bill, 1)
    scene.resume()


def first_payment_by_wire_after_suspension(account: Account) -> None:
    """Never paid by card, was suspended, then sent a wire that only the ledger knows."""
    scene = newcomer(account, account.rng.randint(*SUSPENDED))
    settle(account, 3)
    billing.wire(account, scene.bill, 1, scene.bill.total)


def paid_through_the_older_customer(account: Account) -> None:
    """Signed up twice in Stripe; the unpaid bill belongs to the older customer, and was paid there after suspension."""
    overdue = account.rng.randint(*SUSPENDED)
    account.open(since=overdue)
    older = account.add_alias(since=overdue + 40)
    subscription = account.subscribe(
        "team", since=overdue + 30, period_from=overdue, customer_id=older, status="past_due"
    )
    total = Price("team", account.currency).amount
    bill = billing.invoice(account, overdue, total, subscription=subscription, customer_id=older)
    settle(account, 3)
    billing.pay_by_card(account, bill, 1)
    subscription["status"] = "active"


STORIES = (
    Story(card_paid_after_suspension, 50, ("T2", "T8"), STUCK),
    Story(late_webhook, 40, ("T2", "T5"), STUCK),
    Story(wire_transfer, 32, ("T2", "T5"), STUCK),
    Story(paid_by_check, 8, ("T2", "T3"), STUCK),
    Story(voided_in_ledger_only, 20, ("T3", "T5"), STUCK),
    Story(credited_after_suspension, 20, ("T3",), STUCK),
    Story(write_off_left_suspended, 25, ("T3", "T9"), STUCK),
    Story(recovered_after_write_off, 20, ("T3", "T9"), STUCK),
    Story(uncollectible_then_paid, 10, ("T2", "T9"), STUCK),
    Story(dust_after_suspension, 15, ("T4",), STUCK),
    Story(one_wire_for_three_bills, 15, ("T2", "T5"), STUCK),
    Story(closed_after_paying, 10, ("T9", "T13"), STUCK),
    Story(paid_outside_stripe, 15, ("T2",), STUCK),
    Story(abuse_beside_billing, 15, ("T15",), STUCK),
    Story(invoice_never_in_ledger, 10, ("T5",), STUCK),
    Story(invoice_never_in_stripe, 15, ("T5",), STUCK),
    Story(first_payment_after_suspension, 80, ("T14",), STUCK_FLAGGED),
    Story(first_payment_by_wire_after_suspension, 40, ("T5", "T14"), STUCK_FLAGGED),
    Story(paid_through_the_older_customer, 30, ("T1", "T14"), STUCK_FLAGGED),
)

"""Accounts that really owe, or really were written off, and whose stores all say so: no drift."""

from recon.sandbox.population import adjustments, billing
from recon.sandbox.population.account import Account
from recon.sandbox.population.catalogue import Price
from recon.sandbox.population.scenes import YEAR_DAYS, contractor, debtor, newcomer, subscriber
from recon.sandbox.population.stored import settle
from recon.sandbox.population.story import Story


def in_grace(account: Account) -> None:
    """The renewal failed yesterday or the day before; nothing is taken away yet."""
    debtor(account, account.rng.randint(1, 2))
    settle(account)


def overdue(account: Account) -> None:
    """Overdue for a week or so: restricted, and the plan stays."""
    debtor(account, account.rng.randint(6, 10))
    settle(account)


def defaulted(account: Account) -> None:
    """Overdue for weeks: the plan is off until the bill is paid."""
    debtor(account, account.rng.randint(16, 25))
    settle(account)


def long_gone(account: Account) -> None:
    """Overdue for months: bad debt in every store, and rightly so."""
    debtor(account, account.rng.randint(65, 200))
    settle(account)


def never_paid_and_gone(account: Account) -> None:
    """The trial ended months ago and the first real bill was never paid: bad debt, and rightly so."""
    newcomer(account, account.rng.randint(65, 150))
    settle(account)


def canceled_with_open_bill(account: Account) -> None:
    """Cancelled with a bill open: the shorter rung to bad debt holds."""
    scene = debtor(account, account.rng.randint(33, 50))
    scene.subscription.update(status="canceled", canceled_at=scene.subscription["created"] + 86_400 * YEAR_DAYS)
    settle(account)


def written_off(account: Account) -> None:
    """Finance wrote the bill off after a year; the account stays restricted."""
    scene = debtor(account, account.rng.randint(150, 300))
    adjustments.write_off(account, scene.bill, 20)
    adjustments.mark_uncollectible(account, scene.bill, 20)
    settle(account)


def grace_after_write_off(account: Account) -> None:
    """An older bill was written off, and the newest one failed yesterday."""
    scene = subscriber(account, bills=2, plan="team", paid=False)
    total = Price("team", account.currency).amount
    adjustments.write_off(account, scene.bill, 2)
    billing.fail_card(account, billing.invoice(account, 1, total, subscription=scene.subscription), 1)
    settle(account)


def uncollectible_is_not_forgiven(account: Account) -> None:
    """Stripe gave up its retries; nobody approved a write-off, so it is owed."""
    scene = debtor(account, account.rng.randint(17, 25))
    adjustments.mark_uncollectible(account, scene.bill, 10)
    settle(account)


def unpaid_with_drafts(account: Account) -> None:
    """The subscription is unpaid and its drafts pile up: the one real bill is the debt."""
    scene = debtor(account, account.rng.randint(16, 25), status="unpaid")
    total = scene.bill.total
    for days in (12, 5):
        draft = billing.invoice(account, days, total, subscription=scene.subscription, ledger=False)
        assert draft.stripe is not None
        draft.stripe.update(status="draft", auto_advance=False, attempted=False, attempt_count=0, number=None)
        draft.stripe["status_transitions"]["finalized_at"] = None
    settle(account)


def partly_paid(account: Account) -> None:
    """Half of an overdue bill was paid: exactly the other half is owed."""
    scene = debtor(account, account.rng.randint(7, 10))
    billing.pay_by_card(account, scene.bill, 2, scene.bill.total // 2)
    settle(account)


def enforcement_off(account: Account) -> None:
    """An important customer overdue for weeks; a colleague switched enforcement off."""
    debtor(account, account.rng.randint(20, 40), plan="business")
    account.intend("enforcement_off", "Renegotiating the order; account manager asks for patience")
    settle(account)


def promised(account: Account) -> None:
    """Promised to pay next month: past due at most until then."""
    debtor(account, account.rng.randint(20, 25))
    account.intend("promise_to_pay", "Pays after the end of the quarter", until=account.days_ago(-45))
    settle(account)


def contract_overdue(account: Account) -> None:
    """An enterprise late by months; nobody approved an escalation, so it is past due at most."""
    contractor(account, 130, net_days=30)
    settle(account)


def contract_escalated(account: Account) -> None:
    """An enterprise late by half a year, and finance approved the escalation."""
    contractor(account, 210, net_days=30)
    account.intend("approve_escalation", "No answer to three letters")
    settle(account)


def disputed(account: Account) -> None:
    """The last bill was paid, and the card holder disputes it: paid until the bank decides."""
    scene = subscriber(account)
    adjustments.dispute(account, scene.bill, 2, "needs_response")
    settle(account)


def inquiry(account: Account) -> None:
    """The bank only asks about the last payment: still paid."""
    scene = subscriber(account)
    adjustments.dispute(account, scene.bill, 2, "warning_under_review", "general")
    settle(account)


def dispute_won(account: Account) -> None:
    """A dispute was won and the money came back: as if it never was."""
    scene = subscriber(account)
    adjustments.reverse(account, scene.bill, 2)
    adjustments.dispute(account, scene.bill, 2, "won")
    adjustments.undo_reversal(account, scene.bill, 1)
    settle(account)


def dispute_lost(account: Account) -> None:
    """A dispute was lost and the ledger booked it: owed again, from that day on."""
    scene = subscriber(account, bills=3)
    adjustments.dispute(account, scene.bill, 2, "lost")
    adjustments.reverse(account, scene.bill, 2)
    settle(account)


def staff_with_open_bill(account: Account) -> None:
    """A colleague's account with an unpaid test bill: never enforced."""
    debtor(account, account.rng.randint(16, 25))
    account.contract("internal", "team")
    settle(account)


STORIES = (
    Story(in_grace, 60, ("T8", "T17")),
    Story(overdue, 60, ("T8",)),
    Story(defaulted, 60, ("T8", "T13")),
    Story(long_gone, 60, ("T8", "T15")),
    Story(never_paid_and_gone, 30, ("T8", "T14")),
    Story(canceled_with_open_bill, 20, ("T9",)),
    Story(written_off, 30, ("T3", "T9")),
    Story(grace_after_write_off, 10, ("T3", "T15")),
    Story(uncollectible_is_not_forgiven, 10, ("T3", "T9")),
    Story(unpaid_with_drafts, 12, ("T4",)),
    Story(partly_paid, 20, ("T3", "T8")),
    Story(enforcement_off, 10, ("T10",)),
    Story(promised, 15, ("T10", "T17")),
    Story(contract_overdue, 10, ("T10",)),
    Story(contract_escalated, 10, ("T10",)),
    Story(disputed, 15, ("T7",)),
    Story(inquiry, 8, ("T7",)),
    Story(dispute_won, 8, ("T7",)),
    Story(dispute_lost, 10, ("T6", "T7")),
    Story(staff_with_open_bill, 5, ("T10",)),
)

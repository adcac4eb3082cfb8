"""Accounts whose stores all agree with the truth and that owe nothing: most of the population."""

from recon.engine.facts import StoreName
from recon.sandbox.population import adjustments, billing
from recon.sandbox.population.account import Account
from recon.sandbox.population.catalogue import YEARLY, Price
from recon.sandbox.population.scenes import contractor, on_trial, subscriber
from recon.sandbox.population.stored import settle
from recon.sandbox.population.story import Story


def card_monthly(account: Account) -> None:
    """Pays by card each month; all six stores agree."""
    subscriber(account)
    settle(account)


def long_history(account: Account) -> None:
    """Has paid by card for two years and more."""
    subscriber(account, bills=account.rng.randint(24, 30))
    settle(account)


def earlier_api_version(account: Account) -> None:
    """Stripe's objects come in the shape from before 2025-03-31."""
    subscriber(account, older=True)
    settle(account)


def card_yearly(account: Account) -> None:
    """Paid a year ahead by card."""
    days = account.rng.randint(20, 300)
    account.open(since=days + 2)
    subscription = account.subscribe("team", since=days, months=YEARLY)
    total = Price("team", account.currency, YEARLY).amount
    bill = billing.invoice(account, days, total, subscription=subscription, reason="subscription_create", months=YEARLY)
    billing.pay_by_card(account, bill, days, hour=11)
    settle(account)


def trial(account: Account) -> None:
    """In a trial; the invoice over nothing is no payment."""
    on_trial(account)
    settle(account)


def free(account: Account) -> None:
    """Never chose a plan and owes nothing."""
    account.open(linked=False)
    settle(account)


def no_rows_yet(account: Account) -> None:
    """Signed up today: three stores have no row yet, which says the same as a clear one."""
    account.open(linked=False)
    for store, table in (
        (StoreName.SUBS_DUNNING, "dunning"),
        (StoreName.BILLING_PROD, "account_flags"),
        (StoreName.CF_PROD, "entitlements"),
    ):
        account.rows(store, table).clear()


def bill_not_due(account: Account) -> None:
    """Pays by invoice, and the first one is not due yet."""
    account.open(since=12)
    subscription = account.subscribe("business", since=10, collection_method="send_invoice")
    total = Price("business", account.currency).amount
    billing.invoice(
        account, 10, total, due=-20, subscription=subscription, reason="subscription_create", stripe_due=True
    )
    settle(account)


def contract_net_terms(account: Account) -> None:
    """An enterprise on 60 days net; the open bill was never meant for Stripe."""
    contractor(account, 12, net_days=60)
    settle(account)


def internal_staff(account: Account) -> None:
    """A colleague's own account."""
    account.open(linked=False)
    account.contract("internal", "business")
    settle(account)


def comp(account: Account) -> None:
    """Given a plan for nothing."""
    account.open(linked=False)
    account.intend("comp_plan", "Speaker at the yearly conference", plan="team")
    settle(account)


def two_currencies(account: Account) -> None:
    """Pays in dollars, and in euros through a second Stripe customer."""
    account.currency = "usd"
    subscriber(account, plan="team")
    euro = account.add_alias(since=60, currency="eur")
    subscription = account.subscribe("starter", since=50, period_from=20, customer_id=euro, currency="eur")
    bill = billing.invoice(
        account, 20, Price("starter", "eur").amount, subscription=subscription, customer_id=euro, currency="eur"
    )
    billing.pay_by_card(account, bill, 20, hour=11)
    settle(account)


def refunded(account: Account) -> None:
    """The last bill was refunded as a courtesy: no debt, and still a payer."""
    scene = subscriber(account)
    adjustments.refund(account, scene.bill, 1)
    settle(account)


def credited(account: Account) -> None:
    """The last bill was credited in full after an outage."""
    scene = subscriber(account, bills=2, paid=False)
    adjustments.credit(account, scene.bill, 1)
    settle(account)


def closed_and_paid(account: Account) -> None:
    """Closed the account with every bill paid."""
    scene = subscriber(account)
    scene.subscription.update(status="canceled", canceled_at=scene.subscription["created"] + 86_400)
    account.close(1)
    settle(account)


def ends_with_the_period(account: Account) -> None:
    """Cancelled for the end of the period, and keeps the plan until then."""
    scene = subscriber(account)
    scene.subscription["cancel_at_period_end"] = True
    settle(account)


def bank_debit_under_way(account: Account) -> None:
    """Overdue by a few days, with a bank debit for it under way."""
    account.open(since=370)
    subscription = account.subscribe("team", since=34, period_from=4)
    total = Price("team", account.currency).amount
    first = billing.invoice(account, 34, total, subscription=subscription, reason="subscription_create")
    billing.pay_by_card(account, first, 34, hour=11)
    bill = billing.invoice(account, 4, total, subscription=subscription)
    billing.debit_bank(account, bill, 2)
    settle(account)


def dust_left(account: Account) -> None:
    """Thirty cents of a bill were left: too little to chase."""
    scene = subscriber(account, bills=2, plan="team", paid=False)
    billing.pay_by_card(account, scene.bill, 2, scene.bill.total - 30)
    settle(account)


def first_payment_not_done(account: Account) -> None:
    """Signed up yesterday; the first card payment has not gone through."""
    account.open(since=2)
    subscription = account.subscribe("starter", since=1, status="incomplete")
    total = Price("starter", account.currency).amount
    bill = billing.invoice(account, 1, total, subscription=subscription, reason="subscription_create")
    billing.fail_card(account, bill, 1)
    settle(account)


def sign_up_expired(account: Account) -> None:
    """A sign-up that ran out unpaid: its invoice is no debt."""
    account.open(since=31)
    subscription = account.subscribe("team", since=30, status="incomplete_expired")
    bill = billing.invoice(
        account, 30, Price("team", account.currency).amount, subscription=subscription, reason="subscription_create"
    )
    billing.fail_card(account, bill, 30)
    settle(account)


def paused_as_draft(account: Account) -> None:
    """Collection is paused and drafts are kept; the plan stays."""
    scene = subscriber(account)
    scene.subscription["pause_collection"] = {"behavior": "keep_as_draft", "resumes_at": None}
    settle(account)


def paused_and_paid_through(account: Account) -> None:
    """Collection is paused, and the last paid period still runs."""
    scene = subscriber(account)
    scene.subscription["pause_collection"] = {"behavior": "void", "resumes_at": None}
    settle(account)


def paused_beyond_paid(account: Account) -> None:
    """Collection is paused, and the last paid period is over: no plan."""
    account.open(since=140)
    subscription = account.subscribe("team", since=130, period_from=10, pause_behavior="void")
    bill = billing.invoice(account, 130, Price("team", account.currency).amount, subscription=subscription)
    billing.pay_by_card(account, bill, 130, hour=11)
    settle(account)


def abuse_block(account: Account) -> None:
    """Pays, and is restricted for abuse: not ours to lift."""
    subscriber(account)
    account.block("abuse", "restrict", since=20, set_by="trust-and-safety")
    settle(account)


def legal_hold(account: Account) -> None:
    """Pays, and is suspended on a legal hold: not ours to lift."""
    subscriber(account)
    account.block("legal", "suspend", since=15, set_by="legal")
    settle(account)


STORIES = (
    Story(card_monthly, 1500, ("T2", "T13", "T15")),
    Story(card_yearly, 170, ("T12",)),
    Story(long_history, 25),
    Story(earlier_api_version, 90),
    Story(trial, 110, ("T14",)),
    Story(free, 260, ("T12",)),
    Story(no_rows_yet, 30),
    Story(bill_not_due, 60, ("T6",)),
    Story(contract_net_terms, 60, ("T5", "T6")),
    Story(internal_staff, 20, ("T10", "T12")),
    Story(comp, 20, ("T12", "T13")),
    Story(two_currencies, 40, ("T1",)),
    Story(refunded, 40, ("T3", "T14")),
    Story(credited, 30, ("T3",)),
    Story(closed_and_paid, 60, ("T9", "T13")),
    Story(ends_with_the_period, 40, ("T13",)),
    Story(bank_debit_under_way, 30, ("T7", "T17")),
    Story(dust_left, 20, ("T4",)),
    Story(first_payment_not_done, 20, ("T4",)),
    Story(sign_up_expired, 15, ("T4", "T11")),
    Story(paused_as_draft, 15, ("T13",)),
    Story(paused_and_paid_through, 15, ("T13", "T17")),
    Story(paused_beyond_paid, 10, ("T13",)),
    Story(abuse_block, 15, ("T15",)),
    Story(legal_hold, 10, ("T15",)),
)

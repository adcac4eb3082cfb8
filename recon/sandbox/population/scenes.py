"""How stories begin: a customer who pays, one who owes, one who never paid. Each returns what the story needs next."""

from dataclasses import dataclass

from recon.sandbox.population import billing
from recon.sandbox.population.account import Account, epoch
from recon.sandbox.population.billing import Bill
from recon.sandbox.population.catalogue import YEARLY, Price
from recon.sandbox.twin.shapes import Json

YEAR_DAYS = 360  # twelve periods of 30 days
TRIAL_DAYS = 14
PLANS = ("starter", "team", "business")


@dataclass(slots=True)
class Scene:
    """A subscription and the bill that the story is about (its latest)."""

    subscription: Json
    bill: Bill

    def resume(self) -> None:
        """Stripe made the subscription active again, as it does when its latest invoice is paid."""
        self.subscription["status"] = "active"


def subscriber(
    account: Account, *, bills: int | None = None, plan: str | None = None, older: bool | None = None, paid: bool = True
) -> Scene:
    """A monthly subscriber who paid every bill by card; the latest, paid only where `paid`, is 3 to 24 days old."""
    account.older = account.older if older is None else older
    count = bills or account.rng.randint(1, 3)
    latest = account.rng.randint(3, 24)
    chosen = plan or account.rng.choice(PLANS)
    account.open(since=latest + 30 * count)
    subscription = account.subscribe(chosen, since=latest + 30 * (count - 1), period_from=latest)
    price = Price(chosen, account.currency)
    for back in reversed(range(count)):
        days = latest + 30 * back
        reason = "subscription_create" if back == count - 1 else "subscription_cycle"
        bill = billing.invoice(account, days, price.amount, subscription=subscription, reason=reason)
        if back or paid:
            billing.pay_by_card(account, bill, days, hour=11)
    return Scene(subscription, bill)


def debtor(
    account: Account, overdue: int, *, plan: str | None = None, status: str = "past_due", tries: bool = True
) -> Scene:
    """A yearly subscriber whose first year was paid and whose renewal has been overdue for so many days."""
    chosen = plan or account.rng.choice(PLANS)
    account.open(since=overdue + YEAR_DAYS + 5)
    subscription = account.subscribe(
        chosen, since=overdue + YEAR_DAYS, period_from=overdue, months=YEARLY, status=status
    )
    price = Price(chosen, account.currency, YEARLY)
    first = billing.invoice(
        account,
        overdue + YEAR_DAYS,
        price.amount,
        subscription=subscription,
        reason="subscription_create",
        months=YEARLY,
    )
    billing.pay_by_card(account, first, overdue + YEAR_DAYS, hour=11)
    bill = billing.invoice(account, overdue, price.amount, subscription=subscription, months=YEARLY)
    if tries:
        billing.fail_card(account, bill, overdue)
    return Scene(subscription, bill)


def newcomer(account: Account, overdue: int, *, plan: str | None = None, status: str = "past_due") -> Scene:
    """Someone whose trial ended so many days ago and whose first real bill was never paid."""
    chosen = plan or account.rng.choice(PLANS)
    account.open(since=overdue + TRIAL_DAYS + 1)
    subscription = account.subscribe(
        chosen,
        since=overdue + TRIAL_DAYS,
        period_from=overdue,
        months=YEARLY,
        status=status,
        trial_end=epoch(account.days_ago(overdue, 9)),
    )
    billing.zero_invoice(account, overdue + TRIAL_DAYS, subscription)
    bill = billing.invoice(
        account, overdue, Price(chosen, account.currency, YEARLY).amount, subscription=subscription, months=YEARLY
    )
    billing.fail_card(account, bill, overdue)
    return Scene(subscription, bill)


def on_trial(account: Account) -> Scene:
    """Someone in the middle of a trial, whose only invoice is over nothing."""
    account.open(since=4)
    plan = account.rng.choice(PLANS)
    subscription = account.subscribe(
        plan, since=3, period_from=3, status="trialing", trial_end=epoch(account.days_ago(3 - TRIAL_DAYS, 9))
    )
    return Scene(subscription, billing.zero_invoice(account, 3, subscription))


def contractor(account: Account, issued: int, *, net_days: int = 30, ends: int | None = None) -> Bill:
    """An enterprise on a contract, billed by the ledger alone and paying by wire; the latest bill stands open."""
    account.open(since=700, linked=False)
    account.contract("contract", "enterprise", net_days=net_days, starts=700, ends=ends)
    total = Price("enterprise", account.currency, YEARLY).amount
    first = billing.invoice(
        account, issued + YEAR_DAYS, total, due=issued + YEAR_DAYS - net_days, months=YEARLY, stripe=False
    )
    billing.wire(account, first, issued + YEAR_DAYS - net_days, total)
    return billing.invoice(account, issued, total, due=issued - net_days, months=YEARLY, stripe=False)

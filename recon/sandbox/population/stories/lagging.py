"""The stores agree with each other and are wrong together, or one column was never brought up to date."""

from recon.engine.facts import StoreName
from recon.sandbox.population import adjustments, billing
from recon.sandbox.population.account import Account
from recon.sandbox.population.catalogue import Price, price_object
from recon.sandbox.population.scenes import YEAR_DAYS, debtor, subscriber
from recon.sandbox.population.stored import believe, remember, settle
from recon.sandbox.population.story import Story

DUNNING = (StoreName.SUBS_DUNNING, "dunning")
ENTITLEMENTS = (StoreName.CF_PROD, "entitlements")


def job_never_came_back(account: Account) -> None:
    """The night job dropped the account a month ago: the stores say unpaid, and it is bad debt by now."""
    overdue = account.rng.randint(70, 100)
    debtor(account, overdue)
    settle(account, overdue - 40)


def served_after_default(account: Account) -> None:
    """Unpaid for weeks and never dunned: every store says clear, and the plan is served."""
    overdue = account.rng.randint(16, 25)
    debtor(account, overdue)
    settle(account, overdue + 5)


def grace_outstayed(account: Account) -> None:
    """Overdue for a week; the stores stopped looking in the days of grace."""
    overdue = account.rng.randint(7, 10)
    debtor(account, overdue)
    settle(account, overdue - 2)


def missed_after_cancelling(account: Account) -> None:
    """Cancelled with a bill open, so bad debt comes sooner; the job went on with the longer ladder."""
    overdue = account.rng.randint(34, 50)
    scene = debtor(account, overdue)
    settle(account, 3)
    scene.subscription.update(status="canceled", canceled_at=scene.subscription["created"] + 86_400 * YEAR_DAYS)


def written_off_then_paid(account: Account) -> None:
    """Written off, then paid from the collector's letter: the stores still say written off."""
    scene = debtor(account, account.rng.randint(150, 300))
    adjustments.write_off(account, scene.bill, 30)
    settle(account, 5)
    billing.pay_by_card(account, scene.bill, 2)
    scene.resume()


def late_bill_paid_unseen(account: Account) -> None:
    """Paid a bill two weeks late; everything still says past due, restriction included."""
    scene = debtor(account, 12)
    settle(account, 2)
    billing.pay_by_card(account, scene.bill, 1, ledger=False)
    scene.resume()


def upgraded_unseen(account: Account) -> None:
    """Moved from team to business yesterday; account and product still name the old plan."""
    scene = subscriber(account, plan="team")
    settle(account)
    item = scene.subscription["items"]["data"][0]
    item["price"] = price_object(Price("business", account.currency))


def plan_switched_off(account: Account) -> None:
    """Pays, owes nothing, and the product has the plan off since a failed deploy."""
    subscriber(account)
    settle(account)
    remember(account, *ENTITLEMENTS, plan_active=False, effective_plan="free")


def served_after_cancelling(account: Account) -> None:
    """Cancelled and paid up; the product goes on serving the plan."""
    scene = subscriber(account)
    settle(account)
    scene.subscription.update(status="canceled", canceled_at=scene.subscription["created"] + 86_400)


def abuse_block_unread(account: Account) -> None:
    """Trust and safety restricted the account; the product's own flag was never raised."""
    subscriber(account)
    settle(account)
    account.block("abuse", "restrict", since=1, set_by="trust-and-safety")


def stripe_told_the_old_state(account: Account) -> None:
    """Back to clear for weeks; Stripe's metadata still carries the old state of debt."""
    subscriber(account)
    settle(account)
    account.stripe_customer()["metadata"]["debt_state"] = "delinquent"


def stripe_never_told(account: Account) -> None:
    """A colleague made the Stripe customer by hand: it does not carry our account's id."""
    subscriber(account)
    settle(account)
    account.stripe_customer()["metadata"].pop("account_id")


def balance_outdated(account: Account) -> None:
    """Half of the bill was paid yesterday; the stored balance still shows all of it."""
    scene = debtor(account, account.rng.randint(8, 10))
    settle(account, 1)
    billing.pay_by_card(account, scene.bill, 1, scene.bill.total // 2)


def card_removed(account: Account) -> None:
    """Removed the only card; the customer's record still counts on one."""
    subscriber(account)
    settle(account)
    account.stripe_customer()["invoice_settings"]["default_payment_method"] = None


def primary_replaced(account: Account) -> None:
    """Cancelled and came back; the account still points at the cancelled subscription."""
    scene = subscriber(account, plan="team")
    settle(account)
    scene.subscription.update(status="canceled", canceled_at=scene.subscription["created"] + 86_400)
    account.subscribe("team", since=1)


def raw_state_of_an_older_release(account: Account) -> None:
    """A release of years ago wrote a state that no one knows any more."""
    subscriber(account)
    settle(account)
    remember(account, *DUNNING, raw_state="soft_hold")


def dunned_without_reason(account: Account) -> None:
    """Paid on time; a job with the wrong time zone took the account for unpaid, everywhere at once."""
    subscriber(account, bills=2)
    settle(account)
    believe(account, "delinquent")


STORIES = (
    Story(job_never_came_back, 40, ("T8", "T17")),
    Story(served_after_default, 40, ("T8", "T13")),
    Story(grace_outstayed, 30, ("T8",)),
    Story(missed_after_cancelling, 15, ("T9",)),
    Story(written_off_then_paid, 15, ("T9",)),
    Story(late_bill_paid_unseen, 25, ("T2", "T8")),
    Story(upgraded_unseen, 25, ("T12",)),
    Story(plan_switched_off, 30, ("T13",)),
    Story(served_after_cancelling, 25, ("T13",)),
    Story(abuse_block_unread, 10, ("T15",)),
    Story(stripe_told_the_old_state, 15, ("T15",)),
    Story(stripe_never_told, 10, ("T15", "T16")),
    Story(balance_outdated, 15, ("T3",)),
    Story(card_removed, 15, ("T14",)),
    Story(primary_replaced, 10, ("T11",)),
    Story(raw_state_of_an_older_release, 5, ("T10",)),
    Story(dunned_without_reason, 15, ("T8", "T15")),
)

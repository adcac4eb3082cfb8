"""Cases for a person: stores that contradict each other about facts, identities in doubt, objects nobody can read."""

from recon.engine.facts import StoreName
from recon.sandbox.population import adjustments, billing
from recon.sandbox.population.account import Account
from recon.sandbox.population.catalogue import Price, price_object
from recon.sandbox.population.scenes import debtor, subscriber
from recon.sandbox.population.stored import settle
from recon.sandbox.population.story import Story
from recon.sandbox.twin import objects

ACCOUNTS = (StoreName.SUBS_ACCOUNT, "accounts")
CUSTOMER = (StoreName.SUBS_CUSTOMER, "customers")
STRIPE = StoreName.STRIPE


def amounts_differ(account: Account) -> None:
    """Stripe's invoice carries a tax that the ledger does not: the smaller amount is owed until someone looks."""
    scene = debtor(account, account.rng.randint(7, 10))
    assert scene.bill.row is not None
    scene.bill.row["total_minor"] -= 200
    settle(account)


def currencies_differ(account: Account) -> None:
    """The ledger bills in Swiss francs, Stripe in another currency: one witness each, and a case."""
    scene = debtor(account, account.rng.randint(7, 10), tries=False)
    assert scene.bill.row is not None
    scene.bill.row["currency"] = "chf"
    settle(account)


def forgiven_in_stripe_alone(account: Account) -> None:
    """A colleague forgave the invoice in Stripe; the ledger knows no credit note and no write-off."""
    account.older = False
    scene = debtor(account, account.rng.randint(20, 40))
    adjustments.mark_uncollectible(account, scene.bill, 3)
    assert scene.bill.stripe is not None
    scene.bill.stripe["status_details"] = {"uncollectible": {"reason": "user_forgiven"}}
    settle(account)


def lost_dispute_not_booked(account: Account) -> None:
    """Stripe lost a dispute that the ledger has not booked yet: a case, and no debt before it is booked."""
    scene = subscriber(account, bills=3)
    adjustments.dispute(account, scene.bill, 2, "lost")
    settle(account)


def subscribed_twice(account: Account) -> None:
    """Signed up a second time by mistake and pays for both."""
    subscriber(account, plan="team", bills=2)
    total = Price("team", account.currency).amount
    second = account.subscribe("team", since=2)
    bill = billing.invoice(account, 2, total, subscription=second, reason="subscription_create")
    billing.pay_by_card(account, bill, 2, hour=11)
    settle(account)


def price_without_a_plan(account: Account) -> None:
    """Subscribed to a campaign's price that names no plan: the plan is left as it is, and a case opened."""
    account.open(since=40)
    subscription = account.subscribe("starter", since=8, mapped=False)
    bill = billing.invoice(
        account, 8, Price("starter", account.currency).amount, subscription=subscription, reason="subscription_create"
    )
    billing.pay_by_card(account, bill, 8, hour=11)
    settle(account)


def items_of_two_plans(account: Account) -> None:
    """One subscription carries items of two plans: which one counts is for a person to say."""
    scene = subscriber(account, plan="team")
    items = scene.subscription["items"]["data"]
    other = price_object(Price("business", account.currency))
    items.append(items[0] | {"id": f"{items[0]['id']}b", "price": other, "plan": objects.plan(other)})
    settle(account)


def closed_but_still_subscribed(account: Account) -> None:
    """Closed the account; the Stripe subscription goes on charging, and finance is asked to cancel it."""
    subscriber(account)
    account.close(1)
    settle(account)


def claimed_by_an_unlinked_customer(account: Account) -> None:
    """A second Stripe customer carries this account's id and is not linked to it."""
    subscriber(account)
    account.add_customer(since=30)
    settle(account)


def withheld_while_claimed(account: Account) -> None:
    """Unpaid for weeks and served; an unlinked Stripe customer claims the account, so nothing severe is written."""
    overdue = account.rng.randint(16, 25)
    debtor(account, overdue)
    settle(account, overdue + 5)
    account.add_customer(since=30)


def customer_names_another_account(account: Account, other: Account) -> None:
    """The linked Stripe customer carries the id of another account, which is not linked to it."""
    subscriber(account)
    other.open(linked=False)
    account.stripe_customer()["metadata"]["account_id"] = other.account_id
    settle(account)


def customer_unknown_to_stripe(account: Account) -> None:
    """The linked Stripe customer does not exist: a copy from another Stripe account."""
    account.open(since=20)
    account.rows(STRIPE, "customers").clear()
    settle(account)


def customer_deleted(account: Account) -> None:
    """The Stripe customer was deleted with a bill open: no live subscription, and the debt stays."""
    scene = debtor(account, account.rng.randint(16, 24))
    scene.subscription.update(status="canceled", canceled_at=scene.subscription["created"] + 86_400)
    account.rows(STRIPE, "customers")[:] = [objects.deleted_customer(account.customer_id)]
    settle(account)


def two_accounts_one_customer(account: Account, other: Account) -> None:
    """Two accounts are linked to one Stripe customer whose bill is unpaid: nothing severe is written."""
    overdue = account.rng.randint(16, 24)
    debtor(account, overdue)
    other.open(linked=False)
    other.row(*CUSTOMER)["stripe_customer_id"] = account.customer_id
    settle(account, overdue + 5)


def no_customer_record(account: Account) -> None:
    """An account whose customer record was lost in an import: an orphan, for a person to place."""
    account.open(linked=False, customer_row=False)


def no_account_record(account: Account) -> None:
    """A customer record whose account was never created: an orphan, for a person to place."""
    account.open(linked=False, account_row=False)


def status_nobody_knows(account: Account) -> None:
    """Stripe shows a subscription status that no documentation names: no verdict, and nothing is written."""
    scene = subscriber(account)
    settle(account)
    scene.subscription["status"] = "hibernating"


def ledger_status_nobody_knows(account: Account) -> None:
    """A ledger row in a status that is not in the contract: no verdict, and nothing is written."""
    scene = subscriber(account)
    settle(account)
    assert scene.bill.row is not None
    scene.bill.row["status"] = "parked"


def object_of_the_other_mode(account: Account) -> None:
    """A payment of Stripe's live mode stands among the test-mode objects: no verdict, and nothing is written."""
    subscriber(account)
    settle(account)
    account.rows(STRIPE, "payment_intents")[-1]["livemode"] = True


STORIES = (
    Story(amounts_differ, 10, ("T5",)),
    Story(currencies_differ, 6, ("T5",)),
    Story(forgiven_in_stripe_alone, 6, ("T3", "T5")),
    Story(lost_dispute_not_booked, 8, ("T5", "T7")),
    Story(subscribed_twice, 12, ("T11",)),
    Story(price_without_a_plan, 8, ("T12",)),
    Story(items_of_two_plans, 4, ("T12",)),
    Story(closed_but_still_subscribed, 8, ("T13",)),
    Story(claimed_by_an_unlinked_customer, 8, ("T1",)),
    Story(withheld_while_claimed, 6, ("T1", "T16")),
    Story(customer_names_another_account, 5, ("T1",), accounts=2),
    Story(customer_unknown_to_stripe, 5, ("T1",)),
    Story(customer_deleted, 8, ("T1", "T9")),
    Story(two_accounts_one_customer, 5, ("T1", "T16"), accounts=2),
    Story(no_customer_record, 4, ("T1",)),
    Story(no_account_record, 4, ("T1",)),
    Story(status_nobody_knows, 5, ("T0",)),
    Story(ledger_status_nobody_knows, 4, ("T0",)),
    Story(object_of_the_other_mode, 5, ("T0",)),
)

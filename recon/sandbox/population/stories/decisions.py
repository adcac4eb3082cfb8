"""People decided something, and the dunning job went on without reading it: contracts, promises, escalations, comps."""

from recon.engine.facts import StoreName
from recon.sandbox.population import adjustments, billing
from recon.sandbox.population.account import Account
from recon.sandbox.population.catalogue import Price
from recon.sandbox.population.scenes import YEAR_DAYS, contractor, debtor, subscriber
from recon.sandbox.population.stored import believe, remember, settle
from recon.sandbox.population.story import STUCK, STUCK_INCONSISTENT, Story

RELIEF = frozenset({"state", "dunning.has_debt", "is_bad_debt"})
LONG_OVERDUE = (70, 140)


def enforcement_off_ignored(account: Account) -> None:
    """A colleague switched enforcement off; the job suspended the customer all the same."""
    debtor(account, account.rng.randint(*LONG_OVERDUE), plan="business")
    account.intend("enforcement_off", "Migration project; account manager asks for patience")
    settle(account)
    believe(account, "bad_debt")


def promise_ignored(account: Account) -> None:
    """Promised to pay by a date that has not come; the job suspended the customer all the same."""
    debtor(account, account.rng.randint(*LONG_OVERDUE))
    account.intend("promise_to_pay", "Pays when the grant arrives", until=account.days_ago(-60))
    settle(account)
    believe(account, "bad_debt")


def contract_on_the_wrong_ladder(account: Account) -> None:
    """An enterprise late by months, on the self-serve ladder by mistake: nobody approved an escalation."""
    contractor(account, 150, net_days=30)
    settle(account)
    believe(account, "bad_debt")


def net_terms_forgotten(account: Account) -> None:
    """An enterprise on 90 days net, ten days late; the job counted from the day of the invoice."""
    contractor(account, 100, net_days=90)
    settle(account)
    believe(account, "bad_debt")


def staff_suspended(account: Account) -> None:
    """A colleague's test account was suspended like a customer's."""
    debtor(account, account.rng.randint(*LONG_OVERDUE))
    account.contract("internal", "team")
    settle(account)
    believe(account, "bad_debt")


def dispute_won_after_suspension(account: Account) -> None:
    """Lost its access when the bank took the money back; the dispute was won, and nobody looked again."""
    scene = subscriber(account, bills=3)
    adjustments.reverse(account, scene.bill, 2)
    adjustments.dispute(account, scene.bill, 2, "won", "product_not_received")
    adjustments.undo_reversal(account, scene.bill, 1)
    settle(account)
    believe(account, "bad_debt")


def lost_dispute_escalated(account: Account) -> None:
    """A lost dispute is owed again, past due at most; the job counted from the invoice's old date and suspended."""
    overdue = account.rng.randint(*LONG_OVERDUE)
    scene = debtor(account, overdue)
    billing.pay_by_card(account, scene.bill, overdue - 10)
    scene.resume()
    adjustments.dispute(account, scene.bill, 9, "lost")
    adjustments.reverse(account, scene.bill, 9)
    settle(account)
    believe(account, "bad_debt")


def escalation_stopped_halfway(account: Account) -> None:
    """The job escalated a promised account by mistake and crashed: only the dunning database says bad debt."""
    debtor(account, account.rng.randint(*LONG_OVERDUE))
    account.intend("promise_to_pay", "Pays after the audit", until=account.days_ago(-50))
    settle(account)
    believe(account, "bad_debt", RELIEF)


def promise_expired(account: Account) -> None:
    """The promise to pay ran out last week; nothing looked at the account since."""
    debtor(account, account.rng.randint(26, 29))
    account.intend("promise_to_pay", "Pays within two weeks", until=account.days_ago(6))
    settle(account, 8)


def escalation_approved_unread(account: Account) -> None:
    """Finance approved to escalate an enterprise; the stores still say past due."""
    contractor(account, 220, net_days=30)
    settle(account, 3)
    account.intend("approve_escalation", "No answer to three letters")


def resubscribed_to_a_comp(account: Account) -> None:
    """Was given a plan as thanks; the product still shows the free one."""
    account.open(linked=False)
    settle(account)
    account.intend("comp_plan", "Found and reported a security flaw", plan="business")


def contract_ran_out(account: Account) -> None:
    """The contract ended last week and was not renewed; the product still serves the enterprise plan."""
    bill = contractor(account, 200, net_days=30, ends=7)
    billing.wire(account, bill, 170, bill.total)
    settle(account, 10)


def two_contract_prices(account: Account) -> None:
    """A yearly enterprise with a Stripe subscription beside the contract: the contract's plan counts."""
    account.open(since=YEAR_DAYS)
    account.contract("contract", "enterprise", net_days=30)
    subscription = account.subscribe("business", since=80, period_from=20)
    bill = billing.invoice(account, 20, Price("business", account.currency).amount, subscription=subscription)
    billing.pay_by_card(account, bill, 20, hour=11)
    settle(account)
    remember(account, StoreName.SUBS_ACCOUNT, "accounts", plan_code="business")
    remember(account, StoreName.CF_PROD, "entitlements", effective_plan="business")


STORIES = (
    Story(enforcement_off_ignored, 20, ("T10",), STUCK),
    Story(promise_ignored, 25, ("T10",), STUCK),
    Story(contract_on_the_wrong_ladder, 15, ("T8", "T10"), STUCK),
    Story(net_terms_forgotten, 10, ("T6", "T8"), STUCK),
    Story(staff_suspended, 10, ("T10",), STUCK),
    Story(dispute_won_after_suspension, 15, ("T7",), STUCK),
    Story(lost_dispute_escalated, 15, ("T6", "T7"), STUCK),
    Story(escalation_stopped_halfway, 30, ("T10",), STUCK_INCONSISTENT),
    Story(promise_expired, 10, ("T10", "T17")),
    Story(escalation_approved_unread, 10, ("T10",)),
    Story(resubscribed_to_a_comp, 10, ("T12", "T13")),
    Story(contract_ran_out, 8, ("T12", "T13")),
    Story(two_contract_prices, 6, ("T12",)),
)

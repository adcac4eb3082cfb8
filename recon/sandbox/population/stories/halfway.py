"""Contradictions: a job wrote some of the stores and not the others, so that together they say what no state says."""

from recon.engine.facts import StoreName
from recon.sandbox.population import adjustments, billing
from recon.sandbox.population.account import Account
from recon.sandbox.population.scenes import debtor, newcomer, subscriber
from recon.sandbox.population.stored import believe, remember, settle
from recon.sandbox.population.story import (
    ALL_THREE,
    INCONSISTENT,
    INCONSISTENT_FLAGGED,
    STUCK_INCONSISTENT,
    Story,
)

SUSPENDED = (64, 120)
CUSTOMER = (StoreName.SUBS_CUSTOMER, "customers")


def relief_stopped_halfway(account: Account) -> None:
    """Paid after suspension; the relief job cleared the dunning flags and crashed before it reached the product."""
    scene = debtor(account, account.rng.randint(*SUSPENDED))
    billing.pay_by_card(account, scene.bill, 2)
    scene.resume()
    settle(account)
    believe(account, "bad_debt", {"block", "entitlements", "metadata"})


def ledger_flag_left(account: Account) -> None:
    """Paid after suspension and was let back in; the ledger's own bad-debt flag was forgotten."""
    scene = debtor(account, account.rng.randint(*SUSPENDED))
    billing.pay_by_card(account, scene.bill, 4)
    scene.resume()
    settle(account)
    believe(account, "bad_debt", {"in_bad_debt", "flags.has_debt"})


def account_status_left(account: Account) -> None:
    """Paid and was let back in; only the account's payment status still reads bad debt."""
    scene = debtor(account, account.rng.randint(*SUSPENDED))
    billing.pay_by_card(account, scene.bill, 6)
    scene.resume()
    settle(account)
    believe(account, "bad_debt", {"payment_status"})


def dunning_restored_from_backup(account: Account) -> None:
    """The dunning database came back from a backup of the week before, when this payer was still in bad debt."""
    scene = debtor(account, account.rng.randint(*SUSPENDED))
    billing.pay_by_card(account, scene.bill, 5)
    scene.resume()
    settle(account)
    believe(account, "bad_debt", {"state", "raw_state", "dunning.has_debt", "is_bad_debt"})


def two_jobs_racing(account: Account) -> None:
    """Two jobs ran at once: one found the account unpaid for weeks, the other suspended it for bad debt."""
    debtor(account, account.rng.randint(16, 24))
    settle(account)
    account.block("billing_debt", "suspend", since=2, set_by="night-job")
    remember(account, StoreName.CF_PROD, "entitlements", suspended=True)


def debt_flag_left(account: Account) -> None:
    """Paid a late bill; the dunning service cleared its own flag, the ledger kept its copy."""
    scene = debtor(account, account.rng.randint(8, 40))
    billing.pay_by_card(account, scene.bill, 3)
    scene.resume()
    settle(account)
    believe(account, "past_due", {"flags.has_debt"})


def delinquent_latched(account: Account) -> None:
    """Stripe's own delinquent mark was copied once and never taken back, though every bill is paid."""
    scene = subscriber(account, bills=2)
    account.stripe_customer()["delinquent"] = True
    settle(account)
    believe(account, "delinquent", {"delinquent"})
    scene.resume()


def status_lagging(account: Account) -> None:
    """Overdue for a week; the account's payment status still reads current."""
    debtor(account, account.rng.randint(6, 10))
    settle(account)
    believe(account, "clear", {"payment_status"})


def block_never_set(account: Account) -> None:
    """Overdue for a week; the job that restricts access failed for this account, and nobody noticed."""
    debtor(account, account.rng.randint(6, 10))
    settle(account)
    believe(account, "clear", {"block", "entitlements"})


def block_left_after_payment(account: Account) -> None:
    """Paid a late bill; the flags were cleared, the restriction in the product stayed."""
    scene = debtor(account, account.rng.randint(8, 14))
    billing.pay_by_card(account, scene.bill, 1)
    scene.resume()
    settle(account)
    believe(account, "past_due", {"block", "entitlements"})


def escalated_in_one_store(account: Account) -> None:
    """Unpaid for weeks; dunning and product know it, the customer's record does not."""
    debtor(account, account.rng.randint(16, 25))
    settle(account)
    believe(account, "past_due", {"delinquent"})


def first_payment_half_applied(account: Account) -> None:
    """Paid the first bill after suspension; dunning was cleared, the product and the never-paid flag were not."""
    scene = newcomer(account, account.rng.randint(*SUSPENDED))
    billing.pay_by_card(account, scene.bill, 2)
    scene.resume()
    settle(account)
    believe(account, "bad_debt", {"block", "entitlements"})
    remember(account, *CUSTOMER, has_no_successful_payment=True)


def relief_lost_midway(account: Account) -> None:
    """Paid the first bill after suspension; two of five databases missed the relief."""
    scene = newcomer(account, account.rng.randint(*SUSPENDED))
    billing.pay_by_card(account, scene.bill, 2)
    scene.resume()
    settle(account)
    believe(account, "bad_debt", {"flags.has_debt", "in_bad_debt", "payment_status"})
    remember(account, *CUSTOMER, has_no_successful_payment=True)


def first_payment_flags_left(account: Account) -> None:
    """Paid the first bill two weeks late; the ledger's debt flag and the never-paid flag were left."""
    scene = newcomer(account, account.rng.randint(10, 20))
    billing.pay_by_card(account, scene.bill, 3)
    scene.resume()
    settle(account)
    believe(account, "past_due", {"flags.has_debt"})
    remember(account, *CUSTOMER, has_no_successful_payment=True)


def refund_taken_for_debt(account: Account) -> None:
    """The one payment was refunded as a courtesy; a job took that for a debt and for never having paid."""
    scene = subscriber(account, bills=1)
    adjustments.refund(account, scene.bill, 1)
    settle(account)
    believe(account, "past_due", {"dunning.has_debt"})
    remember(account, *CUSTOMER, has_no_successful_payment=True)


STORIES = (
    Story(relief_stopped_halfway, 60, ("T15",), STUCK_INCONSISTENT),
    Story(ledger_flag_left, 50, ("T15",), STUCK_INCONSISTENT),
    Story(account_status_left, 40, ("T15",), STUCK_INCONSISTENT),
    Story(dunning_restored_from_backup, 40, ("T15",), STUCK_INCONSISTENT),
    Story(two_jobs_racing, 40, ("T8", "T15"), STUCK_INCONSISTENT),
    Story(debt_flag_left, 50, ("T15",), INCONSISTENT),
    Story(delinquent_latched, 45, ("T15",), INCONSISTENT),
    Story(status_lagging, 35, ("T15",), INCONSISTENT),
    Story(block_never_set, 30, ("T15",), INCONSISTENT),
    Story(block_left_after_payment, 40, ("T15",), INCONSISTENT),
    Story(escalated_in_one_store, 30, ("T15",), INCONSISTENT),
    Story(first_payment_half_applied, 40, ("T14",), ALL_THREE),
    Story(relief_lost_midway, 26, ("T14",), ALL_THREE),
    Story(first_payment_flags_left, 40, ("T14",), INCONSISTENT_FLAGGED),
    Story(refund_taken_for_debt, 29, ("T3", "T14"), INCONSISTENT_FLAGGED),
)

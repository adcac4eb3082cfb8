"""What the stores have not followed, in words, and who drifts alike as a sentence."""

from dataclasses import dataclass
from datetime import datetime

from inspector.display.drift import list_href
from inspector.display.moments import age_words
from inspector.display.words import STORES, accounts_words, number_words
from recon.queries.clusters import ClusterLine, Clusters

CAUSES = {
    "paid_in_stripe": "Paid in Stripe",
    "paid_in_stripe_unbooked": "Paid in Stripe, not booked in the ledger",
    "paid_offline": "Paid by wire or check, booked in the ledger",
    "marked_paid_outside_stripe": "Marked in Stripe as paid outside it",
    "paid_before_merge": "Paid on an account that was merged in",
    "paid_by_other_customer": "Paid through another Stripe customer of theirs",
    "payment_under_way": "A payment is under way",
    "refunded": "Paid, and refunded as a courtesy",
    "credited": "Credited in full or in part",
    "write_off_approved": "Write-off approved",
    "invoice_voided": "Invoice voided",
    "dispute_won": "Dispute won, or a reversal undone",
    "payment_taken_back": "Payment taken back by the bank",
    "never_paid": "No payment was ever settled",
    "never_overdue": "No bill was ever overdue",
    "grew_overdue": "A bill went overdue, or further overdue",
    "one_witness": "Only one store knows the invoice",
    "payment_promised": "Payment promised",
    "enforcement_off": "Enforcement switched off",
    "internal_account": "Internal account",
    "contract_terms": "The contract's terms hold",
    "escalation_approved": "Escalation approved",
    "intent_ran_out": "A promise or an exemption ran out",
    "contract_ended": "Contract ended",
    "comp_given": "Plan given for nothing",
    "account_closed": "Account closed",
    "subscription_cancelled": "Subscription cancelled",
    "subscription_stopped": "Subscription no longer served",
    "subscription_replaced": "Subscription replaced",
    "plan_changed": "Plan changed in Stripe",
    "payment_method_changed": "Payment method added or removed",
    "other_block_set": "Another team's block was set",
    "other_block_lifted": "Another team's block was lifted",
    "stripe_never_told": "Stripe's customer does not carry our id",
    "foreign_value": "A store holds a value that nobody knows",
    "not_known": "Cause not known",
}
NAMED = 2
TELLING = (
    "subs_dunning.dunning.state",
    "subs_account.accounts.payment_status",
    "cf_prod.blocks.level",
    "billing_prod.account_flags.in_bad_debt",
    "billing_prod.account_flags.has_debt",
    "subs_customer.customers.has_no_successful_payment",
    "cf_prod.entitlements.plan_active",
)
"""The place that says most, first; a cluster without one of them shows the first it has."""


@dataclass(frozen=True, slots=True)
class ClusterWords:
    """One cluster: how many, why, who has not followed, and what they hold; `values` has a line a place."""

    href: str
    accounts: str
    cause: str
    stores: str
    summary: str
    values: tuple[str, ...]
    since: str


@dataclass(frozen=True, slots=True)
class ClustersView:
    """The largest clusters and a sentence about the others; the sentence is empty where there are none."""

    lines: tuple[ClusterWords, ...]
    others: str


def clusters_view(found: Clusters, now: datetime) -> ClustersView:
    others = ""
    if found.other_clusters:
        groups = "group holds" if found.other_clusters == 1 else "groups hold"
        others = f"{number_words(found.other_clusters)} smaller {groups} {accounts_words(found.other_accounts)}."
    return ClustersView(tuple(cluster_words(line, now) for line in found.largest), others)


def cluster_words(line: ClusterLine, now: datetime) -> ClusterWords:
    telling = next((one for place in TELLING for one in line.pattern if one.startswith(f"{place}:")), line.pattern[0])
    more = len(line.pattern) - 1
    return ClusterWords(
        href=list_href(cluster=line.key),
        accounts=number_words(line.accounts),
        cause=cause_words(line.cause),
        stores=left_by(line),
        summary=f"{_short(telling)}{f' and {more} more' if more else ''}",
        values=line.pattern,
        since=age_words(line.first_seen_at, now),
    )


def cause_words(code: str) -> str:
    return CAUSES.get(code, code)


def left_by(line: ClusterLine) -> str:
    """`subs_dunning and cf_prod`, `subs_dunning and 4 more stores`: who has not followed, in the usual order."""
    places = {one.split(".", 1)[0] for one in line.pattern}
    names = [name for store, name in STORES.items() if store in places]
    if len(names) == len(STORES):
        return "all six stores"
    if len(names) <= NAMED + 1:
        return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more stores"


def _short(value: str) -> str:
    """Without the store and the table: `state: bad_debt → clear`."""
    place, _, direction = value.partition(": ")
    return f"{place.split('.', 2)[2]}: {direction}"

"""The rules put together: from facts to truth, at any moment.

`Assessment` holds what does not depend on the clock; `truth_at` adds the moment. So the next moment at which the truth
changes (T17) is found by asking the same rules about later moments, never by a second set of rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from recon.engine.enums import BlockLevel
from recon.engine.facts import Account, Facts
from recon.engine.findings import Finding, FindingKind
from recon.engine.moments import midnight
from recon.engine.policy import Policy
from recon.engine.rules import entitlement, evidence, ladder, projection
from recon.engine.rules.entitlement import Access
from recon.engine.rules.identity import Identity
from recon.engine.rules.intents import Intents
from recon.engine.rules.invoices import Claim, InvoiceBalance, balances_of, claims_of, totals
from recon.engine.rules.ladder import Debtor, Ladder
from recon.engine.rules.payments import Payments, payments_of
from recon.engine.rules.subscription import FREE, Plan, Subscriptions, plan_of, subscriptions_of
from recon.engine.truth import TrueBalance, Truth


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything about one account that holds at any moment; `paid_by` and `chargeable_by` are evidence or None."""

    facts: Facts
    account: Account
    identity: Identity
    payments: Payments
    claims: tuple[Claim, ...]
    debtor: Debtor
    paid_until: datetime | None
    paid_by: str | None
    chargeable_by: str | None

    @property
    def subscriptions(self) -> Subscriptions:
        return self.debtor.subscriptions

    @property
    def intents(self) -> Intents:
        return self.debtor.intents

    @property
    def balances(self) -> tuple[InvoiceBalance, ...]:
        return self.debtor.balances


@dataclass(frozen=True, slots=True)
class Judgement:
    """The truth at one moment, with what it was reached by."""

    truth: Truth
    ladder: Ladder
    plan: Plan
    access: Access


def assess(facts: Facts, account: Account, identity: Identity, policy: Policy) -> Assessment:
    """T2 to T7, T11 and T14."""
    payments = payments_of(facts, identity)
    claims = claims_of(facts, identity, payments)
    subscriptions = subscriptions_of(facts, identity)
    intents = Intents(facts.intents, facts.contract)
    return Assessment(
        facts=facts,
        account=account,
        identity=identity,
        payments=payments,
        claims=claims,
        debtor=Debtor(account, subscriptions, intents, balances_of(facts, claims), policy),
        paid_until=entitlement.paid_through(facts, identity),
        paid_by=evidence.successful_payment(facts, payments, claims),
        chargeable_by=evidence.has_payment_method(identity, subscriptions),
    )


def with_intents(assessment: Assessment, facts: Facts) -> Assessment:
    """The assessment of `facts`, which differ from its own in nothing but the intents."""
    intents = Intents(facts.intents, facts.contract)
    return replace(assessment, facts=facts, debtor=replace(assessment.debtor, intents=intents))


def with_policy(assessment: Assessment, policy: Policy) -> Assessment:
    """The same facts under other numbers."""
    return replace(assessment, debtor=replace(assessment.debtor, policy=policy))


def judge(assessment: Assessment, now: datetime) -> Judgement:
    """T8 to T10, T12, T13 and T15 at one moment."""
    facts, intents, subscriptions = assessment.facts, assessment.intents, assessment.subscriptions
    climbed = ladder.climb(assessment.debtor, now)
    plan = plan_of(subscriptions, intents, assessment.debtor.policy, now)
    access = entitlement.access_of(facts, climbed.state, subscriptions, intents, assessment.paid_until, now)
    return Judgement(_truth(assessment, climbed, plan, access, now), climbed, plan, access)


def _truth(assessment: Assessment, climbed: Ladder, plan: Plan, access: Access, now: datetime) -> Truth:
    state, row = climbed.state, projection.PROJECTION[climbed.state]
    primary, intents = assessment.subscriptions.primary, assessment.intents
    granted = intents.has_comp(now) or intents.contract_runs(now)
    block = projection.billing_block(state, unrecovered=climbed.unrecovered)
    levels = [one.level for one in assessment.facts.blocks]
    levels += [block] if block is not None else []
    return Truth(
        state=state,
        raw_state=climbed.raw_state,
        has_debt=row.has_debt,
        is_bad_debt=row.is_bad_debt,
        oldest_due_at=climbed.oldest_due_at,
        balances={currency: TrueBalance(*sums) for currency, sums in totals(assessment.balances).items()},
        payment_status=projection.payment_status(state, assessment.account.status, primary, granted=granted),
        plan_code=plan.code,
        plan_active=access.plan_active,
        effective_plan=plan.code if access.plan_active else FREE,
        restricted=bool(levels),
        suspended=BlockLevel.SUSPEND in levels,
        billing_block=block,
        delinquent=row.delinquent,
        has_no_successful_payment=assessment.paid_by is None,
        has_payment_method=assessment.chargeable_by is not None,
        primary_subscription_id=None if primary is None else primary.id,
    )


def next_evaluation_at(assessment: Assessment, truth: Truth, now: datetime) -> datetime | None:
    """T17: the nearest future moment at which the same facts give another truth; None where time changes nothing."""
    later = sorted({moment for moment in _moments(assessment) if moment > now})
    return next((moment for moment in later if judge(assessment, moment).truth != truth), None)


def steady_until(assessment: Assessment, climbed: Ladder, now: datetime) -> datetime | None:
    """Until when the same facts give the same answer to the letter, its sentences too: the next moment at which any
    rule may look otherwise, and midnight where a sentence counts days past due. None: for ever."""
    later = [moment for moment in _moments(assessment) if moment > now]
    if climbed.rungs:
        later.append(midnight(now, 1) or now)
    return min(later, default=None)


def _moments(assessment: Assessment) -> Iterable[datetime]:
    yield from ladder.moments(assessment.debtor)
    yield from assessment.intents.moments()
    yield from entitlement.moments(assessment.subscriptions, assessment.paid_until)


def findings_of(assessment: Assessment, judgement: Judgement) -> tuple[Finding, ...]:
    """K5 to K8 and the draft backlog, in the order of the rules that find them."""
    conflicts = (balance.conflict for balance in assessment.balances if balance.conflict is not None)
    unmapped = (judgement.plan.finding,) if judgement.plan.finding is not None else ()
    return (
        *assessment.identity.findings,
        *conflicts,
        *assessment.subscriptions.findings,
        *unmapped,
        *_draft_backlogs(assessment),
    )


def _draft_backlogs(assessment: Assessment) -> list[Finding]:
    """Drafts that pile up behind an unpaid subscription: not debt, yet somebody's work."""
    found = []
    for subscription in assessment.subscriptions.all:
        if subscription.status == "unpaid":
            drafts = [
                invoice.id
                for invoice in assessment.facts.stripe.invoices
                if invoice.status == "draft" and invoice.subscription == subscription.id
            ]
            if drafts:
                text = f"{len(drafts)} draft invoices wait behind the unpaid subscription {subscription.id}."
                refs = tuple(f"stripe.invoices[{draft}]" for draft in sorted(drafts))
                found.append(Finding(FindingKind.DRAFT_BACKLOG, text, refs))
    return found

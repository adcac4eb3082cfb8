"""The whole flow on one screen: facts → truth → drift → plan, for one account at one moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from recon.engine.assessment import (
    Assessment,
    Judgement,
    assess,
    findings_of,
    judge,
    next_evaluation_at,
    steady_until,
)
from recon.engine.cause import missed_event
from recon.engine.drift import NO_DRIFT, Drift, drift_of
from recon.engine.facts import Facts
from recon.engine.findings import Finding, FindingKind
from recon.engine.likeness import Likeness, pattern_of
from recon.engine.plan import Plan, empty_plan, plan_of
from recon.engine.policy import Policy
from recon.engine.policy_inputs import policy_inputs
from recon.engine.proposals import proposals_of
from recon.engine.reasons import because
from recon.engine.rules.identity import family_of, identify, orphaned
from recon.engine.rules.reading import stale, unreadable
from recon.engine.truth import Reason, Truth


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the truth is known; `reasons` say what is missing where it is not."""

    known: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The answer about one account. An unknown verdict has no truth, no drift, an empty plan and no next moment.

    `likeness`, `policy_inputs` and `steady_until` are not part of the answer that others get: with whom the account
    drifts alike, which parts of the policy its truth depends on (None where it is unknown), and until when equal facts
    give an equal answer (None: for ever; what is unknown may be known at any moment).
    """

    account_id: str
    verdict: Verdict
    truth: Truth | None
    because: Mapping[str, Reason]
    drift: Drift
    plan: Plan
    findings: tuple[Finding, ...]
    next_evaluation_at: datetime | None
    likeness: Likeness | None = None
    policy_inputs: frozenset[str] | None = None
    steady_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a known verdict rests on, before anything is planned."""

    assessment: Assessment
    judgement: Judgement
    drift: Drift


def recompute(facts: Facts, policy: Policy, now: datetime) -> Evaluation:
    """`truth = f(facts, policy, now)`: pure and without memory, so that any order and number of events ends alike."""
    found = known(facts, policy, now)
    if isinstance(found, Evaluation):
        return found
    assessment, judgement, drift = found.assessment, found.judgement, found.drift
    likeness = None
    if drift.cells:
        likeness = Likeness(pattern_of(drift.cells), missed_event(assessment, judgement, drift.cells, now))

    return Evaluation(
        account_id=facts.account_id,
        verdict=Verdict(True, ()),
        truth=judgement.truth,
        because=because(assessment, judgement),
        drift=drift,
        plan=plan_of(facts.account_id, drift, judgement.truth, assessment.identity, proposals_of(assessment)),
        findings=findings_of(assessment, judgement),
        next_evaluation_at=next_evaluation_at(assessment, judgement.truth, now),
        likeness=likeness,
        policy_inputs=policy_inputs(assessment),
        steady_until=steady_until(assessment, judgement.ladder, now),
    )


def known(facts: Facts, policy: Policy, now: datetime) -> Known | Evaluation:
    """Truth and drift; the whole answer where the verdict is unknown."""
    family = family_of(facts)
    doubts = unreadable(facts, family)
    orphans = orphaned(facts)
    if doubts or orphans or facts.account is None:
        return unknown(facts.account_id, doubts, orphans)

    identity = identify(facts, family)
    assessment = assess(facts, facts.account, identity, policy)
    judgement = judge(assessment, now)
    drift = drift_of(facts, identity, judgement.truth)
    if drift.cells and (old := stale(facts, policy.freshness, now)):
        return unknown(facts.account_id, old, ())
    return Known(assessment, judgement, drift)


def unknown(account_id: str, doubts: Iterable[tuple[str, str]], orphans: Iterable[Finding]) -> Evaluation:
    """P4: unknown is not clear. `doubts` are (place, reason) pairs; nothing is written until they are gone."""
    doubts, orphans = tuple(doubts), tuple(orphans)
    findings = tuple(Finding(FindingKind.UNKNOWN, f"{reason.removesuffix('.')}.", (place,)) for place, reason in doubts)
    reasons = (*(reason for _, reason in doubts), *(finding.text for finding in orphans))
    return Evaluation(
        account_id=account_id,
        verdict=Verdict(False, reasons),
        truth=None,
        because={},
        drift=NO_DRIFT,
        plan=empty_plan(account_id),
        findings=(*findings, *orphans),
        next_evaluation_at=None,
    )

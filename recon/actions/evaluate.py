"""Readings of one account into its answer: the pure engine, and for what it cannot read, a verdict unknown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from recon.actions.keep_evaluations import Evaluated
from recon.engine.case import CaseError, answer, facts_from_readings
from recon.engine.facts import Reading
from recon.engine.pipeline import recompute
from recon.engine.policy import Policy


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rules are applied with: the policy, and which of Stripe's modes is ours."""

    policy: Policy
    livemode: bool

    @property
    def policy_hash(self) -> str:
        return sha256(json.dumps(self.policy.to_json(), sort_keys=True).encode()).hexdigest()


def evaluate(account_id: str, readings: Sequence[Reading], rules: Rules, now: datetime) -> Evaluated:
    try:
        facts = facts_from_readings(account_id, readings, livemode=rules.livemode)
    except CaseError as error:
        result: Mapping[str, Any] = unreadable(account_id, error)
    else:
        result = json.loads(json.dumps(answer(recompute(facts, rules.policy, now))))
    return Evaluated(
        account_id=account_id, at=now, answer=result, readings=tuple(readings), policy_hash=rules.policy_hash
    )


def unreadable(account_id: str, error: CaseError) -> dict[str, Any]:
    """The answer when a store holds a row that the contract does not allow (T0): it names the place and the reason."""
    reason = str(error)
    return {
        "account_id": account_id,
        "verdict": {"known": False, "reasons": [reason]},
        "truth": None,
        "because": {},
        "drift": {"classes": [], "details": [], "cells": []},
        "plan": {"digest": "", "risk": None, "writes": [], "proposals": []},
        "findings": [{"class": "unknown", "text": reason, "refs": []}],
        "next_evaluation_at": None,
    }

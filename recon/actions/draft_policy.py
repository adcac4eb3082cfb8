"""Draft a version of the policy: other numbers, tried out on everybody at once, that govern nobody yet."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from recon.actions.policy_settled import (
    PolicyDone,
    add_version,
    locked_versions,
    may_not_govern,
    refuse,
    sides,
    withdraw,
)
from recon.actions.preview_policy import OPEN_STATES, begin_preview
from recon.apply.record import Entry, record
from recon.engine.policy import Policy
from recon.engine.policy_sense import Nonsense, nonsense_in
from recon.engine.values import CaseError
from recon.models import PolicyState, PolicyVersion


def draft_policy(
    written: Mapping[str, Any], *, actor: str, groups: Iterable[str], now: datetime, request_id: str = ""
) -> PolicyDone:
    """`written` is as the JSON of a policy; what it leaves out has the rules' default. A draft that is there is
    withdrawn for it, and its preview begins."""
    try:
        policy = Policy.from_json(written)
    except CaseError as error:
        return PolicyDone("nonsense", str(error), problems=(Nonsense(error.path.removeprefix("policy."), str(error)),))
    if problems := nonsense_in(policy):
        return PolicyDone("nonsense", "These numbers make no sense together.", problems=problems)
    with transaction.atomic():
        active = locked_versions(now=now)
        refused = may_not_govern(groups) or _may_not(policy, active)
        if refused is not None:
            return refuse(refused, None, actor=actor, reason="", request_id=request_id)
        for former in PolicyVersion.objects.filter(state=PolicyState.DRAFT):
            withdraw(former, actor=actor, reason="Another draft took its place.", now=now)
        draft = add_version(policy, actor=actor, now=now)
        begin_preview(draft, active, actor=actor, now=now)
        before, after = sides(active, draft)
        record(Entry(actor, "policy.drafted", "", before=before, after=after, request_id=request_id))
    return PolicyDone(number=draft.number)


def preview_again(number: int, *, actor: str, groups: Iterable[str], now: datetime, request_id: str = "") -> PolicyDone:
    """Against the version that governs by now. Raises PolicyVersion's DoesNotExist."""
    with transaction.atomic():
        active = locked_versions(now=now)
        version = PolicyVersion.objects.get(number=number)
        refused = may_not_govern(groups)
        if refused is None and version.state not in OPEN_STATES:
            refused = PolicyDone("state", "Only what is about to govern is tried out.", number)
        if refused is not None:
            return refuse(refused, version, actor=actor, reason="", request_id=request_id)
        begin_preview(version, active, actor=actor, now=now)
        told = {"version": number, "against": active.number}
        record(Entry(actor, "policy.preview_begun", "", after=told, request_id=request_id))
    return PolicyDone(number=number)


def _may_not(policy: Policy, active: PolicyVersion) -> PolicyDone | None:
    if policy == Policy.from_json(active.policy):
        return PolicyDone("nothing", "These are the numbers that govern already.")
    waiting = PolicyVersion.objects.filter(state=PolicyState.WAITING_FOR_SECOND).first()
    if waiting is not None:
        sentence = f"Version {waiting.number} waits for a second admin: let it be approved or withdraw it first."
        return PolicyDone("waiting", sentence)
    return None

"""What every deed on the policy shares: its outcome, the turn in which versions change, and what the audit keeps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from recon.actions.authority import Right, holds
from recon.apply.record import Entry, record
from recon.engine.policy import Policy
from recon.engine.policy_sense import Nonsense
from recon.models import PolicyState, PolicyVersion
from recon.queries.policy import FIRST, SETTINGS, from_settings, hash_of

ADMINS: Final = "The policy is changed by admin."


@dataclass(frozen=True, slots=True)
class PolicyDone:
    """Done when `code` is empty; else a word for programs and a sentence for people. `number` is the version that it
    is about, `problems` say which numbers make no sense."""

    code: str = ""
    sentence: str = ""
    number: int | None = None
    problems: tuple[Nonsense, ...] = ()


def locked_versions(*, now: datetime) -> PolicyVersion:
    """The active version, with the turn to change versions until the transaction ends: the first version's row stands
    for all. What the settings say becomes the first, active, the first time that anybody asks."""
    policy = from_settings()
    PolicyVersion.objects.get_or_create(
        number=FIRST,
        defaults={
            "policy": policy.to_json(),
            "policy_hash": hash_of(policy),
            "state": PolicyState.ACTIVE,
            "made_by": SETTINGS,
            "made_at": now,
            "activated_at": now,
            "reason": "What RECON_POLICY said, or the rules' own numbers.",
        },
    )
    PolicyVersion.objects.select_for_update().get(number=FIRST)
    return PolicyVersion.objects.get(state=PolicyState.ACTIVE)


def add_version(policy: Policy, *, actor: str, now: datetime, reverts_to: int | None = None) -> PolicyVersion:
    """A draft with the next number, in one's turn."""
    last = PolicyVersion.objects.order_by("-number").values_list("number", flat=True)[:1].get()
    return PolicyVersion.objects.create(
        number=last + 1,
        policy=policy.to_json(),
        policy_hash=hash_of(policy),
        state=PolicyState.DRAFT,
        made_by=actor,
        made_at=now,
        reverts_to_id=reverts_to,
    )


def withdraw(version: PolicyVersion, *, actor: str, reason: str, now: datetime) -> None:
    """In one's turn: it will never be active."""
    version.state, version.ended_at, version.ended_by, version.end_reason = PolicyState.WITHDRAWN, now, actor, reason
    version.save(update_fields=["state", "ended_at", "ended_by", "end_reason"])
    version.previews.filter(finished_at__isnull=True, stopped="").update(stopped="It was withdrawn.")


def may_not_govern(groups: Iterable[str]) -> PolicyDone | None:
    return None if holds(groups, Right.GOVERN) else PolicyDone("forbidden", ADMINS)


def refuse(
    refused: PolicyDone, version: PolicyVersion | None, *, actor: str, reason: str, request_id: str
) -> PolicyDone:
    """The attempt stands in the audit."""
    told = {"version": version.number if version else None, "code": refused.code, "why": refused.sentence}
    record(Entry(actor, "policy.refused", reason, after=told, request_id=request_id))
    return refused


def changes_between(old: PolicyVersion, new: PolicyVersion) -> dict[str, list[Any]]:
    """Path → [old, new] of each number that differs; None where one of them has none."""
    before, after = (Policy.from_json(one.policy).numbers() for one in (old, new))
    return {
        path: [before.get(path), after.get(path)]
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    }


def sides(old: PolicyVersion, new: PolicyVersion) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What differs, as the audit keeps it: before, after."""
    changes = changes_between(old, new)
    return (
        {"version": old.number, "numbers": {path: pair[0] for path, pair in changes.items()}},
        {"version": new.number, "numbers": {path: pair[1] for path, pair in changes.items()}},
    )

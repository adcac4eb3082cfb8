"""Make a drafted version of the policy govern: at once where it is nowhere stricter, else by a second admin.

In one transaction the version takes over, every account that it can touch is marked, and the audit says so. Where more
accounts become more severe than automatic repairs may touch in an hour, the breaker opens in the same transaction: a
change of numbers locks nobody out by itself.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from recon.actions.authority import Right, holds
from recon.actions.breaker import open_breaker
from recon.actions.mark_touched import mark_touched
from recon.actions.policy_settled import PolicyDone, locked_versions, may_not_govern, refuse, sides
from recon.actions.policy_turn import take_policy_turn
from recon.actions.preview_policy import parts_touched
from recon.actions.wake import wake_soon
from recon.actors import name_of
from recon.apply.record import Entry, record
from recon.engine.gate import is_too_many
from recon.engine.policy import Policy
from recon.engine.policy_effect import is_nowhere_stricter
from recon.models import PolicyPreview, PolicyState, PolicyVersion
from recon.queries.groups import groups_now
from recon.words import reason_in

HOLDS_FOR: Final = timedelta(hours=24)
"""So long what a preview found is taken for what is: invoices fall due meanwhile."""
DONE_ALREADY: Final = (PolicyState.WAITING_FOR_SECOND, PolicyState.ACTIVE)
NO_PREVIEW: Final = PolicyDone("no_preview", "It has not been tried out: preview it first.")


def activate_policy(
    number: int, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> PolicyDone:
    """By whoever drafted it; asked twice, it is done once. One that makes anybody's truth more severe, now or as time
    goes by, waits for another admin.

    ValueError without a reason, PolicyVersion's DoesNotExist for one that there is not.
    """
    said = reason_in(reason, "Say why the numbers change: whoever is asked about an account will read it.")
    with transaction.atomic():
        take_policy_turn()
        active, version = locked_versions(now=now), PolicyVersion.objects.get(number=number)
        if version.made_by == actor and version.state in DONE_ALREADY:
            return PolicyDone(number=number)
        preview = version.previews.order_by("-id").first()
        refused = may_not_govern(groups) or _may_not_activate(version, active, actor) or _unseen(preview, active, now)
        if refused is not None or preview is None:
            return refuse(refused or NO_PREVIEW, version, actor=actor, reason=said, request_id=request_id)
        version.reason = said
        if _may_take_away(version, active):
            _ask_for_second(version, active, preview, request_id)
        else:
            take_over(version, active, preview, actor=actor, now=now, request_id=request_id)
    return PolicyDone(number=number)


def approve_policy(
    number: int, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> PolicyDone:
    """By a second admin, with a reason of their own; then it governs. Raises as above."""
    said = reason_in(reason, "Say why you approve it: two people answer for it.")
    with transaction.atomic():
        take_policy_turn()
        active, version = locked_versions(now=now), PolicyVersion.objects.get(number=number)
        if version.second == actor and version.state == PolicyState.ACTIVE:
            return PolicyDone(number=number)
        preview = version.previews.order_by("-id").first()
        refused = may_not_govern(groups) or _may_not_approve(version, actor) or _unseen(preview, active, now)
        if refused is not None or preview is None:
            return refuse(refused or NO_PREVIEW, version, actor=actor, reason=said, request_id=request_id)
        version.second, version.second_reason = actor, said
        take_over(version, active, preview, actor=actor, now=now, request_id=request_id)
    return PolicyDone(number=number)


def take_over(
    version: PolicyVersion,
    active: PolicyVersion,
    preview: PolicyPreview | None,
    *,
    actor: str,
    now: datetime,
    request_id: str,
) -> None:
    """In one's turn, and last in the transaction. Without a preview nobody becomes more severe, whatever the facts."""
    active.state, active.ended_at, active.ended_by = PolicyState.SUPERSEDED, now, actor
    active.end_reason = version.reason
    active.save(update_fields=["state", "ended_at", "ended_by", "end_reason"])
    version.state, version.activated_at, version.follows = PolicyState.ACTIVE, now, active
    version.save()
    marked = mark_touched(parts_touched(active, version), number=version.number, now=now)
    if preview is not None and is_too_many(preview.result["severe"], preview.accounts):
        many = f"{preview.result['severe']} of {preview.accounts} accounts"
        why = f"Version {version.number} of the policy is more severe for {many}; a person has to look first."
        open_breaker(why, now, {"policy_version": version.number})
    if marked:
        wake_soon("recon.recompute_due")
        wake_soon("recon.sweep")
    before, after = sides(active, version)
    told = {**after, "made_by": version.made_by, "second": version.second, "marked": marked, **_found(preview)}
    said = version.second_reason or version.reason
    record(Entry(actor, "policy.activated", said, before=before, after=told, request_id=request_id))


def _may_take_away(version: PolicyVersion, active: PolicyVersion) -> bool:
    """From anybody, now or as time goes by: what hits nobody today may lock somebody out tomorrow."""
    return not is_nowhere_stricter(Policy.from_json(version.policy), Policy.from_json(active.policy))


def _ask_for_second(version: PolicyVersion, active: PolicyVersion, preview: PolicyPreview, request_id: str) -> None:
    version.state = PolicyState.WAITING_FOR_SECOND
    version.save(update_fields=["state", "reason"])
    before, after = sides(active, version)
    told = {**after, **_found(preview)}
    record(
        Entry(version.made_by, "policy.second_asked", version.reason, before=before, after=told, request_id=request_id)
    )


def _may_not_activate(version: PolicyVersion, active: PolicyVersion, actor: str) -> PolicyDone | None:
    if version.made_by != actor:
        return PolicyDone("forbidden", "Somebody else drafted it, and makes it govern.")
    if version.state != PolicyState.DRAFT:
        return PolicyDone("state", "It is no draft any more.")
    return None


def _may_not_approve(version: PolicyVersion, actor: str) -> PolicyDone | None:
    if version.made_by == actor:
        return PolicyDone("forbidden", "You drafted it: another admin approves it.")
    if version.state != PolicyState.WAITING_FOR_SECOND:
        return PolicyDone("state", "It does not wait for a second admin.")
    if not holds(groups_now(version.made_by), Right.GOVERN):
        return PolicyDone("state", f"{name_of(version.made_by)}, who drafted it, may not any more: withdraw it.")
    return None


def _unseen(preview: PolicyPreview | None, active: PolicyVersion, now: datetime) -> PolicyDone | None:
    """Why what it would do is not known; None where a preview of it against the very version that governs has ended."""
    if preview is None:
        return NO_PREVIEW
    if preview.against_id != active.number:
        return PolicyDone("moved", "The active policy changed: preview it again.")
    if preview.stopped:
        return PolicyDone("no_preview", f"Its preview was given up: {preview.stopped}")
    if preview.finished_at is None:
        return PolicyDone("no_preview", "Its preview is under way: wait for its end.")
    if now - preview.judged_at > HOLDS_FOR:
        return PolicyDone("old", "Its preview is more than a day old, and invoices fall due: preview it again.")
    return None


def _found(preview: PolicyPreview | None) -> dict[str, object]:
    """What the audit keeps of what was known when it was decided."""
    if preview is None:
        return {"preview": None}
    told = {name: preview.result[name] for name in ("changed", "severe", "lenient", "states")}
    return {"preview": {"id": preview.id, "accounts": preview.accounts, "recomputed": preview.to_recompute, **told}}

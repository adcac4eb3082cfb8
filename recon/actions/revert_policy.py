"""Go back to a version of the policy that governed before: a new version with its numbers.

Undoing the last change is one deed where it can take nothing from anybody, which the numbers alone tell. Where it
could, and for an older version, a draft is made and tried out as any other: what makes somebody's truth more severe has
two people, also on the way back.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from recon.actions.activate_policy import take_over
from recon.actions.policy_settled import (
    PolicyDone,
    add_version,
    locked_versions,
    may_not_govern,
    refuse,
    sides,
    withdraw,
)
from recon.actions.policy_turn import take_policy_turn
from recon.actions.preview_policy import OPEN_STATES, begin_preview
from recon.apply.record import Entry, record
from recon.engine.policy import Policy
from recon.models import PolicyState, PolicyVersion
from recon.queries.policy import goes_back_at_once, version_of
from recon.words import reason_in


def revert_policy(
    number: int, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> PolicyDone:
    """The new version's number. What was being drafted is withdrawn: it was about numbers that are given up. ValueError
    without a reason, PolicyVersion's DoesNotExist for one that there is not."""
    said = reason_in(reason, "Say why: whoever made the change will ask.")
    with transaction.atomic():
        take_policy_turn()
        active, former = locked_versions(now=now), PolicyVersion.objects.get(number=number)
        refused = may_not_govern(groups) or _may_not(former, active)
        if refused is not None:
            return refuse(refused, former, actor=actor, reason=said, request_id=request_id)
        for draft in PolicyVersion.objects.filter(state__in=OPEN_STATES):
            withdraw(draft, actor=actor, reason=f"Version {number} was gone back to.", now=now)
        version = add_version(Policy.from_json(former.policy), actor=actor, now=now, reverts_to=number)
        version.reason = said
        if goes_back_at_once(version_of(former), version_of(active)):
            take_over(version, active, None, actor=actor, now=now, request_id=request_id)
        else:
            _draft(version, active, said, actor=actor, now=now, request_id=request_id)
    return PolicyDone(number=version.number)


def _may_not(former: PolicyVersion, active: PolicyVersion) -> PolicyDone | None:
    if former.state != PolicyState.SUPERSEDED:
        return PolicyDone("state", "It never governed, or governs now.", former.number)
    if former.policy_hash == active.policy_hash:
        return PolicyDone("nothing", "These are the numbers that govern already.", former.number)
    return None


def _draft(
    version: PolicyVersion, active: PolicyVersion, said: str, *, actor: str, now: datetime, request_id: str
) -> None:
    version.save(update_fields=["reason"])
    begin_preview(version, active, actor=actor, now=now)
    before, after = sides(active, version)
    told = {**after, "reverts_to": version.reverts_to_id}
    record(Entry(actor, "policy.drafted", said, before=before, after=told, request_id=request_id))

"""Withdraw a version of the policy that does not govern yet: it never will."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from recon.actions.policy_settled import PolicyDone, locked_versions, may_not_govern, refuse, withdraw
from recon.actions.preview_policy import OPEN_STATES
from recon.apply.record import Entry, record
from recon.models import PolicyState, PolicyVersion
from recon.words import reason_in


def withdraw_policy(
    number: int, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> PolicyDone:
    """By any admin. One that is withdrawn already is left as it is. ValueError without a reason, PolicyVersion's
    DoesNotExist for one that there is not."""
    said = reason_in(reason, "Say why: whoever drafted it will ask.")
    with transaction.atomic():
        locked_versions(now=now)
        version = PolicyVersion.objects.get(number=number)
        if version.state == PolicyState.WITHDRAWN:
            return PolicyDone(number=number)
        refused = may_not_govern(groups)
        if refused is None and version.state not in OPEN_STATES:
            refused = PolicyDone("state", "It has governed: go back to another version instead.", number)
        if refused is not None:
            return refuse(refused, version, actor=actor, reason=said, request_id=request_id)
        before = {"version": number, "state": str(version.state)}
        withdraw(version, actor=actor, reason=said, now=now)
        after = {"version": number, "state": str(PolicyState.WITHDRAWN)}
        record(Entry(actor, "policy.withdrawn", said, before=before, after=after, request_id=request_id))
    return PolicyDone(number=number)

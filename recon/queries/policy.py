"""The rules' numbers: the version that governs, every version there was, and what a version would change."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Q

from recon.engine.policy import Policy
from recon.engine.policy_effect import is_nowhere_stricter
from recon.models import PolicyPreview, PolicyState, PolicyVersion

FIRST: Final = 1
"""The number of what the environment says, also while nobody has made a version and none is kept."""
SETTINGS: Final = "task:settings"


@dataclass(frozen=True, slots=True)
class InForce:
    """The numbers that govern now."""

    number: int
    policy: Policy


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it is kept; `second` is empty where one person was enough, moments are None until they come."""

    number: int
    state: str
    policy: Policy
    policy_hash: str
    made_by: str
    made_at: datetime
    reason: str
    second: str
    second_reason: str
    activated_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    end_reason: str
    follows: int | None
    reverts_to: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A trial of a version against the one that was active then. `result` is as `recon.actions.policy_counts` sums it
    up, empty until it is finished; `done` of `chunks` are done, `recomputed` accounts in them."""

    id: int
    version: int
    against: int
    judged_at: datetime
    started_by: str
    listed_at: datetime | None
    finished_at: datetime | None
    stopped: str
    accounts: int
    unknown: int
    to_recompute: int
    chunks: int
    done: int
    result: Mapping[str, Any]

    @property
    def is_under_way(self) -> bool:
        return self.finished_at is None and not self.stopped

    @property
    def severe(self) -> int:
        return int(self.result.get("severe", 0))

    @property
    def lenient(self) -> int:
        return int(self.result.get("lenient", 0))


@dataclass(frozen=True, slots=True)
class History:
    """What governs, every version that is kept, the newest first, and of each its latest finished preview."""

    governing: InForce
    versions: Sequence[Version]
    previews: Mapping[int, Preview]


def in_force() -> InForce:
    """By one look-up along a unique index, asked anew for each piece of work and kept by nobody: a worker that lives
    for weeks goes by the version of this moment. Until there is a version, by what the settings say."""
    row = PolicyVersion.objects.filter(state=PolicyState.ACTIVE).values_list("number", "policy").first()
    return InForce(row[0], Policy.from_json(row[1])) if row else InForce(FIRST, from_settings())


def number_in_force() -> int:
    number = PolicyVersion.objects.filter(state=PolicyState.ACTIVE).values_list("number", flat=True).first()
    return FIRST if number is None else number


def from_settings() -> Policy:
    return Policy.from_json(settings.POLICY)


def setting_is_unused() -> bool:
    """Whether the setting says something else by now than when it became the first version."""
    first = PolicyVersion.objects.filter(number=FIRST).values_list("policy_hash", flat=True).first()
    return first is not None and first != hash_of(from_settings())


def hash_of(policy: Policy) -> str:
    """SHA-256, in hex, over its JSON; the same for equal numbers in every process."""
    return sha256(json.dumps(policy.to_json(), sort_keys=True).encode()).hexdigest()


def version(number: int) -> Version | None:
    row = PolicyVersion.objects.filter(number=number).first()
    return version_of(row) if row else None


def goes_back_at_once(former: Version, active: Version) -> bool:
    """Whether going back is undoing the last change, and can make nobody's truth more severe."""
    return former.number == active.follows and is_nowhere_stricter(former.policy, active.policy)


def active_version() -> Version | None:
    """None while nobody has made one, and what the settings say governs."""
    row = PolicyVersion.objects.filter(state=PolicyState.ACTIVE).first()
    return version_of(row) if row else None


def history() -> History:
    """Before anybody made a version, none is kept, and what the settings say governs."""
    found = [version_of(row) for row in PolicyVersion.objects.order_by("-number")]
    active = next((one for one in found if one.state == PolicyState.ACTIVE), None)
    governing = InForce(active.number, active.policy) if active else InForce(FIRST, from_settings())
    return History(governing, found, _previews_of([one.number for one in found]) if found else {})


def latest_preview(number: int) -> Preview | None:
    counted = PolicyPreview.objects.annotate(
        all_chunks=Count("chunks"), done_chunks=Count("chunks", filter=Q(chunks__done_at__isnull=False))
    )
    row = counted.filter(version=number).order_by("-id").first()
    return _preview(row, row.all_chunks, row.done_chunks) if row else None


def _previews_of(numbers: Sequence[int]) -> dict[int, Preview]:
    rows = PolicyPreview.objects.filter(version__in=numbers, finished_at__isnull=False).order_by("version", "-id")
    return {row.version_id: _preview(row, 0, 0) for row in rows.distinct("version")}


def version_of(row: PolicyVersion) -> Version:
    return Version(
        number=row.number,
        state=row.state,
        policy=Policy.from_json(row.policy),
        policy_hash=row.policy_hash,
        made_by=row.made_by,
        made_at=row.made_at,
        reason=row.reason,
        second=row.second,
        second_reason=row.second_reason,
        activated_at=row.activated_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        end_reason=row.end_reason,
        follows=row.follows_id,
        reverts_to=row.reverts_to_id,
    )


def _preview(row: PolicyPreview, chunks: int, done: int) -> Preview:
    return Preview(
        id=row.id,
        version=row.version_id,
        against=row.against_id,
        judged_at=row.judged_at,
        started_by=row.started_by,
        listed_at=row.listed_at,
        finished_at=row.finished_at,
        stopped=row.stopped,
        accounts=row.accounts,
        unknown=row.unknown,
        to_recompute=row.to_recompute,
        chunks=chunks,
        done=done,
        result=row.result,
    )

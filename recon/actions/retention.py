"""How long each table keeps its rows: what grows is named here with the setting that bounds it, all else with the
reason why it is kept. A model that is in neither fails a test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, Model, OuterRef, Q
from django.db.models.functions import TruncDay

from recon.actions.idempotent_request import KEPT as REQUESTS_KEPT
from recon.models import (
    SNAPSHOTS,
    AccountState,
    BulkRepair,
    BulkState,
    DriftChange,
    DriftPoint,
    Evaluation,
    IdempotentRequest,
    Inbox,
    InboxFinding,
    InboxStatus,
    LookUp,
    MirrorSync,
    OutboxEvent,
    Recompute,
    ShadowCount,
    Snooze,
    StoreSnapshot,
    SweepChunk,
    SweepRun,
    WorkClaim,
)

Goes = Callable[[datetime], Q | Exists]
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Aged:
    """The rows of a table that go: `by` lies longer ago than they are kept for, and `goes` (of that moment) holds.

    `kept` names a setting, in days, or is the time itself. `audited` is the audit's word for what was removed.
    """

    model: type[Model]
    by: str
    kept: str | timedelta
    goes: Goes = lambda before: Q()
    audited: str = ""

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def setting(self) -> str:
        """Empty where there is none."""
        return self.kept if isinstance(self.kept, str) else ""

    @property
    def days(self) -> int:
        return self.kept.days if isinstance(self.kept, timedelta) else getattr(settings, self.kept)

    def before(self, now: datetime) -> datetime:
        return now - timedelta(days=self.days)


def _superseded(model: type[StoreSnapshot]) -> Goes:
    """Of one account the newest before the moment stays: it still answers for that moment."""

    def goes(before: datetime) -> Exists:
        newer = model._default_manager.filter(account_id=OuterRef("account_id"), read_at__lt=before)
        later = Q(read_at__gt=OuterRef("read_at")) | Q(read_at=OuterRef("read_at"), pk__gt=OuterRef("pk"))
        return Exists(newer.filter(later))

    return goes


def _is_not_latest(before: datetime) -> Q:
    return ~Q(Exists(AccountState.objects.filter(evaluation=OuterRef("pk"))))


def _has_later_change(before: datetime) -> Exists:
    """The last change stays: by it the next one is known to be new, or to have come back."""
    same = DriftChange.objects.filter(account_id=OuterRef("account_id"), measure=OuterRef("measure"))
    return Exists(same.filter(pk__gt=OuterRef("pk")))


def _has_later_point_that_day(before: datetime) -> Exists:
    """A point holds all that was counted until then, so that a day's last stands for the day."""
    near = DriftPoint.objects.filter(at__gt=OuterRef("at"), at__lt=OuterRef("at") + DAY)
    return Exists(near.annotate(day=TruncDay("at")).filter(day__lte=OuterRef("at")))


def _has_later_published(before: datetime) -> Exists:
    """The newest stays: the feed knows by the oldest event that is kept who has missed something."""
    return Exists(OutboxEvent.objects.filter(sequence__gt=OuterRef("sequence"), published_at__lt=before))


def _waits_for_nobody(before: datetime) -> Q:
    odd = InboxFinding.objects.filter(event=OuterRef("pk"), settled_at__isnull=True)
    return Q(status__in=(InboxStatus.ROUTED, InboxStatus.IGNORED)) & ~Q(Exists(odd))


def _is_of_left_sweep(before: datetime) -> Exists:
    return Exists(SweepRun.objects.filter(pk__gt=OuterRef("run"), finished_at__isnull=False))


def _has_later_sweep(before: datetime) -> Q:
    """The last that proved accounts unchanged stays: by it they were looked at."""
    later = SweepRun.objects.filter(pk__gt=OuterRef("pk"), finished_at__isnull=False)
    proves_nothing = Q(proved_at__isnull=True) | Q(finished_at__isnull=True)
    return Q(Exists(later)) & (proves_nothing | Q(Exists(later.filter(proved_at__isnull=False))))


def _has_later_sync(before: datetime) -> Q:
    done = MirrorSync.objects.filter(pk__gt=OuterRef("pk"), completed_at__isnull=False)
    return Q(completed_at__isnull=False) & Q(Exists(done))


LOOK_UPS: Final = Aged(LookUp, "at", "LOOK_UP_DAYS", audited="look_ups.pruned")
AGED: Final[tuple[Aged, ...]] = (
    *(Aged(model, "read_at", "SNAPSHOT_DAYS", _superseded(model)) for model in SNAPSHOTS.values()),
    Aged(Recompute, "at", "SNAPSHOT_DAYS"),
    Aged(Evaluation, "at", "SNAPSHOT_DAYS", _is_not_latest),
    Aged(DriftChange, "at", "COURSE_DAYS", _has_later_change),
    Aged(DriftPoint, "at", "COURSE_POINT_DAYS", _has_later_point_that_day),
    Aged(ShadowCount, "day", "COURSE_DAYS"),
    Aged(OutboxEvent, "published_at", "EVENT_DAYS", _has_later_published),
    Aged(Inbox, "received_at", "INBOX_DAYS", _waits_for_nobody),
    Aged(SweepChunk, "run__started_at", "SWEEP_CHUNK_DAYS", _is_of_left_sweep),
    Aged(SweepRun, "started_at", "RUN_DAYS", _has_later_sweep),
    Aged(MirrorSync, "started_at", "RUN_DAYS", _has_later_sync),
    Aged(BulkRepair, "started_at", "DRAFT_DAYS", lambda before: Q(state=BulkState.DRAFTED)),
    LOOK_UPS,
    Aged(IdempotentRequest, "created_at", REQUESTS_KEPT),
    Aged(Snooze, "until", timedelta(0)),
    Aged(WorkClaim, "touched_at", DAY),
    Aged(Session, "expire_date", timedelta(0)),
    Aged(AccessAttempt, "attempt_time", 7 * DAY),
)

WITH_ANOTHER: Final = "goes with what it belongs to"
ONE_EACH: Final = "one row for each account, written over"
PEOPLE: Final = "who may do what: an admin's to change"
NEVER_WRITTEN: Final = "never written"
KEPT: Final[Mapping[str, str]] = {
    "recon.AuditEntry": "the audit is never pruned",
    "recon.AuditHead": "the audit's end",
    "recon.AuditVerification": "forgets by itself: what found nothing after 30 days, what found something never",
    "recon.Apply": "the journal of repairs: what was written, by whom, why, and how to undo it",
    "recon.ApplyBranch": "the journal of repairs",
    "recon.ApplyCall": "the journal of repairs",
    "recon.BulkRepairItem": WITH_ANOTHER + "; what came of each account is kept for ever",
    "recon.Relapse": "the journal of repairs: who changed back what",
    "recon.CaseDecision": "what people decided, and why",
    "recon.Note": "what people wrote down",
    "recon.Cluster": "since when a pattern of drift is known; there are few patterns",
    "recon.PolicyVersion": "by which numbers an evaluation was made",
    "recon.PolicyPreview": "what a version was expected to change",
    "recon.PolicyPreviewChunk": "goes by itself when its preview ends",
    "recon.ApiToken": "its name stands in the audit, and is never given again",
    "recon.ClassMode": "one row for each class of drift",
    "recon.Switch": "one row for each switch",
    "recon.StripePace": "one row",
    "recon.Pulse": "one row for each part",
    "recon.QueueCount": "one row for each queue",
    "recon.SavedFilter": "until its person forgets it",
    "recon.ShadowCell": "one row for each cell that differs from the truth now",
    "recon.ShadowMark": "one row",
    "recon.AccountState": ONE_EACH,
    "recon.AccountHandles": ONE_EACH,
    "recon.Dirty": ONE_EACH,
    "recon.StripeObject": "one row for each object that Stripe has",
    "recon.InboxMark": WITH_ANOTHER,
    "recon.InboxFinding": WITH_ANOTHER,
    "auth.User": PEOPLE,
    "auth.Group": PEOPLE,
    "auth.Permission": PEOPLE,
    "auth.User_groups": PEOPLE,
    "auth.User_user_permissions": PEOPLE,
    "auth.Group_permissions": PEOPLE,
    "contenttypes.ContentType": "one row for each model",
    "axes.AccessAttemptExpiration": NEVER_WRITTEN,
    "axes.AccessFailureLog": NEVER_WRITTEN,
    "axes.AccessLog": NEVER_WRITTEN,
}

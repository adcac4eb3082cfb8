"""Our own tables: fields and constraints only. What the stores said (`snapshots`, `mirror`), what the engine made of it
(`evaluations`), what was done about it."""

from collections.abc import Mapping

from recon.engine.facts import StoreName
from recon.models.api import ApiToken, IdempotentRequest
from recon.models.audit import AuditEntry, AuditHead, AuditVerification
from recon.models.automation import ClassMode, Mode, Relapse
from recon.models.bulk import (
    BulkKind,
    BulkOutcome,
    BulkRepair,
    BulkRepairItem,
    BulkStage,
    BulkState,
    StripePace,
)
from recon.models.cases import STANDS, CaseClosing, CaseDecision, CaseKind
from recon.models.course import ChangeKind, Cluster, DriftChange, DriftPoint
from recon.models.evaluations import AccountState, Evaluation, Recompute, SweepChunk, SweepRun, Trigger
from recon.models.handles import AccountHandles
from recon.models.inbox import FindingKind, Inbox, InboxFinding, InboxMark, InboxStatus
from recon.models.intake import Dirty
from recon.models.mirror import MirrorSync, StripeObject
from recon.models.outbox import EventKind, OutboxEvent
from recon.models.people import LookUp, Note
from recon.models.policy import PolicyPreview, PolicyPreviewChunk, PolicyState, PolicyVersion
from recon.models.pulse import Pulse
from recon.models.queue import QueueCount, SavedFilter, Snooze, WorkClaim
from recon.models.repairs import (
    LIVE_STATES,
    Apply,
    ApplyBranch,
    ApplyCall,
    ApplyState,
    BranchState,
    CallClass,
    CallState,
    Switch,
)
from recon.models.shadow import ShadowCell, ShadowCount, ShadowMark
from recon.models.snapshots import (
    BillingProdSnapshot,
    CfProdSnapshot,
    StoreSnapshot,
    StripeSnapshot,
    SubsAccountSnapshot,
    SubsCustomerSnapshot,
    SubsDunningSnapshot,
)

SNAPSHOTS: Mapping[StoreName, type[StoreSnapshot]] = {
    StoreName.SUBS_ACCOUNT: SubsAccountSnapshot,
    StoreName.SUBS_CUSTOMER: SubsCustomerSnapshot,
    StoreName.SUBS_DUNNING: SubsDunningSnapshot,
    StoreName.BILLING_PROD: BillingProdSnapshot,
    StoreName.CF_PROD: CfProdSnapshot,
    StoreName.STRIPE: StripeSnapshot,
}

__all__ = [
    "LIVE_STATES",
    "SNAPSHOTS",
    "STANDS",
    "AccountHandles",
    "AccountState",
    "ApiToken",
    "Apply",
    "ApplyBranch",
    "ApplyCall",
    "ApplyState",
    "AuditEntry",
    "AuditHead",
    "AuditVerification",
    "BillingProdSnapshot",
    "BranchState",
    "BulkKind",
    "BulkOutcome",
    "BulkRepair",
    "BulkRepairItem",
    "BulkStage",
    "BulkState",
    "CallClass",
    "CallState",
    "CaseClosing",
    "CaseDecision",
    "CaseKind",
    "CfProdSnapshot",
    "ChangeKind",
    "ClassMode",
    "Cluster",
    "Dirty",
    "DriftChange",
    "DriftPoint",
    "Evaluation",
    "EventKind",
    "FindingKind",
    "IdempotentRequest",
    "Inbox",
    "InboxFinding",
    "InboxMark",
    "InboxStatus",
    "LookUp",
    "MirrorSync",
    "Mode",
    "Note",
    "OutboxEvent",
    "PolicyPreview",
    "PolicyPreviewChunk",
    "PolicyState",
    "PolicyVersion",
    "Pulse",
    "QueueCount",
    "Recompute",
    "Relapse",
    "SavedFilter",
    "ShadowCell",
    "ShadowCount",
    "ShadowMark",
    "Snooze",
    "StoreSnapshot",
    "StripeObject",
    "StripePace",
    "StripeSnapshot",
    "SubsAccountSnapshot",
    "SubsCustomerSnapshot",
    "SubsDunningSnapshot",
    "SweepChunk",
    "SweepRun",
    "Switch",
    "Trigger",
    "WorkClaim",
]

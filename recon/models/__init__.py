"""Our own tables: fields and constraints only. What the stores said (`snapshots`, `mirror`), what the engine made of it
(`evaluations`), what was done about it."""

from collections.abc import Mapping

from recon.engine.facts import StoreName
from recon.models.evaluations import AccountState, Evaluation, SweepChunk, SweepRun, Trigger
from recon.models.mirror import MirrorSync, StripeObject
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
    "SNAPSHOTS",
    "AccountState",
    "BillingProdSnapshot",
    "CfProdSnapshot",
    "Evaluation",
    "MirrorSync",
    "StoreSnapshot",
    "StripeObject",
    "StripeSnapshot",
    "SubsAccountSnapshot",
    "SubsCustomerSnapshot",
    "SubsDunningSnapshot",
    "SweepChunk",
    "SweepRun",
    "Trigger",
]

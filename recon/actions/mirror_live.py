"""What a live read showed of Stripe, into the mirror too: the next sweep reads the mirror, and has to agree.

A customer that claims another account than before makes both accounts look again: the claim is how they find it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.sync_stripe import claim_of, keep_objects
from recon.engine.facts import Reading, StoreName
from recon.models import StripeObject
from recon.queries.mirror import KINDS

Objects = Sequence[Mapping[str, Any]]


def mirror_live(account_id: str, readings: Iterable[Reading]) -> None:
    """A failed read changes nothing; what is newer in the mirror stays."""
    for reading in readings:
        if reading.store is StoreName.STRIPE and reading.ok and reading.as_of is not None:
            _mirror(account_id, reading.tables, reading.as_of)


def keep_customers(customers: Objects, read_at: datetime, *, asked_for: str = "") -> None:
    """Into the mirror, inside the caller's transaction; accounts that a claim came to or left are marked dirty.

    `asked_for` is the account that is being evaluated with them anyway.
    """
    claims = {one["id"]: claim_of(one) for one in customers}
    before = dict(StripeObject.objects.filter(id__in=claims).values_list("id", "account_id"))
    keep_objects("customers", customers, read_at)
    moved = {side for id, claim in claims.items() if claim != before.get(id) for side in (claim, before.get(id))}
    others = [account for account in moved if account and account != asked_for]
    mark_dirty(others, read_at, cause=Cause(CauseKind.MIRROR))


def _mirror(account_id: str, tables: Mapping[str, Objects], as_of: datetime) -> None:
    customers = [one for one in tables.get("customers", ()) if isinstance(one.get("id"), str)]
    with transaction.atomic():
        keep_customers(customers, as_of, asked_for=account_id)
        for kind in KINDS:
            if kind != "customers" and tables.get(kind):
                keep_objects(kind, tables[kind], as_of)
        _forget([one["id"] for one in customers], as_of)


def _forget(customer_ids: list[str], as_of: datetime) -> None:
    """What those customers no longer have: a live read lists all of a customer's objects."""
    gone = StripeObject.objects.filter(customer__in=customer_ids, read_at__lt=as_of)
    ids = list(gone.order_by("id").select_for_update().values_list("id", flat=True))
    StripeObject.objects.filter(id__in=ids).delete()

"""Read all six stores: one account live, or a chunk of accounts with Stripe out of the mirror.

The order is forced by what links the stores: subs_customer first (the family and its Stripe customers), the ledger next
(the Stripe invoices that it names), then the others and Stripe.
"""

from collections.abc import Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import xor
from typing import Final, cast

from recon.engine.facts import Reading, StoreName
from recon.queries.mirror import MirrorObjects, Wanted, claimed_customers, fingerprints, mirror_as_of, mirrored
from recon.stores.base import BulkStore, ManyReadStore, Scope, Store, scope_from_links, scope_with_ledger
from recon.stores.threads import KeptThreads
from recon.traces import span

Stores = Mapping[StoreName, Store]
WITHOUT_SCOPE = (StoreName.SUBS_DUNNING, StoreName.CF_PROD, StoreName.SUBS_ACCOUNT)
DATABASES = (StoreName.SUBS_CUSTOMER, StoreName.BILLING_PROD, *WITHOUT_SCOPE)
_THREADS: Final = KeptThreads(4 * len(WITHOUT_SCOPE), "stores")
NEVER_MIRRORED = "stripe: the mirror was never filled; run sync_stripe"


@dataclass(frozen=True, slots=True)
class ChunkReading:
    """The six readings of one account; without `mirror_suffices`, only Stripe itself can tell what there is.

    `fingerprint` is what `fingerprints_of` would have said in these snapshots; None where a store was silent.
    `is_its_own`: it is of the very rows that were read, which no other account has a share in.
    """

    readings: tuple[Reading, ...]
    mirror_suffices: bool
    fingerprint: int | None
    is_its_own: bool


def read_live(stores: Stores, account_id: str) -> tuple[Reading, ...]:
    """All six, live. Never raises for an outside failure: a reading says it."""
    return read_live_all(stores, [account_id])[account_id]


def read_live_all(stores: Stores, account_ids: Sequence[str]) -> dict[str, tuple[Reading, ...]]:
    """The same of each account: one snapshot per database for all of them, and Stripe's requests in flight together."""
    links = _read(stores, StoreName.SUBS_CUSTOMER, [Scope.of(account_id) for account_id in account_ids])
    scopes = with_claims([scope_from_links(account_id, links[account_id]) for account_id in account_ids])
    others = [_THREADS.submit(copy_context().run, _read, stores, name, scopes) for name in WITHOUT_SCOPE]
    ledger = _read(stores, StoreName.BILLING_PROD, scopes)
    with_ledger = [scope_with_ledger(one, ledger[one.account_id]) for one in scopes]
    stripe = _read(stores, StoreName.STRIPE, with_ledger)
    read = [links, ledger, *(other.result() for other in others), stripe]
    return {account_id: tuple(said[account_id] for said in read) for account_id in account_ids}


def _read(stores: Stores, name: StoreName, scopes: Sequence[Scope]) -> Mapping[str, Reading]:
    with span("read", store=name.value) as one:
        said = stores[name].read_many(scopes)
        one.say(failed=sum(not reading.ok for reading in said.values()))
    return said


def read_chunk(stores: Stores, account_ids: Sequence[str]) -> dict[str, ChunkReading]:
    """All six for each account: one snapshot per database, and one query of the mirror, for the whole chunk."""
    alone = [Scope.of(account_id) for account_id in account_ids]
    links = bulk(stores, StoreName.SUBS_CUSTOMER).read_many(alone, fingerprints=True)
    scopes = with_claims([scope_from_links(account_id, links[account_id]) for account_id in account_ids])
    ledger = bulk(stores, StoreName.BILLING_PROD).read_many(scopes, fingerprints=True)
    others = [bulk(stores, name).read_many(scopes, fingerprints=True) for name in WITHOUT_SCOPE]
    scopes = [scope_with_ledger(scope, ledger[scope.account_id]) for scope in scopes]
    stripe = _from_mirror(scopes)
    chunk = {}
    for scope in scopes:
        me = scope.account_id
        mirror = stripe[me]
        readings = (links[me], ledger[me], *(other[me] for other in others), mirror.reading)
        is_its_own = mirror.is_its_own and scope.family == (me,) and not scope.neighbours
        chunk[me] = ChunkReading(readings, mirror.suffices, _in_one(readings), is_its_own)
    return chunk


def fingerprints_of(stores: Stores, account_ids: Sequence[str]) -> dict[str, int]:
    """Of each account's rows in the five databases, and the objects of the customers that claim it in the mirror,
    without reading them. Raises StoreUnreachable."""
    taken = [bulk(stores, name).fingerprints(account_ids) for name in DATABASES]
    taken.append(fingerprints(account_ids))
    return {id: reduce(xor, (one.get(id, 0) for one in taken)) for id in account_ids}


def with_claims(scopes: Sequence[Scope]) -> list[Scope]:
    """The scopes with the Stripe customers that claim the account by their metadata, as the mirror last saw them: a
    customer that nobody linked is found in no other way."""
    claims = claimed_customers(sorted({member for scope in scopes for member in scope.family}))
    widened = []
    for scope in scopes:
        claimed = {customer for member in scope.family for customer in claims.get(member, ())}
        customers = tuple(sorted(claimed | set(scope.stripe_customer_ids)))
        widened.append(replace(scope, stripe_customer_ids=customers))
    return widened


def bulk(stores: Stores, name: StoreName) -> BulkStore:
    """Whom to read much of: its replica, where it has one that is of use."""
    return cast(ManyReadStore, stores[name]).in_bulk()


@dataclass(frozen=True, slots=True)
class _Mirrored:
    """What the mirror has for one account: `suffices` and `is_its_own` as in a ChunkReading."""

    reading: Reading
    suffices: bool
    is_its_own: bool


def _from_mirror(scopes: Sequence[Scope]) -> dict[str, _Mirrored]:
    as_of = mirror_as_of()
    if as_of is None:
        never = Reading(StoreName.STRIPE, None, {}, ok=False, reason=NEVER_MIRRORED)
        return {scope.account_id: _Mirrored(never, suffices=False, is_its_own=False) for scope in scopes}
    wanted = {scope.account_id: Wanted(scope.stripe_customer_ids, scope.stripe_invoice_ids) for scope in scopes}
    objects = mirrored(list(wanted.values()))
    return {me: _mirrored(me, want, objects, as_of) for me, want in wanted.items()}


def _mirrored(account_id: str, wanted: Wanted, objects: MirrorObjects, as_of: datetime) -> _Mirrored:
    fingerprint = objects.fingerprint_of(account_id, wanted)
    reading = Reading(StoreName.STRIPE, as_of, objects.tables(wanted), fingerprint=fingerprint)
    return _Mirrored(reading, objects.suffices(wanted), objects.are_its_own(account_id, wanted))


def _in_one(readings: Sequence[Reading]) -> int | None:
    numbers = [one.fingerprint for one in readings if one.fingerprint is not None]
    return reduce(xor, numbers) if len(numbers) == len(readings) else None

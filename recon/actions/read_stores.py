"""Read all six stores: one account live, or a chunk of accounts with Stripe out of the mirror.

The order is forced by what links the stores: subs_customer first (the family and its Stripe customers), the ledger next
(the Stripe invoices that it names), then the others and Stripe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import xor
from typing import Final, cast

from recon.engine.facts import Reading, StoreName
from recon.queries.mirror import Wanted, claimed_customers, fingerprints, mirror_as_of, mirrored
from recon.stores.base import BulkStore, Scope, Store, scope_from_links, scope_with_ledger
from recon.stores.replica import ReplicatedStore
from recon.stores.threads import KeptThreads

Stores = Mapping[StoreName, Store]
WITHOUT_SCOPE = (StoreName.SUBS_DUNNING, StoreName.CF_PROD, StoreName.SUBS_ACCOUNT)
DATABASES = (StoreName.SUBS_CUSTOMER, StoreName.BILLING_PROD, *WITHOUT_SCOPE)
_THREADS: Final = KeptThreads(4 * len(WITHOUT_SCOPE), "stores")
NEVER_MIRRORED = "stripe: the mirror was never filled; run sync_stripe"


@dataclass(frozen=True, slots=True)
class ChunkReading:
    """The six readings of one account; without `mirror_suffices`, only Stripe itself can tell what there is.

    `fingerprint` is of all their rows; None where that of `fingerprints_of` would not be of the very same rows.
    """

    readings: tuple[Reading, ...]
    mirror_suffices: bool
    fingerprint: int | None = None


def read_live(stores: Stores, account_id: str) -> tuple[Reading, ...]:
    """All six, live. Never raises for an outside failure: a reading says it."""
    return read_live_all(stores, [account_id])[account_id]


def read_live_all(stores: Stores, account_ids: Sequence[str]) -> dict[str, tuple[Reading, ...]]:
    """The same of each account: one snapshot per database for all of them, and Stripe's requests in flight together."""
    links = stores[StoreName.SUBS_CUSTOMER].read_many([Scope.of(account_id) for account_id in account_ids])
    scopes = with_claims([scope_from_links(account_id, links[account_id]) for account_id in account_ids])
    others = [_THREADS.submit(stores[name].read_many, scopes) for name in WITHOUT_SCOPE]
    ledger = stores[StoreName.BILLING_PROD].read_many(scopes)
    stripe = stores[StoreName.STRIPE].read_many([scope_with_ledger(one, ledger[one.account_id]) for one in scopes])
    read = [links, ledger, *(other.result() for other in others), stripe]
    return {account_id: tuple(said[account_id] for said in read) for account_id in account_ids}


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
        reading, suffices = stripe[me]
        readings = (links[me], ledger[me], *(other[me] for other in others), reading)
        shares = scope.family != (me,) or bool(scope.neighbours)
        chunk[me] = ChunkReading(readings, suffices, None if shares or not suffices else _in_one(readings))
    return chunk


def fingerprints_of(stores: Stores, account_ids: Sequence[str]) -> dict[str, int]:
    """Of each account's rows in the five databases and the mirror, without reading them; for accounts that share
    nothing with another, and whose customers all claim them, it is that of the readings. Raises StoreUnreachable."""
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
    store = stores[name]
    return cast(BulkStore, store.in_bulk() if isinstance(store, ReplicatedStore) else store)


def _from_mirror(scopes: Sequence[Scope]) -> dict[str, tuple[Reading, bool]]:
    as_of = mirror_as_of()
    if as_of is None:
        never = Reading(StoreName.STRIPE, None, {}, ok=False, reason=NEVER_MIRRORED)
        return {scope.account_id: (never, False) for scope in scopes}
    wanted = {scope.account_id: Wanted(scope.stripe_customer_ids, scope.stripe_invoice_ids) for scope in scopes}
    objects = mirrored(list(wanted.values()))
    return {
        account_id: (
            Reading(
                StoreName.STRIPE,
                as_of,
                objects.tables(want),
                fingerprint=objects.fingerprint_of(account_id, want),
            ),
            objects.suffices(want),
        )
        for account_id, want in wanted.items()
    }


def _in_one(readings: Sequence[Reading]) -> int | None:
    numbers = [one.fingerprint for one in readings if one.fingerprint is not None]
    return reduce(xor, numbers) if len(numbers) == len(readings) else None

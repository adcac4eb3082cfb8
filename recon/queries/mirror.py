"""What the mirror knows of Stripe: its freshness, and the objects of a chunk of accounts in one query."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import xor
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Collate

from recon.models import MirrorSync, StripeObject

KINDS = ("customers", "subscriptions", "invoices", "payment_intents", "charges", "disputes")

# Of an object that has a customer; the hash of the one seeds that of the next.
FINGERPRINT = """
hashtextextended(shown.content_hash, hashtextextended(shown.id,
    hashtextextended(shown.customer, hashtextextended(coalesce(shown.account_id, ''), 0))))
"""
OBJECTS = f"""
select id, kind, customer, body, account_id, coalesce({FINGERPRINT}, 0) from stripe_object as shown
where customer = any(%(customers)s) or (kind = 'invoices' and id = any(%(invoices)s))
"""
FINGERPRINTS = f"""
select claim.account_id, bit_xor({FINGERPRINT})
from stripe_object as claim join stripe_object as shown on shown.customer = claim.id
where claim.account_id = any(%s) group by claim.account_id
"""
SHARD_SUMS = f"""
select hashtextextended(claim.account_id, 0) & %(mask)s, bit_xor({FINGERPRINT})
from stripe_object as claim join stripe_object as shown on shown.customer = claim.id
where claim.account_id is not null group by 1
"""
# One pass over the objects in the order in which they lie, beside those that claim.
IN_ONE_PASS = """
select set_config('max_parallel_workers_per_gather', '0', true), set_config('work_mem', '64MB', true),
       set_config('enable_mergejoin', 'off', true), set_config('enable_nestloop', 'off', true)
"""
ACCOUNTS_CLAIMED_IN = """
select account_id from stripe_object
where account_id is not null and hashtextextended(account_id, 0) & %(mask)s = any(%(shards)s::bigint[])
"""
STREAMED = 5_000


@dataclass(frozen=True, slots=True)
class MirroredObject:
    id: str
    kind: str
    customer: str | None
    body: Mapping[str, Any]
    claims: str | None = None
    fingerprint: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one account wants of the mirror: its customers' objects, and the invoices that the ledger names."""

    customers: tuple[str, ...]
    invoices: tuple[str, ...]


class MirrorObjects:
    """The objects of a chunk, to be taken out account by account."""

    def __init__(self, objects: Iterable[MirroredObject]) -> None:
        self._by_customer: dict[str, list[MirroredObject]] = defaultdict(list)
        self._invoices: dict[str, MirroredObject] = {}
        for one in objects:
            if one.customer is not None:
                self._by_customer[one.customer].append(one)
            if one.kind == "invoices":
                self._invoices[one.id] = one

    def shows_customer(self, customer_id: str) -> bool:
        return any(one.kind == "customers" for one in self._by_customer.get(customer_id, ()))

    def suffices(self, wanted: Wanted) -> bool:
        """Whether a live read would answer the same. Stripe alone tells a deleted customer from one that never was, and
        what paid for an invoice of a customer that is not the account's."""
        foreign = (id for id in wanted.invoices if id in self._invoices)
        return all(self.shows_customer(customer) for customer in wanted.customers) and all(
            self._invoices[id].customer in wanted.customers for id in foreign
        )

    def fingerprint_of(self, account_id: str, wanted: Wanted) -> int:
        """Of the objects of the customers that claim the account, as `fingerprints` takes it."""
        found = self._found(wanted)
        claiming = _claiming(account_id, found)
        return reduce(xor, (one.fingerprint for one in found.values() if one.customer in claiming), 0)

    def are_its_own(self, account_id: str, wanted: Wanted) -> bool:
        """Whether its customers' own claims lead to all objects that it wants."""
        found = self._found(wanted)
        return _claiming(account_id, found).issuperset(wanted.customers) and found.keys() >= set(wanted.invoices)

    def tables(self, wanted: Wanted) -> dict[str, list[Mapping[str, Any]]]:
        """Stripe's lists for one account, as a live read would answer them."""
        found = self._found(wanted)
        tables: dict[str, list[Mapping[str, Any]]] = {kind: [] for kind in KINDS}
        for id in sorted(found):
            tables[found[id].kind].append(found[id].body)
        return tables

    def _found(self, wanted: Wanted) -> dict[str, MirroredObject]:
        found = {one.id: one for customer in wanted.customers for one in self._by_customer.get(customer, ())}
        return found | {id: self._invoices[id] for id in wanted.invoices if id in self._invoices}


def _claiming(account_id: str, found: Mapping[str, MirroredObject]) -> set[str]:
    return {one.id for one in found.values() if one.kind == "customers" and one.claims == account_id}


def mirror_as_of() -> datetime | None:
    """The moment that the whole mirror is at least as fresh as; None when it was never filled."""
    sync = MirrorSync.objects.filter(completed_at__isnull=False).order_by("-started_at").first()
    return sync.started_at if sync else None


def mirrored(wanted: Sequence[Wanted]) -> MirrorObjects:
    """One query for a chunk of accounts."""
    customers = sorted({customer for one in wanted for customer in one.customers})
    invoices = sorted({invoice for one in wanted for invoice in one.invoices})
    with connection.cursor() as cursor:
        cursor.execute(OBJECTS, {"customers": customers, "invoices": invoices})
        rows = cursor.fetchall()
    return MirrorObjects(
        MirroredObject(id, kind, customer, json.loads(body), claims, number)
        for id, kind, customer, body, claims, number in rows
    )


def fingerprints(account_ids: Sequence[str]) -> dict[str, int]:
    """Of all objects of the customers that claim each account, without reading them; none claims those left out."""
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINTS, [list(account_ids)])
        return dict(cursor.fetchall())


def shard_sums(shards: int) -> dict[int, int]:
    """Shard → the fingerprints of all its accounts, folded into one, as the databases' `shard_sums`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(IN_ONE_PASS)
        cursor.execute(SHARD_SUMS, {"mask": shards - 1})
        return dict(cursor.fetchall())


def claimed_account_ids_in(shards: Sequence[int], of: int) -> list[str]:
    """The accounts that Stripe's customers name, in these shards out of so many."""
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS_CLAIMED_IN, {"mask": of - 1, "shards": list(shards)})
        return [account_id for (account_id,) in cursor.fetchall()]


def claimed_customers(account_ids: Iterable[str]) -> dict[str, list[str]]:
    """Account → the Stripe customers whose own metadata names it, linked or not."""
    claims: dict[str, list[str]] = defaultdict(list)
    rows = StripeObject.objects.filter(account_id__in=list(account_ids)).order_by("id")
    for account_id, customer_id in rows.values_list("account_id", "id"):
        if account_id is not None:
            claims[account_id].append(customer_id)
    return claims


def claimed_account_ids() -> Iterator[str]:
    """The accounts that Stripe's customers name, each as often as it is named, in byte order, as a stream: for a sweep
    that misses none."""
    claims = StripeObject.objects.filter(account_id__isnull=False).order_by(Collate("account_id", "C"))
    for account_id in claims.values_list("account_id", flat=True).iterator(chunk_size=STREAMED):
        yield str(account_id)

"""Leave out of a sweep whoever is unchanged, without asking for anybody by name: one pass over each table.

Accounts fall into shards by a hash of their id. Each store folds the fingerprints of all its rows into one number a
shard, in whatever order its tables have them, and we fold those that we kept. Where the two are equal, so are the rows
of all accounts in the shard, but for one chance in 2^64. Whoever is in another shard, or is not steady, is due.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from recon.actions.evaluate import Rules
from recon.actions.read_stores import DATABASES, Stores, bulk
from recon.actions.unchanged import STEADY, steadiness
from recon.models import AccountState
from recon.queries import mirror
from recon.stores.base import StoreError
from recon.stores.threads import KeptThreads

log = logging.getLogger(__name__)

IN_A_SHARD: Final = 8  # at least so many accounts, which are asked for by name when one of them changed
KEPT_SUMS: Final = """
select hashtextextended(account_id, 0) & %(mask)s, bit_xor(fingerprint) from account_state
where fingerprint is not null group by 1
"""
DUE: Final = f"""
select account_id from account_state
where not ({STEADY}) or hashtextextended(account_id, 0) & %(mask)s = any(%(shards)s::bigint[])
union select account from dirty where token is not null
"""
_THREADS: Final = KeptThreads(len(DATABASES), "shards")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Who is `due`; all others, so many, are as they were."""

    due: Sequence[str]
    unchanged: int


def leave_out_unchanged(stores: Stores, rules: Rules, now: datetime) -> Narrowed | None:
    """None where everybody may be due: most shards changed, or a store cannot look through its tables."""
    accounts = AccountState.objects.count()
    if not accounts or mirror.mirror_as_of() is None:
        return None
    shards = shards_of(accounts)
    try:
        changed = _changed(stores, shards)
        if 2 * len(changed) > shards:
            return None
        known = _due(changed, shards, rules, now)
        due = known.union(*_named(stores, changed, shards)) if changed else known
    except StoreError as error:
        log.warning("no shard was proved unchanged", extra={"reason": error.sentence})
        return None
    return Narrowed(sorted(due), accounts - len(known))


def shards_of(accounts: int) -> int:
    """How many: a power of two, because a shard's number is cut out of a hash."""
    return 1 << max(0, (accounts // IN_A_SHARD).bit_length() - 1)


def _changed(stores: Stores, shards: int) -> list[int]:
    asked = [_THREADS.submit(bulk(stores, name).shard_sums, shards) for name in DATABASES]
    folded: defaultdict[int, int] = defaultdict(int)
    for sums in (mirror.shard_sums(shards), _kept_sums(shards), *(one.result() for one in asked)):
        for shard, number in sums.items():
            folded[shard] ^= number
    return [shard for shard, number in folded.items() if number]


def _kept_sums(shards: int) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(KEPT_SUMS, {"mask": shards - 1})
        return dict(cursor.fetchall())


def _due(changed: list[int], shards: int, rules: Rules, now: datetime) -> set[str]:
    """Of those that were evaluated before; and whom a worker evaluates just now: it began before us and sees Stripe
    itself, the mirror only after it."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"mask": shards - 1, "shards": changed, **steadiness(rules, now)})
        return {account_id for (account_id,) in cursor.fetchall()}


def _named(stores: Stores, changed: list[int], shards: int) -> Iterator[list[str]]:
    """Whom the stores name in these shards: somebody may be new."""
    asked = [_THREADS.submit(bulk(stores, name).account_ids_in, changed, shards) for name in DATABASES]
    yield mirror.claimed_account_ids_in(changed, shards)
    yield from (one.result() for one in asked)

"""One approver at a time for an account, so that the second one re-reads what the first has done.

The lock is a convenience: an apply is safe without it, by the one-live index and by compare-and-set. It is a session
lock of our database, so it ends with its holder, however that ends.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from django.db import DatabaseError, InterfaceError, connection

NAMESPACE: Final = "recon account lock"
TRY: Final = """
    SELECT account_id, pg_try_advisory_lock(hashtext(%s), hashtext(account_id)) FROM unnest(%s::text[]) AS account_id
"""
UNLOCK: Final = "SELECT pg_advisory_unlock(hashtext(%s), hashtext(account_id)) FROM unnest(%s::text[]) AS account_id"


@contextmanager
def account_locks(account_ids: Sequence[str]) -> Iterator[frozenset[str]]:
    """Those of the accounts whose locks are ours; at the others is somebody else. Nobody is waited for."""
    with connection.cursor() as cursor:
        cursor.execute(TRY, [NAMESPACE, list(account_ids)])
        ours = [account_id for account_id, is_ours in cursor.fetchall() if is_ours]
    try:
        yield frozenset(ours)
    finally:
        if ours:
            _unlock(ours)


def _unlock(account_ids: Sequence[str]) -> None:
    # Where the connection is gone the server has unlocked already, and what broke it is on its way up.
    with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
        cursor.execute(UNLOCK, [NAMESPACE, list(account_ids)])

"""One approver at a time for an account, so that the second one re-reads what the first has done.

The lock is a convenience: an apply is safe without it, by the one-live index and by compare-and-set. It is a session
lock of our database, so it ends with its holder, however that ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from django.db import DatabaseError, InterfaceError, connection

NAMESPACE: Final = "recon account lock"


@contextmanager
def account_lock(account_id: str) -> Iterator[bool]:
    """True when the lock is ours; False when somebody else is at this account."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s), hashtext(%s))", [NAMESPACE, account_id])
        (ours,) = cursor.fetchone()
    try:
        yield ours
    finally:
        if ours:
            _unlock(account_id)


def _unlock(account_id: str) -> None:
    # Where the connection is gone the server has unlocked already, and what broke it is on its way up.
    with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s), hashtext(%s))", [NAMESPACE, account_id])

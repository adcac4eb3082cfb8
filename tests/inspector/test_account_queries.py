"""The account's page asks our own database at most twelve times, and the six snapshots once.

Who asks: the session, its person and the person's groups (access) · the state with its evaluation, the six snapshots in
one statement, and the events to come, which ask nothing (the page) · the look that is logged (look-ups) · the pause and
the last repair (the foot) · the notes and the timeline's two (the story). Whoever adds one takes another away.
"""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.support.kept import golden, keep_case
from tests.support.many_invoices import with_invoices

MOST = 12
SNAPSHOT_READS = 1
Keep = Callable[..., str]
Asks = Callable[..., object]


def long_account(unpaid: int = 0) -> str:
    return keep_case(with_invoices(golden("payments/paid_after_suspension"), 200, unpaid=unpaid))


@pytest.mark.parametrize("asked", ["", "?facts=all", "?cell=cf_prod.entitlements.plan_active", "?only=differences"])
@pytest.mark.parametrize("unpaid", [0, 2])
def test_account_with_200_invoices(
    support: Client, django_assert_max_num_queries: Asks, asked: str, unpaid: int
) -> None:
    address = f"/accounts/{long_account(unpaid)}/{asked}"
    support.get(address)
    with django_assert_max_num_queries(MOST + SNAPSHOT_READS):
        assert support.get(address).status_code == 200


def test_queries_do_not_grow_with_the_invoices_or_the_accounts(
    support: Client, keep: Keep, django_assert_num_queries: Asks
) -> None:
    small, long = keep("payments/paid_after_suspension", account_id="acc_small"), long_account()
    for number in range(10):
        keep("drift/stores_contradict", account_id=f"acc_more_{number}")
    support.get(f"/accounts/{small}/")
    with django_assert_num_queries(MOST) as asked:
        support.get(f"/accounts/{small}/")
    with django_assert_num_queries(len(asked)):
        support.get(f"/accounts/{long}/")

"""Many deliveries at the same moment, by threads with connections of their own."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection

from recon.actions.recompute_dirty import recompute_dirty
from recon.models import Dirty, Evaluation, Inbox, InboxFinding, InboxMark
from tests.api.conftest import event, post, tell

pytestmark = [pytest.mark.django_db(transaction=True)]

THREADS = 8


def at_once(work, inputs):
    def done(one):
        try:
            return work(one).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(done, inputs))


def test_the_same_event_a_hundred_times_at_once_is_one_mark(linked):
    linked("acc_1", "cus_1")
    assert at_once(post, [event()] * 100) == [200] * 100
    assert (Inbox.objects.count(), InboxMark.objects.count(), Dirty.objects.get().gen) == (1, 1, 1)


def test_the_same_id_with_two_bodies_at_once_keeps_one_and_says_so(linked):
    linked("acc_1", "cus_1")
    assert at_once(post, [event(type=f"invoice.{n % 2}") for n in range(40)]) == [200] * 40
    assert (Inbox.objects.count(), Dirty.objects.get().gen, InboxFinding.objects.count()) == (1, 1, 1)


def test_events_of_two_accounts_in_any_order_do_not_block_each_other():
    def changed(n):
        return {
            "store": "billing_prod",
            "event_id": f"e{n}",
            "account_id": f"acc_{n % 2}",
            "occurred_at": "2026-03-20T12:00:00Z",
        }

    batches = [[changed(2 * n), changed(2 * n + 1)][:: 1 if n % 2 else -1] for n in range(60)]
    assert at_once(tell, batches) == [202] * 60
    assert list(Dirty.objects.order_by("account").values_list("gen", flat=True)) == [60, 60]


@pytest.mark.usefixtures("stores_clean", "twin")
def test_a_flood_for_one_account_is_one_recompute(told, sweeper_at, linked):
    told("paid_after_suspension")
    linked("acc_1", "cus_1")
    for start in range(0, 10_000, 1_000):
        tell(
            [
                {
                    "store": "billing_prod",
                    "event_id": f"e{start + n}",
                    "account_id": "acc_1",
                    "occurred_at": "2026-03-20T12:00:00Z",
                }
                for n in range(1_000)
            ]
        )
    at_once(post, [event(f"evt_{n}") for n in range(40)])
    sweeper = sweeper_at(Dirty.objects.get().not_before)
    assert [recompute_dirty(sweeper, limit=9) for _ in range(2)] == [1, 0]
    assert (InboxMark.objects.count(), Evaluation.objects.count()) == (10_040, 1)


def test_a_connection_that_died_between_two_events_is_made_anew(linked, sandbox):
    linked("acc_1", "cus_1")
    post(event("evt_1"))
    with connection.cursor() as cursor, psycopg.connect(sandbox.env()["SANDBOX_ADMIN_URL"], autocommit=True) as admin:
        cursor.execute("select pg_backend_pid()")
        admin.execute("select pg_terminate_backend(%s, 5000)", cursor.fetchone())
    assert post(event("evt_2")).status_code == 200
    assert Dirty.objects.get().gen == 2

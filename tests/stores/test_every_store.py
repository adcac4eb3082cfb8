"""One contract of reading, held by all six stores on real servers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from recon.bootstrap import DATABASE_STORES
from recon.engine.facts import StoreName
from recon.engine.schema import STRIPE_LISTS, TABLES
from recon.stores.base import Scope
from recon.stores.stripe import StripeApi, StripeStore
from tests.support.six import six_stores
from tests.support.twin import QUICK

NOW = datetime(2026, 3, 20, tzinfo=UTC)
NOWHERE = "127.0.0.1:1"
SECRET = "s3cret"
CREATED = 1_770_000_000


def rows_of(account_id, customer_id):
    """At least a row in each store, of one account."""
    return {
        "subs_account": {"accounts": [{"account_id": account_id, "status": "open"}]},
        "subs_customer": {
            "customers": [{"account_id": account_id, "stripe_customer_id": customer_id, "email": "a@b.test"}]
        },
        "subs_dunning": {"dunning": [{"account_id": account_id, "state": "grace"}]},
        "billing_prod": {"account_flags": [{"account_id": account_id, "has_debt": True}]},
        "cf_prod": {"entitlements": [{"account_id": account_id, "plan_active": True}]},
        "stripe": {"customers": [{"id": customer_id, "object": "customer", "created": CREATED, "livemode": False}]},
    }


@pytest.fixture
def stores(twin, load_case):
    for account_id, customer_id in (("acc_1", "cus_1"), ("acc_2", "cus_2")):
        case = {"stores": rows_of(account_id, customer_id)}
        load_case(case)
        twin.load_case(case)
    return six_stores(twin, lambda: NOW)


@pytest.fixture(params=list(StoreName))
def store(request, stores):
    return stores[request.param]


def scope(account_id, *customers):
    return Scope(account_id, (account_id,), stripe_customer_ids=customers)


def tables_of(name):
    return set(STRIPE_LISTS) if name is StoreName.STRIPE else set(TABLES[name])


def unreachable(name):
    if name is StoreName.STRIPE:
        return StripeStore(StripeApi(f"sk_test_{SECRET}", f"http://{NOWHERE}", patience=QUICK, sleep=lambda _: None))
    kind = next(kind for kind in DATABASE_STORES if kind.name is name)
    return kind(f"postgres://engine:{SECRET}@{NOWHERE}/{name}")


def test_a_reading_holds_the_tables_of_the_contract(store):
    reading = store.read(scope("acc_1", "cus_1"))

    assert (reading.ok, reading.reason) == (True, None)
    assert set(reading.tables) == tables_of(store.name)


def test_a_reading_names_its_store_and_the_moment_it_began(store):
    reading = store.read(scope("acc_1", "cus_1"))

    assert (reading.store, reading.as_of) == (store.name, NOW)


def test_a_reading_holds_the_account_and_no_other(store):
    tables = store.read(scope("acc_1", "cus_1")).tables

    keys = [row.get("account_id", row.get("id")) for rows in tables.values() for row in rows]
    assert keys == ["cus_1" if store.name is StoreName.STRIPE else "acc_1"]


def test_an_account_that_a_store_does_not_know_is_an_answer_without_rows(store):
    reading = store.read(scope("acc_none", "cus_none"))

    assert reading.ok
    assert all(list(rows) == [] for rows in reading.tables.values())


def test_readers_side_by_side_read_the_same(store):
    with ThreadPoolExecutor(4) as readers:
        readings = list(readers.map(lambda _: store.read(scope("acc_1", "cus_1")), range(12)))

    assert all(reading == readings[0] for reading in readings)


@pytest.mark.parametrize("name", list(StoreName))
def test_a_store_that_is_down_is_a_failed_reading_that_says_where_and_keeps_its_secret(name):
    reading = unreachable(name).read(scope("acc_1", "cus_1"))

    assert (reading.store, reading.ok, dict(reading.tables)) == (name, False, {})
    assert SECRET not in reading.reason
    assert ("Stripe" if name is StoreName.STRIPE else str(name)) in reading.reason

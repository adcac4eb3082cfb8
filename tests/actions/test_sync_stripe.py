"""The mirror of Stripe: filled by lists, resumed, and never keeping what Stripe no longer shows."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from recon.actions.sync_stripe import Pace, sync_stripe
from recon.models import MirrorSync, StripeObject
from recon.queries.mirror import Wanted, claimed_account_ids, claimed_customers, mirror_as_of, mirrored
from recon.stores.base import StoreUnreachable

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
FAST = Pace(requests_per_second=10_000)


def ticking(start: datetime = START):
    ticks = count()
    return lambda: start + timedelta(seconds=next(ticks))


def sync(twin, start: datetime = START) -> MirrorSync:
    return sync_stripe(twin.store(), clock=ticking(start), pace=FAST, report=lambda done, total: None)


def customer(number: int, **metadata: str) -> dict:
    return {"id": f"cus_{number:04}", "object": "customer", "created": number, "livemode": False, "metadata": metadata}


def test_the_mirror_is_as_of_the_beginning_of_the_pass(twin):
    assert mirror_as_of() is None
    twin.load(customers=[customer(1)])
    assert sync(twin).objects_read == 1
    assert mirror_as_of() == START


def test_every_page_is_read(twin):
    twin.load(customers=[customer(number) for number in range(250)])
    assert sync(twin).objects_read == 250
    assert StripeObject.objects.count() == 250


def test_what_stripe_no_longer_shows_is_removed(twin):
    twin.load(customers=[customer(1), customer(2)])
    sync(twin)
    twin.empty()
    twin.load(customers=[customer(2)])
    assert sync(twin, START + timedelta(hours=1)).objects_removed == 1
    assert list(StripeObject.objects.values_list("id", flat=True)) == ["cus_0002"]


def test_a_pass_that_was_cut_off_goes_on_after_the_last_stored_object(twin):
    twin.load(customers=[customer(number) for number in range(250)])
    cut_off = CutOff(twin.store(), after_pages=2)
    with pytest.raises(StoreUnreachable):
        sync_stripe(cut_off, clock=ticking(), pace=FAST, report=lambda done, total: None)
    assert MirrorSync.objects.get().objects_read == 200
    done = sync(twin, START + timedelta(minutes=5))
    assert (done.objects_read, done.started_at, StripeObject.objects.count()) == (250, START, 250)


def test_a_pass_that_was_cut_off_long_ago_begins_anew(twin):
    twin.load(customers=[customer(number) for number in range(150)])
    with pytest.raises(StoreUnreachable):
        sync_stripe(CutOff(twin.store(), 1), clock=ticking(), pace=FAST, report=lambda done, total: None)
    assert sync(twin, START + timedelta(hours=2)).objects_read == 150


def test_a_customer_is_found_by_the_account_that_it_claims(twin):
    twin.load(customers=[customer(1, account_id="acc_9"), customer(2)])
    sync(twin)
    assert claimed_customers(["acc_9", "acc_8"]) == {"acc_9": ["cus_0001"]}
    assert list(claimed_account_ids()) == ["acc_9"]


def test_a_dispute_belongs_to_the_customer_of_its_charge(twin):
    charge = {"id": "ch_1", "object": "charge", "created": 5, "customer": "cus_0001", "livemode": False}
    dispute = {"id": "dp_1", "object": "dispute", "created": 6, "charge": "ch_1", "status": "lost", "livemode": False}
    twin.load(customers=[customer(1)], charges=[charge], disputes=[dispute])
    sync(twin)
    tables = mirrored([Wanted(("cus_0001",), ())]).tables(Wanted(("cus_0001",), ()))
    assert [one["id"] for one in (*tables["charges"], *tables["disputes"])] == ["ch_1", "dp_1"]


def test_an_invoice_that_the_ledger_names_is_found_whoever_its_customer_is(twin):
    invoice = {"id": "in_1", "object": "invoice", "created": 5, "customer": "cus_0002", "livemode": False}
    twin.load(customers=[customer(1), customer(2)], invoices=[invoice])
    sync(twin)
    wanted, owners = Wanted(("cus_0001",), ("in_1",)), Wanted(("cus_0002",), ("in_1",))
    objects = mirrored([wanted, owners])
    assert [one["id"] for one in objects.tables(wanted)["invoices"]] == ["in_1"]
    assert not objects.suffices(wanted)
    assert objects.suffices(owners)


class CutOff:
    """A Stripe that goes away after some pages."""

    def __init__(self, store, after_pages: int) -> None:
        self.store, self.left = store, after_pages

    def list_all(self, kind, starting_after=None):
        for page in self.store.list_all(kind, starting_after):
            if self.left == 0:
                raise StoreUnreachable(self.store.name, "Stripe gave no answer.")
            self.left -= 1
            yield page

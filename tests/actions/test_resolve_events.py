"""An event about somebody unknown waits for its account, and is never dropped."""

from datetime import UTC, datetime, timedelta

import pytest

from recon.actions.receive_event import Installation, receive_event
from recon.actions.resolve_events import resolve_events
from recon.actions.stripe_event import stripe_event
from recon.models import AccountHandles, Dirty, Inbox, InboxMark, StripeObject
from recon.stores.base import StoreUnreachable
from tests.api.conftest import event_text

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)


class Stripe:
    """Knows these objects; counts what it is asked."""

    def __init__(self, **objects):
        self.objects = objects
        self.asked = []

    def find(self, object_id):
        self.asked.append(object_id)
        found = self.objects.get(object_id)
        return found and (found["object"] + "s", found)


SILENT = Stripe()


def customer(account_id=None, id="cus_1"):
    return {"id": id, "object": "customer", "metadata": {"account_id": account_id} if account_id else {}}


def receive(**changes):
    receive_event(stripe_event(event_text(**changes)), now=NOW, installation=Installation())
    return Inbox.objects.get()


def resolve(stripe=SILENT, at=NOW):
    resolve_events(stripe, now=at, limit=9)
    return Inbox.objects.get()


def test_a_customer_that_stripe_knows_to_claim_an_account_marks_it():
    receive()
    assert resolve(Stripe(cus_1=customer("acc_1"))).status == "routed"
    assert [(mark.account_id, mark.gen) for mark in InboxMark.objects.all()] == [("acc_1", Dirty.objects.get().gen)]
    assert StripeObject.objects.get().account_id == "acc_1"


def test_a_customer_whom_a_store_linked_meanwhile_marks_its_account():
    receive()
    AccountHandles.objects.create(account_id="acc_1", ids=["acc_1", "cus_1"])
    assert (resolve().status, Dirty.objects.get().account) == ("routed", "acc_1")


def test_an_object_without_a_customer_leads_to_it_by_its_charge():
    charge = {"id": "ch_1", "object": "charge", "customer": "cus_1"}
    receive(type="charge.dispute.created", data={"object": {"id": "dp_1", "object": "dispute", "charge": "ch_1"}})
    assert resolve(Stripe(ch_1=charge, cus_1=customer("acc_1"))).refs == ["ch_1", "dp_1", "cus_1"]
    assert Dirty.objects.get().account == "acc_1"


def test_stripe_is_asked_for_a_customer_again_only_after_the_next_event():
    receive()
    stripe = Stripe(cus_1=customer())
    later = resolve(stripe).next_at
    resolve(stripe, later)
    assert stripe.asked == ["cus_1"]


def test_it_is_looked_for_again_later_each_time_and_is_dead_after_a_day_and_stays():
    kept, waits, at = receive(), [], NOW
    while (kept := resolve(at=at)).status == "unrouted":
        waits.append(kept.next_at - at)
        at = kept.next_at
    assert timedelta(days=1) <= at - NOW < timedelta(days=1, minutes=13)
    assert (kept.status, kept.next_at, kept.attempts) == ("dead", None, len(waits))
    assert waits[0] < timedelta(seconds=7)
    assert max(waits) <= timedelta(minutes=12)


def test_with_stripe_out_of_reach_the_links_still_lead():
    class Down:
        def find(self, object_id):
            raise StoreUnreachable("stripe", "no answer")

    receive()
    assert resolve(Down()).attempts == 1
    AccountHandles.objects.create(account_id="acc_1", ids=["cus_1"])
    assert resolve(Down(), NOW + timedelta(hours=1)).status == "routed"


def test_what_is_routed_is_not_routed_again():
    receive()
    for _ in range(2):
        resolve(Stripe(cus_1=customer("acc_1")), NOW + timedelta(hours=1))
    assert InboxMark.objects.count() == 1

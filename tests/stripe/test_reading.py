"""StripeStore reads one account whole, through the real client, from the twin."""

from datetime import UTC, datetime

import pytest

from recon.engine.facts import StoreName
from recon.sandbox.twin import objects
from recon.stores.base import Scope, StoreUnreachable
from recon.stores.stripe import StripeStore
from recon.stores.stripe.nested import payment_refs
from tests.stripe.conftest import PRICE, T0

NOW = datetime(2026, 3, 20, tzinfo=UTC)


def scope(*customers, invoices=()):
    return Scope("acc_1", ("acc_1",), stripe_customer_ids=customers, stripe_invoice_ids=tuple(invoices))


def read(twin, *customers, invoices=()):
    reading = twin.store().read(scope(*customers, invoices=invoices))
    assert reading.ok, reading.reason
    return reading.tables


def ids(tables):
    return {name: [one["id"] for one in found] for name, found in tables.items()}


def test_a_reading_holds_all_lists_of_a_linked_customer(account):
    assert ids(read(account, "cus_1")) == {
        "customers": ["cus_1"],
        "subscriptions": ["sub_1"],
        "invoices": ["in_open", "in_paid"],
        "payment_intents": ["pi_1"],
        "charges": ["ch_1"],
        "disputes": [],
    }


def test_a_reading_says_when_it_began(account):
    reading = StripeStore(account.api(), clock=lambda: NOW).read(scope("cus_1"))

    assert (reading.store, reading.as_of, reading.ok) == (StoreName.STRIPE, NOW, True)


def test_objects_are_the_json_that_stripe_holds(account):
    tables = read(account, "cus_1")

    assert tables["customers"] == [account.object("customer", "cus_1")]
    assert tables["invoices"][1]["payments"]["data"] == [account.object("invoice_payment", "inpay_1")]


def test_canceled_subscriptions_are_read_too(account):
    account.load(
        subscriptions=[
            objects.subscription("sub_0", customer_id="cus_1", prices=[PRICE], created=T0 - 9, status="canceled")
        ]
    )

    assert ids(read(account, "cus_1"))["subscriptions"] == ["sub_1", "sub_0"]


def test_lists_longer_than_a_page_are_read_to_their_end(twin):
    twin.load(
        customers=[objects.customer("cus_1", created=T0)],
        charges=[objects.charge(f"ch_{n}", customer_id="cus_1", amount=1, created=T0 + n) for n in range(230)],
    )

    assert ids(read(twin, "cus_1"))["charges"] == [f"ch_{n}" for n in reversed(range(230))]


def test_lists_inside_objects_are_read_to_their_end(twin):
    payments = [
        objects.invoice_payment(f"inpay_{n:02}", invoice_id="in_1", amount=1, created=T0, payment_intent=f"pi_{n}")
        for n in range(12)
    ]
    twin.load(
        customers=[objects.customer("cus_1", created=T0)],
        subscriptions=[objects.subscription("sub_1", customer_id="cus_1", prices=[PRICE] * 13, created=T0)],
        invoices=[objects.invoice("in_1", customer_id="cus_1", created=T0, total=12)],
        invoice_payments=payments,
    )

    tables = read(twin, "cus_1")

    assert len(tables["subscriptions"][0]["items"]["data"]) == 13
    assert len(tables["invoices"][0]["payments"]["data"]) == 12


def test_disputes_of_disputed_charges_are_read(account):
    account.load(
        charges=[objects.charge("ch_2", customer_id="cus_1", amount=1, created=T0, disputed=True)],
        disputes=[objects.dispute("dp_2", charge_id="ch_2", amount=1, created=T0, status="lost")],
    )

    assert ids(read(account, "cus_1"))["disputes"] == ["dp_2"]


def test_an_invoice_that_only_the_ledger_names_is_read_with_its_payments(account):
    account.load(
        customers=[objects.customer("cus_other", created=T0)],
        invoices=[objects.invoice("in_foreign", customer_id="cus_other", created=T0, total=5, status="paid")],
        invoice_payments=[
            objects.invoice_payment("inpay_9", invoice_id="in_foreign", amount=5, created=T0, payment_intent="pi_9")
        ],
        payment_intents=[
            objects.payment_intent("pi_9", customer_id="cus_other", amount=5, created=T0, latest_charge="ch_9")
        ],
        charges=[objects.charge("ch_9", customer_id="cus_other", amount=5, created=T0, disputed=True)],
        disputes=[objects.dispute("dp_9", charge_id="ch_9", amount=5, created=T0)],
    )

    found = ids(read(account, "cus_1", invoices=["in_foreign", "in_open"]))

    assert found["customers"] == ["cus_1"]
    assert found["invoices"] == ["in_open", "in_paid", "in_foreign"]
    assert found["payment_intents"] == ["pi_1", "pi_9"]
    assert found["charges"] == ["ch_1", "ch_9"]
    assert found["disputes"] == ["dp_9"]


def test_what_stripe_does_not_know_is_absent(account):
    found = ids(read(account, "cus_1", "cus_unknown", invoices=["in_unknown"]))

    assert found["customers"] == ["cus_1"]
    assert found["invoices"] == ["in_open", "in_paid"]


def test_a_deleted_customer_says_so_and_keeps_its_invoices(twin):
    twin.load(
        customers=[objects.deleted_customer("cus_1")],
        invoices=[objects.invoice("in_1", customer_id="cus_1", created=T0, total=1)],
    )

    tables = read(twin, "cus_1")

    assert tables["customers"] == [{"id": "cus_1", "object": "customer", "deleted": True}]
    assert ids(tables)["invoices"] == ["in_1"]


@pytest.mark.parametrize("reference", ["", ".", "..", "in_1/../../customers", "in 1", "in_1?x=1", "é", "x" * 300])
def test_a_reference_that_can_be_no_id_is_absent_without_being_asked_for(account, reference):
    assert ids(read(account, "cus_1", invoices=[reference]))["invoices"] == ["in_open", "in_paid"]


def test_objects_of_the_older_shape_pass_unchanged(twin):
    older = {
        "id": "in_1",
        "object": "invoice",
        "customer": "cus_1",
        "created": T0,
        "status": "paid",
        "paid": True,
        "paid_out_of_band": True,
        "subscription": "sub_1",
        "charge": "ch_1",
    }
    twin.load(customers=[objects.customer("cus_1", created=T0)], invoices=[older])

    assert read(twin, "cus_1")["invoices"] == [older]


@pytest.mark.parametrize("payments", [None, [], {"data": None}, {"data": [None, {"payment": "pi_1"}, {"payment": {}}]}])
def test_an_invoice_with_payments_of_a_shape_that_nobody_knows_names_no_payment(payments):
    assert payment_refs({"id": "in_1", "payments": payments}) == (set(), set())


def test_an_account_without_a_customer_is_read_as_empty_lists(twin):
    assert set(map(len, read(twin).values())) == {0}


def test_the_mirror_gets_every_list_page_by_page(twin):
    twin.load(customers=[objects.customer(f"cus_{n:03}", created=T0 + n) for n in range(230)])

    pages = list(twin.store().list_all("customers"))

    assert [len(page) for page in pages] == [100, 100, 30]


def test_the_mirror_goes_on_after_the_last_object_that_it_keeps(twin):
    twin.load(customers=[objects.customer(f"cus_{n}", created=T0 + n) for n in range(5)])

    pages = list(twin.store().list_all("customers", starting_after="cus_2"))

    assert [one["id"] for page in pages for one in page] == ["cus_1", "cus_0"]


def test_the_mirror_begins_anew_where_the_object_to_go_on_after_is_gone(twin):
    twin.load(customers=[objects.customer(f"cus_{n}", created=T0 + n) for n in range(3)])

    pages = list(twin.store().list_all("customers", starting_after="cus_deleted"))

    assert [one["id"] for page in pages for one in page] == ["cus_2", "cus_1", "cus_0"]


def test_a_mirror_that_cannot_be_read_says_so(twin):
    twin.fault("500_before", times=9)

    with pytest.raises(StoreUnreachable, match="Stripe answered 500 to GET /v1/invoices 4 times"):
        list(twin.store().list_all("invoices"))

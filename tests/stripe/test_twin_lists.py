"""The twin's lists page, filter and expand as Stripe's do, seen through the real client."""

import pytest
import stripe

from recon.sandbox.twin import objects
from tests.stripe.conftest import T0


def customers(count):
    return [objects.customer(f"cus_{n:03}", created=T0 + n // 3) for n in range(count)]


def test_pages_cover_a_list_once_newest_first(twin):
    twin.load(customers=customers(25))
    client = twin.api().client

    ids = [one.id for one in client.v1.customers.list({"limit": 7}).auto_paging_iter()]

    assert ids == [f"cus_{n:03}" for n in reversed(range(25))]


def test_a_page_may_end_before_an_object(twin):
    twin.load(customers=customers(9))

    page = twin.api().client.v1.customers.list({"limit": 3, "ending_before": "cus_002"})

    assert [one.id for one in page.data] == ["cus_005", "cus_004", "cus_003"]
    assert page.has_more


def test_a_deleted_customer_can_be_retrieved_and_is_in_no_list(twin):
    twin.load(customers=[objects.deleted_customer("cus_gone")])
    client = twin.api().client

    assert client.v1.customers.retrieve("cus_gone").deleted is True
    assert client.v1.customers.list().data == []


def test_canceled_subscriptions_are_listed_only_when_asked_for(account):
    account.load(
        subscriptions=[
            objects.subscription(
                "sub_old", customer_id="cus_1", prices=[], created=T0 - 1, status="canceled", canceled_at=T0
            )
        ]
    )
    client = account.api().client

    assert [one.id for one in client.v1.subscriptions.list({"customer": "cus_1"}).data] == ["sub_1"]
    every = client.v1.subscriptions.list({"customer": "cus_1", "status": "all"}).data
    assert [one.id for one in every] == ["sub_1", "sub_old"]


def test_payments_stand_in_an_invoice_only_when_expanded(account):
    client = account.api().client

    plain = client.v1.invoices.retrieve("in_paid")
    expanded = client.v1.invoices.retrieve("in_paid", {"expand": ["payments"]})

    assert "payments" not in plain
    assert expanded.payments.data[0].payment.payment_intent == "pi_1"


def test_an_invoice_of_the_older_shape_is_served_as_it_was_loaded(twin):
    older = {
        "id": "in_1",
        "object": "invoice",
        "customer": "cus_1",
        "created": T0,
        "paid": True,
        "subscription": "sub_1",
    }
    twin.load(customers=customers(0), invoices=[older])

    assert twin.api().client.raw_request("get", "/v1/invoices", expand=["data.payments"]).data["data"] == [older]


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("/v1/customers/cus_none", {}, 404, "resource_missing"),
        ("/v1/customers", {"limit": 101}, 400, "parameter_invalid_integer"),
        ("/v1/customers", {"starting_after": "cus_none"}, 400, "resource_missing"),
        ("/v1/customers", {"colour": "red"}, 400, "parameter_unknown"),
        ("/v1/invoices", {"customer": "cus_none"}, 400, "resource_missing"),
        ("/v1/refunds", {}, 404, "url_invalid"),
    ],
)
def test_a_wrong_request_is_refused_as_stripe_does(twin, path, params, status, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        twin.api().client.raw_request("get", path, **params)

    assert (refused.value.http_status, refused.value.code) == (status, code)


def test_another_key_is_not_let_in(twin):
    with pytest.raises(stripe.AuthenticationError):
        twin.api(key="sk_test_stranger").client.v1.customers.list()

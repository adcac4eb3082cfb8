"""The twin changes what the engine may change, once per idempotency key, and says so in an event."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import stripe

from recon.sandbox.twin.idempotency import forget_unfinished
from tests.support.stripe_types import faults_of

PAY = {"paid_out_of_band": True}


def with_key(key):
    return {"idempotency_key": key}


def test_metadata_is_merged_and_an_empty_value_takes_its_key_out(account):
    client = account.api().client

    client.v1.customers.update("cus_1", {"metadata": {"debt_state": "", "plan": "pro"}})

    assert account.object("customer", "cus_1")["metadata"] == {"account_id": "acc_1", "plan": "pro"}


@pytest.mark.parametrize(
    ("verb", "status", "event"),
    [
        ("pay", "paid", "invoice.paid"),
        ("void_invoice", "void", "invoice.voided"),
        ("mark_uncollectible", "uncollectible", "invoice.marked_uncollectible"),
    ],
)
def test_an_open_invoice_is_settled_and_stays_an_object_of_the_package(account, verb, status, event):
    client = account.api().client

    getattr(client.v1.invoices, verb)("in_open", PAY if verb == "pay" else {})

    after = account.object("invoice", "in_open")
    assert after["status"] == status
    assert faults_of(after, stripe.Invoice) == []
    assert account.event_types() == [event]


def test_payment_out_of_band_leaves_nothing_remaining(account):
    account.api().client.v1.invoices.pay("in_open", PAY)

    after = account.object("invoice", "in_open")
    assert (after["amount_paid"], after["amount_paid_off_stripe"], after["amount_remaining"]) == (4900, 4900, 0)


def test_an_invoice_that_is_not_open_is_refused(account):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        account.api().client.v1.invoices.void_invoice("in_paid")

    assert refused.value.http_status == 400


def test_a_canceled_subscription_cannot_be_found_to_cancel_it_again(account):
    client = account.api().client
    client.v1.subscriptions.cancel("sub_1")

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.subscriptions.cancel("sub_1")

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert faults_of(account.object("subscription", "sub_1"), stripe.Subscription) == []


def test_events_are_objects_of_the_package(account):
    client = account.api().client
    client.v1.customers.update("cus_1", {"metadata": {"debt_state": "clear"}})

    event = client.raw_request("get", "/v1/events").data["data"][0]

    assert faults_of(event, stripe.Event) == []
    assert event["data"]["previous_attributes"] == {"metadata": {"account_id": "acc_1", "debt_state": "grace"}}


def test_the_same_key_and_parameters_have_one_effect_and_the_same_answer(account):
    client = account.api().client

    first = client.v1.invoices.pay("in_open", PAY, with_key("k1"))
    second = client.v1.invoices.pay("in_open", PAY, with_key("k1"))

    assert second.to_dict() == first.to_dict()
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert account.event_types() == ["invoice.paid"]


def test_a_refusal_is_replayed_for_its_key(account):
    client = account.api().client
    answers = []
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.invoices.pay("in_paid", PAY, with_key("k1"))
        answers.append(refused.value.headers.get("Idempotent-Replayed"))

    assert answers == [None, "true"]


@pytest.mark.parametrize("other", ["in_paid", "in_open"])
def test_the_same_key_with_other_parameters_is_an_idempotency_error(account, other):
    client = account.api().client
    client.v1.invoices.pay("in_open", PAY, with_key("k1"))

    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.invoices.pay(other, PAY | {"expand": ["customer"]}, with_key("k1"))

    assert refused.value.http_status == 400


def test_a_key_that_is_still_in_progress_is_a_conflict(account):
    client = account.api().client
    account.fault("hold", "/v1/invoices/in_open/pay")
    with ThreadPoolExecutor(1) as other:
        running = other.submit(client.v1.invoices.pay, "in_open", PAY, with_key("k1"))
        wait_for_key(account, "k1")
        with pytest.raises(stripe.APIError) as refused:
            client.v1.invoices.pay("in_open", PAY, with_key("k1"))
        account.release()

        assert refused.value.http_status == 409
        assert refused.value.json_body["error"]["code"] == "idempotency_key_in_use"
        assert running.result().status == "paid"


def test_many_callers_with_one_key_have_one_effect(account):
    client = account.api().client

    def pay(_):
        try:
            return client.v1.invoices.pay("in_open", PAY, with_key("k1")).status
        except stripe.APIError as error:
            return error.http_status

    with ThreadPoolExecutor(8) as callers:
        answers = set(callers.map(pay, range(40)))

    assert answers <= {"paid", 409}
    assert account.event_types() == ["invoice.paid"]


@pytest.mark.parametrize(("fault", "status"), [("500_before", "open"), ("500_after", "paid")])
def test_an_error_is_replayed_whether_or_not_it_had_an_effect(account, fault, status):
    client = account.api().client
    account.fault(fault, "/v1/invoices/")

    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            client.v1.invoices.pay("in_open", PAY, with_key("k1"))
        assert failed.value.http_status == 500

    assert account.object("invoice", "in_open")["status"] == status


def wait_for_key(twin, key):
    """Until the twin has begun to run the call of this key."""
    while not twin.conn.execute("select 1 from idempotency_keys where key = %s", (key,)).fetchone():
        twin.conn.rollback()
    twin.conn.rollback()


def test_a_request_that_was_cut_off_is_not_made(account):
    parts = urlsplit(account.base)
    head = (
        "POST /v1/invoices/in_open/pay HTTP/1.1\r\nHost: twin\r\n"
        f"Authorization: Bearer {account.key}\r\nIdempotency-Key: k1\r\nContent-Length: 60\r\n\r\n"
    )
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as caller:
        caller.sendall(head.encode() + b"paid_out_of_band=true")
        caller.shutdown(socket.SHUT_WR)
        assert caller.recv(1) == b""

    assert account.object("invoice", "in_open")["status"] == "open"


def test_a_key_left_in_progress_by_a_killed_server_is_free_again(account):
    account.conn.execute("insert into idempotency_keys (key, fingerprint) values ('k1', '')")
    account.conn.commit()

    forget_unfinished(account.conn)

    assert account.api().client.v1.invoices.pay("in_open", PAY, with_key("k1")).status == "paid"

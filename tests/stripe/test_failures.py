"""Every way in which Stripe fails to answer a read: tried again while that can help, then a sentence, never a guess."""

import socket
from dataclasses import replace

import pytest

from recon.stores.base import Scope
from recon.stores.stripe import StripeApi, StripeStore
from tests.support.twin import QUICK, patience_for

SCOPE = Scope("acc_1", ("acc_1",), stripe_customer_ids=("cus_1",), stripe_invoice_ids=("in_elsewhere",))
PASSING = ["409", "429", "500_before", "reset_before", "empty", "half_body", "html", "html_502", "timeout_before"]


@pytest.mark.parametrize("fault", PASSING)
def test_a_failure_that_passes_is_not_noticed(account, fault):
    account.fault(fault, "/v1/invoices", times=2)

    reading = account.store(patience_for(fault)).read(SCOPE)

    assert reading.ok, reading.reason


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("429", "Stripe answered 429 to GET /v1/charges 4 times: Stripe's rate limit is used up"),
        ("500_before", "Stripe answered 500 to GET /v1/charges 4 times: Stripe is failing"),
        ("html_502", "Stripe answered 502 to GET /v1/charges 4 times: Stripe is failing"),
        ("html", "Stripe answered 200 to GET /v1/charges 4 times with a body that is not whole JSON"),
        ("half_body", "Stripe gave no answer to GET /v1/charges 4 times"),
        ("empty", "Stripe gave no answer to GET /v1/charges 4 times: check STRIPE_API_BASE and the network."),
        ("reset_before", "Stripe gave no answer to GET /v1/charges 4 times"),
        ("timeout_before", "Stripe gave no answer to GET /v1/charges 4 times"),
        ("401", "Stripe answered 401 to GET /v1/charges: check STRIPE_API_KEY."),
    ],
)
def test_a_failure_that_stays_is_a_failed_reading_with_its_reason(account, fault, said):
    account.fault(fault, "/v1/charges", times=9)

    reading = account.store(patience_for(fault)).read(SCOPE)

    assert (reading.ok, dict(reading.tables)) == (False, {})
    assert reading.reason.startswith(said)


def test_a_customer_that_one_answer_shows_and_another_denies_is_a_failed_reading(account):
    account.fault("404", "/v1/invoices")

    reading = account.store().read(SCOPE)

    assert reading.reason == "Stripe shows cus_1, and denies it in its invoices: read it again."


def test_a_wrong_key_is_named_by_its_setting_and_never_shown(account):
    reading = account.store(key="sk_test_stranger").read(SCOPE)

    assert "check STRIPE_API_KEY" in reading.reason
    assert "stranger" not in reading.reason


def test_a_server_that_is_down_is_a_failed_reading():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
        store = StripeStore(StripeApi("sk_test_x", nobody, patience=QUICK, sleep=lambda _: None))

        reading = store.read(SCOPE)

    assert reading.reason.startswith("Stripe gave no answer to GET /v1/")


def test_nothing_is_tried_again_once_the_deadline_would_pass(account):
    account.fault("500_before", "/v1/charges", times=1)
    waits = replace(QUICK, first_pause=60.0, longest_pause=60.0, deadline=30.0)

    reading = account.store(waits).read(SCOPE)

    assert reading.reason.startswith("Stripe answered 500 to GET /v1/charges:")


def test_pauses_grow_and_vary_between_tries(account):
    account.fault("429", "/v1/customers", times=9)
    paused: list[float] = []
    patience = replace(QUICK, first_pause=1.0, longest_pause=3.0)
    api = StripeApi(account.key, account.base, patience=patience, sleep=paused.append, jitter=lambda: 0.5)

    StripeStore(api).read(SCOPE)

    assert paused == [0.75, 1.5, 2.25]


def test_an_answer_that_is_json_and_no_list_is_a_failed_reading(account):
    api = StripeApi(account.key, f"{account.base}/_twin/health?", patience=QUICK)

    reading = StripeStore(api).read(SCOPE)

    assert reading.ok is False
    assert "check STRIPE_API_BASE" in reading.reason

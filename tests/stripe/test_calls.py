"""The five calls: what each answer of Stripe, or none, is taken for, and whether the wanted state is there."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from recon.sandbox.twin import objects
from recon.stores.base import CallOutcome
from tests.stripe.conftest import T0
from tests.support.twin import patience_for

PAY = ("invoices.pay", "in_open", {"paid_out_of_band": True})
VOID = ("invoices.void_invoice", "in_open", {})
FORGET = ("invoices.mark_uncollectible", "in_open", {})
CANCEL = ("subscriptions.cancel", "sub_1", {})
NOTE = ("customers.update", "cus_1", {"metadata": {"debt_state": "clear"}})
CALLS = [PAY, VOID, FORGET, CANCEL, NOTE]
NAMES = [verb for verb, _, _ in CALLS]


@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_a_call_reaches_its_wanted_state(account, call):
    store = account.store()
    before = store.wanted_state_reached(*call)

    result = store.call(*call, "k1")

    assert (before, result.outcome, store.wanted_state_reached(*call)) == (False, CallOutcome.DONE, True)


@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_a_call_under_a_fresh_key_after_its_success_is_done(account, call):
    store = account.store()
    store.call(*call, "k1")

    assert store.call(*call, "k2").outcome is CallOutcome.DONE


@pytest.mark.parametrize("call", [PAY, VOID, FORGET, NOTE], ids=lambda call: call[0])
def test_a_call_under_the_same_key_has_one_effect(account, call):
    store = account.store()
    for _ in range(3):
        assert store.call(*call, "k1").outcome is CallOutcome.DONE

    assert len(account.event_types()) == 1


@pytest.mark.parametrize(
    ("fault", "outcome", "status", "effect"),
    [
        ("401", CallOutcome.REFUSED, 401, False),
        ("404", CallOutcome.REFUSED, 404, False),
        ("409", CallOutcome.RETRY, 409, False),
        ("429", CallOutcome.RETRY, 429, False),
        ("500_before", CallOutcome.UNKNOWN, 500, False),
        ("500_after", CallOutcome.UNKNOWN, 500, True),
        ("timeout_before", CallOutcome.UNKNOWN, None, False),
        ("timeout_after", CallOutcome.UNKNOWN, None, True),
        ("reset_before", CallOutcome.UNKNOWN, None, False),
        ("reset_after", CallOutcome.UNKNOWN, None, True),
        ("half_body", CallOutcome.UNKNOWN, None, True),
        ("empty", CallOutcome.UNKNOWN, None, False),
        ("html", CallOutcome.UNKNOWN, 200, False),
        ("html_502", CallOutcome.UNKNOWN, 502, False),
    ],
)
def test_an_answer_is_taken_for_what_it_says_and_no_more(account, fault, outcome, status, effect):
    store = account.store(patience_for(fault))
    account.fault(fault, "/v1/invoices/in_open/pay")

    result = store.call(*PAY, "k1")

    assert (result.outcome, result.http_status) == (outcome, status)
    assert account.store().wanted_state_reached(*PAY) is effect


@pytest.mark.parametrize(
    "fault", ["timeout_before", "timeout_after", "reset_after", "half_body", "429", "409", "empty"]
)
def test_asking_again_with_the_same_key_ends_in_one_effect(account, fault):
    store = account.store(patience_for(fault))
    account.fault(fault, "/v1/invoices/in_open/pay")
    store.call(*PAY, "k1")
    account.release()

    assert store.call(*PAY, "k1").outcome is CallOutcome.DONE
    assert account.event_types() == ["invoice.paid"]


def test_an_error_500_stays_under_its_key_and_a_fresh_one_settles_it(account):
    store = account.store()
    account.fault("500_before", "/v1/invoices/in_open/pay")

    outcomes = [store.call(*PAY, key).outcome for key in ("k1", "k1", "k1.r1")]

    assert outcomes == [CallOutcome.UNKNOWN, CallOutcome.UNKNOWN, CallOutcome.DONE]
    assert account.event_types() == ["invoice.paid"]


def test_a_call_that_is_still_running_is_to_be_asked_again(account):
    store = account.store()
    account.fault("hold", "/v1/invoices/in_open/pay")
    with ThreadPoolExecutor(1) as other:
        running = other.submit(store.call, *PAY, "k1")
        while not account.conn.execute("select 1 from idempotency_keys").fetchone():
            account.conn.rollback()
        account.conn.rollback()
        result = store.call(*PAY, "k1")
        account.release()

        assert (result.outcome, result.code) == (CallOutcome.RETRY, "idempotency_key_in_use")
        assert running.result().outcome is CallOutcome.DONE


def test_a_key_that_came_with_other_parameters_is_refused_by_that_name(account):
    store = account.store()
    store.call(*PAY, "k1")

    result = store.call(*VOID, "k1")

    assert (result.outcome, result.http_status, result.code) == (CallOutcome.REFUSED, 400, "idempotency_error")


@pytest.mark.parametrize(
    "call",
    [
        ("invoices.void_invoice", "in_paid", {}),
        ("invoices.mark_uncollectible", "in_paid", {}),
        ("invoices.pay", "in_none", {"paid_out_of_band": True}),
        ("subscriptions.cancel", "sub_none", {}),
        ("customers.update", "cus_none", {"metadata": {"debt_state": "clear"}}),
    ],
    ids=lambda call: f"{call[0]} {call[1]}",
)
def test_a_call_that_cannot_be_is_refused(account, call):
    store = account.store()

    assert store.call(*call, "k1").outcome is CallOutcome.REFUSED
    assert store.wanted_state_reached(*call) is False
    assert account.event_types() == []


def test_metadata_without_a_value_is_taken_out(account):
    call = ("customers.update", "cus_1", {"metadata": {"debt_state": None}})

    assert account.store().call(*call, "k1").outcome is CallOutcome.DONE
    assert account.object("customer", "cus_1")["metadata"] == {"account_id": "acc_1"}
    assert account.store().wanted_state_reached(*call) is True


def test_a_deleted_customer_holds_no_metadata(twin):
    twin.load(customers=[objects.deleted_customer("cus_1")])

    assert twin.store().call(*NOTE, "k1").outcome is CallOutcome.REFUSED
    assert twin.store().wanted_state_reached(*NOTE) is False


def test_nobody_knows_the_state_when_stripe_cannot_be_asked(account):
    account.fault("500_before", "/v1/invoices/in_open", method="GET", times=9)

    assert account.store().wanted_state_reached(*PAY) is None


@pytest.mark.parametrize(
    ("verb", "object_id"), [("charges.create", "ch_1"), ("invoices.pay", "in_1/../x"), ("pay", "")]
)
def test_a_call_outside_the_contract_is_not_sent(account, verb, object_id):
    with pytest.raises(ValueError, match="no call of the contract"):
        account.store().call(verb, object_id, {}, "k1")


def test_a_refusal_tells_nothing_of_the_key(account):
    result = account.store(key="sk_test_stranger").call(*PAY, "k1")

    assert (result.outcome, result.http_status) == (CallOutcome.REFUSED, 401)
    assert "stranger" not in (result.message or "")


def test_an_invoice_of_the_older_shape_is_paid_in_its_own_terms(twin):
    older = {
        "id": "in_open",
        "object": "invoice",
        "customer": "cus_1",
        "created": T0,
        "status": "open",
        "paid": False,
        "subscription": None,
        "amount_paid": 0,
        "amount_remaining": 7,
    }
    twin.load(invoices=[older])

    assert twin.store().call(*PAY, "k1").outcome is CallOutcome.DONE
    after = twin.object("invoice", "in_open")
    assert (after["status"], after["paid_out_of_band"], after["amount_remaining"]) == ("paid", True, 0)

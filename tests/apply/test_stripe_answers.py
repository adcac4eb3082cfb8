"""What each answer of Stripe does to an apply that holds five databases prepared."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from recon.apply.coordinator import Coordinator, Outcome
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.models import Apply, ApplyCall, ApplyState, CallState
from recon.stores.base import Store
from tests.apply.conftest import SetClock
from tests.support import applying
from tests.support.twin import TwinUnderTest

Six = Mapping[StoreName, Store]
VOIDING = "/v1/invoices/in_1/void"
CUSTOMER = "/v1/customers/cus_1"


@pytest.fixture
def coordinator(six: Six, clock: SetClock) -> Coordinator:
    clock.runs = True
    return applying.coordinator(six, clock, hold=60.0)


@pytest.fixture
def void(evaluated: Evaluation, coordinator: Coordinator) -> Callable:
    """Approves the plan with the proposal to void the invoice, and applies it."""
    return lambda: coordinator.apply(applying.order(evaluated, proposal=applying.VOID))


def call() -> ApplyCall:
    return ApplyCall.objects.get(position=0)


def is_void(twin: TwinUnderTest) -> bool:
    return twin.object("invoice", "in_1")["status"] == "void"


def test_a_500_that_had_no_effect_is_tried_with_a_fresh_key_that_is_kept(void: Callable, twin: TwinUnderTest) -> None:
    twin.fault("500_before", VOIDING)
    assert void().outcome is Outcome.APPLIED
    assert is_void(twin)
    assert (call().attempts, call().idempotency_key.endswith("~1")) == (2, True)


def test_a_500_that_had_its_effect_is_settled_by_reading(void: Callable, twin: TwinUnderTest) -> None:
    twin.fault("500_after", VOIDING)
    assert void().outcome is Outcome.APPLIED
    assert (call().attempts, twin.event_types().count("invoice.voided")) == (1, 1)


def test_a_fresh_key_is_kept_even_when_the_time_is_up(
    six: Six, clock: SetClock, evaluated: Evaluation, twin: TwinUnderTest
) -> None:
    clock.runs = True
    twin.fault("500_before", VOIDING, times=2)
    hurried = applying.coordinator(six, clock, hold=0.0)
    assert hurried.apply(applying.order(evaluated, proposal=applying.VOID)).outcome is Outcome.IN_DOUBT
    assert applying.recovery(six, clock).run(whatever_lease=True).settled == {ApplyState.DONE: 1}
    assert twin.event_types().count("invoice.voided") == 1


@pytest.mark.parametrize("kind", ["409", "429", "reset_before"])
def test_what_says_nothing_of_the_effect_is_asked_again_with_the_same_key(
    void: Callable, twin: TwinUnderTest, kind: str
) -> None:
    twin.fault(kind, VOIDING)
    assert void().outcome is Outcome.APPLIED
    assert (call().attempts, "~" in call().idempotency_key) == (2, False)
    assert twin.event_types().count("invoice.voided") == 1


def test_a_refusal_takes_everything_back(void: Callable, twin: TwinUnderTest) -> None:
    twin.fault("404", VOIDING)
    result = void()
    assert (result.outcome, "Stripe refused invoices.void_invoice of in_1" in result.sentence) == (
        Outcome.REFUSED,
        True,
    )
    assert not is_void(twin)
    assert twin.object("customer", "cus_1")["metadata"]["debt_state"] == "bad_debt"


def test_no_right_to_call_refuses_the_first_attempt(void: Callable, twin: TwinUnderTest) -> None:
    twin.fault("401", VOIDING)
    assert void().outcome is Outcome.REFUSED


def test_no_right_to_call_says_nothing_of_an_earlier_attempt(void: Callable, twin: TwinUnderTest) -> None:
    twin.fault("reset_before", VOIDING)
    twin.fault("401", VOIDING, times=50)
    assert void().outcome is Outcome.IN_DOUBT
    assert Apply.objects.get().state == ApplyState.COMMITTING
    assert call().state == CallState.INTENDED


def test_silence_goes_forward_and_the_call_stays_owed(
    void: Callable, twin: TwinUnderTest, six: Six, clock: SetClock
) -> None:
    twin.fault("reset_before", VOIDING, times=1_000)
    assert void().outcome is Outcome.IN_DOUBT
    assert applying.evaluation(six, "acc_1", clock()).drift.cells == ()
    twin.calm()
    report = applying.recovery(six, clock).run(whatever_lease=True)
    assert report.settled == {ApplyState.DONE: 1}
    assert is_void(twin)


def test_an_owed_call_that_is_refused_in_the_end_needs_a_person(
    void: Callable, twin: TwinUnderTest, six: Six, clock: SetClock
) -> None:
    twin.fault("reset_before", VOIDING, times=1_000)
    void()
    twin.calm()
    twin.load_over("invoice", "in_1", status="paid")
    report = applying.recovery(six, clock).run(whatever_lease=True)
    assert report.settled == {ApplyState.EXCEPTION: 1}
    assert "stripe: invoices.void_invoice of in_1 was refused" in report.alerts[0]


def test_a_key_that_stripe_may_have_forgotten_is_never_sent_again(
    void: Callable, twin: TwinUnderTest, six: Six, clock: SetClock
) -> None:
    twin.fault("reset_before", VOIDING, times=1_000)
    void()
    twin.calm()
    clock.now += timedelta(hours=21)
    report = applying.recovery(six, clock).run(whatever_lease=True)
    assert report.settled == {ApplyState.EXCEPTION: 1}
    assert not is_void(twin)


def test_metadata_that_stripe_does_not_take_now_is_paid_later(
    coordinator: Coordinator, evaluated: Evaluation, twin: TwinUnderTest, six: Six, clock: SetClock
) -> None:
    twin.fault("reset_before", CUSTOMER, method="POST", times=1_000)
    assert coordinator.apply(applying.order(evaluated)).outcome is Outcome.IN_DOUBT
    twin.calm()
    applying.recovery(six, clock).run(whatever_lease=True)
    assert twin.object("customer", "cus_1")["metadata"]["debt_state"] == "clear"
    assert Apply.objects.get().state == ApplyState.DONE

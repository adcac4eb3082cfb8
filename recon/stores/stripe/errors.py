"""What an answer of Stripe means: for a read, a sentence; for a call, an outcome.

`stripe.APIError` is raised for 409 and 5xx alike, and for a 200 that cannot be parsed: only `http_status` tells them
apart. A call is REFUSED by a definite 4xx alone. Closed by default: an error is benign (the wanted state may be there
already, so look before believing it) only where `BENIGN` lists it; of any other 4xx nothing is hoped.

401 and 403 come before Stripe's idempotency layer: they are REFUSED here, and say nothing of an earlier attempt under
the same key. `idempotency_error` (a key that came with other parameters before) is REFUSED with that code.
"""

from collections.abc import Mapping
from typing import Any, Final

import stripe

from recon.stores.base import CallOutcome, CallResult

BENIGN: Final[Mapping[str, frozenset[tuple[int, str | None]]]] = {
    # "Invoice is already paid": Stripe gives it no code of its own.
    "invoices.pay": frozenset({(400, None), (400, "invoice_already_paid"), (400, "invoice_not_open")}),
    "invoices.void_invoice": frozenset({(400, None), (400, "invoice_not_open")}),
    "invoices.mark_uncollectible": frozenset({(400, None), (400, "invoice_not_open")}),
    # A subscription that has ended is no longer found by its own cancel.
    "subscriptions.cancel": frozenset({(404, "resource_missing")}),
    "customers.update": frozenset(),
}
MOST_OF_A_MESSAGE: Final = 200
ADVICE: Final[Mapping[int, str]] = {
    400: "this version of the engine and Stripe disagree on a parameter",
    401: "check STRIPE_API_KEY",
    403: "the key of STRIPE_API_KEY lacks the permission: give it read access to this list",
    404: "check STRIPE_API_BASE",
    409: "another request holds the object: it is tried again later",
    429: "Stripe's rate limit is used up: it is tried again later, slower",
}
FAILING: Final = "Stripe is failing: it is tried again later"


class Unreadable(Exception):
    """Stripe did not say what it was asked. The sentence says what, where and what to do, and holds ids alone."""


def is_absence(error: stripe.StripeError) -> bool:
    """Does Stripe itself say that the named object does not exist? (A proxy's 404 says nothing.)"""
    if not isinstance(error, stripe.InvalidRequestError):
        return False
    return error.code == "resource_missing" or (error.http_status == 404 and error.code is None)


def cannot_expand(error: stripe.StripeError) -> bool:
    """Does this Stripe not know the list that it was asked to show inside an object (API before 2025-03-31)?"""
    return error.http_status == 400 and "expand" in (error.user_message or "").lower()


def is_passing(error: stripe.StripeError) -> bool:
    """Could the same GET succeed a moment later? Rate limits, locks, 5xx, no answer, an answer cut off."""
    status = error.http_status
    return status is None or status in (409, 429) or status >= 500 or status < 400


def unreadable(error: stripe.StripeError, path: str, attempts: int) -> Unreadable:
    """The sentence for a GET that failed for good."""
    times = f" {attempts} times" if attempts > 1 else ""
    status = error.http_status
    if status is None:
        return Unreadable(f"Stripe gave no answer to GET {path}{times}: check STRIPE_API_BASE and the network.")
    if status < 400:
        return Unreadable(
            f"Stripe answered {status} to GET {path}{times} with a body that is not whole JSON: {FAILING}."
        )
    return Unreadable(f"Stripe answered {status} to GET {path}{times}: {ADVICE.get(status, FAILING)}.")


def call_result(error: stripe.StripeError) -> CallResult:
    """What a failed call is, by its HTTP status."""
    status = error.http_status
    code = _code_of(error)
    if status is None or status < 400 or status >= 500 or not _is_stripes_own(error):
        return CallResult(CallOutcome.UNKNOWN, status, code, "Stripe's answer is missing or says nothing certain.")
    if status in (409, 429):
        return CallResult(CallOutcome.RETRY, status, code, "Stripe wants to be asked again, with the same key.")
    if status in (401, 403):
        return CallResult(CallOutcome.REFUSED, status, code, f"{ADVICE[401]}: it may not make this call.")
    return CallResult(CallOutcome.REFUSED, status, code, (error.user_message or "")[:MOST_OF_A_MESSAGE])


def may_be_done_already(verb: str, result: CallResult) -> bool:
    """Is this refusal one that a call repeated after its success gets?"""
    code = None if result.code == "invalid_request_error" else result.code
    return result.outcome is CallOutcome.REFUSED and (result.http_status, code) in BENIGN[verb]


def _is_stripes_own(error: stripe.StripeError) -> bool:
    """Has the answer Stripe's error object? A 4xx of something in between is no word of Stripe's."""
    return bool(_told(error))


def _code_of(error: stripe.StripeError) -> str | None:
    """Stripe's code, or the error's type where it has none; the SDK drops the code of an idempotency error."""
    told = _told(error)
    return error.code or told.get("code") or told.get("type")


def _told(error: stripe.StripeError) -> Mapping[str, Any]:
    body = error.json_body if isinstance(error.json_body, dict) else {}
    told = body.get("error")
    return told if isinstance(told, dict) else {}

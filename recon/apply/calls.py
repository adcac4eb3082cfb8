"""Settle one call to Stripe: what an answer means, and what is asked next.

An unknown answer is not a no. The same key is asked again after silence and after 409 or 429; a 5xx is replayed for its
key for ever, so the object is read, and only when it is unchanged a fresh key is kept and then sent. 401 and 403 come
before Stripe's idempotency layer: they refuse a call only if no earlier attempt can have been sent. Everything that is
sent again is kept first, under the epoch, so that a successor sends the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from recon.apply import journal
from recon.apply.journal import Held
from recon.apply.steps import Observer, Step
from recon.models import ApplyCall, CallClass, CallState
from recon.stores.base import CallableStore, CallOutcome, CallResult

KEYS_HOLD: Final = timedelta(hours=20)
IDEMPOTENCY_ERROR: Final = "idempotency_error"
UNAUTHORIZED: Final = (401, 403)


class Settled(StrEnum):
    """What is known of a call when the asking ends."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NEVER = "never"  # nobody can learn it by asking: a person has to look


class _Next(StrEnum):
    SAME_KEY = "same key"
    FRESH_KEY = "fresh key"


@dataclass(frozen=True, slots=True)
class Caller:
    """Asks Stripe until it knows, or until `hold` seconds are spent."""

    stripe: CallableStore
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    observe: Observer
    hold: float = 10.0
    hold_when_owed: float = 1.0
    first_pause: float = 0.25
    longest_pause: float = 2.0

    def settle(self, held: Held, call: ApplyCall, *, hold: float | None = None) -> Settled:
        """Sends a call that is kept as intended, as often as it takes; the result is left on it. Raises Overtaken."""
        until = self.clock() + timedelta(seconds=self.hold if hold is None else hold)
        pause = self.first_pause
        while True:
            if _is_outdated(call, self.clock()):
                return self._by_reading(call)
            verdict = self._attempt(call)
            if isinstance(verdict, Settled):
                return verdict
            if verdict is _Next.FRESH_KEY:
                # Kept even if there is no time left to send it: whoever asks next must not replay the failure.
                self._intend_again(held, call, fresh=True)
            if self.clock() + timedelta(seconds=pause) >= until:
                return Settled.UNKNOWN
            self.sleep(pause)
            pause = min(pause * 2, self.longest_pause)
            if verdict is _Next.SAME_KEY:
                self._intend_again(held, call, fresh=False)

    def intend(self, held: Held, call: ApplyCall) -> None:
        """Keeps that the call is about to be sent, again or for the first time, with the key that it has."""
        self._intend_again(held, call, fresh=False)

    def _attempt(self, call: ApplyCall) -> Settled | _Next:
        result = self.stripe.call(call.verb, call.object_id, call.params, call.idempotency_key)
        call.http_status, call.code = result.http_status, result.code or ""
        self.observe(Step.CALL_ANSWERED)
        if result.outcome is CallOutcome.DONE:
            return _settled(call, Settled.DONE)
        if result.outcome is CallOutcome.RETRY:
            return _Next.SAME_KEY
        if result.outcome is CallOutcome.REFUSED:
            return self._refused(call, result)
        return self._unknown(call, result)

    def _refused(self, call: ApplyCall, result: CallResult) -> Settled | _Next:
        if result.code == IDEMPOTENCY_ERROR:
            return Settled.NEVER
        if result.http_status in UNAUTHORIZED and (call.attempts > 1 or call.call_class == CallClass.RETRIABLE):
            return _Next.SAME_KEY
        if self._is_reached(call):
            return _settled(call, Settled.DONE)
        return _settled(call, Settled.REFUSED)

    def _unknown(self, call: ApplyCall, result: CallResult) -> Settled | _Next:
        reached = self._is_reached(call)
        if reached:
            return _settled(call, Settled.DONE)
        was_answered = result.http_status is not None and result.http_status >= 500
        return _Next.FRESH_KEY if was_answered and reached is False else _Next.SAME_KEY

    def _by_reading(self, call: ApplyCall) -> Settled:
        return _settled(call, Settled.DONE) if self._is_reached(call) else Settled.NEVER

    def _is_reached(self, call: ApplyCall) -> bool | None:
        return self.stripe.wanted_state_reached(call.verb, call.object_id, call.params)

    def _intend_again(self, held: Held, call: ApplyCall, *, fresh: bool) -> None:
        key = f"{call.idempotency_key.split('~')[0]}~{call.attempts}" if fresh else call.idempotency_key
        now = self.clock()
        journal.intend_again(held, call, key=key, now=now)
        call.idempotency_key, call.attempts, call.state = key, call.attempts + 1, CallState.INTENDED
        call.first_sent_at = now if fresh else call.first_sent_at or now
        self.observe(Step.CALL_RETRIED)


def _settled(call: ApplyCall, verdict: Settled) -> Settled:
    call.state = CallState.DONE if verdict is Settled.DONE else CallState.REFUSED
    return verdict


def _is_outdated(call: ApplyCall, now: datetime) -> bool:
    """Stripe may forget a key after a day: from then on the same key could do it a second time."""
    return call.first_sent_at is not None and now - call.first_sent_at > KEYS_HOLD

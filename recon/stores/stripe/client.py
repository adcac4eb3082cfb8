"""The one way to Stripe: pinned version, short time-outs, and retries of our own.

The SDK's defaults would hold row locks for minutes (80 s, three times) and invent a key for a POST that a crash
forgets. Reads go through `raw_request`: the SDK's objects cost more time than the network does, and the engine wants
plain JSON.
"""

import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import stripe

from recon.stores.stripe.errors import Unreadable, cannot_expand, is_absence, is_passing, unreadable
from recon.stores.stripe.wire import Wire

API_VERSION: Final = "2026-10-28.endive"  # the shapes that the twin and the engine's tests hold
STRIPE_ITSELF: Final = "https://api.stripe.com"
PARALLEL: Final = 8  # requests at a time
PAGE: Final = 100  # the most that Stripe gives at once
AN_ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long Stripe may take, in seconds.

    A read as a whole (all of an account's requests) begins nothing more after `deadline`, a look at one object, which
    happens while rows are locked, after `look`.
    """

    connect: float = 2.0
    answer: float = 4.0
    tries: int = 4
    first_pause: float = 0.25
    longest_pause: float = 4.0
    deadline: float = 20.0
    look: float = 3.0


class StripeApi:
    """One account of Stripe, reached with one key. Safe between threads, and across a fork."""

    def __init__(
        self,
        api_key: str,
        base: str = "",
        *,
        version: str = "",
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`base` empty means Stripe itself. `version` is our release, as Stripe's log shows it. `jitter` gives numbers
        from 0 to 1."""
        self.patience = patience or Patience()
        self._key = api_key
        self._version = version
        self._base = (base or STRIPE_ITSELF).rstrip("/")
        self._sleep = sleep
        self._jitter = jitter
        self._client: stripe.StripeClient | None = None
        self._pid = 0
        self._expands = True  # until a Stripe of the older shapes, whose invoices have no payments, says otherwise

    @property
    def client(self) -> stripe.StripeClient:
        """The SDK's client; another one after a fork, because connections cannot be shared."""
        if self._client is None or self._pid != os.getpid():
            self._client, self._pid = self._build(), os.getpid()
        return self._client

    def deadline(self) -> float:
        """Until when (monotonic seconds) what starts now may go on."""
        return time.monotonic() + self.patience.deadline

    def get(self, path: str, params: Mapping[str, Any], deadline: float) -> Json | None:
        """One answer, tried again while it may succeed; None: Stripe says that what is named does not exist.

        Unreadable: anything else that is not a JSON object.
        """
        if not self._expands:
            params = {name: value for name, value in params.items() if name != "expand"}
        for attempt in range(1, self.patience.tries + 1):
            try:
                answer = self.client.raw_request("get", path, **params).data
            except stripe.StripeError as error:
                if is_absence(error):
                    return None
                if "expand" in params and cannot_expand(error):
                    self._expands = False
                    return self.get(path, params, deadline)
                pause = self._pause(attempt, error)
                if not is_passing(error) or attempt == self.patience.tries or time.monotonic() + pause > deadline:
                    raise unreadable(error, path, attempt) from error
                self._sleep(pause)
            else:
                return _an_object(answer, path)
        raise AssertionError("the last try either answers or raises")

    def retrieve(
        self, kind: str, object_id: str, deadline: float, params: Mapping[str, Any] = MappingProxyType({})
    ) -> Json | None:
        """One object of a list (`customers`, `invoices`, …); None where there is none, or where this can be no id."""
        if not AN_ID.fullmatch(object_id):
            return None
        return self.get(f"/v1/{kind}/{object_id}", params, deadline)

    def page(self, path: str, params: Mapping[str, Any], deadline: float) -> tuple[list[Json], bool] | None:
        """One page of a list and whether more follow; None: an object that a parameter names does not exist."""
        answer = self.get(path, {"limit": PAGE, **params}, deadline)
        if answer is None:
            return None
        data, more = answer.get("data"), answer.get("has_more")
        if not (isinstance(data, list) and isinstance(more, bool) and all(map(_has_id, data))):
            raise Unreadable(f"Stripe's answer to GET {path} is not a list of objects: check STRIPE_API_BASE.")
        return data, more and bool(data)

    def pages(
        self, path: str, params: Mapping[str, Any], deadline: Callable[[], float], after: str | None = None
    ) -> Iterator[list[Json] | None]:
        """Every page from after an object on, newest first; `None` once, and the end, as in `page`."""
        more = True
        while more:
            cursor = {"starting_after": after} if after else {}
            found = self.page(path, {**params, **cursor}, deadline())
            if found is None:
                yield None
                return
            data, more = found
            yield data
            after = data[-1]["id"] if data else None

    def everything(self, path: str, params: Mapping[str, Any], deadline: float) -> list[Json] | None:
        """A whole list; None as in `page`."""
        objects: list[Json] = []
        for page in self.pages(path, params, lambda: deadline):
            if page is None:
                return None
            objects += page
            if time.monotonic() > deadline:
                raise Unreadable(f"Stripe's list GET {path} did not end within {self.patience.deadline:.0f} s.")
        return objects

    def _pause(self, attempt: int, error: stripe.StripeError) -> float:
        """Twice as long each time, at random between half and all of it; never shorter than Stripe asks."""
        longest = min(self.patience.longest_pause, self.patience.first_pause * 2.0 ** (attempt - 1))
        asked = (error.headers or {}).get("Retry-After", "") if isinstance(error.headers, Mapping) else ""
        return max(longest * (0.5 + self._jitter() / 2), float(asked) if asked.isdigit() else 0.0)

    def _build(self) -> stripe.StripeClient:
        # Telemetry would send Stripe the name of this machine and the times of our requests.
        stripe.enable_telemetry = False
        stripe.set_app_info("Recon", version=self._version or None)
        return stripe.StripeClient(
            self._key,
            stripe_version=API_VERSION,
            base_addresses={"api": self._base},
            http_client=Wire(
                self._base, connect=self.patience.connect, answer=self.patience.answer, connections=PARALLEL
            ),
            max_network_retries=0,
        )


def _an_object(answer: object, path: str) -> Json:
    if not isinstance(answer, dict):
        raise Unreadable(f"Stripe's answer to GET {path} is no JSON object: check STRIPE_API_BASE.")
    return answer


def _has_id(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("id"), str)

"""Stripe as one of the six stores."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from recon.engine.facts import Reading, StoreName
from recon.stores.base import CallResult, Scope, StoreUnreachable
from recon.stores.stripe.calls import is_reached, send_call
from recon.stores.stripe.client import PARALLEL, Json, StripeApi
from recon.stores.stripe.errors import Unreadable
from recon.stores.stripe.lists import list_pages
from recon.stores.stripe.reader import read_accounts
from recon.stores.threads import KeptThreads

# How an id begins → the list that it is of.
KIND_OF = {
    "cus": "customers",
    "sub": "subscriptions",
    "in": "invoices",
    "pi": "payment_intents",
    "ch": "charges",
    "py": "charges",
    "du": "disputes",
    "dp": "disputes",
}


def utc_now() -> datetime:
    return datetime.now(UTC)


class StripeStore:
    """Reads as `Store` says and calls as `CallableStore` says; `list_all` fills the mirror."""

    name = StoreName.STRIPE

    def __init__(self, api: StripeApi, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.api = api
        self.clock = clock
        self._threads = KeptThreads(PARALLEL, "stripe")

    def read(self, scope: Scope) -> Reading:
        """One account, live. Never raises for an outside failure: the reading is not ok and says why."""
        return self.read_many([scope])[scope.account_id]

    def read_many(self, scopes: Sequence[Scope]) -> dict[str, Reading]:
        """The same of each of several; what fails of one account fails of no other."""
        as_of = self.clock()
        return {
            account_id: Reading(self.name, as_of, {}, ok=False, reason=str(said))
            if isinstance(said, Unreadable)
            else Reading(self.name, as_of, said)
            for account_id, said in read_accounts(self.api, self._threads, scopes).items()
        }

    def ping(self) -> str:
        """Why it gives no answer, in a sentence; empty when it does. Asked once: nobody waits for a second try."""
        try:
            self.api.page("/v1/customers", {"limit": 1}, deadline=time.monotonic())
        except Unreadable as error:
            return str(error)
        return ""

    def find(self, object_id: str) -> tuple[str, Json] | None:
        """The list that an object belongs to, and the object as it is now; None where there is none, or where its id
        does not tell its list. StoreUnreachable: Stripe gives no answer."""
        kind = KIND_OF.get(object_id.partition("_")[0])
        if kind is None:
            return None
        try:
            found = self.api.retrieve(kind, object_id, self.api.deadline())
        except Unreadable as error:
            raise StoreUnreachable(self.name, str(error)) from error
        return None if found is None else (kind, found)

    def list_all(self, kind: str, starting_after: str | None = None) -> Iterator[list[Json]]:
        """The pages of one whole list, from after an object on. StoreUnreachable: it could not be read."""
        try:
            yield from list_pages(self.api, kind, starting_after)
        except Unreadable as error:
            raise StoreUnreachable(self.name, str(error)) from error

    def call(self, verb: str, object_id: str, params: Mapping[str, Any], idempotency_key: str) -> CallResult:
        """One attempt of a call; its outcome speaks of this attempt alone."""
        return send_call(self.api, verb, object_id, params, idempotency_key)

    def wanted_state_reached(self, verb: str, object_id: str, params: Mapping[str, Any]) -> bool | None:
        """Is what the call wants already so in Stripe? None: Stripe could not be asked."""
        return is_reached(self.api, verb, object_id, params)

    def trouble(self) -> str | None:
        """Why Stripe cannot be read with this key and address, told by asking for one customer; None: it can."""
        try:
            self.api.page("/v1/customers", {"limit": 1}, time.monotonic() + self.api.patience.look)
        except Unreadable as error:
            return str(error)
        return None

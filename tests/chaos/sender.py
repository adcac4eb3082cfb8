"""Events on their way in: duplicated, delayed, overtaken, forged, lost; sent until accepted, as Stripe does."""

import heapq
import json
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from itertools import count
from typing import Any, Final

import stripe

from tests.chaos.outside import Happened

WEBHOOK: Final = "/api/v1/webhooks/stripe/"
STORE_EVENTS: Final = "/api/v1/store-events/"
LOST, FORGED, OTHER_BODY = 0.04, 0.03, 0.03
AT_ONCE: Final = 0.4
LONGEST_DELAY: Final = 4.0
SENDERS: Final = 4
TRY_AGAIN_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to be made. `number` is the place of its change among all changes."""

    number: int
    source: str
    event_id: str
    body: Mapping[str, Any]
    is_forged: bool = False
    is_other_body: bool = False


@dataclass(slots=True)
class Tally:
    """What was sent, and how it was answered. An event is its source and its id."""

    changes: int = 0
    sent: int = 0
    accepted: dict[tuple[str, str], int] = field(default_factory=dict)
    other_bodies: set[tuple[str, str]] = field(default_factory=set)
    nobodies: set[str] = field(default_factory=set)
    overtaken: int = 0
    lost: int = 0
    lost_accounts: set[str] = field(default_factory=set)
    forged: int = 0
    unanswered: int = 0
    wrong_answers: list[str] = field(default_factory=list)
    last_accepted_at: float = 0.0

    @property
    def duplicates(self) -> int:
        return sum(self.accepted.values()) - len(self.accepted)


class Sender:
    """A few threads that send what is due."""

    def __init__(self, port: int, secret: str, chance: random.Random, quiet_stores: frozenset[str]) -> None:
        """`quiet_stores` note their changes themselves: what is lost of theirs needs no sweep."""
        self.tally = Tally()
        self._port = port
        self._secret = secret
        self._chance = chance
        self._quiet_stores = quiet_stores
        self._due: list[tuple[float, int, Delivery]] = []
        self._order = count()
        self._newest = 0
        self._in_flight = 0
        self._changed = threading.Condition()
        self._ends = False
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def tell(self, happened: Happened) -> None:
        """Sooner or later, once or more often, or never."""
        self.tally.changes += 1
        number = self.tally.changes
        if happened.knows_account and self._chance.random() < LOST:
            self.tally.lost += 1
            if happened.store not in self._quiet_stores:
                self.tally.lost_accounts.add(happened.account)
            return
        event = delivery(number, happened)
        if not happened.knows_account:
            self.tally.nobodies.add(event.event_id)
        for _ in range(self._chance.choice((1, 1, 1, 2, 3))):
            self._put(event)
        if happened.store == "stripe" and self._chance.random() < FORGED:
            self._put(Delivery(number, "stripe", f"forged_{number}", event.body, is_forged=True))
        if happened.store == "stripe" and self._chance.random() < OTHER_BODY:
            self._put(Delivery(number, "stripe", event.event_id, _altered(event.body), is_other_body=True))

    def wait_until_all_are_sent(self, deadline: float) -> bool:
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._due and not self._in_flight, timeout=max(0.0, deadline - time.monotonic())
            )

    def close(self) -> None:
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(15)

    def _put(self, delivery: Delivery, delay: float | None = None) -> None:
        delay = self._delay() if delay is None else delay
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + delay, next(self._order), delivery))
            self._changed.notify()

    def _delay(self) -> float:
        """Many come at once, while their change is being read; the rest at any time."""
        return 0.0 if self._chance.random() < AT_ONCE else min(LONGEST_DELAY, self._chance.expovariate(1.0))

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            status = _post(self._port, delivery, self._secret)
            with self._changed:
                self._in_flight -= 1
                self._count(delivery, status)
                if status is None or status >= 500:
                    self._put(delivery, TRY_AGAIN_SECONDS)
                self._changed.notify_all()

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._ends:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._in_flight += 1
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            return None

    def _count(self, delivery: Delivery, status: int | None) -> None:
        tally = self.tally
        tally.sent += 1
        if status is None or status >= 500:
            tally.unanswered += 1
        elif delivery.is_forged:
            tally.forged += 1
            if status != 400:
                tally.wrong_answers.append(f"a forged event was answered with {status}")
        elif status in (200, 202):
            event = (delivery.source, delivery.event_id)
            tally.accepted[event] = tally.accepted.get(event, 0) + 1
            tally.last_accepted_at = time.time()
            tally.overtaken += delivery.number < self._newest
            self._newest = max(self._newest, delivery.number)
            if delivery.is_other_body:
                tally.other_bodies.add(event)
        else:
            tally.wrong_answers.append(f"{delivery.source} {delivery.event_id} was answered with {status}")


def delivery(number: int, happened: Happened) -> Delivery:
    if happened.store != "stripe":
        event_id = f"chaos-{number}"
        occurred_at = datetime.now(UTC).isoformat()
        told = {"store": happened.store, "event_id": event_id, "account_id": happened.account}
        return Delivery(number, happened.store, event_id, {**told, "occurred_at": occurred_at})
    event_id = f"evt_chaos{number}"
    body: dict[str, Any] = {
        "id": event_id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "data": {"object": happened.body},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": happened.event_type,
    }
    return Delivery(number, "stripe", event_id, body)


def _altered(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**body, "data": {"object": {**body["data"]["object"], "description": "another body"}}}


def as_request(delivery: Delivery, secret: str) -> tuple[str, dict[str, str]]:
    """Text and headers, signed now."""
    text = json.dumps(delivery.body)
    headers = {"Content-Type": "application/json"}
    if delivery.source == "stripe":
        signed = "whsec_of_somebody_else" if delivery.is_forged else secret
        headers["Stripe-Signature"] = stripe.WebhookSignature.generate_signature_header(text, signed)
    else:
        headers["Authorization"] = f"Bearer {delivery.source}-chaos"
    return text, headers


def _post(port: int, delivery: Delivery, secret: str) -> int | None:
    """The answer's status; None where nobody answered."""
    text, headers = as_request(delivery, secret)
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", WEBHOOK if delivery.source == "stripe" else STORE_EVENTS, text.encode(), headers)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()

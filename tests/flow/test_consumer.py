"""The example that keeps a copy of the entitlements: killed at random, its stream flushed, and true in the end."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from recon.actions.publish_events import publish_events
from recon.apply.coordinator import Coordinator, Outcome
from recon.apply.tell import Event, tell
from recon.bootstrap import event_stream
from recon.models import EventKind, OutboxEvent
from tests.support import applying
from tests.support.six import six_stores
from tests.support.stores import Connect
from tests.support.twin import TwinUnderTest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "entitlement_cache.py"
SECRET = "the-secret-of-the-feed-for-this-test"
ACCOUNTS, REPAIRS = 6, 24
COLUMNS = ("plan_active", "effective_plan", "restricted", "suspended")
CLOSE_OR_OPEN = """
UPDATE accounts SET row_version = row_version + 1, status = CASE WHEN status = 'open' THEN 'closed' ELSE 'open' END
WHERE account_id = %s
"""
pytestmark = pytest.mark.django_db(transaction=True)


class Consumer:
    """The example in a process of its own."""

    def __init__(self, feed: str, redis_url: str, cache: Path) -> None:
        self.cache = cache
        self._process: subprocess.Popen[str] | None = None
        self._env = {"FEED": feed, "EVENT_FEED_SECRET": SECRET, "REDIS_URL": redis_url, "CACHE": str(cache)}

    def begin_with(self, copy: Mapping[str, Mapping[str, Any]]) -> None:
        with closing(sqlite3.connect(self.cache)) as db, db:
            db.execute("CREATE TABLE entitlement (account_id TEXT PRIMARY KEY, granted TEXT)")
            rows = [(account_id, json.dumps(granted)) for account_id, granted in copy.items()]
            db.executemany("INSERT INTO entitlement VALUES (?, ?)", rows)

    def start(self, stderr: int | None = None) -> None:
        env = {"PATH": os.environ["PATH"], **self._env}
        command = [sys.executable, str(EXAMPLE)]
        self._process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True)

    def kill(self) -> None:
        """kill -9, wherever it is."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def wait_until(self, sequence: int) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        patience = threading.Timer(60, self._process.kill)
        patience.start()
        try:
            assert any(int(line.split()[-1]) >= sequence for line in self._process.stdout), "it never got there"
        finally:
            patience.cancel()

    def last_words(self) -> str:
        """What it says when it ends by itself."""
        self.start(stderr=subprocess.PIPE)
        assert self._process is not None
        return self._process.communicate(timeout=30)[1]

    def granted(self) -> dict[str, Any]:
        with closing(sqlite3.connect(self.cache)) as db:
            return {account: json.loads(text) for account, text in db.execute("SELECT * FROM entitlement")}


@pytest.fixture
def consumer(live_server: LiveServer, sandbox: Any, settings: Any, tmp_path: Path) -> Iterator[Consumer]:
    settings.EVENT_FEED_SECRETS = (SECRET,)
    event_stream().flushdb()
    made = Consumer(f"{live_server.url}/api/v1/events/", sandbox.env()["REDIS_URL"], tmp_path / "cache.sqlite")
    yield made
    made.kill()
    event_stream().flushdb()


@pytest.fixture
def coordinator(
    load_case: Callable[[dict], None], twin: TwinUnderTest, owner: Connect, consumer: Consumer
) -> Coordinator:
    """Six real stores with accounts that every one of them has wrong; the consumer has begun with a copy of them."""
    for number in range(ACCOUNTS):
        case = applying.wrong_everywhere(f"acc_{number}", number)
        load_case(case)
        twin.load_case(case)
    consumer.begin_with(entitlements(owner))
    consumer.start()
    return applying.coordinator(six_stores(twin, timezone.now), timezone.now)


def publish() -> None:
    publish_events(event_stream(), now=timezone.now(), most_kept=1_000)


def newest() -> int:
    return OutboxEvent.objects.latest("sequence").sequence


def roll_back_an_event() -> None:
    """A sequence that nobody will ever see."""
    with transaction.atomic():
        tell([Event(EventKind.DRIFT_DETECTED, "acc_0")])
        transaction.set_rollback(True)


def repair(coordinator: Coordinator, account_id: str) -> None:
    evaluation = coordinator.recompute_now([account_id])[account_id]
    assert coordinator.apply(applying.order(evaluation)).outcome is Outcome.APPLIED


def entitlements(owner: Connect) -> dict[str, dict[str, Any]]:
    found = owner("cf_prod").execute(f"SELECT account_id, {', '.join(COLUMNS)} FROM entitlements")
    return {account_id: dict(zip(COLUMNS, values, strict=True)) for account_id, *values in found}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_cache_that_is_killed_while_repairs_happen_ends_true(
    seed: int, consumer: Consumer, coordinator: Coordinator, owner: Connect
) -> None:
    """Each repair of an account takes back what the one before it gave: an event lost, or out of order, shows."""
    chance = random.Random(seed)
    kills = 0
    for number in range(REPAIRS):
        account_id = f"acc_{number % ACCOUNTS}" if number < ACCOUNTS else f"acc_{chance.randrange(ACCOUNTS)}"
        repair(coordinator, account_id)
        owner("subs_account").execute(CLOSE_OR_OPEN, [account_id])
        if chance.random() < 0.3:
            roll_back_an_event()
        if chance.random() < 0.7:
            publish()
        if number == REPAIRS // 2:
            publish()
            event_stream().flushdb()
        if chance.random() < 0.4:
            consumer.kill()
            consumer.start()
            kills += 1
    publish()
    consumer.wait_until(newest())
    assert kills >= 3
    assert consumer.granted() == entitlements(owner)


def test_what_is_published_while_it_runs_is_known_at_once(
    consumer: Consumer, coordinator: Coordinator, owner: Connect
) -> None:
    consumer.wait_until(0)
    for number in range(2):
        repair(coordinator, f"acc_{number}")
        publish()
        consumer.wait_until(newest())
        assert consumer.granted() == entitlements(owner)


def test_after_a_flush_it_goes_on_by_the_feed(consumer: Consumer, coordinator: Coordinator, owner: Connect) -> None:
    repair(coordinator, "acc_0")
    publish()
    consumer.wait_until(newest())
    repair(coordinator, "acc_1")
    consumer.kill()
    publish()
    event_stream().flushdb()
    consumer.start()
    consumer.wait_until(newest())
    assert consumer.granted() == entitlements(owner)


def test_one_that_was_away_for_too_long_says_what_to_do(consumer: Consumer, coordinator: Coordinator) -> None:
    repair(coordinator, "acc_0")
    consumer.wait_until(newest())
    consumer.kill()
    repair(coordinator, "acc_1")
    OutboxEvent.objects.filter(sequence__lt=newest()).delete()
    assert "410" in consumer.last_words()

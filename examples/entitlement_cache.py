"""A copy of what each account is granted, kept true: it follows the stream, and reads the feed where that has gaps.

    FEED=https://recon.example/api/v1/events/ EVENT_FEED_SECRET=… REDIS_URL=rediss://… CACHE=entitlements.sqlite \
        python examples/entitlement_cache.py

Kill it at any time: what an event changed, and that it is known, are one commit. One process for each group: with two,
an account's events would not be in order. Begin with a copy of cf_prod.entitlements in CACHE: an event tells changes.
"""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

import redis

STREAM, GROUP, CONSUMER = "recon.events", "entitlement_cache", "1"
Event = Mapping[str, Any]


class Cache:
    """`known` is the sequence up to which it knows every event."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute("CREATE TABLE IF NOT EXISTS entitlement (account_id TEXT PRIMARY KEY, granted TEXT)")
        self._db.execute("CREATE TABLE IF NOT EXISTS known (sequence INTEGER)")
        self.known: int = self._db.execute("SELECT coalesce(max(sequence), 0) FROM known").fetchone()[0]

    def apply(self, events: Sequence[Event]) -> None:
        """Those that it does not know yet, in one commit."""
        known = self.known
        with self._db:
            for event in events:
                if event["sequence"] > known and event["kind"] == "account.entitlement_changed":
                    self._change(event["account_id"], event["after"])
                known = max(known, event["sequence"])
            self._db.execute("INSERT OR REPLACE INTO known (rowid, sequence) VALUES (1, ?)", [known])
        self.known = known
        print("true up to", known, flush=True)

    def _change(self, account_id: str, after: Mapping[str, Any]) -> None:
        """`after` holds the columns that changed, as `cf_prod.entitlements.suspended`."""
        row = self._db.execute("SELECT granted FROM entitlement WHERE account_id = ?", [account_id]).fetchone()
        granted = json.loads(row[0]) if row else {}
        granted |= {column.rsplit(".", 1)[1]: value for column, value in after.items()}
        self._db.execute("INSERT OR REPLACE INTO entitlement VALUES (?, ?)", [account_id, json.dumps(granted)])


def catch_up(cache: Cache, feed: str, secret: str) -> None:
    """By the feed, to its end."""
    url, more = f"{feed}?after={cache.known}&limit=1000", True
    while more:
        page = ask(url, secret)
        cache.apply(page["events"])
        url, more = urljoin(feed, page["next"]), page["more"]


def ask(url: str, secret: str) -> Any:
    """A page of the feed. SystemExit says what a person has to do: take a new copy, set another secret."""
    try:
        with urlopen(Request(url, headers={"Authorization": f"Bearer {secret}"}), timeout=10) as answer:
            return json.load(answer)
    except HTTPError as error:
        if error.code < 500:
            raise SystemExit(f"{error.code}: {error.read().decode()}") from error
        raise


def follow(stream: redis.Redis, take: Callable[[list[Event]], None]) -> None:
    """First what was read before and not acknowledged, then what is new; nothing, when nothing came for a while."""
    place = "0"
    while True:
        try:
            entries = read(stream, place)
            take([event_of(fields) for _, fields in entries if fields])
            if entries:
                stream.xack(STREAM, GROUP, *(entry_id for entry_id, _ in entries))
            place = place if entries else ">"
        except (redis.ConnectionError, redis.TimeoutError, OSError, ValueError):  # the stream or the feed is away
            place = "0"
            time.sleep(1)


def read(stream: redis.Redis, place: str) -> list[Any]:
    try:
        answer: Any = stream.xreadgroup(GROUP, CONSUMER, {STREAM: place}, count=500, block=5_000)
    except redis.ResponseError as error:
        if "NOGROUP" not in str(error):
            raise
        stream.xgroup_create(STREAM, GROUP, id="0", mkstream=True)  # the first time, and after a flush
        return []
    return answer[0][1] if answer else []


def event_of(fields: Mapping[str, str]) -> Event:
    return {**fields, "sequence": int(fields["sequence"]), "after": json.loads(fields["after"])}


def main() -> None:
    feed, secret, cache = os.environ["FEED"], os.environ["EVENT_FEED_SECRET"], Cache(os.environ["CACHE"])

    def take(events: list[Event]) -> None:
        new = sorted({cache.known, *(event["sequence"] for event in events if event["sequence"] > cache.known)})
        if not events or any(after != before + 1 for before, after in pairwise(new)):
            catch_up(cache, feed, secret)
        cache.apply(events)

    follow(redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True), take)


if __name__ == "__main__":
    main()

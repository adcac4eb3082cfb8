"""A read replica: a physical standby of a store's primary, which spares the primary the reading.

How old a standby's rows are is asked of both. The primary says how far it has written; a standby that has replayed so
much holds whatever was committed there before the question, however long ago the last commit was. One that has not is
as old as the last commit it has replayed, by the primary's own clock. What a standby says of itself alone would take a
primary at rest for a lag, and a standby that is cut off for one that is up to date.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from recon.engine.facts import Reading, StoreName
from recon.stores.base import Scope, StoreUnreachable
from recon.stores.connections import sentence_of
from recon.stores.postgres import PostgresStore

log = logging.getLogger(__name__)

WRITTEN: Final = "SELECT pg_current_wal_insert_lsn()::text, clock_timestamp()"
# At the beginning of a page the primary stands behind its header already, in which nothing is written.
REPLAYED: Final = """
SELECT pg_is_in_recovery(), pg_last_xact_replay_timestamp(), coalesce(
    pg_wal_lsn_diff(%s::pg_lsn, replayed) <= CASE
        WHEN pg_wal_lsn_diff(replayed, '0/0') %% current_setting('wal_block_size')::int = 0 THEN 40 ELSE 0 END,
    false)
FROM pg_last_wal_replay_lsn() AS replayed
"""
CATCHES_UP_WITHIN_S: Final = 0.5
LOOK_EVERY_S: Final = 0.02
ANSWERS_WITHIN_S: Final = 1.0  # how far it is; what it holds may take longer
NO_WAITING_FOR_S: Final = 30.0  # after it was waited for in vain
NOBODY_KNOWS: Final = datetime(1970, 1, 1, tzinfo=UTC)  # since when: no commit was replayed since the standby's start
STAND_IN: Final = 0.2  # of the time the primary is asked, where it stands in for its replica


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a primary had written (`lsn`) at a moment, `at` by our clock and `clock` by its own."""

    at: datetime
    lsn: str
    clock: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """As of when a replica is; `has_all` that its primary had when it was asked. `why_not` says why it is of no use,
    empty where it is."""

    as_of: datetime
    has_all: bool = False
    why_not: str = ""


class ReplicatedStore:
    """A store whose primary is spared: one of the five as `Store` says, and `in_bulk` as `BulkStore` does.

    Of one account, or a few, it says what is so now: out of the replica once that has what the primary had when it was
    asked, else out of the primary. In bulk it may be as old as the replica is, up to `most_lag`. Without a `primary`
    nobody can tell that a replica at rest is up to date: it is as old as the last commit there.
    """

    def __init__(
        self,
        primary: PostgresStore | None,
        replica: PostgresStore,
        *,
        most_lag: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self.primary = primary
        self.replica = replica
        self.most_lag = most_lag
        self.clock = clock
        self._resting = primary.at_share(STAND_IN) if primary is not None else None
        self._no_waiting_until = 0.0
        self._silent: tuple[float, str] | None = None

    @property
    def name(self) -> StoreName:
        return self.replica.name

    def read(self, scope: Scope) -> Reading:
        return self.read_many([scope])[scope.account_id]

    def read_many(self, scopes: Sequence[Scope]) -> Mapping[str, Reading]:
        """Never raises for an outside failure."""
        standing = self._caught_up()
        if self.primary is not None and not standing.has_all:
            return self.primary.read_many(scopes)
        said = _as_of(self.replica, standing.as_of).read_many(scopes)
        return said if _answered(said) or self.primary is None else self.primary.read_many(scopes)

    def in_bulk(self) -> "InBulk | PostgresStore":
        """Whom to read much of now: what it says is no older than its `clock`."""
        standing = self.standing()
        if standing.why_not and self._resting is not None:
            log.info("read the primary instead of its replica", extra={"store": self.name, "reason": standing.why_not})
            return self._resting
        return InBulk(_as_of(self.replica, standing.as_of), self._resting, is_exact=standing.has_all)

    def standing(self) -> Standing:
        """How the replica is now; one that is too far behind is of no use."""
        standing = self._caught_up()
        if standing.why_not or self.clock() - standing.as_of <= self.most_lag:
            return standing
        since = "nobody knows when" if standing.as_of == NOBODY_KNOWS else f"{standing.as_of:%Y-%m-%d %H:%M:%S} UTC"
        told = f"{self.name}: its replica at {self.replica.connections.place} is as of {since}"
        return replace(standing, why_not=f"{told}; see whether it follows its primary.")

    def ping(self) -> str:
        return (self.primary or self.replica).ping()

    def close(self) -> None:
        self.replica.close()
        for store in (self.primary, self._resting):
            if store is not None:
                store.close()

    def _mark(self) -> Mark | None:
        """None: there is no primary, or it gives no answer."""
        if self.primary is None:
            return None
        at = self.clock()
        try:
            with self.primary.connections.using() as connection:
                connection.answer_timeout = ANSWERS_WITHIN_S
                lsn, clock = connection.execute(WRITTEN).fetchone() or ("", at)
        except psycopg.Error:
            return None
        return Mark(at, lsn, clock)

    def _caught_up(self) -> Standing:
        """A replica is mostly some milliseconds behind: these are waited for."""
        mark, began = self._mark(), time.monotonic()
        standing = self._replayed(mark)
        while mark is not None and not (standing.has_all or standing.why_not) and began >= self._no_waiting_until:
            if time.monotonic() - began > CATCHES_UP_WITHIN_S:
                self._no_waiting_until = time.monotonic() + NO_WAITING_FOR_S
                break
            time.sleep(LOOK_EVERY_S)
            standing = self._replayed(mark)
        return standing

    def _replayed(self, mark: Mark | None) -> Standing:
        """Asked before the snapshot is taken, which then holds at least as much. One that gave no answer is not asked
        again at once: a server that hangs would hold up everybody who looks at an account."""
        if self._silent is not None and time.monotonic() < self._silent[0]:
            return Standing(NOBODY_KNOWS, why_not=self._silent[1])
        try:
            with self.replica.connections.using() as connection:
                connection.answer_timeout = ANSWERS_WITHIN_S
                found = connection.execute(REPLAYED, [mark.lsn if mark else None]).fetchone()
        except psycopg.Error as error:
            why_not = sentence_of(error, self.name.value, self.replica.connections.place)
            self._silent = (time.monotonic() + NO_WAITING_FOR_S, why_not)
            return Standing(NOBODY_KNOWS, why_not=why_not)
        is_standby, last_commit, has_all = found or (False, None, False)
        if not is_standby:
            told = f"{self.name}: the database at {self.replica.connections.place} is no standby (any more)"
            variable = f"{self.name.value.upper()}_REPLICA_URL"
            why_not = f"{told}, so nobody can tell how old it is; correct {variable}."
            return Standing(NOBODY_KNOWS, why_not=why_not)
        if mark is not None and has_all:
            return Standing(mark.at, has_all=True)
        if last_commit is None:
            return Standing(NOBODY_KNOWS)
        behind = (mark.clock if mark else self.clock()) - last_commit
        return Standing((mark.at if mark else self.clock()) - max(behind, timedelta(0)))


class InBulk:
    """A replica at one moment, as `BulkStore` says. `is_exact`: it has all that its primary had at that moment.

    What it gives up (a standby may cancel what keeps its replay waiting) the `primary` is asked, where there is one.
    """

    def __init__(self, replica: PostgresStore, primary: PostgresStore | None, *, is_exact: bool) -> None:
        self.name = replica.name
        self.clock = replica.clock
        self._replica = replica
        self._primary = primary
        self._is_exact = is_exact

    def read(self, scope: Scope) -> Reading:
        return self.read_many([scope])[scope.account_id]

    def read_many(self, scopes: Sequence[Scope], *, fingerprints: bool = False) -> Mapping[str, Reading]:
        said = self._replica.read_many(scopes, fingerprints=fingerprints)
        if self._primary is None or _answered(said):
            return said
        return self._primary.read_many(scopes, fingerprints=fingerprints)

    def fingerprints(self, account_ids: Sequence[str]) -> Mapping[str, int]:
        """Raises StoreUnreachable, also where it lags: nobody is proved unchanged by what he was."""
        return self._exact().fingerprints(account_ids)

    def shard_sums(self, shards: int) -> Mapping[int, int]:
        """As `fingerprints`."""
        return self._exact().shard_sums(shards)

    def account_ids(self, after: str, limit: int) -> list[str]:
        return self._or_primary(lambda store: store.account_ids(after, limit))

    def account_ids_in(self, shards: Sequence[int], of: int) -> list[str]:
        return self._or_primary(lambda store: store.account_ids_in(shards, of))

    def _or_primary(self, ask: Callable[[PostgresStore], list[str]]) -> list[str]:
        try:
            return ask(self._replica)
        except StoreUnreachable:
            if self._primary is None:
                raise
            return ask(self._primary)

    def ping(self) -> str:
        return self._replica.ping()

    def _exact(self) -> PostgresStore:
        if not self._is_exact:
            raise StoreUnreachable(self.name, f"{self.name}: its replica lags, so nobody is proved unchanged by it")
        return self._replica


def _as_of(replica: PostgresStore, moment: datetime) -> PostgresStore:
    """The same store, what it says dated so."""
    dated = copy(replica)
    dated.clock = lambda: moment
    return dated


def _answered(said: Mapping[str, Reading]) -> bool:
    return not said or any(one.ok for one in said.values())

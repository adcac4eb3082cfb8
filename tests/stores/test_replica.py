"""A real standby spares its primary the reading; how old it is shows, and what must be so now is so now."""

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.conf import settings

from recon.actions.dirty import mark_dirty
from recon.actions.read_stores import DATABASES
from recon.actions.recompute_dirty import LAGS, recompute_dirty
from recon.actions.sweep import Sweeper, begin_sweep, open_chunks, sweep_chunk
from recon.bootstrap import database_stores, reader_of
from recon.checks import check_stores
from recon.engine.facts import StoreName
from recon.models import AccountState, Dirty, SweepRun
from recon.stores.base import Scope, StoreUnreachable
from recon.stores.postgres import PostgresStore
from recon.stores.replica import ANSWERS_WITHIN_S, NOBODY_KNOWS, InBulk, ReplicatedStore
from recon.stores.subs_dunning import SubsDunning
from recon.stores.writable import hindrances
from tests.actions.conftest import NOW, sweeper_at, sync, told, twin, twin_server
from tests.support.standby import Standby

__all__ = ["sweeper_at", "sync", "told", "twin", "twin_server"]

ME = [Scope.of("acc_1")]
ADD = "INSERT INTO dunning (account_id, state) VALUES ('acc_1', '{}')"
SAY = "UPDATE dunning SET state = '{}'"
FAR = timedelta(minutes=5)
PRIMARY = settings.STORES["subs_dunning"]
NOWHERE = "postgres://engine@127.0.0.1:1/subs_dunning"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def standby(sandbox):
    made = Standby(sandbox)
    made.build()
    made.start()
    yield made
    made.destroy()


@pytest.fixture
def replica_url(standby, stores_clean):
    yield standby.at(PRIMARY)
    standby.resume()


@pytest.fixture
def store(replica_url):
    made = replicated(replica_url)
    yield made
    made.close()


@pytest.fixture
def dunning(owner):
    return owner("subs_dunning").execute


def replicated(replica: str, primary: str | None = PRIMARY, *, most_lag: timedelta = FAR, clock=now) -> ReplicatedStore:
    first = SubsDunning(primary, clock=clock) if primary else None
    return ReplicatedStore(first, SubsDunning(replica, clock=clock), most_lag=most_lag, clock=clock)


def state(reading) -> str | None:
    return next((row["state"] for row in reading.tables["dunning"]), None)


def in_bulk(store):
    return store.in_bulk().read_many(ME, fingerprints=True)["acc_1"]


def test_what_was_committed_before_the_question_is_in_the_answer(store, dunning):
    dunning(ADD.format("grace"))
    for said in ("past_due", "delinquent", "clear"):
        dunning(SAY.format(said))
        asked_at = now()
        live, bulk = store.read_many(ME)["acc_1"], in_bulk(store)
        assert (state(live), state(bulk)) == (said, said)
        assert min(live.as_of, bulk.as_of) >= asked_at


def test_a_primary_at_rest_has_no_lag(store, standby):
    last = psycopg.connect(standby.at(PRIMARY)).execute("SELECT pg_last_xact_replay_timestamp()").fetchone()[0]
    tomorrow = now() + timedelta(days=1)
    resting = replicated(standby.at(PRIMARY), clock=lambda: tomorrow)
    assert resting.standing().as_of == tomorrow > last + FAR
    assert isinstance(resting.in_bulk(), InBulk)


def test_a_replica_behind_is_dated_as_it_is_and_no_proof(store, standby, dunning):
    dunning(ADD.format("grace"))
    standby.resume()
    standby.pause()
    paused_at = now()
    dunning(SAY.format("clear"))
    read = in_bulk(store)
    assert (state(read), read.as_of < paused_at) == ("grace", True)
    with pytest.raises(StoreUnreachable, match="nobody is proved unchanged"):
        store.in_bulk().fingerprints(["acc_1"])


def test_what_happened_just_now_is_read_from_the_primary_of_a_replica_behind(store, standby, dunning):
    standby.pause()
    dunning(ADD.format("bad_debt"))
    asked_at = now()
    read = store.read_many(ME)["acc_1"]
    assert (state(read), read.as_of >= asked_at) == ("bad_debt", True)


@pytest.mark.parametrize("broken", ["too far behind", "down", "no standby"])
def test_the_primary_stands_in_for_a_replica_of_no_use(broken, standby, replica_url, dunning):
    url = {"down": NOWHERE, "no standby": PRIMARY}.get(broken, replica_url)
    standby.pause()
    dunning(ADD.format("grace"))
    store = replicated(url, most_lag=timedelta(0))
    assert (state(in_bulk(store)), state(store.read_many(ME)["acc_1"])) == ("grace", "grace")
    assert store.in_bulk().account_ids("", 9) == ["acc_1"]
    told = {"too far behind": "is as of 20", "down": "gives no answer", "no standby": "is no standby (any more)"}
    assert told[broken] in store.standing().why_not


def test_a_replica_that_hangs_holds_nobody_up_twice(store, standby, dunning):
    dunning(ADD.format("grace"))
    assert store.standing().has_all
    with store.replica.connections.using() as connection:
        backend = connection.info.backend_pid
    os.kill(backend, signal.SIGSTOP)
    try:
        assert state(store.read_many(ME)["acc_1"]) == "grace"
        began = time.monotonic()
        assert "gives no answer" in store.standing().why_not
        assert (state(in_bulk(store)), time.monotonic() - began < ANSWERS_WITHIN_S) == ("grace", True)
    finally:
        os.kill(backend, signal.SIGCONT)


def test_with_its_primary_down_a_replica_is_as_old_as_the_last_commit_and_nothing_is_so_now(replica_url, dunning):
    dunning(ADD.format("grace"))
    later = now() + timedelta(minutes=1)
    store = replicated(replica_url, NOWHERE, clock=lambda: later)
    assert in_bulk(store).as_of <= now()
    read = store.read_many(ME)["acc_1"]
    assert (read.ok, "gives no answer" in read.reason) == (False, True)


def test_a_replica_alone_is_read_and_never_younger_than_its_last_commit(standby, replica_url, dunning):
    dunning(ADD.format("grace"))
    standby.resume()
    tomorrow = now() + timedelta(days=1)
    store = replicated(replica_url, None, clock=lambda: tomorrow)
    read = store.read_many(ME)["acc_1"]
    assert (state(read), NOBODY_KNOWS < read.as_of <= now()) == ("grace", True)
    assert state(in_bulk(store)) == "grace"


@pytest.mark.parametrize(
    ("replica", "primary", "told"),
    [
        ("here", "here", []),
        ("here", "", ["recon.W083"]),
        ("nowhere", "here", ["recon.E080"]),
        ("primary", "here", ["recon.E081"]),
    ],
)
def test_the_check_holds_a_replica_against_its_primary(replica_url, settings, replica, primary, told):
    url = {"here": replica_url, "nowhere": NOWHERE, "primary": PRIMARY}[replica]
    settings.STORE_REPLICAS = {**settings.STORE_REPLICAS, "subs_dunning": url}
    settings.STORES = {**settings.STORES, "subs_dunning": PRIMARY if primary else ""}
    assert [message.id for message in check_stores(None, ["default"])] == told


def test_the_check_tells_of_a_replica_that_lags(standby, replica_url, settings, dunning):
    settings.STORE_REPLICAS = {**settings.STORE_REPLICAS, "subs_dunning": replica_url}
    settings.REPLICA_LAG_SECONDS = 0
    standby.pause()
    dunning(ADD.format("grace"))
    assert [message.id for message in check_stores(None, ["default"])] == ["recon.W084"]


def test_a_standby_in_the_place_of_its_primary_is_only_read(replica_url):
    told = hindrances(SubsDunning(replica_url))
    assert (list(told), "is a standby" in told["subs_dunning"]) == (["subs_dunning"], True)


def test_the_engine_reads_out_of_the_replica_and_applies_to_the_primary(replica_url, settings):
    settings.STORE_REPLICAS = {**settings.STORE_REPLICAS, "subs_dunning": replica_url}
    primary, reader = database_stores()[0], reader_of(database_stores()[0])
    assert (primary.connections.url, reader.primary.connections.url) == (PRIMARY, PRIMARY)
    assert reader.replica.connections.url == replica_url
    settings.STORES = {**settings.STORES, "subs_dunning": ""}
    alone = database_stores()[0]
    assert (alone.connections.url, reader_of(alone).primary) == (replica_url, None)
    assert "set SUBS_DUNNING_URL to its primary" in alone.read_only


@pytest.mark.django_db
def test_an_account_that_an_event_named_is_read_again_until_a_replica_alone_has_it(
    standby, replica_url, told, sweeper_at, dunning
):
    told("settled_in_both_stores")
    standby.resume()
    last = dunning("SELECT clock_timestamp()").fetchone()[0]
    alone = replicated(replica_url, None, clock=lambda: last + timedelta(hours=1))
    sweeper = sweeper_at(last + timedelta(hours=1))
    sweeper = replace(sweeper, stores={**sweeper.stores, StoreName.SUBS_DUNNING: alone})
    mark_dirty(["acc_1"], last)
    recompute_dirty(sweeper, limit=1)
    mark = Dirty.objects.get()
    assert (mark.done_gen, mark.parked, mark.last_error) == (0, False, LAGS)
    assert AccountState.objects.get().evaluated_at <= now()


@pytest.mark.long
@pytest.mark.django_db
def test_a_sweep_over_replicas_that_lag_undoes_nothing_that_an_event_found(standby, told, sweeper_at, sync, owner):
    told("settled_in_both_stores")
    standby.resume()
    sweeper = sweeper_at(NOW)
    sync(sweeper)
    lagging = {name: over(standby, sweeper.stores[name]) for name in DATABASES}
    sweeper = replace(sweeper, stores={**sweeper.stores, **lagging})
    standby.pause()
    owner("subs_customer").execute("UPDATE customers SET delinquent = NOT delinquent")
    try:
        assert swept(sweeper) == 0
        mark_dirty(["acc_1"], NOW)
        recompute_dirty(sweeper, limit=1)
        assert (AccountState.objects.get().drifted_cells, swept(sweeper)) == (1, 1)
    finally:
        standby.resume()
    assert swept(sweeper) == 1


def over(standby: Standby, primary: PostgresStore) -> ReplicatedStore:
    replica = type(primary)(standby.at(primary.connections.url), clock=primary.clock)
    return ReplicatedStore(primary, replica, most_lag=FAR, clock=primary.clock)


def swept(sweeper: Sweeper) -> int:
    """The cells that differ, as a sweep leaves them."""
    sweep_chunk(open_chunks(begin_sweep(sweeper, actor="test", full=True))[0], sweeper)
    SweepRun.objects.all().delete()
    return AccountState.objects.get().drifted_cells

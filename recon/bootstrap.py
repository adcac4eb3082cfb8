"""Settings into six stores and what needs them: the only builder of clients.

Clients are built at the first call, never at import, and kept for the process; they find out about a fork themselves.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from threading import Lock
from types import MappingProxyType
from typing import Final, Generic, TypeVar

import redis
from celery import Celery
from django.conf import settings
from django.db import connection
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from recon.engine.facts import StoreName
from recon.stores.base import Store
from recon.stores.billing_prod import BillingProd
from recon.stores.cf_prod import CfProd
from recon.stores.changes import ChangeFeed
from recon.stores.connections import AnsweringConnection, Connections, Patience
from recon.stores.mapping import Mapped, MappedStore, read_mapping
from recon.stores.postgres import PostgresStore
from recon.stores.replica import ReplicatedStore
from recon.stores.stripe import StripeApi, StripeStore
from recon.stores.subs_account import SubsAccount
from recon.stores.subs_customer import SubsCustomer
from recon.stores.subs_dunning import SubsDunning

DATABASE_STORES: Final[tuple[type[PostgresStore], ...]] = (SubsDunning, CfProd, BillingProd, SubsAccount, SubsCustomer)


Made = TypeVar("Made")


class once(Generic[Made]):
    """As `cache`, of a function without arguments, where nothing may be made twice: of two clients that two threads
    made at the same moment one would be dropped, and would close its connection under whoever uses it."""

    def __init__(self, build: Callable[[], Made]) -> None:
        self._kept, self._lock = cache(build), Lock()
        self.cache_clear = self._kept.cache_clear

    def __call__(self) -> Made:
        with self._lock:
            return self._kept()


@once
def stores() -> Mapping[StoreName, Store]:
    """All six as they are written to, in the fixed order in which applies prepare them: five primaries and Stripe."""
    databases: dict[StoreName, Store] = {store.name: store for store in database_stores()}
    return MappingProxyType({**databases, StoreName.STRIPE: stripe_store()})


@once
def readers() -> Mapping[StoreName, Store]:
    """All six as they are read where nothing is written after it: out of their replicas, those that have one."""
    return MappingProxyType({name: reader_of(store) for name, store in stores().items()})


def database_stores() -> list[PostgresStore]:
    """The five, new, their tables where the store mapping says. Raises MappingError."""
    mapped = store_mapping()
    return [_database(kind, mapped.get(kind.name, MappedStore())) for kind in DATABASE_STORES]


def reader_of(store: Store) -> Store:
    """The same store as it is read: out of its replica, where it has one."""
    if not isinstance(store, PostgresStore) or not (url := settings.STORE_REPLICAS[store.name]):
        return store
    replica = type(store)(url, relations=store.relations, read_only=store.read_only)
    primary = store if settings.STORES[store.name] else None
    most_lag = timedelta(seconds=settings.REPLICA_LAG_SECONDS)
    return ReplicatedStore(primary, replica, most_lag=most_lag, clock=timezone.now)


def _database(kind: type[PostgresStore], mapped: MappedStore) -> PostgresStore:
    url, read_only = settings.STORES[kind.name], ""
    if not mapped.apply:
        read_only = f"{kind.name}: the store mapping says apply = false; take that away where it is to be written to."
    if not url and settings.STORE_REPLICAS[kind.name]:
        url, variable = settings.STORE_REPLICAS[kind.name], f"{kind.name.upper()}_URL"
        read_only = f"{kind.name}: only its replica is known; set {variable} to its primary."
    return kind(url, relations=mapped.relations, read_only=read_only, share=settings.STORE_SHARE)


def store_mapping() -> Mapped:
    """As STORE_MAPPING names it, read anew; of no store where none is set. Raises MappingError."""
    if settings.STORE_MAPPING is None:
        return {}
    return read_mapping(settings.STORE_MAPPING, {kind.name: kind.tables for kind in DATABASE_STORES})


@once
def stripe_store() -> StripeStore:
    return StripeStore(StripeApi(settings.STRIPE_API_KEY, settings.STRIPE_API_BASE, version=settings.VERSION))


def change_feeds() -> list[ChangeFeed]:
    """What the five databases note of their changes, where their owners ran the recipe; a replica notes none."""
    return [ChangeFeed(kind.name, settings.STORES[kind.name]) for kind in DATABASE_STORES if settings.STORES[kind.name]]


@once
def event_stream() -> redis.Redis:
    """Where domain events are published; one that hangs is given up, for the publisher holds its turn meanwhile."""
    once_more = Retry(NoBackoff(), 1)  # a connection that was kept may be a dead one; the rest is the schedule's
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=5, retry=once_more)


@once
def call_counter() -> redis.Redis:
    """Counts the calls of tokens; one that is slow is given up, for every call waits for it."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.2, socket_timeout=0.2)


class OurConnections(Connections):
    """To our own database, as Django makes them: what stands between may refuse any other options."""

    def fresh(self) -> AnsweringConnection:
        told = {**connection.get_connection_params(), "connect_timeout": self.patience.connect}
        made = AnsweringConnection.connect(**told, autocommit=True)
        made.answer_timeout = self.patience.answer
        return made


@once
def database_probe() -> Connections:
    """Asks whether our database answers, and waits two seconds at most."""
    return OurConnections(settings.DATABASE_URL, Patience(connect=2, answer=2.0))


@once
def broker_probe() -> redis.Redis:
    """Asks whether the broker answers, and waits a second at most."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)


@once
def task_sender() -> Celery:
    """Sends tasks by their names, from the web as from a worker; gives a broker that is down a second, no more."""
    app = Celery("recon", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    patience = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0, "retry_on_timeout": False}
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **patience}
    return app

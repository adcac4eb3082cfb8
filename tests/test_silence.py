"""What either end of a connection knows of the other's silence."""

import socket

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from recon import bootstrap
from recon.silence import broker_options, guarded
from recon.stores.postgres import PostgresStore

AT_SERVER = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
URL = "postgres://engine:p%20w@db.example.com:6432/cf_prod?sslmode=require&options=-c%20jit%3Doff&keepalives_idle=3"


def at_server(said: dict[str, str]) -> tuple[str, ...]:
    return tuple(said[name] for name in AT_SERVER)


@pytest.mark.django_db
def test_our_database_gives_up_a_host_that_is_silent() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp_%' OR name LIKE 'idle_in_%'")
        said = dict(cursor.fetchall())
    assert at_server(said) == ("10", "5", "2", "20000")
    assert said["idle_in_transaction_session_timeout"] == "60000"


@pytest.mark.parametrize("kind", bootstrap.DATABASE_STORES, ids=lambda kind: kind.name)
def test_each_store_does_too(kind: type[PostgresStore]) -> None:
    with kind(settings.STORES[kind.name]).connections.fresh() as fresh:
        said = dict(fresh.execute("SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp_%'").fetchall())
        with socket.socket(fileno=socket.dup(fresh.fileno())) as ours:
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
            assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
    assert at_server(said) == ("10", "5", "2", "20000")


def test_what_the_url_says_itself_stands() -> None:
    told = psycopg.conninfo.conninfo_to_dict(guarded(URL, 8, idle_in_transaction_session_timeout="60s"))
    assert told == {
        "user": "engine",
        "password": "p w",
        "host": "db.example.com",
        "port": "6432",
        "dbname": "cf_prod",
        "sslmode": "require",
        "connect_timeout": "5",
        "keepalives_idle": "3",
        "keepalives_interval": "2",
        "keepalives_count": "2",
        "tcp_user_timeout": "8000",
        "options": "-c tcp_keepalives_idle=4 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=2"
        " -c tcp_user_timeout=8000 -c idle_in_transaction_session_timeout=60s -c jit=off",
    }


def test_without_a_limit_nothing_is_changed() -> None:
    assert (guarded(URL, 0), guarded("", 20), broker_options(0)) == (URL, "", {})


def test_a_broker_that_is_silent_is_given_up() -> None:
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS.items() >= broker_options(20).items()
    assert broker_options(20)["socket_keepalive_options"] == {
        socket.TCP_KEEPIDLE: 10,
        socket.TCP_KEEPINTVL: 5,
        socket.TCP_KEEPCNT: 2,
        socket.TCP_USER_TIMEOUT: 20_000,
    }

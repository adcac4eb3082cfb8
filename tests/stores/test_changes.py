"""A store whose owner ran the recipe tells every change of its accounts, and can still be repaired."""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from recon import bootstrap
from recon.actions.follow_changes import follow_changes
from recon.apply.coordinator import Outcome
from recon.models import Dirty, Inbox
from recon.sandbox.cluster import Sandbox
from recon.stores.base import StoreUnreachable
from recon.stores.changes import ChangeFeed, recipe
from tests.apply.conftest import clock, evaluated, six
from tests.support import applying
from tests.support.twin import twin, twin_server

__all__ = ["clock", "evaluated", "six", "twin", "twin_server"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stores_clean")]

UNDO = "DROP TABLE IF EXISTS recon_changes; DROP FUNCTION IF EXISTS recon_note_changes, recon_note_parents CASCADE"


@pytest.fixture
def noted(owner, six) -> Iterator[dict[str, ChangeFeed]]:
    """All five stores note their changes from now on; two of them were told so twice."""
    feeds = {feed.name.value: feed for feed in bootstrap.change_feeds()}
    stores = {store.name.value: store for store in bootstrap.DATABASE_STORES}
    for name in [*feeds, "billing_prod", "cf_prod"]:
        owner(name).execute(recipe(stores[name], f"recon_engine_{name}"))
    yield feeds
    for name in feeds:
        owner(name).execute(UNDO)


def accounts(feed: ChangeFeed) -> list[str]:
    """What waits; forgotten with that."""
    changes = feed.waiting(100)
    feed.forget(changes)
    return sorted(change.account_id for change in changes)


def test_a_change_marks_its_account_once(owner, noted, clock):
    owner("billing_prod").execute("UPDATE account_flags SET has_debt = NOT has_debt")
    assert [follow_changes(noted["billing_prod"], now=clock()) for _ in range(2)] == [1, 0]
    assert (Inbox.objects.get().source, Dirty.objects.get().account) == ("billing_prod", "acc_1")


def test_a_listener_that_was_killed_before_forgetting_marks_nothing_twice(owner, noted, clock):
    class Killed(ChangeFeed):
        def forget(self, changes):
            raise StoreUnreachable(self.name, "killed")

    owner("cf_prod").execute("UPDATE entitlements SET restricted = NOT restricted")
    with pytest.raises(StoreUnreachable):
        follow_changes(Killed(noted["cf_prod"].name, settings.STORES["cf_prod"]), now=clock())
    follow_changes(noted["cf_prod"], now=clock())
    assert (Inbox.objects.count(), Dirty.objects.get().gen, accounts(noted["cf_prod"])) == (1, 1, [])


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("INSERT INTO invoices VALUES ('inv_9', 'acc_9', NULL, 'issued', 'usd', 1)", ["acc_9"]),
        ("UPDATE invoices SET account_id = 'acc_2'", ["acc_1", "acc_2"]),
        ("UPDATE invoices SET status = 'void'", ["acc_1"]),
        ("UPDATE invoices SET status = 'void' WHERE invoice_id = 'nobody'", []),
        ("DELETE FROM invoices", ["acc_1"]),
        (
            "INSERT INTO adjustments VALUES ('adj_1', 'inv_1', NULL, 'refund', 1, 'usd', now(), NULL)",
            ["acc_1"],
        ),
    ],
)
def test_every_kind_of_statement_is_told_once_an_account(owner, noted, statement, told):
    owner("billing_prod").execute(statement)
    assert accounts(noted["billing_prod"]) == told


def test_a_repair_is_prepared_with_the_triggers_in_place_and_is_not_told(noted, six, clock, evaluated):
    result = applying.coordinator(six, clock).apply(applying.order(evaluated))
    assert result.outcome is Outcome.APPLIED
    assert {name: accounts(feed) for name, feed in noted.items()} == {name: [] for name in noted}


def test_an_owner_may_still_prepare(owner, noted):
    conn = owner("cf_prod")
    conn.execute("BEGIN")
    conn.execute("UPDATE entitlements SET restricted = NOT restricted")
    conn.execute("PREPARE TRANSACTION 'elsewhere'")
    assert accounts(noted["cf_prod"]) == []
    conn.execute("COMMIT PREPARED 'elsewhere'")
    assert accounts(noted["cf_prod"]) == ["acc_1"]


def test_listen_receives_what_waits(owner, noted, capsys):
    owner("subs_dunning").execute("UPDATE dunning SET has_debt = NOT has_debt")
    call_command("listen", "--once")
    assert "subs_dunning" in capsys.readouterr().out
    assert (Inbox.objects.get().source, Dirty.objects.get().account) == ("subs_dunning", "acc_1")


@pytest.fixture
def closed_to_us(sandbox: Sandbox) -> Iterator[None]:
    """Our own database lets nobody in; the stores do."""
    with psycopg.connect(sandbox.env()["SANDBOX_ADMIN_URL"], autocommit=True) as admin:
        connection.close()
        admin.execute("ALTER DATABASE recon ALLOW_CONNECTIONS false")
        yield
        admin.execute("ALTER DATABASE recon ALLOW_CONNECTIONS true")


def test_listen_outlives_an_outage_of_our_own_database_and_keeps_what_waits(owner, noted, closed_to_us, capsys):
    owner("cf_prod").execute("UPDATE entitlements SET restricted = NOT restricted")
    call_command("listen", "--once")
    assert "our own database" in capsys.readouterr().err
    assert accounts(noted["cf_prod"]) == ["acc_1"]


def test_another_stores_table_in_the_same_database_is_not_listened_to(owner, noted):
    owner("cf_prod").execute("REVOKE ALL ON recon_changes FROM recon_engine_cf_prod")
    assert {name for name, feed in noted.items() if not feed.is_there()} == {"cf_prod"}


def test_listen_says_what_is_missing_where_no_store_has_the_recipe():
    with pytest.raises(CommandError, match="--recipe"):
        call_command("listen", "--once")


def test_listen_prints_the_recipe_with_the_engines_role(capsys):
    call_command("listen", "--recipe", "cf_prod")
    assert "recon_engine_cf_prod" in capsys.readouterr().out

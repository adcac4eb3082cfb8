"""What an account is found by follows what the stores said last, and is written only when it changes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recon.actions.evaluate import Rules, evaluate
from recon.actions.keep_evaluations import keep_evaluations
from recon.engine.facts import Reading, StoreName
from recon.engine.policy import Policy
from recon.models import AccountHandles, Trigger
from tests.support.cases import story

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = Rules(Policy(plans={"price_pro": "pro"}), livemode=False)


def keep(stores: dict, at: datetime = NOW, failed: StoreName | None = None, as_of: datetime | None = None) -> None:
    readings = [
        Reading(StoreName(name), at, {}, ok=False, reason="gives no answer")
        if name == failed
        else Reading(StoreName(name), as_of or at, tables)
        for name, tables in stores.items()
    ]
    keep_evaluations([evaluate("acc_1", readings, RULES, at)], trigger=Trigger.SWEEP, actor="test")


def paying(email: str = "Zoë@Example.com", name: str | None = "Zoë  Müller") -> dict:
    stores = story("paid_after_suspension")["stores"]
    stores["subs_customer"]["customers"][0] |= {"email": email, "name": name}
    return stores


def handles() -> AccountHandles:
    return AccountHandles.objects.get(account_id="acc_1")


def version() -> str:
    """Where the row lies: another place after each time that it was written."""
    with connection.cursor() as cursor:
        cursor.execute("select ctid::text from account_handles where account_id = 'acc_1'")
        return cursor.fetchone()[0]


def writes(act: Callable[[], None]) -> list[str]:
    with CaptureQueriesContext(connection) as caught:
        act()
    return [one["sql"] for one in caught if "account_handles" in one["sql"] and not one["sql"].startswith("SELECT")]


def test_emails_and_names_are_kept_as_written_and_folded():
    keep(paying())
    row = handles()
    assert (row.names, row.words) == (["Zoë@Example.com", "Zoë  Müller"], ["zoe@example.com", "zoe muller"])
    assert (row.first_email, row.first_name) == ("zoe@example.com", "zoe muller")
    assert {"mul", "zoe", "@ex"} <= set(row.grams)


def test_every_id_that_a_store_knows_leads_to_the_account():
    keep(paying())
    assert {"acc_1", "cus_1", "sub_1", "in_1", "inv_1", "pi_1", "pay_1", "ch_1"} <= set(handles().ids)


def test_what_was_merged_in_leads_to_the_survivor_and_a_neighbour_does_not():
    stores = paying()
    own = stores["subs_customer"]["customers"][0]
    stores["subs_customer"]["customers"] += [
        {**own, "account_id": "acc_old", "merged_into": "acc_1", "stripe_customer_id": "cus_old", "email": "old@x.org"},
        {**own, "account_id": "acc_older", "merged_into": "acc_old", "stripe_customer_id": None, "email": None},
        {**own, "account_id": "acc_next", "email": "next@x.org"},
    ]
    stores["billing_prod"]["invoices"].append(
        {**stores["billing_prod"]["invoices"][0], "invoice_id": "inv_next", "account_id": "acc_next"}
    )
    keep(stores)
    row = handles()
    assert {"acc_old", "acc_older", "cus_old", "old@x.org"} <= set(row.ids)
    assert not {"acc_next", "next@x.org", "inv_next"} & set(row.ids)


def test_an_account_that_was_merged_away_is_found_by_its_survivor():
    stores = paying()
    stores["subs_customer"]["customers"][0]["merged_into"] = "acc_survivor"
    keep(stores)
    assert "acc_survivor" in handles().ids


def test_a_new_email_replaces_the_old_one():
    keep(paying())
    keep(paying(email="new@example.com"), NOW + MINUTE)
    row = handles()
    assert row.first_email == "new@example.com"
    assert "zoe@example.com" not in row.ids


def test_unchanged_accounts_write_nothing():
    keep(paying())
    assert writes(lambda: keep(paying(), NOW + MINUTE)) == []


def test_news_without_a_new_handle_writes_nothing():
    keep(paying())
    stores = paying()
    stores["billing_prod"]["invoices"][0]["total_minor"] += 1
    before = version()
    keep(stores, NOW + MINUTE)
    assert version() == before


def test_an_unchanged_account_without_handles_gets_them_from_the_next_sweep():
    keep(paying())
    AccountHandles.objects.all().delete()
    keep(paying(), NOW + MINUTE)
    assert handles().first_email == "zoe@example.com"


@pytest.mark.parametrize(
    ("failed", "handle"), [("subs_customer", "zoe@example.com"), ("billing_prod", "inv_1"), ("stripe", "ch_1")]
)
def test_a_store_that_cannot_be_read_keeps_its_handles(failed: str, handle: str):
    keep(paying())
    stores = paying()
    stores["subs_account"]["accounts"][0]["plan_code"] = "other"
    keep(stores, NOW + MINUTE, failed=StoreName(failed))
    assert handle in handles().ids


def test_a_store_that_cannot_be_read_keeps_its_handles_though_the_row_was_lost():
    keep(paying())
    AccountHandles.objects.all().delete()
    keep(paying(), NOW + MINUTE, failed=StoreName.SUBS_CUSTOMER)
    assert handles().first_email == "zoe@example.com"


def test_an_older_reading_does_not_bring_old_handles_back():
    keep(paying(email="new@example.com"))
    stale = paying(email="old@example.com")
    keep(stale, NOW + MINUTE, as_of=NOW - MINUTE)
    assert handles().first_email == "new@example.com"


@pytest.mark.parametrize("strange", ["\x00", "a\x00b", "\ud800", "x" * 5_000, "🦊" * 5_000, "ﷺ" * 400, 7, [], {"a": 1}])
def test_what_a_store_may_not_hold_stops_nothing(strange: object):
    stores = paying(name=strange)
    stores["stripe"]["customers"][0] |= {"name": strange, "email": strange}
    stores["stripe"]["invoices"][0]["number"] = strange
    keep(stores)
    assert handles().first_email == "zoe@example.com"

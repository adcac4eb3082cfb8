"""Who looked at whom is recorded once a minute, shown to whom it may, and forgotten apart from the audit."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recon.actions.log_look_up import log_look_up
from recon.actions.prune import prune_table
from recon.actions.retention import LOOK_UPS
from recon.models import AuditEntry, LookUp

pytestmark = pytest.mark.django_db

Browser = Callable[[str], Client]
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def look(account: str | list[str] = "acc_1", who: str = "support", seconds: float = 0) -> int:
    return log_look_up(account, actor=f"user:{who}", by="account", now=NOW + timedelta(seconds=seconds))


def shown(client: Client, query: str = "") -> list[tuple[str, str]]:
    lines = client.get(f"/audit/look-ups/?{query}").context["page"].lines
    return [(line.actor, line.account_id) for line in lines]


def test_reading_again_within_a_minute_is_one_look() -> None:
    assert [look(seconds=seconds) for seconds in (0, 30, 59, 90)] == [1, 0, 0, 1]


def test_another_person_and_another_account_are_looks_of_their_own() -> None:
    assert [look(), look(who="finance"), look("acc_2")] == [1, 1, 1]


def test_a_list_is_logged_in_one_statement_without_the_chain() -> None:
    before = AuditEntry.objects.count()
    with CaptureQueriesContext(connection) as caught:
        assert look(["acc_1", "acc_2", "acc_2"]) == 2
    assert (len(caught), AuditEntry.objects.count()) == (1, before)


@pytest.mark.parametrize("role", ["finance", "admin"])
def test_finance_and_admin_see_everybodys_looks(logged_in: Browser, role: str) -> None:
    look()
    assert shown(logged_in(role)) == [("support", "acc_1")]


@pytest.mark.parametrize("query", ["", "actor=finance", "account=acc_2"])
@pytest.mark.parametrize("role", ["viewer", "support"])
def test_the_others_see_their_own_alone(logged_in: Browser, role: str, query: str) -> None:
    look("acc_2", who="finance")
    look("acc_2", who=role)
    assert set(shown(logged_in(role), query)) <= {(role, "acc_2")}


def test_filters_by_person_and_account(logged_in: Browser) -> None:
    look("acc_1")
    look("acc_2", who="viewer")
    admin = logged_in("admin")
    assert shown(admin, "actor=viewer") == [("viewer", "acc_2")]
    assert shown(admin, "account=acc_1") == [("support", "acc_1")]


def test_pages_without_gap_or_repetition(logged_in: Browser) -> None:
    look([f"acc_{number:03}" for number in range(120)])
    admin, seen, url = logged_in("admin"), [], "/audit/look-ups/"
    while url:
        page = admin.get(url).context["page"]
        seen += [line.account_id for line in page.lines]
        url = page.older_href
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("key", ["x", "1", "1.x", "9" * 30 + ".1", "-1.1", "%00"])
def test_a_forged_key_is_answered_with_a_page(logged_in: Browser, key: str) -> None:
    assert logged_in("admin").get(f"/audit/look-ups/?after={key}").status_code == 200


def test_old_looks_are_forgotten_and_that_is_recorded() -> None:
    look("acc_1")
    look("acc_2", seconds=3600)
    assert prune_table(LOOK_UPS, before=NOW + timedelta(minutes=1), actor="task:prune") == 1
    latest = AuditEntry.objects.latest("seq")
    assert (latest.action, latest.after["removed"]) == ("look_ups.pruned", 1)
    assert list(LookUp.objects.values_list("account_id", flat=True)) == ["acc_2"]


def test_nothing_forgotten_is_nothing_recorded() -> None:
    before = AuditEntry.objects.count()
    assert prune_table(LOOK_UPS, before=NOW, actor="task:prune") == 0
    assert AuditEntry.objects.count() == before


def test_the_command_forgets_looks_before_a_day() -> None:
    look()
    out = StringIO()
    call_command("prune", "--look-ups-before", "2026-03-21", "--json", stdout=out)
    assert (out.getvalue(), LookUp.objects.count()) == ('{"look_up": 1}\n', 0)


def test_the_account_page_and_a_list_of_hits_are_looks(support: Client, keep: Callable[..., str]) -> None:
    for account in ("acc_1", "acc_2"):
        keep("payments/paid_after_suspension", account_id=account)
    support.get("/accounts/acc_1/", headers={"X-Request-ID": "req-9"})
    support.get("/accounts/acc_1/")
    support.get("/search/", {"q": "acc_1, acc_2"})
    logged = LookUp.objects.order_by("account_id").values_list("actor", "account_id", "by", "request_id")
    assert logged[0] == ("user:support", "acc_1", "account", "req-9")
    assert [(account, by) for _, account, by, _ in logged] == [("acc_1", "account"), ("acc_2", "search")]


def test_an_account_that_nobody_knows_is_no_look(support: Client) -> None:
    assert support.get("/accounts/acc_none/").status_code == 404
    assert not LookUp.objects.exists()

"""People: who changed what, and why, stands in the audit; who looked at whom, in the look-ups."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from recon.models import ApiToken, AuditEntry, LookUp
from tests.support.kept import golden, keep_case
from tests.support.repairs import send
from tests.support.tokens import bearer

Browser = Callable[[str], Client]
WHY = "ticket 4711"
DEEDS: dict[str, Callable[[Client], Any]] = {
    "repair.approved": lambda client: send(client, "acc_1", reason=WHY),
    "applies.paused": lambda client: client.post("/status/pause/", {"reason": WHY, "to": "pause"}),
    "mode.set": lambda client: client.post(
        "/policy/mode/", {"name": "values", "mode": "observe", "reason": WHY, "class": "values"}
    ),
    "token.made": lambda client: client.post(
        "/tokens/make/", {"name": "desk", "purpose": WHY, "scope": "read", "days": "30"}
    ),
    "token.revoked": lambda client: _revoke(client),
    "snooze.set": lambda client: client.post(
        "/accounts/acc_1/snooze/", {"day": f"{timezone.now() + timedelta(days=3):%Y-%m-%d}", "reason": WHY}
    ),
}


def _revoke(client: Client) -> Any:
    client.post("/tokens/make/", {"name": "desk", "purpose": "panel", "scope": "read", "days": "30"})
    return client.post(f"/tokens/{ApiToken.objects.get().id}/revoke/", {"reason": WHY})


@pytest.mark.parametrize("action", DEEDS)
def test_every_deed_says_who_why_and_what_changed(logged_in: Browser, action: str) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    answer = DEEDS[action](logged_in("admin"))
    entry = AuditEntry.objects.get(action=action)
    assert (entry.actor, entry.request_id) == ("user:admin", answer["X-Request-ID"])
    assert WHY in f"{entry.reason} {entry.after}"
    assert entry.before != entry.after


def test_whoever_sees_an_account_is_on_record(logged_in: Browser) -> None:
    """By its page, by a list of hits, by the proof of its order, and as a program by each call that shows it."""
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    ways = {
        "/accounts/acc_1/": logged_in("viewer"),
        "/accounts/acc_1/convergence/": logged_in("support"),
        "/search/?q=acc_1,acc_2": logged_in("finance"),
        "/api/v1/accounts/acc_1/": bearer("read", name="one"),
        "/api/v1/accounts/acc_1/stores/": bearer("read", name="two"),
        "/api/v1/accounts/acc_1/timeline/": bearer("read", name="three"),
    }
    for address, client in ways.items():
        assert client.get(address).status_code == 200, address
    seen = LookUp.objects.filter(account_id="acc_1").values_list("actor", flat=True)
    assert sorted(seen) == ["token:one", "token:three", "token:two", "user:finance", "user:support", "user:viewer"]


def test_a_file_that_leaves_the_house_is_on_record(logged_in: Browser) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    for address in ("/accounts.csv", "/cases.csv"):
        b"".join(logged_in("finance").get(address).streaming_content)
    assert set(AuditEntry.objects.filter(actor="user:finance").values_list("action", flat=True)) == {
        "export.begun", "export.made",
    }  # fmt: skip

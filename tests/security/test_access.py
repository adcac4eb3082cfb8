"""Access: the few doors without a lock, other people's things, and what stands still when all applies are paused."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from inspector.access import OPEN, SIGNED, need_of
from recon.actions.pause_applies import pause_applies
from recon.actions.repair_automatically import repair_automatically
from recon.actions.set_class_mode import NAMES, set_class_mode
from recon.apply.record import Entry, record
from recon.models import Apply, AuditEntry, BulkRepair, SavedFilter
from tests.inspector.conftest import person_of
from tests.inspector.test_access import PATTERNS, ROWS
from tests.support.clients import one_of_many
from tests.support.kept import golden, keep_case
from tests.support.repairs import send
from tests.support.tokens import bearer

Browser = Callable[[str], Client]
NOTHING = "00000000-0000-0000-0000-000000000000"


def test_the_doors_without_a_lock_are_these_few() -> None:
    needs = {name: need_of(one.callback) for name, one in PATTERNS.items()}
    assert {name for name, need in needs.items() if need == OPEN} == {
        *("login", "openid_begin", "openid_return", "healthz", "readyz"),
    }
    assert {name for name, need in needs.items() if need == SIGNED and not name.startswith("api_")} == {
        *("events", "metrics", "store_events", "stripe_webhook"),
    }
    assert None not in needs.values()


@pytest.mark.django_db
def test_nobody_is_told_anything_of_an_account_at_any_door() -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    for name, row in ROWS.items():
        answer = one_of_many().get(row.address)
        assert answer.status_code in {200, 302, 400, 401, 404, 405}, name
        assert b"acc_1" not in answer.content, name


def told(answer: HttpResponse) -> str:
    """The page without what differs from request to request."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|nonce=\"[^\"]*\"|value=\"\w{64}\"|/\d+/", "", answer.content.decode())


@pytest.mark.django_db
def test_anothers_audit_entry_is_answered_like_a_missing_one(logged_in: Browser) -> None:
    record(Entry(actor="user:finance", action="plan.approved", reason="by wire", account="acc_1"))
    viewer = logged_in("viewer")
    seq = AuditEntry.objects.latest("seq").seq
    theirs, missing = viewer.get(f"/audit/{seq}/"), viewer.get("/audit/999999999/")
    assert (theirs.status_code, missing.status_code) == (404, 404)
    assert told(theirs) == told(missing)


def test_anothers_filter_is_neither_shown_nor_forgotten(logged_in: Browser) -> None:
    logged_in("finance").post("/queue/filters/", {"name": "mine alone", "queue": "state=clear"})
    saved, viewer = SavedFilter.objects.get(), logged_in("viewer")
    theirs = viewer.post(f"/queue/filters/{saved.id}/forget/")
    missing = viewer.post("/queue/filters/999999999/forget/")
    assert (theirs.status_code, theirs["Location"]) == (missing.status_code, missing["Location"])
    assert SavedFilter.objects.filter(id=saved.id).exists()
    assert "mine alone" not in viewer.get("/accounts/").content.decode()


GUESSES = {
    "/accounts/{}/": ("acc_9", "%00", "..%2f..", "acc_1%20"),
    "/accounts/{}/convergence/": ("acc_9", "%F0%9F%92%B8"),
    "/repairs/{}/": (NOTHING, "1", "x"),
    "/bulk/{}/": ("0", "999999999", "99999999999999999999", "-1"),
    "/bulk/{}/outcomes.csv": ("0", "99999999999999999999"),
    "/audit/{}/": ("0", "99999999999999999999"),
    "/events/{}/": ("0", "99999999999999999999"),
    "/policy/versions/{}/": ("999", "99999999999999999999"),
}
CALLS = {
    "accounts/{}/": ("acc_9", "%00"),
    "accounts/{}/entitlement/": ("%00", "..%2f"),
    "repairs/{}/": (NOTHING, "1"),
    "bulk-repairs/{}/": ("0", "99999999999999999999"),
    "bulk-repairs/{}/outcomes/": ("0", "99999999999999999999"),
}


def test_a_guessed_id_is_a_missing_one(logged_in: Browser) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    admin, reader = logged_in("admin"), bearer("read")
    for pattern, guesses in GUESSES.items():
        assert {admin.get(pattern.format(guess)).status_code for guess in guesses} == {404}, pattern
    for pattern, guesses in CALLS.items():
        answers = [reader.get(f"/api/v1/{pattern.format(guess)}") for guess in guesses]
        assert {(one.status_code, one.content) for one in answers} == {(404, answers[0].content)}, pattern


def test_paused_applies_stand_still_by_every_way(logged_in: Browser) -> None:
    """A page, a program, a bulk repair, and what the engine does by itself; the command is as a page."""
    keep_case(golden("payments/paid_after_suspension"), account_id="acc_1")
    now = timezone.now()
    for name in NAMES:
        set_class_mode(name, "auto", actor="user:root", reason="watched it", now=now)
    pause_applies(actor="user:admin", reason="the ledger is being moved", now=now)
    assert send(logged_in("finance"), "acc_1").status_code == 409
    call = {"digest": "0" * 64, "reason": "by wire"}
    bearer("repair").post("/api/v1/accounts/acc_1/apply/", call, content_type="application/json")
    all_of_it = {"accounts": ["acc_1"], "reason": "all of it"}
    bearer("bulk").post("/api/v1/bulk-repairs/", all_of_it, content_type="application/json")
    assert repair_automatically(now=now).approved == 0
    assert not Apply.objects.exists()
    assert not BulkRepair.objects.filter(state="running").exists()


class Counted(PBKDF2PasswordHasher):
    algorithm = "counted"
    iterations = 1
    hashed = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        Counted.hashed += 1
        return super().encode(password, salt, iterations)


@pytest.mark.django_db
def test_a_name_that_there_is_takes_no_longer_than_one_that_there_is_not(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.Counted"]
    person = person_of("support")
    person.set_password("correct horse battery staple")
    person.save()
    work = {}
    for name in ("support", "nobody"):
        before = Counted.hashed
        Client().post("/login/", {"username": name, "password": "wrong"})
        work[name] = Counted.hashed - before
    assert work == {"support": 1, "nobody": 1}

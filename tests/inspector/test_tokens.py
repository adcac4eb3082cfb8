"""The tokens of programs: made by admins, shown once, revoked at once, and every step in the audit."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from recon.actions.make_token import Wanted, make_token
from recon.actions.use_token import use_token
from recon.models import ApiToken, AuditEntry
from recon.queries.groups import groups_now

FORM = {"name": "support-desk", "purpose": "the side panel", "scope": ["read", "repair"], "days": "90"}
TOKEN = re.compile(r"recon_[a-z0-9]{12}_[A-Za-z0-9_-]{43}")


@pytest.fixture
def admin(logged_in: Callable[[str], Client]) -> Client:
    return logged_in("admin")


def made(admin: Client, **changes: Any) -> str:
    found = TOKEN.search(admin.post("/tokens/make/", {**FORM, **changes}).content.decode())
    assert found
    return found.group()


def latest() -> AuditEntry:
    entry = AuditEntry.objects.order_by("-seq").first()
    assert entry is not None
    return entry


def test_a_token_is_shown_once_and_only_its_hash_is_kept(admin: Client) -> None:
    text = made(admin)
    token, secret = ApiToken.objects.get(), text[-43:]
    assert (token.scopes, token.made_by, token.purpose) == (["read", "repair"], "user:admin", "the side panel")
    assert secret not in admin.get("/tokens/").content.decode()
    assert secret not in str(ApiToken.objects.values().get())
    assert (latest().actor, latest().action, secret in str(latest().after)) == ("user:admin", "token.made", False)


def test_it_opens_the_api_until_it_is_revoked(admin: Client) -> None:
    text, now = made(admin), timezone.now()
    caller = use_token(text, now=now)
    assert caller is not None
    assert (caller.actor, groups_now(caller.actor)) == ("token:support-desk", {"scope:read", "scope:repair"})
    token = ApiToken.objects.get()
    assert admin.post(f"/tokens/{token.id}/revoke/", {"reason": "lost"}).status_code == 302
    assert (use_token(text, now=now), groups_now(caller.actor)) == (None, frozenset())
    assert (latest().action, latest().reason) == ("token.revoked", "lost")


def test_it_ends_by_itself(admin: Client) -> None:
    text = made(admin, days="30")
    in_a_month = timezone.now() + timedelta(days=30)
    assert (use_token(text, now=in_a_month - timedelta(hours=1)) is None, use_token(text, now=in_a_month)) == (
        False,
        None,
    )


def test_its_last_use_is_kept_to_the_minute(admin: Client) -> None:
    text, now = made(admin), timezone.now()
    used = []
    for seconds in (0, 59, 61):
        use_token(text, now=now + timedelta(seconds=seconds))
        used.append(ApiToken.objects.get().last_used_at)
    assert used == [now, now, now + timedelta(seconds=61)]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "Support Desk"},
        {"name": "a" * 64},
        {"name": "é" * 5},
        {"purpose": ""},
        {"scope": []},
        {"scope": ["admin"]},
        {"days": "0"},
        {"days": "367"},
        {"days": "²"},
        {"days": "-1"},
    ],
)
def test_what_makes_no_token_is_said(admin: Client, changes: dict[str, Any]) -> None:
    answer = admin.post("/tokens/make/", {**FORM, **changes})
    assert (answer.status_code, ApiToken.objects.count()) == (422, 0)
    assert answer.context["page"].typed.problem


def test_a_name_is_never_given_twice(admin: Client) -> None:
    made(admin)
    ApiToken.objects.update(revoked_at=timezone.now(), revoke_reason="lost")
    answer = admin.post("/tokens/make/", FORM)
    assert (answer.status_code, ApiToken.objects.count()) == (422, 1)


def test_it_is_not_revoked_without_a_reason(admin: Client) -> None:
    made(admin)
    answer = admin.post(f"/tokens/{ApiToken.objects.get().id}/revoke/", {"reason": " "})
    assert (answer.status_code, ApiToken.objects.get().revoked_at) == (422, None)


def test_nobody_else_makes_one_and_the_attempt_is_recorded(db: None) -> None:
    wanted = Wanted("x1", "why", ["read"], 30)
    done = make_token(wanted, actor="user:fin", groups={"finance"}, now=timezone.now())
    assert (done.code, ApiToken.objects.count()) == ("forbidden", 0)
    assert (latest().actor, latest().action) == ("user:fin", "token.refused")


def test_a_successor_may_do_the_same_beside_it_under_the_next_free_name(admin: Client) -> None:
    text = made(admin)
    made(admin, name="support-desk-2")
    form = admin.get("/tokens/?after=support-desk-2").context["page"].typed
    assert (form.name, form.purpose, form.scopes) == ("support-desk-3", "the side panel", {"read", "repair"})
    succeeding = made(admin, name=form.name, purpose=form.purpose, scope=sorted(form.scopes))
    assert [use_token(one, now=timezone.now()) is None for one in (text, succeeding)] == [False, False]
    assert admin.get("/tokens/?after=unknown").context["page"].typed.name == ""

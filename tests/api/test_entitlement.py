"""What a product may grant: the latest truth, or the last one that was known, never a guess."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recon.models import AccountState, ApiToken
from tests.support.kept import golden, keep_case
from tests.support.tokens import bearer

ADDRESS = "/api/v1/accounts/acc_1/entitlement/"
GRANTED = {"plan_active": True, "effective_plan": "pro", "restricted": False, "suspended": False}


@pytest.fixture
def api(db: None) -> Client:
    return bearer("read")


def test_what_may_be_granted_is_told_with_its_age_and_its_stores(api: Client) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    state = AccountState.objects.select_related("evaluation").get()
    AccountState.objects.update(next_evaluation_at=None)
    told = api.get(ADDRESS).json()
    truth = state.evaluation.truth or {}
    assert told["entitlement"] == {name: truth[name] for name in GRANTED}
    assert (told["verdict"], told["is_stale"], told["as_of"]) == ("known", False, told["evaluated_at"])
    assert told["age_seconds"] > 0
    assert told["reads"].keys() == state.reads.keys()


def test_it_costs_one_statement_the_tokens_with_it(api: Client) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    api.get(ADDRESS)
    with CaptureQueriesContext(connection) as asked:
        api.get(ADDRESS)
    assert len(asked) == 1


def test_an_unknown_verdict_tells_the_last_that_was_known_and_that_it_is_stale(api: Client) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    known = api.get(ADDRESS).json()
    state = AccountState.objects.get()
    later = (state.evaluated_at + timedelta(hours=1)).isoformat()
    keep_case({**golden("reads/stripe_failed"), "now": later}, account_id="acc_1")
    told = api.get(ADDRESS).json()
    assert (told["verdict"], told["is_stale"]) == ("unknown", True)
    assert told["reasons"]
    assert (told["entitlement"], told["as_of"]) == (known["entitlement"], known["as_of"])


def test_an_account_that_was_never_known_grants_nothing_and_denies_nothing(api: Client) -> None:
    keep_case(golden("reads/stripe_failed"), account_id="acc_1")
    told = api.get(ADDRESS).json()
    assert (told["verdict"], told["entitlement"], told["as_of"]) == ("unknown", None, None)


def test_an_account_that_nobody_evaluated_is_not_found(api: Client) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    answers = [api.get(f"/api/v1/accounts/{account_id}/entitlement/") for account_id in ("acc_2", "acc_1%00", "%00")]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}


@pytest.mark.parametrize(("accept", "status"), [("application/*, text/html;q=0.9", 200), ("text/html", 406)])
def test_whoever_takes_no_json_is_told_so(api: Client, accept: str, status: int) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    assert api.get(ADDRESS, headers={"accept": accept}).status_code == status


def test_its_last_use_is_kept_to_the_minute(api: Client) -> None:
    api.get(ADDRESS)
    first = ApiToken.objects.get().last_used_at
    api.get(ADDRESS)
    assert first is not None
    assert ApiToken.objects.get().last_used_at == first


def test_whoever_has_it_already_is_sent_nothing(api: Client) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    first = api.get(ADDRESS)
    again = api.get(ADDRESS, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert first["Cache-Control"].startswith("private, max-age=")


def test_a_revoked_token_is_refused_at_its_next_call(api: Client) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    assert api.get(ADDRESS).status_code == 200
    ApiToken.objects.update(revoked_at=ApiToken.objects.get().made_at, revoke_reason="lost")
    assert api.get(ADDRESS).status_code == 401


def test_the_calls_of_a_token_are_counted_and_too_many_are_refused(api: Client, settings: Any) -> None:
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    settings.API_CALLS_PER_MINUTE = {"calls": 1, "entitlements": 2}
    settings.RECON_INSTANCE = f"test-{ApiToken.objects.get().prefix}-{connection.connection.info.backend_pid}"
    answers = [api.get(ADDRESS) for _ in range(4)]
    assert {200, 429} == {answer.status_code for answer in answers}
    last = answers[-1]
    assert (last["RateLimit-Limit"], last["RateLimit-Remaining"], last.json()["code"]) == ("2", "0", "too_many")
    assert 0 < int(last["RateLimit-Reset"]) <= 60
    assert int(last["Retry-After"]) == int(last["RateLimit-Reset"])


def test_without_valkey_nobody_is_held_up(api: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from recon import bootstrap
    from recon.actions import count_call

    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    bootstrap.call_counter.cache_clear()
    monkeypatch.setattr(count_call._Silence, "until", 0.0)
    try:
        answer = api.get(ADDRESS)
    finally:
        bootstrap.call_counter.cache_clear()
    assert (answer.status_code, "RateLimit-Limit" in answer) == (200, False)

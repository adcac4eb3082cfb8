"""A program approves a plan and is told, in the same answer, what came of it: on six real stores."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from recon.actions.idempotent_request import Call, claim_request, forget_requests
from recon.actions.look_again import look_again
from recon.actions.pause_applies import pause_applies, resume_applies
from recon.models import AccountState, ApiToken, Apply, AuditEntry, IdempotentRequest
from tests.apply.conftest import clock, six
from tests.support.kept import golden, keep_case
from tests.support.tokens import bearer, token_of

__all__ = ["clock", "six"]

APPLY = "/api/v1/accounts/acc_1/apply/"
REASON = "paid by wire, ticket 4711"
PAST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def digest(six: object, settings: Any) -> str:
    """Of the plan of acc_1, which every store has wrong."""
    settings.POLICY = {"plans": {"price_pro": "pro"}}
    look_again("acc_1", actor="user:ada")
    return AccountState.objects.select_related("evaluation").get(account_id="acc_1").evaluation.digest


@pytest.fixture
def api(db: None) -> Client:
    return bearer("read", "repair", name="support-desk")


def approve(client: Client, digest: str, *, key: str | None = None, **changes: Any) -> Any:
    headers = {} if key is None else {"idempotency-key": key}
    body = {"digest": digest, "reason": REASON, **changes}
    return client.post(APPLY, body, content_type="application/json", headers={**client_headers(client), **headers})


def client_headers(client: Client) -> dict[str, str]:
    return {"authorization": client.defaults["HTTP_AUTHORIZATION"]}


def test_what_was_approved_is_applied_and_read_back(api: Client, digest: str) -> None:
    answer = approve(api, digest)
    told = answer.json()
    assert (answer.status_code, told["state"], told["approved_by"]) == (200, "applied", "token:support-desk")
    assert told["writes"]
    assert all(write["read_back"]["agrees"] for write in told["writes"])
    entries = AuditEntry.objects.filter(seq__in=told["audit_seqs"]).order_by("seq")
    assert {(one.actor, one.reason) for one in entries} == {("token:support-desk", REASON)}
    assert api.get(f"/api/v1/repairs/{told['repair_id']}/").json() == told


def test_a_stale_digest_is_answered_with_the_plan_that_holds(api: Client, digest: str) -> None:
    answer = approve(api, "0" * 64)
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert (answer.json()["code"], answer.json()["account"]["plan"]["digest"]) == ("stale", digest)
    assert not Apply.objects.exists()


def test_a_plan_that_moved_meanwhile_is_stale_too(api: Client, digest: str, owner: Callable) -> None:
    owner("cf_prod").execute("update entitlements set suspended = false where account_id = 'acc_1'")
    answer = approve(api, digest)
    told = answer.json()
    assert (answer.status_code, told["code"], told["repair"]["state"]) == (409, "stale", "refused")
    assert told["plan"]["digest"] != digest
    assert told["plan"] == told["account"]["plan"]
    assert approve(api, told["account"]["plan"]["digest"]).status_code == 200


def test_a_token_approves_nothing_severe_and_the_attempt_is_recorded(api: Client) -> None:
    digest = AccountState.objects.get(account_id=keep_case(golden("drift/never_dunned"), account_id="acc_1"))
    answer = approve(api, digest.evaluation.digest)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    latest = AuditEntry.objects.order_by("-seq").first()
    assert latest is not None
    assert (latest.actor, latest.action) == ("token:support-desk", "repair.refused")


def test_nothing_is_applied_while_all_applies_are_paused(api: Client, digest: str) -> None:
    pause_applies(actor="user:admin", reason="stores are being moved", now=timezone.now())
    answer = approve(api, digest, key="one")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "paused", "60")
    resume_applies(actor="user:admin", reason="they are moved", now=timezone.now())
    assert approve(api, digest, key="one").status_code == 200


def test_an_account_that_there_is_not_is_not_found(api: Client) -> None:
    assert approve(api, "0" * 64).status_code == 404


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"reason": ""}, "/reason"),
        ({"reason": 1}, "/reason"),
        ({"reason": "x\x00y"}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"digest": None}, "/digest"),
        ({"digest": "X" * 64}, "/digest"),
        ({"actor": "user:admin"}, "/actor"),
        ({"a/b~": 1}, "/a~1b~0"),
    ],
)
def test_what_is_wrong_is_pointed_at(api: Client, changes: dict[str, Any], pointer: str) -> None:
    answer = api.post(APPLY, {"digest": "0" * 64, "reason": REASON, **changes}, content_type="application/json")
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (400, [pointer])


@pytest.mark.parametrize(
    ("text", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "not_json"),
        ("[" * 100_000, "application/json", 400, "not_json"),
        ('{"digest": NaN}', "application/json", 400, "not_json"),
        ("[]", "application/json", 400, "bad_body"),
        ("", "application/json", 400, "bad_body"),
        ('{"reason": "\\ud800", "digest": ""}', "application/json", 400, "bad_body"),
        ("digest=1", "application/x-www-form-urlencoded", 415, "not_json"),
        (" " * (1024 * 1024 + 1), "application/json", 413, "too_large"),
    ],
    ids=["cut", "deep", "nan", "list", "empty", "surrogate", "form", "large"],
)
def test_a_body_that_is_none(api: Client, text: str, content_type: str, status: int, code: str) -> None:
    answer = api.post(APPLY, text, content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_same_key_is_answered_the_same_and_acts_once(api: Client, digest: str) -> None:
    first, again = approve(api, digest, key="k1"), approve(api, digest, key="k1")
    assert (again.status_code, again.content) == (200, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert Apply.objects.count() == 1


def test_a_key_is_for_one_body_and_one_token(api: Client, digest: str) -> None:
    assert approve(api, "0" * 64, key="k1").status_code == 409
    other = approve(api, digest, key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "other_call")
    assert approve(bearer("repair", name="another"), digest, key="k1").status_code == 200


def test_a_key_that_is_none_is_refused(api: Client) -> None:
    assert approve(api, "0" * 64, key="two words").json()["code"] == "bad_key"


def test_a_call_whose_worker_died_runs_again_and_acts_once(api: Client, digest: str) -> None:
    """The first died after it had applied, and before its answer was kept."""
    first = approve(api, digest, key="k1").json()
    IdempotentRequest.objects.update(status=None, body="", lease_until=PAST)
    again = approve(api, digest, key="k1")
    assert (again.status_code, again.json()["repair_id"]) == (200, first["repair_id"])
    assert Apply.objects.count() == 1


def test_what_a_worker_applied_is_told_once_it_is_read_back(api: Client, digest: str) -> None:
    approve(api, digest, key="k1")
    IdempotentRequest.objects.update(status=None, body="", lease_until=PAST)
    AccountState.objects.update(evaluated_at=PAST)
    calls: list[Callable[[], Any]] = [lambda: approve(api, digest, key="k1"), lambda: look_again("acc_1", actor="task")]
    told = _at_once(lambda number: calls[number](), 2)[0].json()
    assert [write["read_back"]["agrees"] for write in told["writes"]] == [True] * len(told["writes"])


def test_a_call_that_is_still_running_is_not_begun_again(api: Client, digest: str) -> None:
    approve(api, digest, key="k1")
    IdempotentRequest.objects.update(status=None, body="")
    answer = approve(api, digest, key="k1")
    assert (answer.status_code, answer.json()["code"]) == (409, "still_running")


def test_a_key_is_forgotten_after_a_day(db: None) -> None:
    token_of("read", name="t")
    call = Call(ApiToken.objects.get().id, "k", "POST /x", "0" * 64)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    first = claim_request(call, now=now)
    assert claim_request(call, now=now.replace(day=2)) != first
    assert [forget_requests(now=now.replace(day=day)) for day in (2, 3)] == [0, 1]


def test_fifty_times_the_same_call_at_once_is_one_effect(api: Client, digest: str) -> None:
    answers = _at_once(lambda _: approve(bearer("read", "repair", name="support-desk"), digest, key="k1"), 50)
    assert {answer.status_code for answer in answers} <= {200, 409}
    applied = [answer for answer in answers if answer.status_code == 200]
    assert len({answer.content for answer in applied}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"still_running"}
    assert Apply.objects.count() == 1


def test_of_two_clients_with_the_same_digest_one_applies_and_one_is_told(api: Client, digest: str) -> None:
    clients = [bearer("repair", name="one"), bearer("repair", name="two")]
    answers = _at_once(lambda number: approve(clients[number], digest), 2)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"busy", "stale"}


def _at_once(call: Callable[[int], Any], times: int) -> list[Any]:
    def done(number: int) -> Any:
        try:
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(done, range(times)))

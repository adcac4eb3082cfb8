"""A job begins a bulk repair, follows and stops it; what a person has to approve, a token cannot."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from recon.actions.authority import rights_in_run
from recon.actions.draft_bulk_proposals import ProposalsOf, draft_bulk_proposals
from recon.actions.drive_bulk_repairs import drive_bulk_repairs
from recon.actions.pause_applies import pause_applies, resume_applies
from recon.actions.start_bulk_repair import approve_bulk_repair
from recon.actors import Scope
from recon.apply.order import Rights
from recon.models import ApiToken, Apply, AuditEntry, BulkRepair
from tests.inspector.conftest import logged_in
from tests.support.bulk import drifted, person, started, work_to_the_end
from tests.support.kept import golden, keep_case
from tests.support.tokens import bearer

__all__ = ["logged_in"]

ADDRESS = "/api/v1/bulk-repairs/"
REASON = "late webhooks of 3 March"
BULK = {Scope.BULK.group}
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stores_clean", "twin")]


@pytest.fixture
def api(transactional_db: None) -> Client:
    return bearer("read", "bulk", name="job")


def begin(api: Client, *, key: str | None = None, **body: Any) -> Any:
    headers = {} if key is None else {"idempotency-key": key}
    return api.post(ADDRESS, {"reason": REASON, **body}, content_type="application/json", headers=headers)


def steer(api: Client, number: int, deed: str) -> Any:
    return api.post(f"{ADDRESS}{number}/{deed}/", {"reason": "I looked"}, content_type="application/json")


def latest() -> AuditEntry:
    entry = AuditEntry.objects.order_by("-seq").first()
    assert entry is not None
    return entry


def test_a_job_repairs_accounts_and_is_told_of_every_one(api: Client, told: Callable[..., Any]) -> None:
    drifted(told, 3)
    answer = begin(api, accounts=["acc_1", "acc_3"])
    run = BulkRepair.objects.get()
    assert (answer.status_code, answer["Location"], answer.json()["state"]) == (202, f"{ADDRESS}{run.id}/", "running")
    work_to_the_end(run)
    seen = api.get(answer["Location"]).json()
    assert (seen["state"], seen["started_by"], seen["outcomes"]["applied"]) == ("done", "token:job", 2)
    first = api.get(f"{ADDRESS}{run.id}/outcomes/?page_size=1").json()
    second = api.get(first["next"]).json()
    assert [one["account_id"] for one in first["results"] + second["results"]] == ["acc_1", "acc_3"]
    assert second["next"] is None
    assert set(Apply.objects.values_list("approved_by", flat=True)) == {"token:job"}


def test_a_filter_is_the_queues(api: Client, told: Callable[..., Any]) -> None:
    drifted(told, 2)
    answer = begin(api, filter={"class": "entitlement_drift"})
    assert (answer.status_code, answer.json()["accounts"]) == (202, 2)
    assert BulkRepair.objects.get().selection == {"filter": {"class": "entitlement_drift"}}
    assert begin(api, filter={"currency": "usd", "min_owed": 10**9}).json()["code"] == "nothing"


def test_what_is_severe_waits_for_a_person_and_rests_on_them(api: Client) -> None:
    keep_case(golden("drift/never_dunned"), account_id="acc_1")
    number = begin(api, accounts=["acc_1"]).json()["bulk_repair_id"]
    assert BulkRepair.objects.get().state == "waiting_for_second"
    refused = steer(api, number, "approve")
    assert (refused.status_code, latest().actor, latest().action) == (403, "token:job", "bulk_repair.refused")
    another = steer(bearer("bulk", name="another"), number, "approve")
    assert (another.status_code, BulkRepair.objects.get().state) == (403, "waiting_for_second")
    person("eve", "finance")
    approve_bulk_repair(number, actor="user:eve", groups={"finance"}, reason="I looked", now=timezone.now())
    assert api.get(f"{ADDRESS}{number}/").json()["second"] == "user:eve"


def test_a_whole_amount_is_one_however_it_is_written(api: Client) -> None:
    answers = [begin(api, filter={"currency": "eur", "min_owed": amount}) for amount in (5, 5.0, 5.5, True, "5")]
    assert [answer.json()["code"] for answer in answers] == ["nothing"] * 2 + ["bad_body"] * 3


def test_who_made_the_token_is_no_second_person(api: Client, logged_in: Callable[[str], Client]) -> None:
    keep_case(golden("drift/never_dunned"), account_id="acc_1")
    number = begin(api, accounts=["acc_1"]).json()["bulk_repair_id"]
    page = logged_in("admin").get(f"/bulk/{number}/").content.decode()
    assert "You started it: somebody else of finance or admin approves it." in page
    done = approve_bulk_repair(
        number, actor="user:admin", groups={"admin"}, reason="my own token's", now=timezone.now()
    )
    assert (done.code, latest().action) == ("forbidden", "bulk_repair.refused")
    assert BulkRepair.objects.get().state == "waiting_for_second"


@pytest.mark.parametrize(
    ("starter", "second", "rights"),
    [
        (BULK, set(), Rights.LENIENT),
        (BULK, {"finance"}, Rights.ALL),
        (BULK, {"support"}, Rights.LENIENT),
        (BULK, BULK, Rights.LENIENT),
        ({Scope.READ.group}, {"finance"}, Rights.NONE),
        (set(), {"finance"}, Rights.NONE),
        ({"support"}, {"finance"}, Rights.LENIENT),
        ({"finance"}, set(), Rights.ALL),
    ],
)
def test_what_the_plans_of_a_run_rest_on(starter: set[str], second: set[str], rights: Rights) -> None:
    assert rights_in_run(starter, second) is rights


def test_a_revoked_token_s_run_goes_no_further(api: Client, told: Callable[..., Any]) -> None:
    drifted(told, 1)
    begin(api, accounts=["acc_1"])
    ApiToken.objects.update(revoked_at=timezone.now(), revoke_reason="lost")
    drive_bulk_repairs(now=timezone.now())
    run = BulkRepair.objects.get()
    assert (run.state, run.stop_reason) == ("paused", "token:job, who started it, may not any more.")
    assert not Apply.objects.exists()


def test_a_token_steers_what_it_started_and_stops_what_others_did(api: Client, told: Callable[..., Any]) -> None:
    drifted(told, 1)
    mine = begin(api, accounts=["acc_1"]).json()["bulk_repair_id"]
    states = [steer(api, mine, deed).json()["state"] for deed in ("pause", "resume", "cancel")]
    assert states == ["paused", "running", "cancelled"]
    assert (steer(api, mine, "pause").status_code, steer(api, mine, "pause").json()["code"]) == (409, "state")
    theirs = started().id
    assert [steer(api, theirs, deed).status_code for deed in ("pause", "resume", "cancel")] == [200, 403, 403]


@pytest.mark.parametrize(
    ("state", "deed", "why"),
    [
        ("waiting_for_second", "pause", "Only a run that is running is paused."),
        ("waiting_for_second", "resume", "Only a run that is paused goes on."),
        ("done", "cancel", "It is over: there is nothing to cancel."),
    ],
)
def test_what_cannot_be_done_with_a_run_as_it_is_says_why(
    api: Client, told: Callable[..., Any], state: str, deed: str, why: str
) -> None:
    drifted(told, 1)
    mine = begin(api, accounts=["acc_1"]).json()["bulk_repair_id"]
    BulkRepair.objects.update(state=state)
    answer = steer(api, mine, deed)
    assert (answer.status_code, answer.json()["detail"]) == (409, why)


def test_a_token_never_drafts_calls_to_stripe() -> None:
    drafted = draft_bulk_proposals(ProposalsOf(), actor="token:job", groups=BULK, request_key="", now=timezone.now())
    assert drafted.code == "forbidden"


def test_the_same_key_is_one_run(api: Client, told: Callable[..., Any]) -> None:
    drifted(told, 1)
    answers = [begin(api, key="nightly", accounts=["acc_1"]) for _ in range(3)]
    assert Counter(answer.content for answer in answers).most_common(1)[0][1] == 3
    assert BulkRepair.objects.count() == 1


def test_nothing_is_frozen_while_all_applies_are_paused(api: Client, told: Callable[..., Any]) -> None:
    drifted(told, 1)
    pause_applies(actor="user:admin", reason="stores are being moved", now=timezone.now())
    answer = begin(api, key="nightly", accounts=["acc_1"])
    assert (answer.status_code, answer["Retry-After"], BulkRepair.objects.count()) == (503, "60", 0)
    resume_applies(actor="user:admin", reason="moved", now=timezone.now())
    assert begin(api, key="nightly", accounts=["acc_1"]).status_code == 202


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"accounts": ["acc_1"], "filter": {"class": "entitlement_drift"}}, ""),
        ({"accounts": []}, "/accounts"),
        ({"accounts": "acc_1"}, "/accounts"),
        ({"accounts": ["acc_1", 2]}, "/accounts/1"),
        ({"filter": {}}, "/filter"),
        ({"filter": "all"}, "/filter"),
        ({"filter": {"class": "x"}}, "/filter/class"),
        ({"filter": {"class": {}}}, "/filter/class"),
        ({"filter": {"currency": "USD"}}, "/filter/currency"),
        ({"filter": {"min_owed": 1}}, "/filter/currency"),
        ({"filter": {"currency": "usd", "min_owed": True}}, "/filter/min_owed"),
        ({"filter": {"q": "x"}}, "/filter/q"),
    ],
)
def test_what_is_wrong_is_pointed_at(api: Client, body: dict[str, Any], pointer: str) -> None:
    answer = begin(api, **body)
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (400, [pointer])

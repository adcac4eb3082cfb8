"""Following a repair: its page in every state that it can be in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from recon.models import Apply, ApplyCall, ApplyState, BranchState, CallClass, CallState
from tests.support.kept import golden, keep_case
from tests.support.repairs import VOID, branches, plan_of, repair_in, repaired

Keep = Callable[..., str]
Browser = Callable[[str], Client]
LENIENT = "payments/paid_after_suspension"
HTMX = {"HX-Request": "true"}


def page_of(client: Client, apply: Apply) -> Any:
    answer = client.get(f"/repairs/{apply.id}/")
    assert answer.status_code == 200
    return answer.context["page"]


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode()


def test_queued_repair_says_so_and_polls(support: Client, keep: Keep) -> None:
    keep(LENIENT)
    apply = repair_in(ApplyState.APPROVED)
    answer = support.get(f"/repairs/{apply.id}/")
    progress = answer.context["page"].progress
    assert (progress.word.code, progress.command) == ("queued", "")
    assert f'hx-get="/repairs/{apply.id}/?seen={progress.seen}" hx-trigger="every 1s"' in text_of(answer)
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in text_of(answer)


def test_repair_that_no_worker_takes_says_what_to_do(support: Client, keep: Keep) -> None:
    keep(LENIENT)
    apply = repair_in(ApplyState.APPROVED, created_at=timezone.now() - timedelta(seconds=6))
    progress = page_of(support, apply).progress
    assert progress.word.code == "late"
    assert "Nothing has been written" in progress.sentence
    assert f"{apply.expires_at:%H:%M:%S}" in progress.sentence
    assert progress.command == "celery -A recon worker"


@pytest.mark.parametrize(
    "state", [ApplyState.PREPARING, ApplyState.CALLING, ApplyState.COMMITTING, ApplyState.ABORTING]
)
def test_running_repair_shows_one_step_as_now(support: Client, keep: Keep, state: ApplyState) -> None:
    keep(LENIENT)
    apply = repair_in(state, proposal=VOID if state is ApplyState.CALLING else "")
    page = page_of(support, apply)
    assert page.progress.word.code == "running"
    assert page.progress.is_moving
    assert [step.code for step in page.progress.steps].count("failed" if state is ApplyState.ABORTING else "now") == 1


def test_repair_in_doubt_says_which_store_holds_it_and_how_it_ends(support: Client, keep: Keep) -> None:
    keep(LENIENT)
    apply = repair_in(ApplyState.COMMITTING, decided_at=timezone.now(), waiting_for="cf_prod: cannot be reached")
    branches(apply, billing_prod=BranchState.COMMITTED, cf_prod=BranchState.PREPARED)
    progress = page_of(support, apply).progress
    assert progress.word.code == "doubt"
    assert "cf_prod: cannot be reached" in progress.sentence
    assert "each minute" in progress.what_to_do
    assert {part.name: part.state for part in progress.parts} == {
        "billing_prod": "holds it",
        "cf_prod": "ready, not committed yet",
    }


def test_applied_repair_ticks_each_write_with_what_was_read_back(support: Client, keep: Keep) -> None:
    account = keep(LENIENT)
    now = datetime.fromisoformat(golden(LENIENT)["now"])
    apply = repair_in(ApplyState.DONE, decided_at=now, closed_at=now)
    case = repaired(golden(LENIENT), plan_of(account).writes)
    case["now"] = (now + timedelta(seconds=1)).isoformat()
    keep_case(case)
    page = page_of(support, apply)
    assert page.progress.word.code == "done"
    assert not page.progress.is_moving
    assert {result.code for result in page.results} == {"held"}
    assert page.outcome == "What was written: 17 of 17 read back as approved"


def test_applied_repair_waits_for_the_read_back(support: Client, keep: Keep) -> None:
    keep(LENIENT)
    apply = repair_in(ApplyState.DONE, closed_at=timezone.now())
    page = page_of(support, apply)
    assert page.progress.is_moving
    assert {result.text for result in page.results} == {"not read back yet"}


def test_write_that_changed_again_is_shown_with_what_stands_there(support: Client, keep: Keep) -> None:
    account = keep(LENIENT)
    apply = repair_in(ApplyState.DONE, closed_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert plan_of(account).writes
    page = page_of(support, apply)
    assert {result.code for result in page.results} == {"changed"}
    assert "suspend when read" in " ".join(result.text for result in page.results)


def test_store_that_is_down_after_the_repair_is_named(support: Client, keep: Keep) -> None:
    keep(LENIENT)
    apply = repair_in(ApplyState.DONE, closed_at=datetime(2020, 1, 1, tzinfo=UTC))
    case = golden(LENIENT)
    case["now"] = "2027-01-01T00:00:00Z"
    case["reads"] = {"cf_prod": {"ok": False, "reason": "cf_prod cannot be reached"}}
    keep_case(case)
    texts = {result.text for result in page_of(support, apply).results}
    assert "not read back: cf_prod cannot be reached" in texts


def test_refused_repair_shows_both_plans_and_asks_again(support: Client, keep: Keep) -> None:
    keep(LENIENT)
    apply = repair_in(
        ApplyState.ABORTED, refused=True, code="stale", explanation="The stores have changed.", closed_at=timezone.now()
    )
    case = golden(LENIENT)
    case["stores"]["cf_prod"]["blocks"] = []
    case["now"] = "2099-01-01T00:00:00Z"
    keep_case(case)
    page = page_of(support, apply)
    assert page.progress.word.code == "refused"
    assert [write.code for write in page.comparison.differences] == ["removed"]
    assert (page.again.reason, page.again.digest) == ("paid by wire", plan_of("acc_1").digest)
    assert {result.text for result in page.results} == {"not written"}


def test_nobody_approves_again_under_the_reason_of_another(logged_in: Browser, keep: Keep) -> None:
    keep(LENIENT)
    apply = repair_in(ApplyState.ABORTED, refused=True, code="stale", closed_at=timezone.now())
    assert page_of(logged_in("finance"), apply).again.reason == ""


def test_failed_repair_says_why_and_that_nothing_was_written(support: Client, keep: Keep) -> None:
    keep(LENIENT)
    apply = repair_in(ApplyState.ABORTED, code="failed", explanation="cf_prod: locked.", closed_at=timezone.now())
    page = page_of(support, apply)
    assert page.progress.word.code == "failed"
    assert page.progress.sentence == "Nothing has been written. cf_prod: locked."
    assert page.again is not None


def test_expired_repair_can_be_approved_again(support: Client, keep: Keep) -> None:
    keep(LENIENT)
    apply = repair_in(ApplyState.EXPIRED, closed_at=timezone.now())
    page = page_of(support, apply)
    assert (page.progress.word.code, page.again.why_not) == ("expired", "")


def test_exception_names_the_store_and_the_call_and_who_must_look(support: Client, keep: Keep) -> None:
    keep(LENIENT)
    apply = repair_in(ApplyState.EXCEPTION, explanation="cf_prod: the branch was rolled back.", proposal=VOID)
    branches(apply, billing_prod=BranchState.COMMITTED, cf_prod=BranchState.LOST)
    ApplyCall.objects.create(
        apply=apply, position=0, call_class=CallClass.PIVOT, verb="invoices.void_invoice", object_id="in_1",
        idempotency_key="k", state=CallState.DONE,
    )  # fmt: skip
    progress = page_of(support, apply).progress
    assert progress.word.code == "exception"
    assert "on-call engineer" in progress.what_to_do
    assert [(part.name, part.code) for part in progress.parts] == [
        ("billing_prod", "committed"),
        ("cf_prod", "lost"),
        ("Stripe: invoices.void_invoice of in_1", "done"),
    ]


@pytest.mark.parametrize("state", list(ApplyState))
def test_every_state_renders_as_page_and_as_fragment(support: Client, keep: Keep, state: ApplyState) -> None:
    keep(LENIENT)
    apply = repair_in(state, proposal=VOID)
    assert "<html" in text_of(support.get(f"/repairs/{apply.id}/"))
    fragment = support.get(f"/repairs/{apply.id}/", headers=HTMX)
    assert fragment.status_code == 200
    assert "<html" not in text_of(fragment)


@pytest.mark.parametrize("state", [ApplyState.EXPIRED, ApplyState.EXCEPTION, ApplyState.DONE])
def test_page_of_a_repair_that_is_over_asks_no_more(support: Client, keep: Keep, state: ApplyState) -> None:
    keep(LENIENT)
    apply = repair_in(state, closed_at=datetime(2020, 1, 1, tzinfo=UTC))
    answer = text_of(support.get(f"/repairs/{apply.id}/"))
    assert "hx-trigger" not in answer
    assert "http-equiv" not in answer


@pytest.mark.parametrize("repair_id", [str(UUID(int=0)), "9031dab3-31d6-4270-ba97-c0df526a4c71", "x", "'%20or%201=1"])
def test_repair_that_does_not_exist_is_not_found(support: Client, repair_id: str) -> None:
    assert support.get(f"/repairs/{repair_id}/").status_code == 404


def test_following_a_repair_asks_few_queries(support: Client, keep: Keep, django_assert_max_num_queries) -> None:
    keep(LENIENT)
    apply = repair_in(ApplyState.PREPARING)
    support.get("/")
    with django_assert_max_num_queries(8):
        support.get(f"/repairs/{apply.id}/", headers=HTMX)

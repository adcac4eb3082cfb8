"""Changing the rules' numbers in the pages: a form that says what is wrong where, a trial, two people, the way back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from inspector.display.policy_form import asked_policy, typed_of
from recon.actions.preview_policy import drive_policy_previews, preview_chunk
from recon.engine.policy import Policy
from recon.models import AccountState, PolicyPreview, PolicyPreviewChunk, PolicyVersion
from tests.inspector.conftest import person_of

pytestmark = pytest.mark.django_db

Browser = Callable[[str], Client]
Keep = Callable[..., str]
OWES = "ladder/past_due_at_midnight"
REASON = {"reason": "agreed with finance"}


@pytest.fixture
def admin(logged_in: Browser, settings: Any) -> Client:
    settings.POLICY = {"plans": {"price_pro": "pro"}, "dust_minor": {"jpy": 500}}
    return logged_in("admin")


@pytest.fixture
def second(admin: Client) -> Client:
    """Another admin."""
    client, person = Client(), person_of("admin")
    other = type(person).objects.create(username="ada")
    other.groups.set(person.groups.all())
    client.force_login(other)
    return client


def typed(admin: Client, **others: str) -> dict[str, str]:
    """What the form holds, with other words in some fields."""
    page = admin.get("/policy/change/").context["page"]
    fields = [field for group in page.groups for field in group.fields] + [page.dust, page.plans]
    return {field.name: field.value for field in fields} | others


def preview() -> None:
    now = PolicyPreview.objects.latest("id").judged_at
    while drive_policy_previews(now=now):
        for chunk_id in PolicyPreviewChunk.objects.filter(done_at__isnull=True).values_list("id", flat=True):
            preview_chunk(chunk_id, now=now)


def test_what_the_form_shows_is_what_it_would_send() -> None:
    policy = Policy.from_json(
        {"dust_minor": {"jpy": 500, "usd": 0}, "plans": {"price_1": "pro"}, "rungs": {"contract": {"grace": 3}}}
    )
    asked = asked_policy(typed_of(policy))
    assert (asked.problems, Policy.from_json(asked.written)) == ({}, policy)


def test_a_change_is_drafted_tried_out_and_made_to_govern(admin: Client, keep: Keep) -> None:
    keep("intents/comp_beats_the_subscription")
    sent = admin.post("/policy/change/", typed(admin, freshness_minutes="30", dust="jpy 700\nusd → 90"))
    assert (sent.status_code, sent["Location"]) == (303, "/policy/versions/2/")
    preview()
    page = admin.get("/policy/versions/2/").context["page"]
    assert [(one.name, one.old, one.new) for one in page.changes] == [
        ("Of JPY, up to", "500 JPY", "700 JPY"),
        ("Of USD, up to", "none", "0.90 USD"),
        ("A reading is fresh for", "15 minutes", "30 minutes"),
    ]
    assert (page.preview.sentence.split(",")[0], page.buttons[0].text) == ("No account would change", "Make it govern")
    assert admin.post("/policy/versions/2/activate/", REASON).status_code == 303
    numbers = admin.get("/policy/").context["page"].numbers
    assert (numbers.name, [one.word.code for one in numbers.versions]) == ("Version 2", ["active", "superseded"])


def test_what_is_severe_is_approved_by_another_admin(admin: Client, second: Client, keep: Keep, settings: Any) -> None:
    keep(OWES)
    late = {"past_due": 3_000, "delinquent": 3_000, "bad_debt": 3_000, "bad_debt_ended": 3_000}
    settings.POLICY = {"rungs": {"self_serve": late}}
    admin.post("/policy/change/", typed(admin, **{"rungs.self_serve.past_due": "1"}))
    preview()
    page = admin.get("/policy/versions/2/").context["page"]
    assert [figure.text for figure in page.preview.figures if figure.number == "1"] == ["become more severe"]
    assert [one.account_id for one in page.preview.examples] == ["acc_1"]
    admin.post("/policy/versions/2/activate/", REASON)
    assert admin.post("/policy/versions/2/approve/", REASON).status_code == 403
    assert "You drafted it" in admin.get("/policy/versions/2/").content.decode()
    assert second.post("/policy/versions/2/approve/", REASON).status_code == 303
    assert PolicyVersion.objects.get(number=2).state == "active"
    back = second.get("/policy/versions/1/").context["page"]
    assert "takes effect at once" in back.note
    assert second.post("/policy/versions/1/revert/", REASON)["Location"] == "/policy/versions/3/"
    assert PolicyVersion.objects.get(number=3).state == "active"


@pytest.mark.parametrize(
    ("field", "words", "problem"),
    [
        ("rungs.self_serve.grace", "9", "Past due comes before grace"),
        ("rungs.contract.bad_debt", "", "A whole number is needed."),
        ("dust_minor", "-5", "A whole number is needed."),
        ("dust", "usd 1 2", "Line 1: two words are needed"),
        ("dust", "dollar 1", "dollar is no currency"),
        ("plans", "price_1 pro\nprice_1 team", "Line 2: price_1 stands here twice."),
        ("freshness_minutes", "0", "A reading is fresh for 1 to 1440 minutes"),
    ],
)
def test_bad_input_gets_a_sentence_at_its_field(admin: Client, field: str, words: str, problem: str) -> None:
    answer = admin.post("/policy/change/", typed(admin, **{field: words}))
    assert answer.status_code == 422
    page = answer.context["page"]
    fields = [one for group in page.groups for one in group.fields] + [page.dust, page.plans]
    assert next(one.problem for one in fields if one.problem).startswith(problem)
    assert next(one.value for one in fields if one.name == field) == words
    assert not PolicyVersion.objects.exists()


def test_an_account_says_whose_numbers_it_was_judged_by(admin: Client, keep: Keep) -> None:
    account = keep(OWES)
    assert "policy version" not in admin.get(f"/accounts/{account}/").content.decode()
    AccountState.objects.update(policy_version=3)
    assert 'href="/policy/#version-3">policy version 3</a>' in admin.get(f"/accounts/{account}/").content.decode()


def test_a_page_that_was_seen_is_answered_on_a_change_only(admin: Client) -> None:
    admin.post("/policy/change/", typed(admin, freshness_minutes="30"))
    page = admin.get("/policy/versions/2/").context["page"]
    assert (page.is_moving, admin.get(page.poll_href).status_code) == (True, 204)
    preview()
    assert admin.get(page.poll_href).status_code == 200


def test_others_see_versions_and_change_nothing(admin: Client, logged_in: Browser) -> None:
    admin.post("/policy/change/", typed(admin, freshness_minutes="30"))
    viewer = logged_in("viewer")
    page = viewer.get("/policy/versions/2/").context["page"]
    assert {button.why_not for button in page.buttons} == {
        "Policy, tokens and the freeze are changed by admin. You are in: viewer."
    }
    assert viewer.post("/policy/versions/2/withdraw/", REASON).status_code == 403
    assert viewer.get("/policy/change/").status_code == 403


def test_without_a_reason_the_page_comes_again(admin: Client) -> None:
    admin.post("/policy/change/", typed(admin, freshness_minutes="30"))
    answer = admin.post("/policy/versions/2/withdraw/", {"reason": " "})
    assert (answer.status_code, answer.context["page"].typed.error[:7]) == (422, "Say why")
    assert admin.post("/policy/versions/2/activate/", REASON).status_code == 409

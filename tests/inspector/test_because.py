"""Why an account was evaluated, in words: on its verdict line and in its timeline."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inspector.display.because import asked_words
from recon.models import AccountState, Apply, ApplyState, ClassMode, Evaluation, Mode, Recompute, Relapse

Keep = Callable[..., str]
CASE = "payments/paid_after_suspension"


def causes(*told: tuple[str, str]) -> list[dict[str, str]]:
    return [{"kind": kind, "ref": ref, "at": "2026-03-20T00:00:00+00:00"} for kind, ref in told]


@pytest.mark.parametrize(
    ("told", "more", "words"),
    [
        ([], 0, ""),
        ([("timer", "")], 0, "because of its clock"),
        ([("apply", "x")], 0, "because of a repair"),
        ([("person", "user:support")], 0, "asked for by support"),
        ([("unknown", "")], 0, "because of a mark without a cause"),
        ([("event", "stripe invoice.paid evt_1")], 0, "because of 1 event: stripe invoice.paid evt_1"),
        ([("event", "a"), ("event", "b")], 0, "because of 2 events: a, b"),
        ([("event", name) for name in "abcde"], 40, "because of 45 events: c, d, e and 42 more"),
        (
            [("person", "user:ada"), ("event", "a"), ("timer", ""), ("unknown", ""), ("timer", "")],
            0,
            "because of 1 event: a; its clock; asked for by ada",
        ),
    ],
)
def test_causes_are_said_in_words(told: list[tuple[str, str]], more: int, words: str) -> None:
    assert asked_words(causes(*told), more) == words


def test_of_an_unknown_verdict_nobody_says_that_the_stores_agree(support: Client, keep: Keep) -> None:
    account = keep("identity/orphan_without_account_row")
    keep("identity/orphan_without_customer_row", account_id=account)
    assert {line for line in lines(support, account) if "Unknown" in line[0]} == {
        ("Still Unknown", "by a sweep"),
        ("First verdict: Unknown (The account has no row in subs_account.accounts.)", "by a sweep"),
    }


def recomputed(*told: tuple[str, str], **changes: Any) -> None:
    one = Evaluation.objects.get()
    Recompute.objects.create(
        account_id=one.account_id, evaluation=one, causes=causes(*told), **{"at": one.at} | changes
    )


def lines(client: Client, account: str) -> list[tuple[str, str]]:
    story = client.get(f"/accounts/{account}/").context["story"]
    return [(line.said.text, line.said.rest) for day in story.timeline.days for line in day.lines]


def test_the_verdict_says_what_had_asked_for_it(support: Client, keep: Keep) -> None:
    account = keep(CASE)
    recomputed(("event", "stripe invoice.paid evt_1"), ("event", "stripe charge.failed evt_2"))
    verdict = support.get(f"/accounts/{account}/").context["page"].verdict
    assert verdict.asked == "because of 2 events: stripe charge.failed evt_2 and 1 more"


def test_a_sweep_was_asked_for_by_nobody(support: Client, keep: Keep) -> None:
    account = keep(CASE)
    recomputed(("timer", ""))
    AccountState.objects.update(evaluated_at=timezone.now())
    assert support.get(f"/accounts/{account}/").context["page"].verdict.asked == ""


def test_the_timeline_says_it_of_an_evaluation_that_changed_something_and_of_one_that_did_not(
    support: Client, keep: Keep
) -> None:
    account = keep(CASE)
    recomputed(("timer", ""))
    recomputed(("person", "user:ada"), at=timezone.now())
    told = lines(support, account)
    assert told[0] == ("Evaluated again: no change", "asked for by ada")
    assert any(text.startswith("First verdict") and rest.endswith("because of its clock") for text, rest in told)


def test_a_cell_that_was_changed_back_is_said_on_the_account(support: Client, keep: Keep) -> None:
    account, now = keep(CASE), timezone.now()
    apply = Apply.objects.create(
        account_id=account, digest="d", approved_by="user:ada", reason="r", created_at=now, expires_at=now,
        state=ApplyState.DONE,
    )  # fmt: skip
    given = {"account_id": account, "place": "subs_dunning.dunning.state", "key": account, "apply": apply}
    relapse = Relapse.objects.create(at=now, wrote="clear", found="<b>bad_debt", other="another writer", **given)
    page = support.get(f"/accounts/{account}/")
    assert page.context["page"].relapsed.lines == (
        "subs_dunning.dunning.state: a repair wrote clear; <b>bad_debt was found just now, by another writer.",
    )
    assert "<b>bad_debt" not in page.content.decode()
    Relapse.objects.filter(id=relapse.id).update(released_at=now)
    assert support.get(f"/accounts/{account}/").context["page"].relapsed is None


def test_what_is_only_observed_is_approved_by_nobody_and_says_why(logged_in: Callable[..., Client], keep: Keep) -> None:
    account, admin = keep(CASE), logged_in("admin")
    state = AccountState.objects.get()
    for name in state.classes:
        ClassMode.objects.create(name=name, mode=Mode.OBSERVE, set_by="user:root", reason="r", set_at=timezone.now())
    form = admin.get(f"/accounts/{account}/").context["foot"].form
    assert "only observed and not repaired" in form.why_not
    sent = {"digest": state.evaluation.digest, "reason": "They paid.", "request_key": "k"}
    answer = admin.post(f"/accounts/{account}/apply/", sent)
    assert (answer.status_code, Apply.objects.exists()) == (409, False)

"""The undo on a repair's page: the inverse as a plan, who may approve it, and what one is told when it is refused."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from recon.models import Apply, ApplyState, Pulse
from tests.support.repairs import VOID, done_repair, repair_in, undone_plan

Browser = Callable[[str], Client]
CASE = "payments/paid_after_suspension"


@pytest.fixture
def finance(logged_in: Browser) -> Client:
    return logged_in("finance")


@pytest.fixture
def repair(db: None) -> Apply:
    """A repair that every store took, and the account as it was read after it."""
    return done_repair(CASE)


def section_of(client: Client, apply: Apply) -> Any:
    answer = client.get(f"/repairs/{apply.id}/")
    assert answer.status_code == 200
    return answer.context["undo"].section


def send(client: Client, apply: Apply, **changes: str) -> HttpResponse:
    """The undo's form, filled in right but for the changes."""
    form = {"digest": section_of(client, apply).digest, "request_key": str(uuid4()), "reason": "the wire was another's"}
    return client.post(f"/repairs/{apply.id}/undo/", {**form, **changes})


def test_the_inverse_is_shown_as_a_plan(finance: Client, repair: Apply) -> None:
    section = section_of(finance, repair)
    assert [(one.where, one.old, one.new) for one in section.writes] == [
        (one.line.where, one.line.new, one.line.old)
        for one in finance.get(f"/repairs/{repair.id}/").context["page"].results
    ]
    assert (section.risk.code, section.left_out, section.form.why_not) == ("severe", (), "")
    assert section.follows.events[0].kind == "repair.applied"


def test_whoever_may_not_sees_why(support: Client, repair: Apply) -> None:
    assert (
        section_of(support, repair).form.why_not
        == "A severe plan is approved by finance or admin. You are in: support."
    )
    assert send(support, repair).status_code == 403


def test_what_can_only_be_read_is_said_where_the_button_would_be_and_refused(finance: Client, repair: Apply) -> None:
    why = "cf_prod: prepared transactions are off."
    Pulse.objects.create(
        name="store:cf_prod", at=timezone.now(), detail={"ok": True, "ms": 1, "why": "", "read_only": {"cf_prod": why}}
    )
    assert section_of(finance, repair).form.why_not == why
    answer = send(finance, repair)
    assert (answer.context["undo"].section.said, Apply.objects.filter(undoes=repair).count()) == (
        f"Nothing was undone. It cannot be written. {why}",
        0,
    )


def test_the_form_leads_to_the_undos_own_page_and_both_name_each_other(finance: Client, repair: Apply) -> None:
    answer = send(finance, repair)
    undo = Apply.objects.get(undoes=repair)
    assert (answer.status_code, answer["Location"]) == (303, f"/repairs/{undo.id}/")
    (back,) = finance.get(f"/repairs/{undo.id}/").context["undo"].links
    (forth,) = finance.get(f"/repairs/{repair.id}/").context["undo"].links
    assert (back.text, back.id) == ("Takes back", str(repair.id))
    assert (forth.text, forth.id) == ("Is being taken back by", str(undo.id))
    assert section_of(finance, repair) is None


def test_a_reason_is_asked_for(finance: Client, repair: Apply) -> None:
    answer = send(finance, repair, reason=" ")
    assert answer.status_code == 422
    assert "Say why" in answer.context["undo"].section.form.reason_error
    assert not Apply.objects.filter(undoes=repair).exists()


def test_an_old_seal_is_refused_beside_the_undo_as_it_is_now(finance: Client, repair: Apply) -> None:
    answer = send(finance, repair, digest="0" * 64)
    section = answer.context["undo"].section
    assert answer.status_code == 409
    assert (section.said.split(":")[0], section.form.reason) == (
        "The stores have moved since you looked",
        "the wire was another's",
    )


def test_what_moved_since_is_listed_with_why(finance: Client, repair: Apply) -> None:
    first = repair.writes[0]
    Apply.objects.filter(id=repair.id).update(writes=[{**first, "truth": "grace"}, *repair.writes[1:]])
    section = section_of(finance, repair)
    assert [(one.line.where.rpartition(".")[2], one.because) for one in section.left_out] == [
        (first["column"], f"It holds {first['truth']} now, which the repair did not write.")
    ]
    assert len(section.writes) == len(repair.writes) - 1


def test_what_stripe_did_is_said_to_stay(finance: Client, db: None) -> None:
    assert section_of(finance, done_repair(CASE, proposal=VOID)).final == (
        "What Stripe was told stays as it is: Void the invoice in_1. An undo never takes that back."
    )


def test_a_repair_of_stripe_alone_has_nothing_to_undo(finance: Client, db: None) -> None:
    section = section_of(finance, done_repair(CASE, proposal=VOID, writes=[]))
    assert (section.form, section.none_because) == (
        None,
        "It wrote no stored value, and what Stripe did cannot be taken back.",
    )


@pytest.mark.parametrize("state", [state for state in ApplyState if state not in (ApplyState.DONE, ApplyState.CALLING)])
def test_only_a_repair_that_was_applied_offers_one(finance: Client, repair: Apply, state: ApplyState) -> None:
    Apply.objects.filter(id=repair.id).update(state=state)
    undo = finance.get(f"/repairs/{repair.id}/").context["undo"]
    assert undo is None or undo.section is None


def test_an_undo_that_came_to_nothing_offers_no_plan_in_its_place(finance: Client, repair: Apply) -> None:
    undo = repair_in(ApplyState.ABORTED, undoes=repair, refused=True, code="stale", closed_at=repair.closed_at)
    page = finance.get(f"/repairs/{undo.id}/").context["page"]
    assert (page.again, page.comparison, page.progress.what_to_do) == (
        None,
        None,
        "Look at the repair itself: its undo stands there as it is now.",
    )
    assert section_of(finance, repair).form.why_not == ""


def test_an_undo_of_nobodys_repair_is_not_found(finance: Client, db: None) -> None:
    assert finance.post(f"/repairs/{UUID(int=0)}/undo/", {"reason": "r"}).status_code == 404


def test_the_account_says_that_it_drifts_because_of_an_undo(finance: Client, keep: Callable[..., str]) -> None:
    account = keep(CASE)
    assert "The undo</a>" not in finance.get(f"/accounts/{account}/").content.decode()
    undo = undone_plan(account)
    page = finance.get(f"/accounts/{account}/")
    assert page.context["undone"].id == str(undo.id)
    assert f'<a href="/repairs/{undo.id}/">The undo</a>' in page.content.decode()


def test_the_timeline_tells_both(finance: Client, keep: Callable[..., str]) -> None:
    account = keep(CASE)
    undone_plan(account)
    days = finance.get(f"/accounts/{account}/?kind=repairs").context["story"].timeline.days
    said = [(line.said.text, line.said.rest.rpartition(", ")[2]) for day in days for line in day.lines]
    assert sorted(text for text, _ in said) == [
        "Repair applied",
        "Repair approved",
        "Undo of a repair applied",
        "Undo of a repair approved",
    ]
    assert ("Repair applied", "and undone since") in said


def test_the_audit_calls_it_an_undo_and_leads_to_what_it_undoes(finance: Client, repair: Apply) -> None:
    send(finance, repair)
    undo = Apply.objects.get(undoes=repair)
    (line,) = finance.get(f"/audit/?apply={undo.id}").context["page"].lines
    assert (line.action.text, line.undoes_href) == ("Approved an undo", f"/repairs/{repair.id}/")

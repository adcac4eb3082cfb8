"""What would clear the account, its timeline and its notes, on the account's page."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from recon.actions.keep_snapshots import keep_snapshots
from recon.apply.record import Entry, record
from recon.engine.facts import Reading, StoreName
from recon.models import Apply, ApplyState, Note
from recon.queries.timeline import PAGE
from tests.support.kept import golden, golden_names, keep_case

Keep = Callable[..., str]
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


def story_of(client: Client, account: str, query: str = ""):
    return client.get(f"/accounts/{account}/{query}").context["story"]


def lines(story) -> list:
    return [line for day in story.timeline.days for line in day.lines]


def test_what_would_clear_it_stands_in_words(support: Client, keep: Keep) -> None:
    clearing = story_of(support, keep("payments/two_currencies")).clearing
    (way,) = clearing.ways
    assert way.lines == (
        "18.00 EUR for inv_eur · in_eur, due 2026-03-01",
        "20.00 USD for inv_usd · in_usd, due 2026-03-18",
    )
    assert way.total == "18.00 EUR and 20.00 USD"
    assert [easing.state.code for easing in clearing.easings] == ["past_due", "grace", "written_off"]


def test_every_open_invoice_of_a_long_account_is_asked_for(support: Client) -> None:
    case = golden("ladder/bad_debt_at_midnight")
    billing, stripe = case["stores"]["billing_prod"], case["stores"]["stripe"]
    (ledger,), (invoice,) = billing["invoices"], stripe["invoices"]
    numbers = range(90)
    billing["invoices"] = [ledger | {"invoice_id": f"inv_{one}", "stripe_invoice_id": f"in_{one}"} for one in numbers]
    stripe["invoices"] = [invoice | {"id": f"in_{one}"} for one in numbers]
    (way,) = story_of(support, keep_case(case)).clearing.ways
    assert (len(way.lines) + len(way.folded), way.more, way.total) == (90, "84 more", "1\u202f800.00 USD")


@pytest.mark.parametrize(
    ("name", "lead"),
    [
        ("drift/flagged_but_paid", "apply the plan"),
        ("reads/stripe_failed", "becomes known"),
        ("ladder/past_due_at_midnight", "with less it is not"),
        ("disputes/lost_and_booked", "any one of these"),
    ],
)
def test_the_lead_says_what_follows(support: Client, keep: Keep, name: str, lead: str) -> None:
    assert lead in story_of(support, keep(name)).clearing.lead


def test_an_unknown_verdict_names_the_reading(support: Client, keep: Keep) -> None:
    clearing = story_of(support, keep("reads/stripe_failed")).clearing
    assert clearing.missing == (("stripe", "stripe could not be read: HTTP 500."),)


def test_other_numbers_than_the_verdicts_claim_nothing(support: Client, keep: Keep, settings) -> None:
    account = keep("ladder/past_due_at_midnight")
    settings.POLICY = {"rungs": {"self_serve": {"past_due": 90, "delinquent": 91}}}
    clearing = story_of(support, account).clearing
    assert (clearing.ways, "re-read" in clearing.lead) == ((), True)


@pytest.mark.parametrize("name", golden_names()[::7])
def test_whatever_happened_has_words(support: Client, keep: Keep, name: str) -> None:
    for line in lines(story_of(support, keep(name))):
        assert line.said.text or line.said.quoted
        assert "_" not in line.source.text or line.source.text in StoreName._value2member_map_


def test_a_late_arrival_says_how_late(support: Client, keep: Keep) -> None:
    account = keep("drift/flagged_but_paid")
    row = {"payment_id": "pay_late", "status": "settled", "amount_minor": 500, "currency": "eur"}
    row["settled_at"] = "2026-03-20T12:00:00Z"
    keep_snapshots([(account, Reading(StoreName.BILLING_PROD, NOON + timedelta(days=3), {"payments": [row]}))])
    late = next(line for line in lines(story_of(support, account)) if line.said.subject == "pay_late")
    assert (late.happened, late.lag, late.is_late) == ("2026-03-20 12:00", "3 days", True)
    assert late.said.rest == "settled, 5.00 EUR"


def test_a_repair_leads_to_its_page(support: Client, keep: Keep) -> None:
    account = keep("drift/flagged_but_paid")
    apply = Apply.objects.create(
        id=uuid4(), account_id=account, digest="d" * 64, approved_by="user:ada", reason="<b>They paid.</b>",
        state=ApplyState.ABORTED, refused=True, explanation="The plan had changed.", created_at=NOON, expires_at=NOON,
        closed_at=NOON + timedelta(minutes=1),
    )  # fmt: skip
    page = support.get(f"/accounts/{account}/?kind=repairs")
    closed, approved = lines(page.context["story"])
    assert (closed.said.text, closed.said.rest) == ("Repair refused: the stores had moved", "The plan had changed.")
    assert closed.said.href == approved.said.href == f"/repairs/{apply.id}/"
    assert "&lt;b&gt;They paid.&lt;/b&gt;" in page.content.decode()


def test_audit_entries_lead_on_only_for_who_may_see_them(logged_in: Callable[[str], Client], keep: Keep) -> None:
    account = keep("drift/flagged_but_paid")
    seq = record(Entry("user:ada", "repair.refused", "They paid.", account))
    hrefs = {
        role: lines(story_of(logged_in(role), account, "?kind=repairs"))[0].said.href for role in ("viewer", "admin")
    }
    assert hrefs == {"viewer": "", "admin": f"/audit/{seq}/"}


def test_the_filter_and_the_pages_are_links_that_keep_the_other_switches(support: Client, keep: Keep) -> None:
    account = keep("drift/flagged_but_paid")
    for minute in range(PAGE + 10):
        Note.objects.create(
            account_id=account, at=NOON + timedelta(minutes=minute), author="user:ada", text=str(minute)
        )
    first = story_of(support, account, "?only=differences&kind=notes").timeline
    assert [choice.text for choice in first.choices if choice.is_chosen] == ["Notes"]
    assert first.more_href.startswith(f"/accounts/{account}/?only=differences&kind=notes&timeline=")
    second = story_of(support, account, first.more_href.removeprefix(f"/accounts/{account}/")).timeline
    assert [line.said.quoted for day in second.days for line in day.lines] == [
        str(minute) for minute in range(9, -1, -1)
    ]
    assert (second.more_href, second.first_href) == ("", f"/accounts/{account}/?only=differences&kind=notes#timeline")


@pytest.mark.parametrize("query", ["?kind=nonsense", "?timeline=x", "?timeline=99999999999999999999.1", "?kind=%00"])
def test_nonsense_in_the_address_shows_the_newest(support: Client, keep: Keep, query: str) -> None:
    account = keep("drift/flagged_but_paid")
    assert story_of(support, account, query).timeline == story_of(support, account).timeline


def test_a_note_is_added_and_shown(support: Client, keep: Keep) -> None:
    account = keep("drift/flagged_but_paid")
    answer = support.post(f"/accounts/{account}/notes/", {"text": "<script>alert(1)</script>\r\nCalled."})
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/{account}/#notes")
    page = support.get(f"/accounts/{account}/")
    (note,) = page.context["story"].notes.lines
    assert (note.author, note.text) == ("support", "<script>alert(1)</script>\nCalled.")
    assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize(("text", "error"), [("   ", "needs words"), ("x" * 2001, "1 too many")])
def test_a_refused_note_keeps_its_words(support: Client, keep: Keep, text: str, error: str) -> None:
    page = support.post(f"/accounts/{keep('drift/flagged_but_paid')}/notes/", {"text": text})
    assert page.status_code == 422
    assert error in page.context["story"].notes.typed.error
    assert re.search(rf"<textarea[^>]+aria-invalid[^>]+>\n{text}</textarea>", page.content.decode())
    assert not Note.objects.exists()


def test_a_viewer_reads_notes_and_is_told_who_writes_them(logged_in: Callable[[str], Client], keep: Keep) -> None:
    account, viewer = keep("drift/flagged_but_paid"), logged_in("viewer")
    assert "Notes are written by" in story_of(viewer, account).notes.permission.why_not
    assert viewer.post(f"/accounts/{account}/notes/", {"text": "Called."}).status_code == 403
    assert not Note.objects.exists()


def test_a_note_on_an_account_that_nobody_knows_is_not_found(support: Client) -> None:
    assert support.post("/accounts/acc_none/notes/", {"text": "Called."}).status_code == 404


def test_the_texts_to_copy_can_be_copied_without_script(support: Client, keep: Keep) -> None:
    html = support.get(f"/accounts/{keep('payments/paid_after_suspension')}/").content.decode()
    assert html.count("readonly") == 2
    assert html.count('data-copy="sentence-') == len(re.findall(r'data-copy="sentence-\w+" hidden', html)) == 2
    assert "http://testserver/accounts/acc_1/" in html

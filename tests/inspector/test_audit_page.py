"""The audit page shows what was done and tried, to whom it may, and lets anybody check a seal by hand."""

import csv
import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from django.test import Client

from inspector.display.csv import inert
from recon.apply.record import Entry, record

pytestmark = pytest.mark.django_db

Browser = Callable[[str], Client]
ENTRY = Entry(
    actor="user:support",
    action="repair.applied",
    reason="paid by wire",
    account="acc_1",
    before={"cells": [["cf_prod.entitlements[acc_1].suspended", True]]},
    after={"cells": [["cf_prod.entitlements[acc_1].suspended", False]], "digest": "d1", "proposal": "", "why": ""},
    request_id="req-1",
    apply_id=uuid4(),
)
OTHERS = replace(ENTRY, actor="user:finance", account="acc_2", reason="a second one", request_id="req-2", apply_id=None)


def listed(client: Client, query: str = "") -> list[str]:
    """The reasons of a page of the audit, as they are shown."""
    answer = client.get(f"/audit/?{query}")
    assert answer.status_code == 200
    return [line.reason for line in answer.context["page"].lines]


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/audit.csv?{query}")
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("nothing", [None, "", {}, []])
def test_what_an_entry_holds_nothing_of_is_not_shown(support: Client, nothing: object) -> None:
    record(replace(ENTRY, before=None, after={"risks": nothing, "accounts": 0}))
    [line] = support.get("/audit/").context["page"].lines
    assert [(one.what, one.new) for one in line.changes] == [("Accounts", "0")]


def test_an_entry_is_shown_in_words(support: Client) -> None:
    seq = record(ENTRY)
    [line] = support.get("/audit/").context["page"].lines
    assert (line.seq, line.actor, line.action.text, line.account_href) == (
        seq,
        "support",
        "Applied a repair",
        "/accounts/acc_1/",
    )
    assert [(one.what, one.old, one.new) for one in line.changes] == [("Suspended", "yes", "no"), ("Plan", "", "d1…")]


@pytest.mark.parametrize(
    "query",
    [
        "actor=finance",
        "actor=user:finance",
        "account=acc_2",
        "words=second",
        "request=req-2",
        "actor=finance&account=acc_2&words=one+second&action=repair.applied",
    ],
)
def test_a_filter_finds_its_entries_alone(support: Client, query: str) -> None:
    record(ENTRY)
    record(OTHERS)
    assert listed(support, query) == ["a second one"]
    assert [row["reason"] for row in exported(support, query)] == ["a second one"]


def test_a_repair_leads_to_its_entries(support: Client) -> None:
    record(OTHERS)
    record(ENTRY)
    assert listed(support, f"apply={ENTRY.apply_id}") == ["paid by wire"]


def test_failed_and_refused_attempts_are_one_filter(support: Client) -> None:
    record(ENTRY)
    for action in ("repair.refused", "repair.failed", "repair.needs_person", "repair.expired"):
        record(replace(ENTRY, action=action, reason=action))
    assert listed(support, "action=troubled") == [
        "repair.expired",
        "repair.needs_person",
        "repair.failed",
        "repair.refused",
    ]


def test_days_are_whole_and_both_count(support: Client) -> None:
    record(ENTRY)
    today = support.get("/audit/").context["page"].lines[0].at[:10]
    assert listed(support, f"from={today}&to={today}") == ["paid by wire"]
    assert listed(support, "from=2999-01-01") == []
    assert listed(support, "to=2001-01-01") == []


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-02-30", "apply=1", "from=99999-01-01", "to=0001-01-01"])
def test_what_means_nothing_is_said_and_shows_nothing(support: Client, query: str) -> None:
    record(ENTRY)
    page = support.get(f"/audit/?{query}").context["page"]
    assert (len(page.problems), page.lines) == (1, ())
    file = support.get(f"/audit.csv?{query}")
    assert (file.status_code, file.content.decode()) == (400, page.problems[0])


@pytest.mark.parametrize("query", ["actor=%00", "words=%27%20%26%20%21(", "after=x", "after=-1", f"after={'9' * 40}"])
def test_forged_filters_are_answered_with_a_page(support: Client, query: str) -> None:
    assert support.get(f"/audit/?{query}").status_code == 200


def test_pages_go_by_the_entry_without_gap_or_repetition(support: Client) -> None:
    made = [record(replace(ENTRY, account="acc_paged")) for _ in range(120)]
    seen, url = [], "/audit/?account=acc_paged"
    while url:
        page = support.get(url).context["page"]
        seen += [line.seq for line in page.lines]
        url = page.older_href
    assert seen == made[::-1]


@pytest.mark.parametrize("query", ["", "actor=finance", "account=acc_2", "request=req-2", "words=second", "action=x"])
def test_a_viewers_filter_never_reaches_what_others_did(logged_in: Browser, query: str) -> None:
    record(OTHERS)
    viewer = logged_in("viewer")
    assert (listed(viewer, query), exported(viewer, query)) == ([], [])


def test_a_viewer_sees_their_own_and_is_told_so(logged_in: Browser) -> None:
    own = record(replace(ENTRY, actor="user:viewer", reason="mine"))
    others = record(OTHERS)
    viewer = logged_in("viewer")
    assert listed(viewer) == ["mine"]
    assert "your own entries only" in viewer.get("/audit/").content.decode()
    assert viewer.get(f"/audit/{own}/").status_code == 200
    missing = viewer.get("/audit/999999999/")
    answer = viewer.get(f"/audit/{others}/")
    assert (answer.status_code, missing.status_code) == (404, 404)


@pytest.mark.parametrize("role", ["support", "finance", "admin"])
def test_the_others_see_everybody(logged_in: Browser, role: str) -> None:
    record(OTHERS)
    assert listed(logged_in(role)) == ["a second one"]


def test_html_in_a_reason_is_inert(support: Client) -> None:
    seq = record(replace(ENTRY, reason="<img src=x onerror=alert(1)>", after={"<b>": "<i>x</i>"}))
    for url in ("/audit/", f"/audit/{seq}/"):
        html = support.get(url).content.decode()
        assert "<img src=x" not in html
        assert "<i>x" not in html
        assert "&lt;img src=x" in html


def test_the_command_of_an_entry_gives_its_seal(support: Client) -> None:
    seq = record(replace(ENTRY, reason="it's “quoted”, $HOME `id` \\n and %s"))
    seal = support.get(f"/audit/{seq}/").context["page"].seal
    printed = subprocess.run(["bash", "-c", seal.command], capture_output=True, text=True, check=True).stdout
    assert (printed.split()[0], seal.is_whole) == (seal.hash, True)


def test_an_entry_follows_the_one_before_it(support: Client) -> None:
    first, second = record(ENTRY), record(OTHERS)
    pages = [support.get(f"/audit/{seq}/").context["page"] for seq in (first, second)]
    assert pages[1].seal.prev == pages[0].seal.hash
    assert pages[1].earlier_href == f"/audit/{first}/"


def test_the_export_holds_no_formula(support: Client) -> None:
    record(replace(ENTRY, reason='=HYPERLINK("http://evil","x")', account="@acc"))
    [row] = exported(support, "words=hyperlink")
    assert (row["reason"], row["account"]) == ('\'=HYPERLINK("http://evil","x")', "'@acc")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " ="])
def test_a_cell_that_begins_like_a_formula_is_text(start: str) -> None:
    assert inert(f"{start}1") == f"'{start}1"


def test_what_an_entry_may_hold_is_shown_whatever_it_is(support: Client) -> None:
    for after in (None, [], "text", 7, {"cells": "x"}, {"cells": [["a"], ["odd place", {"deep": 1}]]}, {"why": None}):
        record(replace(ENTRY, account="a/b", before=None, after=after))
    assert len(listed(support)) == 7


def test_the_fragment_is_the_page_without_its_frame(support: Client) -> None:
    record(ENTRY)
    fragment = support.get("/audit/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "paid by wire" in fragment

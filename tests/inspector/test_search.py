"""The search page: one account opens, several are a table, nothing found says where one looked and what else to try."""

import json
import re
from collections.abc import Callable

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recon.models import StripeObject
from recon.queries.terms import MOST_TERMS
from tests.support.kept import golden, keep_case

Keep = Callable[..., str]
HOSTILE = (
    "\x00",
    "' or 1=1 --",
    "'; drop table account_handles; --",
    "<script>alert(1)</script>",
    "\ud800\udfff",
    "%",
    "_",
    "%_%_%_%",
    "\\",
    "…!?.,;:-()",
    "{{ view }}{% url %}",
    "../../etc/passwd",
    "a/b",
    "\u202eevil",
    "x" * 10_000,
    "ﷺ" * 400,
)
ADDRESSES = ("/", "/search/", "/search/?q=doe", "/accounts/", "/accounts/acc_1/")


@pytest.fixture
def two(keep: Keep) -> None:
    """Two people of one name."""
    for number, state in (("1", "drift/flagged_but_paid"), ("2", "payments/paid_after_suspension")):
        case = json.loads(json.dumps(golden(state)).replace('_1"', f'_{number}"'))
        case["stores"]["subs_customer"]["customers"][0] |= {"name": "Jane Doe", "email": f"jane{number}@example.com"}
        keep_case(case)


@pytest.mark.parametrize(
    "words",
    ["acc_1", " acc_1 ", "cus_1", "in_1", "inv_1", "ch_1", "JANE1@example.com", "jane1", "acc_1, in_1", "/acc_1"],
)
def test_one_account_that_is_meant_without_a_doubt_opens(support: Client, two: None, words: str) -> None:
    answer = support.get("/search/", {"q": words})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/acc_1/")


def test_several_accounts_are_a_table_that_says_by_what(support: Client, two: None) -> None:
    view = support.get("/search/", {"q": "doe"}).context["view"]
    assert [(line.account_id, line.name, line.email) for line in view.lines] == [
        ("acc_1", "Jane Doe", "jane1@example.com"),
        ("acc_2", "Jane Doe", "jane2@example.com"),
    ]
    assert {match.by for line in view.lines for match in line.matches} == {"email or name holds it"}
    assert (view.title, view.missed) == ("2 accounts for “doe”", ())


def test_one_that_only_resembles_the_term_is_shown_and_not_opened(support: Client, two: None) -> None:
    page = support.get("/search/", {"q": "jane1@exampel.com"})
    assert page.status_code == 200
    assert [line.account_id for line in page.context["view"].lines] == ["acc_1"]


def test_what_was_found_and_what_was_not_stand_beside_each_other(support: Client, two: None) -> None:
    page = support.post("/search/", {"q": "acc_1\r\nacc_2\r\nin_none\r\nnobody@example.com"})
    view = page.context["view"]
    assert [line.account_id for line in view.lines] == ["acc_1", "acc_2"]
    assert [one.term for one in view.missed] == ["in_none", "nobody@example.com"]
    html = page.content.decode()
    assert "What was searched" in html
    assert "What else to try" in html


def test_an_unknown_account_id_can_be_read_from_the_stores(support: Client) -> None:
    html = support.get("/search/", {"q": "acc_new"}).content.decode()
    assert re.search(r'<form[^>]*action="/accounts/acc_new/recompute/" method="post">', html)


@pytest.mark.usefixtures("twin", "stores_clean")
def test_an_id_that_no_store_knows_is_said_where_one_searched(support: Client) -> None:
    answer = support.post("/accounts/acc_new/recompute/", follow=True)
    assert answer.redirect_chain == [("/search/?q=acc_new", 302)]
    assert "All six stores answered, and none knows acc_new." in answer.content.decode()


def test_an_account_that_only_stripe_names_can_be_read_too(support: Client) -> None:
    StripeObject.objects.create(
        id="cus_9", kind="customers", customer="cus_9", account_id="acc_9", body={}, content_hash="",
        read_at="2026-03-20T00:00:00Z",
    )  # fmt: skip
    html = support.get("/search/", {"q": "cus_9"}).content.decode()
    assert "names the account acc_9" in html
    assert "/accounts/acc_9/recompute/" in html


def test_five_thousand_ids_are_answered_for_the_first_and_say_so(support: Client, two: None) -> None:
    page = support.post("/search/", {"q": "\n".join(f"acc_{number}" for number in range(5_000))})
    view = page.context["view"]
    assert [line.account_id for line in view.lines] == ["acc_1", "acc_2"]
    assert len(view.missed) == MOST_TERMS - 2
    assert "5\u202f000 terms were given; the first 500 were searched." in view.notes[0]


def test_a_term_that_is_too_long_is_named_in_short(support: Client) -> None:
    page = support.get("/search/", {"q": "x" * 10_000})
    [note] = page.context["view"].notes
    assert note.startswith("“" + "x" * 80 + "…” has 10\u202f000 characters")
    assert len(page.content) < 20_000


@pytest.mark.parametrize("words", HOSTILE)
def test_nonsense_gets_a_designed_answer(support: Client, two: None, words: str) -> None:
    page = support.get("/search/", {"q": words.encode("utf-8", "surrogatepass").decode("utf-8", "replace")})
    assert page.status_code == 200
    assert "page-title" in page.content.decode()
    assert "<script>alert" not in page.content.decode()


@given(words=st.one_of(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=20).map(",".join)))
@example(words="zoe\x00")
@example(words="[http://[/")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_at_all_is_answered(support: Client, two: None, words: str) -> None:
    page = support.post("/search/", {"q": words.encode("utf-8", "replace").decode()})
    assert page.status_code in (200, 302)


def test_the_empty_page_offers_many_at_once(support: Client) -> None:
    html = support.get("/search/").content.decode()
    assert "<textarea" in html


def test_the_cursor_stands_in_the_search_box_where_nothing_else_is_read_yet(support: Client, two: None) -> None:
    focused = {address: "autofocus" in support.get(address).content.decode() for address in ADDRESSES}
    assert focused == {
        "/": True,
        "/search/": True,
        "/search/?q=doe": False,
        "/accounts/": False,
        "/accounts/acc_1/": False,
    }


def test_every_page_has_the_search_box(support: Client, two: None) -> None:
    for address in ADDRESSES:
        assert 'role="search"' in support.get(address).content.decode()

"""Every page renders what the engine kept, whole and as a fragment, in a constant number of queries."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.support.kept import golden_names, malformed_names

Keep = Callable[..., str]


def queries_of(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def without_token(page: HttpResponse) -> str:
    """The page's text; a form's token is masked anew each time, and each form has a key of its own."""
    return re.sub(r'name="(csrfmiddlewaretoken|request_key)" value="[\w-]+"', "", page.content.decode())


def test_home_shows_the_three_headlines(support: Client, keep: Keep) -> None:
    keep("drift/flagged_but_paid")
    page = support.get("/")
    assert page.status_code == 200
    numbers = {headline.name: headline.number for headline in page.context["headlines"]}
    assert numbers["Flagged as never paid, but paid"] == "1"
    assert numbers.keys() == {
        "Stuck in bad-debt drift",
        "Inconsistent debt flags",
        "Flagged as never paid, but paid",
    }


def test_home_says_what_to_do_before_the_first_sweep(support: Client) -> None:
    assert "manage.py sweep" in support.get("/").content.decode()


@pytest.mark.parametrize("name", golden_names())
def test_account_page_renders_every_golden_case(support: Client, keep: Keep, name: str) -> None:
    page = support.get(f"/accounts/{keep(name)}/")
    assert page.status_code == 200
    assert page.context["page"].matrix.sections


@pytest.mark.parametrize("name", malformed_names())
def test_account_page_renders_what_no_store_may_hold(support: Client, keep: Keep, name: str) -> None:
    page = support.get(f"/accounts/{keep(name)}/")
    assert page.status_code == 200
    assert page.context["page"].verdict.state.code == "unknown"


def test_account_page_names_rule_store_and_write(support: Client, keep: Keep) -> None:
    html = support.get(f"/accounts/{keep('drift/flagged_but_paid')}/").content.decode()
    assert "subs_customer.customers.has_no_successful_payment" in html
    assert "T14" in html
    assert "manage.py apply acc_1 --digest" in html


def test_only_differences_hides_the_rows_that_agree(support: Client, keep: Keep) -> None:
    account = keep("drift/flagged_but_paid")
    matrix = support.get(f"/accounts/{account}/?only=differences").context["page"].matrix
    rows = [row for section in matrix.sections for row in section.rows]
    assert rows
    assert all(row.differs for row in rows)
    assert matrix.hidden > 0


def test_fragment_is_the_page_without_its_frame(support: Client, keep: Keep) -> None:
    url = f"/accounts/{keep('drift/stores_contradict')}/"
    fragment = without_token(support.get(url, headers={"HX-Request": "true"}))
    assert "<html" not in fragment
    assert "Truth beside the six stores" in fragment
    assert fragment.strip() in without_token(support.get(url))


def test_unknown_verdict_claims_nothing_and_names_the_store(support: Client, keep: Keep) -> None:
    page = support.get(f"/accounts/{keep('reads/stripe_failed')}/").context["page"]
    assert page.verdict.state.code == "unknown"
    assert any("stripe" in reason for reason in page.verdict.reasons)
    assert not page.plan.writes
    assert [column.ok for column in page.matrix.columns if column.store == "stripe"] == [False]


def test_account_that_nobody_knows_is_not_found(support: Client) -> None:
    page = support.get("/accounts/acc_none/")
    assert page.status_code == 404
    assert "no such account" in page.content.decode()


@pytest.mark.parametrize("text", ["%00", "'%20or%201=1--", "%3Cscript%3E", "x" * 2000])
def test_nonsense_account_is_not_found(support: Client, text: str) -> None:
    assert support.get(f"/accounts/{text}/").status_code == 404


def test_list_puts_the_payer_who_is_locked_out_first(support: Client, keep: Keep) -> None:
    keep("drift/flagged_but_paid", account_id="acc_1")
    keep("payments/paid_after_suspension", account_id="acc_2")
    lines = support.get("/accounts/").context["view"].lines
    assert [line.account_id for line in lines] == ["acc_2", "acc_1"]
    assert lines[0].harm.code == "paid_but_blocked"


def test_list_filters_by_class_and_detail(support: Client, keep: Keep) -> None:
    keep("drift/flagged_but_paid", account_id="acc_1")
    keep("payments/paid_after_suspension", account_id="acc_2")

    def listed(query: str) -> set[str]:
        return {line.account_id for line in support.get(f"/accounts/?{query}").context["view"].lines}

    assert "acc_2" in listed("class=entitlement_drift")
    assert "acc_1" not in listed("class=entitlement_drift")
    assert "acc_1" in listed("detail=flagged_but_paid")
    assert listed("detail=nonsense") == set()
    assert listed("class=%00%27") == set()


def test_list_pages_by_key_without_gap_or_repetition(support: Client, keep: Keep) -> None:
    kept = {keep("drift/flagged_but_paid", account_id=f"acc_{number:03}") for number in range(120)}
    seen, url = [], "/accounts/"
    while url:
        view = support.get(url).context["view"]
        seen += [line.account_id for line in view.lines]
        url = view.next_href
    assert sorted(seen) == sorted(kept)
    assert len(seen) == 120


def test_next_page_keeps_the_filter(support: Client, keep: Keep) -> None:
    for number in range(51):
        keep("drift/flagged_but_paid", account_id=f"acc_{number:03}")
    href = support.get("/accounts/?detail=flagged_but_paid").context["view"].next_href
    assert parse_qs(urlsplit(href).query)["detail"] == ["flagged_but_paid"]


@pytest.mark.parametrize("key", ["x", "1.2", "a.b.c", "1.2.", "%00", "9" * 400 + ".1.acc"])
def test_forged_page_key_is_answered_with_a_page(support: Client, key: str) -> None:
    assert support.get(f"/accounts/?after={key}").status_code == 200


def test_values_of_stores_are_inert(support: Client, keep: Keep) -> None:
    from tests.support.kept import golden, keep_case

    case = golden("drift/flagged_but_paid")
    case["stores"]["subs_customer"]["customers"][0]["name"] = "<img src=x onerror=alert(1)>"
    html = support.get(f"/accounts/{keep_case(case)}/").content.decode()
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html


def test_queries_do_not_grow_with_the_accounts(support: Client, keep: Keep) -> None:
    account = keep("payments/paid_after_suspension")
    urls = ("/", "/accounts/", f"/accounts/{account}/")
    few = [queries_of(support, url) for url in urls]
    for number in range(30):
        keep("drift/stores_contradict", account_id=f"acc_more_{number}")
    assert [queries_of(support, url) for url in urls] == few
    assert all(0 < number <= 14 for number in few), few

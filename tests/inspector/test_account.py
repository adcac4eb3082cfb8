"""The account's page beyond its matrix: the opened cell, the facts and where they lead, what follows, stores that are
down, and whose account it is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings

from tests.support.kept import golden, keep_case
from tests.support.many_invoices import with_invoices

Keep = Callable[..., str]
SUSPENDED = "payments/paid_after_suspension"


def page_of(client: Client, account: str, asked: str = "") -> Any:
    return client.get(f"/accounts/{account}/{asked}").context["page"]


def opened(client: Client, account: str, cell: str) -> Any:
    page = page_of(client, account, f"?cell={cell}")
    return next(row.record for section in page.matrix.sections for row in section.rows if row.record)


def store_down(name: str, store: str) -> str:
    """The case read well, and five minutes later with one store down."""
    case = golden(name)
    keep_case(case)
    case["now"] = "2026-03-20T00:05:00Z"
    case["reads"] = {store: {"ok": False, "reason": f"{store}: connection refused."}}
    return keep_case(case)


def test_cell_opens_the_row_its_times_rule_and_evidence(support: Client, keep: Keep) -> None:
    record = opened(support, keep(SUSPENDED), "cf_prod.entitlements.plan_active")
    assert record.sentence == "cf_prod says no; the truth is yes."
    assert [(field.name, field.value.text, field.is_cell) for field in record.rows[0]] == [
        ("account_id", "acc_1", False),
        ("plan_active", "no", True),
        ("effective_plan", "free", False),
        ("restricted", "yes", False),
        ("suspended", "yes", False),
    ]
    assert record.read.startswith("Read 2026-03-20 00:00:00")
    assert record.since == "What it says of this account has stood since 2026-03-20 00:00."
    assert (record.rule, record.mark.sign) == ("T13", "contradicts")
    assert [(ref.text, ref.href) for ref in record.evidence] == [
        ("stripe.subscriptions[sub_1]", "#stripe.subscriptions.sub_1")
    ]


def test_evidence_leads_to_a_row_of_the_page(support: Client, keep: Keep) -> None:
    html = support.get(f"/accounts/{keep(SUSPENDED)}/?cell=cf_prod.entitlements.plan_active").content.decode()
    assert 'href="#stripe.subscriptions.sub_1"' in html
    assert 'id="stripe.subscriptions.sub_1"' in html


def test_cell_of_a_balance_is_named_with_its_currency(support: Client, keep: Keep) -> None:
    record = opened(support, keep(SUSPENDED), "subs_dunning.balances.collectible_minor.usd")
    assert ("collectible_minor", "2000") in [(field.name, field.value.text) for field in record.rows[0]]


def test_cell_of_a_missing_row_says_that_the_default_counts(support: Client) -> None:
    case = golden(SUSPENDED)
    case["stores"]["subs_dunning"]["dunning"] = []
    record = opened(support, keep_case(case), "subs_dunning.dunning.has_debt")
    assert (record.rows, record.none) == ((), "dunning has no row of this account: the default counts.")


@pytest.mark.parametrize("cell", ["", "nonsense", "cf_prod.entitlements.nothing", "<script>", "x" * 2000])
def test_cell_that_there_is_none_of_opens_nothing(support: Client, keep: Keep, cell: str) -> None:
    answer = support.get(f"/accounts/{keep(SUSPENDED)}/", {"cell": cell})
    rows = [row for section in answer.context["page"].matrix.sections for row in section.rows]
    assert (answer.status_code, [row.record for row in rows if row.record]) == (200, [])


def test_every_cell_of_the_matrix_opens(support: Client, keep: Keep) -> None:
    account = keep("identity/alias_is_written_too")
    page = page_of(support, account)
    cells = [cell for section in page.matrix.sections for row in section.rows for cell in row.cells if cell.href]
    assert len(cells) > 15
    for cell in cells:
        html = support.get(cell.href.partition("#")[0]).content.decode()
        assert 'id="cell"' in html


def test_links_keep_what_else_is_shown(support: Client, keep: Keep) -> None:
    page = page_of(support, keep(SUSPENDED), "?only=differences&facts=all&else=1")
    cell = next(cell for section in page.matrix.sections for row in section.rows for cell in row.cells if cell.href)
    assert cell.href.startswith("/accounts/acc_1/?only=differences&facts=all&cell=")
    assert page.again_href == "/accounts/acc_1/recompute/?only=differences&facts=all"
    assert page.matrix.switch_href == "/accounts/acc_1/?facts=all"


def test_store_that_is_down_shows_what_it_last_said(support: Client) -> None:
    page = page_of(support, store_down(SUSPENDED, "cf_prod"))
    [column] = [column for column in page.matrix.columns if column.name == "cf_prod"]
    assert (column.ok, column.note) == (False, "cf_prod: connection refused.")
    kept = {
        (cell.mark.sign.value, cell.text)
        for section in page.matrix.sections
        for row in section.rows
        for cell in row.cells
        if cell.name == "cf_prod" and cell.href
    }
    assert kept == {("stale", "no"), ("stale", "free"), ("stale", "suspend"), ("stale", "yes")}
    assert "from 5 of 6 stores" in page.verdict.sources
    assert page.facts.old == ("cf_prod was not read: what it says here is of 2026-03-20 00:00:00.",)


@pytest.mark.parametrize("name", ["reads/unknown_account_status", "reads/unknown_charge_status"])
def test_what_is_left_out_of_the_facts_is_named_as_the_verdict_names_it(support: Client, keep: Keep, name: str) -> None:
    page = page_of(support, keep(name))
    assert page.facts.left_out == page.verdict.reasons


def test_ledger_that_is_down_still_shows_its_invoices(support: Client) -> None:
    page = page_of(support, store_down(SUSPENDED, "billing_prod"))
    assert [table.name for table in page.facts.tables][:2] == ["Invoices", "Payments"]


def test_long_account_shows_what_is_open_and_newest(support: Client) -> None:
    account = keep_case(with_invoices(golden(SUSPENDED), 200, unpaid=2))
    page = page_of(support, account)
    first, *_ = page.facts.tables
    assert [line.ids[0].text for line in first.lines][:4] == ["inv_m199", "inv_m198", "inv_1", "inv_m197"]
    assert (len(first.lines), first.more) == (10, "191 more, older.")
    whole, *_ = page_of(support, account, "?facts=all").facts.tables
    assert (len(whole.lines), whole.more) == (201, "")


@pytest.mark.parametrize(
    ("object_id", "live", "address"),
    [
        ("cus_1", False, "https://dashboard.stripe.com/test/customers/cus_1"),
        ("cus_1", True, "https://dashboard.stripe.com/customers/cus_1"),
        ("in_1", False, "https://dashboard.stripe.com/test/invoices/in_1"),
        ("pi_1", False, "https://dashboard.stripe.com/test/payments/pi_1"),
        ("sub_1", False, "https://dashboard.stripe.com/test/subscriptions/sub_1"),
    ],
)
def test_stripe_id_leads_to_stripe(support: Client, keep: Keep, object_id: str, live: bool, address: str) -> None:
    account = keep(SUSPENDED)
    with override_settings(STRIPE_LIVEMODE=live):
        html = support.get(f"/accounts/{account}/").content.decode()
    assert f'href="{address}" rel="noreferrer"' in html


def test_id_that_is_not_of_stripe_leads_nowhere(support: Client) -> None:
    case = golden(SUSPENDED)
    case["stores"]["subs_customer"]["customers"][0]["stripe_customer_id"] = "cus_1/../../evil"
    html = support.get(f"/accounts/{keep_case(case)}/").content.decode()
    assert "evil" in html
    assert 'evil"' not in html


def test_what_follows_names_access_and_events(support: Client, keep: Keep) -> None:
    follows = page_of(support, keep(SUSPENDED)).follows
    assert follows.access == "Afterwards the customer has plan pro, not restricted."
    assert [(one.what, one.old, one.new) for one in follows.changes] == [
        ("Plan is on", "no", "yes"),
        ("Plan in effect", "free", "pro"),
        ("Restricted", "yes", "no"),
        ("Suspended", "yes", "no"),
        ("Block for debt", "suspend", "no block"),
    ]
    assert [event.kind for event in follows.events] == [
        "repair.applied",
        "account.state_changed",
        "account.entitlement_changed",
        "account.flag_changed",
    ]
    assert follows.mail.startswith("The engine sends no mail.")


def test_nothing_follows_from_nothing(support: Client, keep: Keep) -> None:
    follows = page_of(support, keep("reads/stripe_failed")).follows
    assert (follows.access, follows.changes, follows.events, follows.mail) == ("", (), (), "")


def test_merged_away_account_leads_to_its_target(support: Client, keep: Keep) -> None:
    html = support.get(f"/accounts/{keep('identity/merged_away_account')}/").content.decode()
    assert 'Merged away into <a href="/accounts/acc_2/">acc_2</a>' in html


def test_orphan_is_for_a_person_to_settle(support: Client, keep: Keep) -> None:
    page = page_of(support, keep("identity/orphan_without_account_row"))
    assert [card.text for card in page.cases.cards] == ["The account has no row in subs_account.accounts."]


def test_reread_answers_with_the_same_parts(support: Client, keep: Keep, stores_clean: None) -> None:
    account = keep(SUSPENDED)
    answer = support.post(f"/accounts/{account}/recompute/?only=differences")
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/{account}/?only=differences")

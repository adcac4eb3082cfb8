"""What may be said to a customer and to a colleague, in every state."""

import re
from dataclasses import replace
from datetime import datetime

import pytest

from inspector.display.sentences import Sentences, sentences
from recon.queries.account import account_view
from recon.queries.clearing import account_clearing
from recon.queries.facts import account_facts
from tests.support.kept import golden, golden_names, keep_case

pytestmark = pytest.mark.django_db

LINK = "https://recon.example/accounts/acc_1/"
INTERNAL = re.compile(
    r"stripe|ledger|dunning|drift|digest|flag\b|delinquent|bad.debt|past due|metadata|subs_|_prod|\bT\d|\bK\d|abuse",
    re.IGNORECASE,
)
PROMISE = re.compile(r"\bwill\b|immediately|restored|guarantee|promise", re.IGNORECASE)
BLAME = re.compile(r"your fault|you failed|you did not|refused|bad", re.IGNORECASE)


def said(name: str, *, agree: bool = False) -> Sentences:
    """`agree`: as if the stores said already what is true."""
    view = account_view(keep_case(golden(name)))
    assert view is not None
    view = replace(view, details=[], classes=[], cells=[]) if agree else view
    return sentences(view, account_clearing(view, account_facts(view, whole=False)), link=LINK)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("reads/stripe_failed", "We are still checking your account and cannot confirm its status at the moment."),
        ("drift/flagged_but_paid", "As of 2026-03-20 (UTC), nothing on your account is overdue."),
        (
            "payments/paid_after_suspension",
            "As of 2026-03-20 (UTC), nothing on your account is overdue. "
            "Our product is more restricted for you than it should be; we are looking into that.",
        ),
    ],
)
def test_a_customer_is_told_the_state(name: str, text: str) -> None:
    assert said(name).customer == text


@pytest.mark.parametrize(
    ("name", "day", "access"),
    [
        ("grace_at_midnight", "2026-03-02", "Nothing on your account is limited because of it."),
        (
            "past_due_at_midnight",
            "2026-03-07",
            "While this is open, your plan stays available and some features are limited.",
        ),
        ("delinquent_at_midnight", "2026-03-16", "While this is open, your plan is switched off."),
        ("bad_debt_at_midnight", "2026-04-30", "While this is open, your account is suspended."),
    ],
)
def test_a_debtor_is_told_the_sum_and_what_is_limited(name: str, day: str, access: str) -> None:
    assert said(f"ladder/{name}", agree=True).customer == (
        f"As of {day} (UTC), your account has an overdue balance. "
        f"A payment of 20.00 USD (invoice inv_1, due 2026-03-01) would bring it up to date. {access}"
    )


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("write_offs/approved_write_off", "20.00 USD from earlier invoices on your account remains unpaid."),
        ("write_offs/approved_write_off", "A payment of 20.00 USD (invoice inv_1"),
        ("payments/two_currencies", "18.00 EUR and 20.00 USD (invoice inv_eur, 18.00 EUR"),
        ("conflicts/minimum_of_both", "We are still comparing our records"),
        ("in_flight/processing_expired", "An earlier payment has not reached us yet"),
        ("in_flight/all_but_dust", "A payment of 0.20 USD"),
        ("disputes/lost_and_booked", "An earlier payment was returned by the bank."),
        ("blocks/abuse_beside_billing", "a restriction on your account that has nothing to do with payments"),
        ("payments/dust_adds_up", "A payment of 0.30 USD"),
    ],
)
def test_a_customer_is_told_what_matters(name: str, part: str) -> None:
    assert part in said(name).customer


def test_a_debtor_is_told_what_of_it_nobody_asks_for() -> None:
    text = said("write_offs/grace_beside_a_write_off").customer
    assert " A payment of 29.00 USD (invoice inv_0, 9.00 USD" in text
    assert "up to date. Of that, 9.00 USD is from earlier invoices, for which we are not asking. " in text


@pytest.mark.parametrize("name", golden_names())
def test_a_customer_hears_nothing_internal_no_promise_and_no_blame(name: str) -> None:
    text = said(name).customer
    assert not INTERNAL.findall(text)
    assert not PROMISE.findall(text)
    assert not BLAME.findall(text)
    assert "  " not in text


def test_a_colleague_gets_what_to_look_at() -> None:
    view = account_view(keep_case(golden("payments/paid_after_suspension")))
    assert view is not None
    lines = sentences(view, None, link=LINK).colleague.split("\n")
    assert lines[0] == "acc_1: Clear (T10), since 2026-03-20 00:00 UTC"
    assert lines[2].startswith("Differs since 2026-03-20 00:00 UTC: billing_prod.account_flags.")
    assert lines[2].endswith("Wrongly locked out.")
    assert lines[3] == f"Plan: {len(view.writes)} writes, lenient, digest {view.digest[:12]}"
    assert lines[4] == f"As of 2026-03-20 00:00 UTC: {LINK}"


def test_a_colleague_reads_why_nothing_is_known() -> None:
    text = said("reads/stripe_failed").colleague
    assert text.startswith("acc_1: Unknown, since")
    assert "stripe could not be read" in text
    assert datetime.fromisoformat(golden("reads/stripe_failed")["now"]).date().isoformat() in text

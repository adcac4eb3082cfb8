"""What a store may say and nobody can read: an unknown verdict that names the row, never an exception."""

from datetime import UTC, datetime

import pytest

from recon.actions.evaluate import Rules, evaluate
from recon.engine.facts import Reading, StoreName
from recon.engine.policy import Policy
from tests.support.cases import story

RULES = Rules(Policy(), livemode=False)
NOW = datetime(2026, 3, 20, tzinfo=UTC)


def answer_with(store: str, table: str, **columns) -> dict:
    """The answer to a healthy story in which the first row of a table holds other values."""
    stores = story("settled_in_both_stores")["stores"]
    stores[store][table][0] |= columns
    readings = [Reading(StoreName(name), NOW, tables) for name, tables in stores.items()]
    return evaluate("acc_1", readings, RULES, NOW).answer


@pytest.mark.parametrize(
    ("store", "table", "columns", "place"),
    [
        ("billing_prod", "invoices", {"total_minor": "2000"}, "billing_prod.invoices[inv_1].total_minor"),
        ("billing_prod", "invoices", {"total_minor": -1}, "billing_prod.invoices[inv_1].total_minor"),
        ("billing_prod", "payments", {"currency": None}, "billing_prod.payments[pay_1].currency"),
        ("subs_account", "accounts", {"status": None}, "subs_account.accounts[acc_1].status"),
        ("stripe", "invoices", {"amount_remaining": 20.5}, "stripe.invoices[in_1].amount_remaining"),
    ],
)
def test_a_row_that_nobody_can_read_is_unknown_and_named_by_its_key(store, table, columns, place):
    answer = answer_with(store, table, **columns)
    assert (answer["verdict"], answer["truth"], answer["plan"]["writes"]) == ("unknown", None, [])
    assert answer["reasons"][0].startswith(f"{place}: ")
    assert answer["findings"][0]["refs"] == [place]


def test_the_healthy_story_itself_is_known():
    assert answer_with("billing_prod", "invoices")["verdict"] == "known"


def test_a_fault_of_the_rules_is_unknown_too(monkeypatch):
    monkeypatch.setattr("recon.actions.evaluate.recompute", lambda *_: 1 / 0)
    assert answer_with("billing_prod", "invoices")["reasons"] == [
        "the rules failed on this account (ZeroDivisionError)"
    ]

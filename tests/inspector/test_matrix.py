"""Every sign of the truth matrix, seen on a case that has it."""

from collections.abc import Callable

import pytest
from django.test import Client

from inspector.display.matrix import Matrix

Keep = Callable[..., str]


@pytest.fixture
def matrix_of(support: Client, keep: Keep) -> Callable[[str], Matrix]:
    return lambda name: support.get(f"/accounts/{keep(name)}/").context["page"].matrix


def cell(matrix: Matrix, label: str, store: str) -> tuple[str, str]:
    """(sign, text) of one row and store."""
    [row] = [row for section in matrix.sections for row in section.rows if row.label == label]
    [found] = [cell for cell in row.cells if cell.name == store]
    return found.mark.sign, found.text


@pytest.mark.parametrize(
    ("case", "label", "store", "sign", "text"),
    [
        ("drift/flagged_but_paid", "No successful payment", "subs_customer", "contradicts", "yes"),
        ("drift/bad_debt_missed", "Is bad debt", "billing_prod", "contradicts", "no"),
        ("drift/bad_debt_missed", "Is bad debt", "subs_dunning", "agrees", "yes"),
        ("drift/bad_debt_missed", "Is bad debt", "cf_prod", "not-kept", ""),
        ("drift/never_dunned", "Debt state", "subs_dunning", "contradicts", "Clear"),
        ("reads/stripe_failed", "Debt state", "Stripe", "unread", ""),
        ("reads/stale_without_a_difference", "Debt state", "Stripe", "stale", "Clear"),
        ("plans/unmapped_price", "Plan", "subs_account", "unjudged", "pro"),
    ],
)
def test_sign(matrix_of, case: str, label: str, store: str, sign: str, text: str) -> None:
    assert cell(matrix_of(case), label, store) == (sign, text)


def test_missing_row_is_absent_and_its_default_shown(support: Client, keep: Keep) -> None:
    from tests.support.kept import golden, keep_case

    case = golden("drift/flagged_but_paid")
    case["stores"]["subs_dunning"]["dunning"] = []
    matrix = support.get(f"/accounts/{keep_case(case)}/").context["page"].matrix
    assert cell(matrix, "Has debt", "subs_dunning") == ("absent", "no")


def test_every_linked_stripe_customer_is_judged(matrix_of) -> None:
    sign, _ = cell(matrix_of("identity/alias_is_written_too"), "Debt state", "Stripe")
    assert sign == "contradicts"


def test_truth_of_unknown_verdict_is_unknown_everywhere(matrix_of) -> None:
    rows = [row for section in matrix_of("reads/failed_read").sections for row in section.rows]
    assert {row.truth for row in rows} == {"unknown"}

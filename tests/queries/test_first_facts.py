"""What a long account is shorn to says the same: each invoice's balance, and the whole truth."""

from datetime import datetime
from typing import Any

import pytest
from django.conf import settings

from recon.engine.facts import Facts
from recon.engine.pipeline import recompute
from recon.engine.policy import Policy
from recon.engine.rules.identity import family_of, identify
from recon.engine.rules.invoices import balance_of, claims_of
from recon.engine.rules.payments import payments_of
from recon.queries.account import AccountView, account_view
from recon.queries.facts import account_facts
from tests.support.kept import golden, keep_case
from tests.support.many_invoices import with_invoices

CASES = [
    "payments/paid_after_suspension",
    "drift/bad_debt_missed",
    "drift/never_paid_unflagged",
    "conflicts/minimum_of_both",
    "conflicts/only_ledger_knows",
    "disputes/lost_on_one_of_two_payments",
    "disputes/reversal_undone_in_part",
    "in_flight/one_intent_over_two_invoices",
    "in_flight/two_cover_together",
    "write_offs/approved_write_off",
    "identity/merged_payment_counts",
    "conflicts/unfinished_sign_up_beside_a_debt",
]
pytestmark = pytest.mark.django_db


def view_of(case: dict[str, Any]) -> AccountView:
    view = account_view(keep_case(case))
    assert view is not None
    return view


def balances(facts: Facts) -> dict[tuple[str, ...], Any]:
    identity = identify(facts, family_of(facts))
    claims = claims_of(facts, identity, payments_of(facts, identity))
    return {claim.refs: balance_of(claim, facts.contract) for claim in claims}


@pytest.mark.parametrize("unpaid", [0, 3])
@pytest.mark.parametrize("name", CASES)
def test_short_facts_say_what_all_facts_say(name: str, unpaid: int) -> None:
    case = with_invoices(golden(name), 60, unpaid=unpaid)
    view = view_of(case)
    short, whole = account_facts(view, whole=False), account_facts(view, whole=True)
    assert (short.is_short, whole.is_short, short.invoices_in_all) == (True, False, whole.invoices_in_all)
    assert short.facts is not None
    assert whole.facts is not None
    all_balances = balances(whole.facts)
    assert balances(short.facts).items() <= all_balances.items()
    policy, now = Policy.from_json(case.get("policy", settings.POLICY)), datetime.fromisoformat(case["now"])
    assert recompute(short.facts, policy, now).truth == recompute(whole.facts, policy, now).truth
    open_ones = {one.claim.refs for one in whole.invoices if one.is_open}
    assert {one.claim.refs for one in short.invoices if one.is_open} == open_ones


def test_short_facts_hold_fewer_rows() -> None:
    view = view_of(with_invoices(golden("payments/paid_after_suspension"), 200))
    facts = account_facts(view, whole=False).facts
    assert facts is not None
    assert len(facts.invoices) < 20
    assert len(facts.stripe.payment_intents) < 20

"""What the terminal prints."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from recon.engine.answer import answer
from recon.engine.case import read_case
from recon.engine.pipeline import recompute
from recon.models import AccountState
from tests.support.kept import golden, keep_case

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stores_clean", "twin")]


def printed(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_recompute_prints_the_answer_that_explain_gives_for_what_the_stores_say(told):
    told("paid_after_suspension")
    given = read_case(json.loads(printed("recompute", "acc_1", "--case")))
    explained = answer(recompute(given.facts, given.policy, given.now))
    assert json.loads(printed("recompute", "acc_1", "--json")) == json.loads(json.dumps(explained))


def test_recompute_tells_a_person_what_is_wrong(told):
    told("paid_after_suspension")
    text = printed("recompute", "acc_1")
    assert text.startswith("acc_1: clear")
    assert "cf_prod.blocks[acc_1,billing_debt].level: suspend → None" in text


def test_an_account_that_no_store_knows_is_unknown_and_becomes_none_by_that():
    assert "unknown" in printed("recompute", "acc_nobody")
    assert not AccountState.objects.exists()


def test_an_account_that_the_stores_have_forgotten_is_evaluated_again():
    printed("recompute", keep_case(golden("payments/paid_after_suspension")))
    assert not AccountState.objects.get().is_known


def test_a_sweep_prints_the_headlines_and_drift_the_same_numbers(told):
    told("paid_after_suspension")
    swept = json.loads(printed("sweep", "--json"))
    assert swept["headlines"]["stuck_in_bad_debt"] == 1
    assert json.loads(printed("drift", "--json")) == swept
    assert "stuck_in_bad_debt" in printed("drift")


def test_sync_stripe_says_how_much_it_read(told):
    told("paid_after_suspension")
    assert json.loads(printed("sync_stripe", "--json"))["read"] >= 3


def test_sync_stripe_says_what_to_do_when_stripe_is_out_of_reach(twin):
    twin.fault("html_502", times=1_000)
    with pytest.raises(CommandError, match="start this again"):
        printed("sync_stripe")


def test_prune_tells_what_it_removed_of_each_table():
    assert json.loads(printed("prune", "--json"))["evaluation"] == 0

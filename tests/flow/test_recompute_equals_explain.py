"""The same facts, once as a case and once in the stores, get the same answer: live, and in a sweep."""

import json
from pathlib import Path

import pytest
from psycopg.errors import IntegrityError

from recon.actions.recompute import recompute_account
from recon.actions.sweep import begin_sweep, open_chunks, sweep_chunk
from recon.actions.sync_stripe import Pace, id_of, sync_stripe
from recon.engine.answer import answer
from recon.engine.case import CaseError, case_json, read_case
from recon.engine.facts import StoreName
from recon.engine.pipeline import recompute
from recon.models import AccountState, Evaluation, Trigger

CASES = sorted((Path(__file__).parent.parent / "cases").rglob("*.json"))


def loadable_cases():
    """The cases of which stores can say every word: well-formed, read in full, in our mode, and every subscription's
    customer shown (Stripe lists nothing of one that it does not know). Each third; make chaos takes all of them."""
    for number, path in enumerate(CASES):
        case = json.loads(path.read_text())["case"]
        is_plain = not case.get("reads") and not case.get("livemode")
        if is_plain and is_well_formed(case) and stripe_could_say(case["stores"]["stripe"]):
            yield pytest.param(case, id=path.stem, marks=[pytest.mark.long] if number % 3 else [])


def is_well_formed(case: dict) -> bool:
    try:
        return all(read.ok for read in read_case(case).facts.reads)
    except CaseError:
        return False


def stripe_could_say(stripe: dict) -> bool:
    """Stripe shows no subscription without its customer, no dispute without its charge, no payment without its
    invoice."""
    shown = {kind: {one["id"] for one in stripe[kind]} for kind in ("customers", "charges", "invoices")}
    named = (
        ("customers", {id_of(one.get("customer")) for one in stripe["subscriptions"]}),
        ("charges", {id_of(one.get("charge")) for one in stripe["disputes"]}),
        ("invoices", {id_of(one.get("invoice")) for one in stripe.get("invoice_payments", ())}),
    )
    return all(ids - {None} <= shown[kind] for kind, ids in named)


def shows_its_customers(case: dict) -> bool:
    stripe = case["stores"]["stripe"]
    return {one["customer"] for one in stripe["subscriptions"]} <= {one["id"] for one in stripe["customers"]}


@pytest.fixture
def in_stores(load_case, twin):
    """Puts a case into the stores, or skips one that a store's own constraints refuse."""

    def put(case: dict) -> None:
        try:
            load_case(case)
        except IntegrityError as error:
            pytest.skip(f"the stores refuse it: {error.sqlstate}")
        twin.load_case(as_stripe_says(case))

    return put


def as_stripe_says(case: dict) -> dict:
    """The case, its charges marked as disputed where a dispute names them: Stripe does so itself."""
    stripe = case["stores"]["stripe"]
    disputed = {id_of(dispute.get("charge")) for dispute in stripe["disputes"]}
    charges = [{**charge, "disputed": charge["id"] in disputed} for charge in stripe["charges"]]
    return {**case, "stores": {**case["stores"], "stripe": {**stripe, "charges": charges}}}


def lines(value: dict) -> list[str]:
    return json.dumps(value, indent=1, sort_keys=True, default=str).splitlines()


@pytest.mark.parametrize("case", list(loadable_cases()))
def test_recompute_says_what_explain_says(case, in_stores, sweeper_at):
    in_stores(case)
    given = read_case(case)
    expected = answer(recompute(given.facts, given.policy, given.now))
    sweeper = sweeper_at(given.now, given.policy)
    sync_stripe(sweeper.stores[StoreName.STRIPE], clock=sweeper.clock, pace=Pace(10_000), report=lambda *_: None)

    evaluated = recompute_account(
        case["account_id"],
        stores=sweeper.stores,
        rules=sweeper.rules,
        now=given.now,
        trigger=Trigger.PERSON,
        actor="test",
    )
    assert lines(evaluated.answer) == lines(expected)

    again = case_json(case["account_id"], evaluated.readings, given.policy, given.now, livemode=False)
    said = read_case(json.loads(json.dumps(again)))
    assert lines(answer(recompute(said.facts, said.policy, said.now))) == lines(expected)

    for chunk_id in open_chunks(begin_sweep(sweeper, actor="test")):
        sweep_chunk(chunk_id, sweeper)
    state = AccountState.objects.get(account_id=case["account_id"])
    assert (state.evaluation.truth, state.evaluation.digest) == (expected["truth"], expected["plan"]["digest"])
    assert Evaluation.objects.filter(account_id=case["account_id"]).count() == 1

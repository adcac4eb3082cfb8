"""A plan that writes where nothing can be written is refused before anybody approves it, and says what to do."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from recon.actions.approve import approve_plan
from recon.actions.check_stores import check_stores
from recon.actions.draft_bulk_repair import Selection
from recon.actions.repair_automatically import Automatic, repair_automatically
from recon.actions.set_class_mode import NAMES, set_class_mode
from recon.engine.facts import StoreName
from recon.models import Apply, AuditEntry, BulkRepair, Evaluation, Pulse
from recon.queries.automation import Fate, automation
from recon.queries.read_only import places_of, read_only_places, why_read_only
from recon.stores.subs_dunning import SubsDunning
from tests.inspector.conftest import logged_in, support
from tests.support.bulk import draft
from tests.support.kept import golden, keep_case
from tests.support.tokens import bearer

__all__ = ["logged_in", "support"]

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
WHY = "cf_prod: the store mapping says apply = false."
pytestmark = pytest.mark.django_db


def say(**read_only: str) -> None:
    Pulse.objects.update_or_create(
        name="store:cf_prod", defaults={"at": NOW, "detail": {"ok": True, "ms": 1, "why": "", "read_only": read_only}}
    )


@pytest.fixture
def plan() -> Evaluation:
    """Writes to cf_prod, among others, of which nothing can be written there."""
    keep_case(golden("payments/paid_after_suspension"), account_id="acc_1")
    say(cf_prod=WHY)
    return Evaluation.objects.get()


def approve(plan: Evaluation):
    by = {"actor": "user:ada", "groups": ["admin"], "reason": "paid", "request_key": ""}
    return approve_plan("acc_1", digest=plan.digest, **by)


def test_its_approval_is_refused_and_the_attempt_recorded(plan):
    approved = approve(plan)
    assert (approved.apply_id, approved.code, WHY in approved.sentence) == (None, "read_only", True)
    assert (Apply.objects.count(), AuditEntry.objects.latest("seq").action) == (0, "repair.refused")


def test_a_plan_that_writes_elsewhere_alone_is_approved(plan):
    elsewhere = "subs_customer.customers.has_payment_method"
    assert elsewhere not in places_of(plan.writes)
    say(**{elsewhere: WHY})
    assert approve(plan).apply_id is not None


@pytest.mark.parametrize(
    ("place", "hinders"),
    [("cf_prod", True), ("cf_prod.blocks", True), ("cf_prod.blocks.level", True), ("cf_prod.block", False)],
)
def test_what_hinders_a_place_hinders_all_that_is_in_it(place, hinders):
    assert bool(why_read_only(["cf_prod.blocks.level"], {place: WHY})) is hinders


def test_the_page_says_so_where_the_button_would_be(plan, support: Client):
    page = support.get("/accounts/acc_1/").content.decode()
    assert "This plan cannot be written. cf_prod: the store mapping says apply = false." in page


def test_a_program_is_told_what_to_do(plan):
    api = bearer("read", "repair", name="desk")
    body = {"digest": plan.digest, "reason": "paid by wire, ticket 4711"}
    headers = {"idempotency-key": "wire-1"}
    answer = api.post("/api/v1/accounts/acc_1/apply/", body, content_type="application/json", headers=headers)
    told = answer.json()
    assert (answer.status_code, told["code"], WHY in told["detail"]) == (409, "read_only", True)


def test_a_bulk_repair_leaves_it_out_and_counts_it(plan):
    refused = draft()
    assert (refused.code, WHY in refused.sentence) == ("read_only", True)
    say(**{"cf_prod.entitlements.suspended": WHY})
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_2")
    run = BulkRepair.objects.get(id=draft(Selection(account_ids=["acc_1", "acc_2"])).run_id)
    assert (run.accounts, run.totals["read_only"], run.totals["without_plan"]) == (1, {"accounts": 1, "why": [WHY]}, 0)


def test_the_engine_itself_leaves_it_and_says_why(plan):
    for name in NAMES:
        set_class_mode(name, "auto", actor="user:root", reason="watched it for a month", now=NOW)
    assert repair_automatically(now=NOW) == Automatic()
    fates = [one.fates for one in automation(now=NOW).classes if one.fates]
    assert all(one == {Fate.READ_ONLY: 1} for one in fates)
    assert fates


def test_looking_again_finds_what_has_become_of_it(plan, settings):
    why = "subs_dunning: the store mapping says apply = false; take that away where it is to be written to."
    store = SubsDunning(settings.STORES["subs_dunning"], read_only=why)
    check_stores({StoreName.SUBS_DUNNING: store}, clock=lambda: NOW)
    assert read_only_places() == {"cf_prod": WHY, "subs_dunning": why}
    say()
    check_stores({StoreName.SUBS_DUNNING: SubsDunning(settings.STORES["subs_dunning"])}, clock=lambda: NOW)
    assert read_only_places() == {}

"""Stripe proposals in bulk: a run of their own, always with a second person, within Stripe's limit, each call once."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from recon.actions import apply_equipment
from recon.actions.draft_bulk_proposals import ProposalsOf, draft_bulk_proposals
from recon.actions.draft_bulk_repair import Drafted, Selection
from recon.actions.drive_bulk_repairs import drive_bulk_repairs
from recon.actions.look_again import look_again
from recon.actions.recover import recover
from recon.actions.repair_bulk_items import repair_bulk_items, settle_doubts
from recon.actions.start_bulk_repair import approve_bulk_repair, start_bulk_repair
from recon.actions.steer_bulk_repair import Steer, steer_bulk_repair
from recon.actions.stripe_pace import pace_at, slow_down
from recon.apply.calls import Caller
from recon.models import Apply, ApplyState, BulkRepair, BulkRepairItem, StripePace
from recon.queries.bulk import bulk_lines, bulk_run
from recon.queries.bulk_plans import proposals_waiting, proposing_of_run
from tests.support.applying import wrong_everywhere
from tests.support.bulk import REASON, draft, person, with_workers, work, work_to_the_end
from tests.support.load import load_rows
from tests.support.twin import TwinUnderTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stores_clean", "twin")]

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
VOIDED = "invoice.voided"
ALL = ProposalsOf()


@pytest.fixture
def proposing(owner: Any, twin: TwinUnderTest, settings: Any) -> Callable[..., None]:
    """`proposing(3)`: three accounts that every store has wrong, each with an invoice to void in Stripe; `invoices=2`:
    as many each."""
    settings.POLICY = {"plans": {"price_pro": "pro"}}

    def build(accounts: int, invoices: int = 1) -> None:
        for number in range(1, accounts + 1):
            case = wrong_everywhere(f"acc_{number}", number)
            for more in range(1, invoices):
                for store, table, names in (
                    (
                        "billing_prod",
                        "invoices",
                        {"invoice_id": f"inv_{number}_{more}", "stripe_invoice_id": f"in_{number}_{more}"},
                    ),
                    ("stripe", "invoices", {"id": f"in_{number}_{more}"}),
                ):
                    rows = case["stores"][store][table]
                    rows.append({**rows[0], **names})
            load_rows(case, owner)
            twin.load_case(case)
            look_again(f"acc_{number}", actor="task:sweep")

    return build


def drafted(asked: ProposalsOf = ALL, *, group: str = "finance", key: str = "") -> Drafted:
    person("fin", group)
    return draft_bulk_proposals(asked, actor="user:fin", groups={group}, request_key=key, now=timezone.now())


def start(run_id: int, typed: str) -> str:
    done = start_bulk_repair(
        run_id, actor="user:fin", groups={"finance"}, reason=REASON, now=timezone.now(), final_calls=typed
    )
    return done.code or BulkRepair.objects.get(id=run_id).state


def started(asked: ProposalsOf = ALL) -> BulkRepair:
    """Drafted and started by fin, approved by eve."""
    run_id = drafted(asked).run_id
    assert run_id is not None
    start(run_id, str(BulkRepair.objects.get(id=run_id).totals["final"]))
    person("eve", "finance")
    approve_bulk_repair(run_id, actor="user:eve", groups={"finance"}, reason="I looked", now=timezone.now())
    return BulkRepair.objects.get(id=run_id)


def resume(run: BulkRepair) -> None:
    done = steer_bulk_repair(
        run.id, Steer.RESUME, actor="user:fin", groups={"finance"}, reason="it answers", now=timezone.now()
    )
    assert done.code == ""


def outcomes(run: BulkRepair) -> dict[str, str]:
    return {item.proposal.partition(":")[2]: item.outcome for item in run.items.order_by("id")}


def test_every_proposal_is_carried_out_once_with_its_accounts_plan(proposing, twin):
    proposing(7)
    run = started()
    work_to_the_end(run)
    assert (run.state, Counter(outcomes(run).values())) == ("done", {"applied": 7})
    assert twin.event_types().count(VOIDED) == 7
    assert [(line.http_status, line.code) for line in bulk_lines(run.id)] == [(200, "")] * 7
    assert look_again("acc_1", actor="task:sweep").answer["plan"] | {"digest": ""} == {
        "digest": "", "risk": None, "writes": [], "proposals": [],
    }  # fmt: skip


def test_repair_run_leaves_proposals_aside_and_says_how_many(proposing, twin):
    proposing(3)
    run_id = draft().run_id
    assert bulk_run(run_id).totals["proposals"] == 3
    start(run_id, "")
    run = BulkRepair.objects.get(id=run_id)
    work_to_the_end(run)
    for number in (1, 2, 3):
        look_again(f"acc_{number}", actor="task:sweep")
    assert (run.state, twin.event_types().count(VOIDED), proposing_of_run(run_id)) == ("done", 0, 3)
    of_run = drafted(ProposalsOf(of_run=run_id))
    assert bulk_run(of_run.run_id).accounts == 3


def test_draft_says_what_stripe_will_do_and_what_it_is_about(proposing):
    proposing(2, invoices=2)
    totals = bulk_run(drafted().run_id).totals
    named = {name: totals[name] for name in ("accounts", "written_with", "verbs", "final", "money")}
    assert named == {
        "accounts": 2,
        "written_with": 2,
        "verbs": {"invoices.void_invoice": 4},
        "final": 4,
        "money": {"invoices.void_invoice": {"usd": [4, 19600]}},
    }
    assert sorted(totals["sampled"])[0] == ["acc_1", "invoices.void_invoice:in_1"]
    assert [(one.verb, one.proposals, one.accounts) for one in proposals_waiting()] == [("invoices.void_invoice", 4, 2)]


def test_two_proposals_of_an_account_go_one_after_the_other_under_what_was_approved(proposing, twin):
    proposing(2, invoices=2)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    assert len(with_workers()) == 2
    work_to_the_end(run)
    assert (run.state, set(outcomes(run).values()), twin.event_types().count(VOIDED)) == ("done", {"applied"}, 4)


def test_later_proposal_of_an_account_that_somebody_moved_is_refused(proposing, owner, twin):
    proposing(1, invoices=2)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    work()
    owner("cf_prod").execute("update entitlements set suspended = true, row_version = row_version + 1")
    work_to_the_end(run)
    assert (run.state, list(outcomes(run).values())) == ("paused", ["applied", "refused_moved"])
    assert twin.event_types().count(VOIDED) == 1


@pytest.mark.parametrize(
    ("group", "typed", "comes_to"),
    [("finance", "1", "waiting_for_second"), ("finance", "", "unconfirmed"), ("finance", "2", "unconfirmed")],
)
def test_one_final_call_asks_for_its_number_and_for_a_second_person(proposing, group, typed, comes_to):
    proposing(1)
    assert start(drafted(group=group).run_id, typed) == comes_to


def test_support_has_no_part_in_it(proposing):
    proposing(1)
    assert drafted(group="support").code == "forbidden"
    run_id = drafted().run_id
    start(run_id, "1")
    person("sue", "support")
    said = approve_bulk_repair(run_id, actor="user:sue", groups={"support"}, reason="ok", now=timezone.now())
    assert said.code == "forbidden"
    own = approve_bulk_repair(run_id, actor="user:fin", groups={"finance"}, reason="ok", now=timezone.now())
    assert own.code == "forbidden"


def test_only_one_verb_where_one_is_asked_for(proposing):
    proposing(1)
    assert drafted(ProposalsOf(verb="subscriptions.cancel")).code == "nothing"
    assert drafted(ProposalsOf(Selection(account_ids=["acc_1"]), verb="invoices.void_invoice")).run_id


def test_what_stripe_has_already_is_already_true(proposing, twin):
    proposing(1)
    run = started()
    twin.load_over("invoice", "in_1", status="void")
    work_to_the_end(run)
    assert (run.state, outcomes(run)) == ("done", {"in_1": "already_true"})


def test_what_stripe_refuses_has_failed_with_its_answer(proposing, twin):
    proposing(1)
    run = started()
    twin.fault("404", "/v1/invoices/in_1/void")
    work_to_the_end(run)
    [line] = bulk_lines(run.id)
    assert (run.state, line.outcome, line.http_status) == ("paused", "failed", 404)
    assert "Stripe refused invoices.void_invoice of in_1" in line.explanation


def test_worker_that_is_killed_after_the_call_has_called_once(proposing, twin, monkeypatch):
    proposing(1)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    [(item, tries)] = with_workers()

    class Killed(BaseException):
        pass

    def die(*_, **__):
        raise Killed

    with monkeypatch.context() as cut:
        cut.setattr("recon.apply.journal.decide_commit", die)
        with pytest.raises(Killed):
            repair_bulk_items([(item, tries)], clock=timezone.now)
    drive_bulk_repairs(now=timezone.now() + timedelta(seconds=61))
    work([(item, tries), (item, tries + 1)])
    assert (outcomes(run), Apply.objects.get().state) == ({"in_1": ""}, ApplyState.CALLING)
    recover(whatever_lease=True)
    drive_bulk_repairs(now=timezone.now() + timedelta(seconds=122))
    work([(item, tries + 2)])
    work([(item, tries + 2)])
    assert (outcomes(run), twin.event_types().count(VOIDED)) == ({"in_1": "applied"}, 1)


def test_stripe_that_is_down_pauses_the_run_and_what_is_owed_is_settled(proposing, twin, monkeypatch):
    monkeypatch.setattr(apply_equipment, "Caller", partial(Caller, hold=0.0))
    proposing(2)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    twin.fault("reset_before", "/v1/invoices/in_1/void", times=1_000)
    work(with_workers()[:1])
    assert outcomes(run)["in_1"] == "in_doubt"
    twin.calm()
    recover(whatever_lease=True)
    assert settle_doubts(now=timezone.now()) == 1
    assert (outcomes(run)["in_1"], twin.event_types().count(VOIDED)) == ("applied", 1)


def test_too_many_requests_slow_the_run_and_cost_the_item_nothing(proposing, twin):
    proposing(1)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    twin.fault("429", times=1_000)
    work()
    found = bulk_run(run.id)
    assert (found.state, found.done, found.halvings, outcomes(run)) == ("running", 0, 1, {"in_1": ""})
    twin.calm()
    drive_bulk_repairs(now=timezone.now() + timedelta(seconds=4))
    assert with_workers() == [] or BulkRepairItem.objects.get().tries == 1
    drive_bulk_repairs(now=timezone.now() + timedelta(seconds=40))
    work([(BulkRepairItem.objects.get().id, 2)])
    assert outcomes(run) == {"in_1": "applied"}


def afforded(at: datetime) -> int:
    with transaction.atomic():
        pace = pace_at(at, always=True)
        number = pace.affords()
        pace.spend(number)
    return number


def test_pace_holds_over_any_second_and_is_halved_when_stripe_asks(settings):
    settings.BULK_STRIPE_PER_SECOND = 80  # ten items a second
    assert afforded(NOON) == 10
    assert [afforded(NOON + timedelta(milliseconds=100 * n)) for n in range(1, 11)] == [1] * 10
    later = NOON + timedelta(seconds=60)
    for _ in range(3):
        with transaction.atomic():
            slow_down(later)
    assert (StripePace.objects.get().halvings, afforded(later + timedelta(seconds=5))) == (1, 0)
    assert afforded(later + timedelta(seconds=6)) == 5
    assert afforded(later + timedelta(seconds=36)) == 10


def test_run_hands_out_no_more_than_the_pace_allows(proposing, settings):
    settings.BULK_STRIPE_PER_SECOND = 16
    proposing(4)
    started()
    now = timezone.now()
    drive_bulk_repairs(now=now)
    drive_bulk_repairs(now=now)
    assert len(with_workers()) == 2
    drive_bulk_repairs(now=now + timedelta(seconds=0.5))
    assert len(with_workers()) == 3

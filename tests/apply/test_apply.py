"""All of a plan or none of it, on real servers."""

from collections.abc import Callable, Mapping

import pytest
from django.db import transaction

from recon.actions.pause_applies import pause_applies, resume_applies
from recon.apply.coordinator import Outcome
from recon.apply.journal import gid_prefix
from recon.apply.order import Rights
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.models import Apply, ApplyState, Dirty, OutboxEvent
from recon.stores.base import Store
from tests.apply.conftest import SetClock
from tests.support import applying
from tests.support.stores import Connect
from tests.support.twin import TwinUnderTest

Six = Mapping[StoreName, Store]
Audited = Callable[[], list[str]]


def test_every_store_holds_the_truth_after_it(six: Six, clock: SetClock, evaluated: Evaluation) -> None:
    coordinator = applying.coordinator(six, clock)
    assert {cell.store for cell in evaluated.plan.writes} == set(StoreName)

    result = coordinator.apply(applying.order(evaluated))

    assert (result.outcome, result.sentence) == (Outcome.APPLIED, "Every store holds what was approved.")
    assert coordinator.recompute_now(["acc_1"])["acc_1"].drift.cells == ()


def test_the_block_of_another_owner_stays(six: Six, clock: SetClock, evaluated: Evaluation, owner: Connect) -> None:
    applying.coordinator(six, clock).apply(applying.order(evaluated))
    assert owner("cf_prod").execute("SELECT reason, level, set_by FROM blocks").fetchall() == [
        ("abuse", "restrict", "trust")
    ]


def test_a_second_time_there_is_nothing_to_write(six: Six, clock: SetClock, evaluated: Evaluation) -> None:
    coordinator = applying.coordinator(six, clock)
    coordinator.apply(applying.order(evaluated))
    again = coordinator.apply(applying.order(coordinator.recompute_now(["acc_1"])["acc_1"]))
    assert (again.outcome, again.code) == (Outcome.REFUSED, "nothing")


def test_state_audit_events_and_mark_agree(six: Six, clock: SetClock, evaluated: Evaluation, audited: Audited) -> None:
    result = applying.coordinator(six, clock).apply(applying.order(evaluated))
    apply = Apply.objects.get(id=result.apply_id)
    assert (apply.state, apply.epoch, apply.approved_by) == (ApplyState.DONE, 1, "user:ada")
    assert audited() == ["repair.applied", "repair.finished"]
    assert list(OutboxEvent.objects.order_by("sequence").values_list("kind", flat=True)) == [
        "repair.applied",
        "account.state_changed",
        "account.entitlement_changed",
        "account.flag_changed",
    ]
    assert Dirty.objects.get(account="acc_1").gen == 1


def test_another_digest_is_refused_with_the_plan_as_it_is_now(
    six: Six, clock: SetClock, evaluated: Evaluation, audited: Audited
) -> None:
    result = applying.coordinator(six, clock).apply(applying.order(evaluated, digest="0" * 64))
    assert (result.outcome, result.code) == (Outcome.REFUSED, "stale")
    assert result.evaluation is not None
    assert result.evaluation.plan.digest == evaluated.plan.digest
    assert audited() == ["repair.refused"]
    assert not Apply.objects.exists()


def test_a_store_that_changed_since_the_look_is_refused(
    six: Six, clock: SetClock, evaluated: Evaluation, owner: Connect
) -> None:
    owner("subs_dunning").execute("UPDATE dunning SET row_version = row_version + 1")
    result = applying.coordinator(six, clock).apply(applying.order(evaluated))
    assert (result.outcome, result.code) == (Outcome.REFUSED, "stale")


@pytest.mark.parametrize("rights", [Rights.NONE, Rights.LENIENT])
def test_a_stripe_proposal_needs_all_rights(
    six: Six, clock: SetClock, evaluated: Evaluation, rights: Rights, audited: Audited
) -> None:
    asked = applying.order(evaluated, rights=rights, proposal=applying.VOID)
    result = applying.coordinator(six, clock).apply(asked)
    assert (result.outcome, result.code) == (Outcome.REFUSED, "forbidden")
    assert audited() == ["repair.refused"]


def test_a_lenient_plan_needs_no_more_than_lenient_rights(six: Six, clock: SetClock, evaluated: Evaluation) -> None:
    result = applying.coordinator(six, clock).apply(applying.order(evaluated, rights=Rights.LENIENT))
    assert result.outcome is Outcome.APPLIED


def test_while_applies_are_paused_none_begins(
    six: Six, clock: SetClock, evaluated: Evaluation, audited: Audited
) -> None:
    pause_applies(actor="user:ann", reason="the ledger is being migrated", now=clock())
    coordinator = applying.coordinator(six, clock)
    result = coordinator.apply(applying.order(evaluated))
    assert (result.outcome, result.code) == (Outcome.REFUSED, "paused")
    assert not Apply.objects.exists()
    resume_applies(actor="user:ann", reason="it is migrated", now=clock())
    assert coordinator.apply(applying.order(evaluated)).outcome is Outcome.APPLIED
    assert audited() == [
        "applies.paused",
        "repair.refused",
        "applies.resumed",
        "repair.applied",
        "repair.finished",
    ]


def test_a_live_apply_of_the_account_refuses_another(six: Six, clock: SetClock, evaluated: Evaluation) -> None:
    Apply.objects.create(
        account_id="acc_1",
        digest="x",
        approved_by="user:bob",
        reason="r",
        created_at=clock(),
        expires_at=clock(),
        state=ApplyState.COMMITTING,
    )
    result = applying.coordinator(six, clock).apply(applying.order(evaluated))
    assert (result.outcome, result.code) == (Outcome.REFUSED, "busy")


def test_an_approved_proposal_is_called_once_with_the_plan(
    six: Six, clock: SetClock, evaluated: Evaluation, twin: TwinUnderTest
) -> None:
    result = applying.coordinator(six, clock).apply(applying.order(evaluated, proposal=applying.VOID))
    assert result.outcome is Outcome.APPLIED
    assert twin.object("invoice", "in_1")["status"] == "void"
    assert twin.event_types().count("invoice.voided") == 1


def test_a_proposal_that_the_plan_does_not_make_is_refused(six: Six, clock: SetClock, evaluated: Evaluation) -> None:
    asked = applying.order(evaluated, proposal="invoices.void_invoice:in_999")
    result = applying.coordinator(six, clock).apply(asked)
    assert (result.outcome, result.code) == (Outcome.REFUSED, "no_proposal")


def test_a_verdict_unknown_writes_nothing(six: Six, clock: SetClock, evaluated: Evaluation, owner: Connect) -> None:
    owner("subs_account").execute("UPDATE accounts SET status = 'on_the_moon'")
    result = applying.coordinator(six, clock).apply(applying.order(evaluated))
    assert (result.outcome, result.code) == (Outcome.REFUSED, "unknown")


def test_inside_somebody_elses_transaction_nothing_begins(six: Six, clock: SetClock, evaluated: Evaluation) -> None:
    coordinator = applying.coordinator(six, clock)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        coordinator.apply(applying.order(evaluated))
    assert not Apply.objects.exists()


@pytest.mark.parametrize("instance", ["", "a.b", "x" * 33, "a'b"])
def test_an_installations_name_cannot_be_the_beginning_of_anothers(instance: str) -> None:
    with pytest.raises(ValueError, match="RECON_INSTANCE"):
        gid_prefix(instance)

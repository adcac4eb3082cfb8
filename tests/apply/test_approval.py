"""An approval that is stored first and carried out by whoever comes: once, and only while it is still right."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import F

from recon.actions.approve import Approved, approve_plan
from recon.actions.carry_out import carry_out, carry_out_waiting
from recon.actions.look_again import look_again
from recon.actions.pause_applies import pause_applies
from recon.actions.recover import recover
from recon.apply.coordinator import Outcome
from recon.engine.facts import StoreName
from recon.models import AccountState, Apply, ApplyState, Dirty, OutboxEvent, Recompute
from recon.queries.repairs import StepState, repair
from recon.stores.base import Store
from tests.support.stores import Connect

Six = Mapping[StoreName, Store]
Audited = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def digest(six: Six, settings) -> str:
    """The plan that somebody saw."""
    settings.POLICY = {"plans": {"price_pro": "pro"}}
    return look_again("acc_1", actor="user:ada").answer["plan"]["digest"]


@pytest.fixture(autouse=True)
def ada(transactional_db: None) -> User:
    user = User.objects.create_user("ada")
    user.groups.add(Group.objects.get_or_create(name="finance")[0])
    return user


def approve(digest: str, *, key: str = "", **changes: object) -> Approved:
    asked = {"actor": "user:ada", "groups": ["finance"], "reason": "paid by wire", "request_key": key or str(uuid4())}
    return approve_plan("acc_1", digest=digest, **{**asked, **changes})


def approved(digest: str) -> UUID:
    apply_id = approve(digest).apply_id
    assert apply_id is not None
    return apply_id


def test_an_approval_writes_nothing_until_it_is_carried_out(digest: str, owner: Connect, audited: Audited) -> None:
    apply_id = approved(digest)
    assert owner("subs_dunning").execute("SELECT state FROM dunning").fetchone() == ("bad_debt",)
    assert audited() == ["repair.approved"]

    result = carry_out(apply_id)

    assert result is not None
    assert result.outcome is Outcome.APPLIED
    assert owner("subs_dunning").execute("SELECT state FROM dunning").fetchone() == ("clear",)
    assert audited() == ["repair.approved", "repair.applied", "repair.finished"]
    shown = repair(apply_id)
    assert shown is not None
    assert {step.state for step in shown.steps} == {StepState.DONE}


def test_the_account_is_shown_as_it_is_right_after(digest: str) -> None:
    carry_out(approved(digest))
    assert AccountState.objects.get(account_id="acc_1").drifted_cells == 0


def test_the_account_is_looked_at_once_after_its_repair(digest: str) -> None:
    looks = Recompute.objects.count()
    carry_out(approved(digest))
    assert Recompute.objects.count() == looks + 1
    assert not Dirty.objects.filter(gen__gt=F("done_gen")).exists()


def test_the_same_form_is_one_approval(digest: str) -> None:
    first, again = approve(digest, key="form 1"), approve(digest, key="form 1")
    assert first == again
    assert Apply.objects.count() == 1


def test_the_same_form_after_it_was_carried_out_is_still_that_one(digest: str) -> None:
    first = approve(digest, key="form 1")
    carry_out(first.apply_id)
    state = AccountState.objects.get(account_id="acc_1")
    assert approve(state.evaluation.digest, key="form 1", actor="user:bob").apply_id != first.apply_id
    assert Apply.objects.get().id == first.apply_id


def test_another_form_meanwhile_is_told_that_the_account_is_busy(digest: str) -> None:
    approved(digest)
    second = approve(digest)
    assert (second.apply_id, second.code) == (None, "busy")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"digest": "0" * 64}, "stale"),
        ({"groups": ["viewer"]}, "forbidden"),
        ({"groups": ["support"], "proposal": "invoices.void_invoice:in_1"}, "forbidden"),
        ({"proposal": "invoices.void_invoice:in_9"}, "no_proposal"),
    ],
)
def test_what_may_not_be_approved_is_refused_and_recorded(
    digest: str, changes: dict, code: str, audited: Audited
) -> None:
    asked = {"digest": digest, **changes}
    assert approve(asked.pop("digest"), **asked).code == code
    assert audited() == ["repair.refused"]
    assert not Apply.objects.exists()


def test_an_approval_without_a_reason_is_none(digest: str) -> None:
    with pytest.raises(ValueError, match="Say why"):
        approve(digest, reason="  ")


def test_a_world_that_moved_refuses_it_and_shows_the_new_plan(digest: str, owner: Connect, audited: Audited) -> None:
    apply_id = approved(digest)
    owner("subs_dunning").execute("UPDATE dunning SET row_version = row_version + 1")

    result = carry_out(apply_id)

    assert result is not None
    assert (result.outcome, result.code) == (Outcome.REFUSED, "stale")
    apply = Apply.objects.get(id=apply_id)
    assert (apply.state, apply.refused, apply.code) == (ApplyState.ABORTED, True, "stale")
    assert audited() == ["repair.approved", "repair.refused"]
    assert OutboxEvent.objects.filter(kind="repair.refused").count() == 1
    assert Dirty.objects.get(account="acc_1").gen == 1
    assert AccountState.objects.get(account_id="acc_1").evaluation.digest not in ("", digest)


def test_who_lost_the_right_meanwhile_has_approved_nothing(digest: str, ada: User) -> None:
    apply_id = approved(digest)
    ada.groups.clear()
    result = carry_out(apply_id)
    assert result is not None
    assert result.code == "forbidden"


def test_a_pause_refuses_what_was_approved_before_it(digest: str) -> None:
    apply_id = approved(digest)
    pause_applies(actor="user:root", reason="the ledger is being migrated", now=datetime.now(UTC))
    result = carry_out(apply_id)
    assert result is not None
    assert result.code == "paused"


def test_an_approval_runs_out(digest: str, audited: Audited) -> None:
    apply_id = approved(digest)
    Apply.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    recover()
    assert carry_out(apply_id) is None
    assert Apply.objects.get().state == ApplyState.EXPIRED
    assert audited() == ["repair.approved", "repair.expired"]


def test_what_runs_out_while_it_is_taken_up_is_not_applied(digest: str, owner: Connect) -> None:
    apply_id = approved(digest)
    Apply.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    result = carry_out(apply_id)
    assert result is not None
    assert (result.code, Apply.objects.get().state) == ("expired", ApplyState.EXPIRED)
    assert owner("subs_dunning").execute("SELECT state FROM dunning").fetchone() == ("bad_debt",)


def test_one_that_ran_out_unseen_is_in_nobodys_way(digest: str) -> None:
    approved(digest)
    Apply.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    again = approve(digest)
    assert again.apply_id is not None
    assert sorted(Apply.objects.values_list("state", flat=True)) == [ApplyState.APPROVED, ApplyState.EXPIRED]


def test_the_schedule_finds_what_no_worker_took(digest: str) -> None:
    apply_id = approved(digest)
    taken: list[UUID] = []
    now = datetime.now(UTC)
    assert carry_out_waiting(taken.append, now=now - timedelta(minutes=1)) == 0
    assert carry_out_waiting(taken.append, now=now + timedelta(seconds=5)) == 1
    assert taken == [apply_id]


def test_many_workers_at_once_apply_it_once(digest: str, audited: Audited) -> None:
    apply_id = approved(digest)

    def work() -> None:
        carry_out(apply_id)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    carry_out(apply_id)
    assert Apply.objects.get().state == ApplyState.DONE
    assert audited() == ["repair.approved", "repair.applied", "repair.finished"]

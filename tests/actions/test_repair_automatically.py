"""What the engine repairs by itself: what the modes allow, confirmed, within the breaker, and never against another."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from recon.actions.breaker import breaker_is_open, close_breaker
from recon.actions.release_relapse import release_relapse
from recon.actions.repair_automatically import Automatic, may_still, repair_automatically
from recon.actions.set_class_mode import NAMES, set_class_mode
from recon.models import AccountState, Apply, ApplyState, AuditEntry, Dirty, Evaluation, Relapse, Switch
from recon.queries.undone import standing_undos
from tests.support.kept import golden, keep_case
from tests.support.repairs import undone_plan

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
LENIENT = "payments/paid_after_suspension"
SEVERE = "drift/bad_debt_missed"
AUTO = {"actor": "user:root", "reason": "watched it for a month", "now": NOW}
pytestmark = pytest.mark.django_db


@pytest.fixture
def everything_auto() -> None:
    for name in NAMES:
        set_class_mode(name, "auto", **AUTO)


def kept(name: str, account_id: str, *, changed: datetime = NOW, evaluated: datetime = NOW) -> AccountState:
    keep_case(golden(name), account_id=account_id)
    AccountState.objects.filter(account_id=account_id).update(changed_at=changed, evaluated_at=evaluated)
    return AccountState.objects.get(account_id=account_id)


def test_nothing_is_automatic_by_default() -> None:
    kept(LENIENT, "acc_1")
    assert repair_automatically(now=NOW) == Automatic()
    assert not Apply.objects.exists()


def test_a_lenient_plan_of_an_automatic_class_is_approved_with_its_reason(everything_auto: None) -> None:
    kept(LENIENT, "acc_1")
    assert repair_automatically(now=NOW) == Automatic(approved=1)
    apply = Apply.objects.get()
    assert (apply.account_id, apply.approved_by, apply.state) == ("acc_1", "task:auto", ApplyState.APPROVED)
    assert "is in the mode auto" in apply.reason


def test_one_class_that_is_not_automatic_keeps_the_whole_plan_for_a_person(everything_auto: None) -> None:
    state = kept(LENIENT, "acc_1")
    set_class_mode(state.classes[0], "approve", **AUTO)
    assert repair_automatically(now=NOW) == Automatic()


def test_an_observed_class_is_written_by_nobody(everything_auto: None) -> None:
    from recon.actions.approve import approve_plan

    state = kept(LENIENT, "acc_1")
    set_class_mode(state.classes[0], "observe", **AUTO)
    asked = approve_plan(
        "acc_1", digest=state.evaluation.digest, actor="user:ada", groups=["admin"], reason="paid", request_key="1"
    )
    assert (asked.apply_id, asked.code) == (None, "observed")


def test_a_severe_plan_waits_for_its_second_look(everything_auto: None, severe: Callable) -> None:
    severe("acc_1", changed=NOW - timedelta(minutes=5), evaluated=NOW)
    assert repair_automatically(now=NOW) == Automatic(unconfirmed=1)
    assert not Dirty.objects.exists()


def test_after_a_quarter_of_an_hour_the_second_look_is_asked_for(everything_auto: None, severe: Callable) -> None:
    severe("acc_1", changed=NOW - timedelta(minutes=16), evaluated=NOW - timedelta(minutes=16))
    assert repair_automatically(now=NOW) == Automatic(unconfirmed=1)
    assert Dirty.objects.get().account == "acc_1"


def test_a_severe_plan_that_was_found_twice_is_approved(everything_auto: None, severe: Callable) -> None:
    severe("acc_1", changed=NOW - timedelta(minutes=16), evaluated=NOW)
    assert repair_automatically(now=NOW) == Automatic(approved=1)


def test_too_many_severe_plans_in_an_hour_stop_them_for_everyone(everything_auto: None, severe: Callable) -> None:
    for number in range(3):
        severe(f"acc_{number}", changed=NOW - timedelta(minutes=16), evaluated=NOW)
    assert repair_automatically(now=NOW) == Automatic()
    assert Switch.objects.get(name=Switch.AUTOMATIC_SEVERE_STOPPED).is_on
    assert AuditEntry.objects.latest("seq").action == "automation.stopped"


def test_the_breaker_stays_open_until_a_person_has_looked(everything_auto: None, severe: Callable) -> None:
    severe("acc_1", changed=NOW - timedelta(minutes=16), evaluated=NOW)
    Switch.objects.create(name=Switch.AUTOMATIC_SEVERE_STOPPED, is_on=True, set_at=NOW)
    assert repair_automatically(now=NOW) == Automatic()
    close_breaker(actor="user:root", reason="the plans are right", now=NOW)
    assert repair_automatically(now=NOW) == Automatic(approved=1)


def test_an_open_breaker_leaves_lenient_repairs_alone(everything_auto: None) -> None:
    kept(LENIENT, "acc_1")
    Switch.objects.create(name=Switch.AUTOMATIC_SEVERE_STOPPED, is_on=True, set_at=NOW)
    assert repair_automatically(now=NOW) == Automatic(approved=1)


def test_a_plan_that_was_tried_in_vain_is_not_tried_each_round(everything_auto: None) -> None:
    kept(LENIENT, "acc_1")
    repair_automatically(now=NOW)
    Apply.objects.update(state=ApplyState.ABORTED, created_at=NOW)
    assert repair_automatically(now=NOW) == Automatic()
    assert repair_automatically(now=NOW + timedelta(minutes=61)) == Automatic(approved=1)


def test_a_mode_that_changed_meanwhile_stops_what_was_approved(everything_auto: None) -> None:
    state = kept(LENIENT, "acc_1")
    repair_automatically(now=NOW)
    assert may_still(Apply.objects.get(), NOW)
    set_class_mode(state.classes[0], "approve", **AUTO)
    assert not may_still(Apply.objects.get(), NOW)


def test_a_cell_that_somebody_changed_back_is_left_to_a_person(everything_auto: None, relapsed: Callable) -> None:
    relapse = relapsed("acc_1")
    assert (relapse.wrote, relapse.found, relapse.released_at) == ("clear", "bad_debt", None)
    assert relapse.other.startswith("another writer of subs_dunning.dunning")
    assert repair_automatically(now=NOW) == Automatic()

    for one in Relapse.objects.all():
        release_relapse(one.id, actor="user:root", reason="the old job is off", now=NOW)

    assert repair_automatically(now=NOW) == Automatic(approved=1)
    assert AuditEntry.objects.filter(action="relapse.released", account="acc_1").exists()


def test_a_truth_that_moved_is_no_relapse(repaired: Callable) -> None:
    repaired("acc_1", wrote="past_due")
    keep_case(golden(LENIENT), account_id="acc_1")
    assert not Relapse.objects.filter(place="subs_dunning.dunning.state").exists()


def test_a_reading_from_before_the_repair_is_no_relapse(repaired: Callable) -> None:
    repaired("acc_1", closed=datetime(2027, 1, 1, tzinfo=UTC))
    keep_case(golden(LENIENT), account_id="acc_1")
    assert not Relapse.objects.exists()


@pytest.mark.parametrize(
    ("name", "mode", "reason"), [("x", "auto", "r"), ("values", "x", "r"), ("values", "auto", " ")]
)
def test_a_mode_that_makes_no_sense_is_refused(name: str, mode: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"There is no|Say why"):
        set_class_mode(name, mode, actor="user:root", reason=reason, now=NOW)


def test_without_severe_plans_the_breaker_is_closed() -> None:
    assert not breaker_is_open(NOW)


@pytest.fixture
def severe() -> Callable[..., AccountState]:
    """Among a hundred healthy accounts each, so that the breaker's share is not what is tested."""

    def keep(account_id: str, *, changed: datetime, evaluated: datetime) -> AccountState:
        if not AccountState.objects.exists():
            model = kept(LENIENT, "acc_model")
            others = [
                AccountState(
                    account_id=f"other_{n}",
                    evaluation=model.evaluation,
                    evaluated_at=NOW,
                    changed_at=NOW,
                    is_known=True,
                )
                for n in range(100)
            ]
            AccountState.objects.bulk_create(others)
            AccountState.objects.filter(account_id="acc_model").update(writes=0)
        state = kept(SEVERE, account_id, changed=changed, evaluated=evaluated)
        assert state.risk == "severe"
        return state

    return keep


@pytest.fixture
def repaired() -> Callable[..., Apply]:
    """A repair of the account's debt state that is done."""

    def keep(account_id: str, *, wrote: str = "clear", closed: datetime = datetime(2020, 1, 1, tzinfo=UTC)) -> Apply:
        cell = {"store": "subs_dunning", "table": "dunning", "key": {"account_id": account_id}, "column": "state"}
        return Apply.objects.create(
            account_id=account_id,
            digest="d",
            writes=[{**cell, "stored": "bad_debt", "truth": wrote, "rule": "T10"}],
            approved_by="user:ada",
            reason="paid",
            created_at=closed,
            expires_at=closed,
            closed_at=closed,
            state=ApplyState.DONE,
        )

    return keep


@pytest.fixture
def relapsed(repaired: Callable) -> Callable[[str], Relapse]:
    """The account's debt state was repaired, and then written back by somebody."""

    def keep(account_id: str) -> Relapse:
        repaired(account_id)
        keep_case(golden(LENIENT), account_id=account_id)
        assert Evaluation.objects.filter(account_id=account_id).exists()
        return Relapse.objects.get(place="subs_dunning.dunning.state")

    return keep


def test_what_somebody_undid_is_not_repaired_again_by_itself(everything_auto: None) -> None:
    kept(LENIENT, "acc_1")
    undo = undone_plan("acc_1")
    assert repair_automatically(now=NOW) == Automatic()
    assert (standing_undos()["acc_1"].apply_id, standing_undos(["acc_2"])) == (undo.id, {})


def test_an_undo_that_came_to_nothing_holds_nothing_back(everything_auto: None) -> None:
    kept(LENIENT, "acc_1")
    undone_plan("acc_1", state=ApplyState.ABORTED)
    assert repair_automatically(now=NOW) == Automatic(approved=1)


def test_a_truth_that_moved_or_a_repair_since_lets_it_go(everything_auto: None) -> None:
    state = kept(LENIENT, "acc_1")
    undo = undone_plan("acc_1")
    Apply.objects.filter(id=undo.id).update(writes=[{**one, "stored": "another"} for one in undo.writes])
    assert standing_undos() == {}
    Apply.objects.filter(id=undo.id).update(writes=undo.writes)
    assert standing_undos().keys() == {"acc_1"}
    row = Apply.objects.get(undoes=None)
    row.pk, row.decided_at, row.writes = None, undo.decided_at + timedelta(minutes=1), state.evaluation.writes
    row.save(force_insert=True)
    assert standing_undos() == {}


def test_an_undo_between_approval_and_turn_stops_it(everything_auto: None) -> None:
    kept(LENIENT, "acc_1")
    repair_automatically(now=NOW)
    apply = Apply.objects.get()
    assert may_still(apply, NOW)
    undone_plan("acc_1")
    assert not may_still(apply, NOW)

"""Several accounts at once: each all or nothing by itself, whatever befalls the others."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from recon.apply import journal
from recon.apply.coordinator import Outcome
from recon.apply.order import Order
from recon.apply.steps import Step
from recon.engine.facts import StoreName
from recon.models import Apply, ApplyState, AuditEntry, OutboxEvent
from recon.stores.base import Store
from tests.apply.conftest import SetClock
from tests.support import applying
from tests.support.stores import Connect
from tests.support.twin import TwinUnderTest

Six = Mapping[StoreName, Store]
ACCOUNTS = ("acc_1", "acc_2", "acc_3")
REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE check_violation USING MESSAGE = 'no'; END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON entitlements DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (NEW.account_id = 'acc_2') EXECUTE FUNCTION refuse();
"""


@pytest.fixture
def orders(six: Six, clock: SetClock, load_case: Callable[[dict], None], twin: TwinUnderTest) -> list[Order]:
    """The approvals of what a person saw of three accounts, all of them wrong everywhere."""
    for number in (2, 3):
        case = applying.wrong_everywhere(f"acc_{number}", number)
        load_case(case)
        twin.load_case(case)
    return [applying.order(applying.evaluation(six, account_id, clock())) for account_id in ACCOUNTS]


@pytest.fixture
def refusing(owner: Connect) -> Iterator[None]:
    """cf_prod refuses to prepare what it has written of acc_2."""
    owner("cf_prod").execute(REFUSE)
    yield
    owner("cf_prod").execute("DROP FUNCTION refuse CASCADE")


def outcomes(six: Six, clock: SetClock, orders: Sequence[Order]) -> list[Outcome]:
    return [result.outcome for result in applying.coordinator(six, clock).apply_all(orders)]


def wrong(six: Six, clock: SetClock) -> list[str]:
    """The accounts of which a store still holds something else than the truth."""
    return [account_id for account_id in ACCOUNTS if applying.evaluation(six, account_id, clock()).drift.cells]


def test_all_are_applied_and_each_has_its_own_audit_and_events(six: Six, clock: SetClock, orders: list[Order]) -> None:
    assert outcomes(six, clock, orders) == [Outcome.APPLIED] * 3
    assert wrong(six, clock) == []
    for apply in Apply.objects.all():
        actions = AuditEntry.objects.filter(apply_id=apply.id).order_by("seq").values_list("seq", "action")
        assert [action for _, action in actions] == ["repair.applied", "repair.finished"]
        told = OutboxEvent.objects.filter(account_id=apply.account_id).values_list("audit_seq", flat=True)
        assert set(told) == {actions[0][0]}


def test_one_that_moved_is_refused_and_the_others_applied(
    six: Six, clock: SetClock, orders: list[Order], owner: Connect
) -> None:
    owner("subs_dunning").execute("UPDATE dunning SET row_version = row_version + 1 WHERE account_id = 'acc_2'")
    assert outcomes(six, clock, orders) == [Outcome.APPLIED, Outcome.REFUSED, Outcome.APPLIED]
    assert wrong(six, clock) == ["acc_2"]


def test_one_that_a_database_refuses_to_prepare_takes_no_other_along(
    six: Six, clock: SetClock, orders: list[Order], refusing: None
) -> None:
    assert outcomes(six, clock, orders) == [Outcome.APPLIED, Outcome.FAILED, Outcome.APPLIED]
    assert wrong(six, clock) == ["acc_2"]


def test_one_that_has_a_live_apply_is_busy_and_the_others_are_applied(
    six: Six, clock: SetClock, orders: list[Order]
) -> None:
    Apply.objects.create(
        account_id="acc_2", digest="x", approved_by="user:bob", reason="r", state=ApplyState.COMMITTING,
        created_at=clock(), expires_at=clock(),
    )  # fmt: skip
    results = applying.coordinator(six, clock).apply_all(orders)
    assert [result.code for result in results] == ["applied", "busy", "applied"]


def test_one_that_is_taken_over_meanwhile_is_left_to_whoever_did(
    six: Six, clock: SetClock, orders: list[Order]
) -> None:
    def take_over(step: Step) -> None:
        if step is Step.ALL_PREPARED:
            apply = Apply.objects.get(account_id="acc_2")
            journal.take_over(apply.id, instance=applying.INSTANCE, now=clock(), whatever_lease=True)

    results = applying.coordinator(six, clock, take_over).apply_all(orders)
    assert [result.outcome for result in results] == [Outcome.APPLIED, Outcome.IN_DOUBT, Outcome.APPLIED]
    assert Apply.objects.get(account_id="acc_2").state == ApplyState.PREPARING
    applying.recovery(six, clock).run(whatever_lease=True)
    assert (wrong(six, clock), Apply.objects.get(account_id="acc_2").state) == (["acc_2"], ApplyState.ABORTED)


@pytest.mark.parametrize(
    ("step", "left_wrong"),
    [(Step.BRANCH_PREPARED, list(ACCOUNTS)), (Step.COMMIT_DECIDED, []), (Step.BRANCH_COMMITTED, [])],
)
def test_whoever_dies_leaves_all_of_them_to_recovery(
    six: Six, clock: SetClock, orders: list[Order], step: Step, left_wrong: list[str]
) -> None:
    class Died(BaseException):
        pass

    def die(reached: Step) -> None:
        if reached is step:
            raise Died

    with pytest.raises(Died):
        applying.coordinator(six, clock, die).apply_all(orders)
    report = applying.recovery(six, clock).run(whatever_lease=True)
    assert (wrong(six, clock), sum(report.settled.values()), report.prepared_left) == (left_wrong, 3, 0)

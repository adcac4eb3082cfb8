"""What is broken while a bulk repair runs: the run waits and says why, and no account pays for it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from recon import bootstrap
from recon.actions.drive_bulk_repairs import drive_bulk_repairs
from recon.actions.steer_bulk_repair import Steer, steer_bulk_repair
from recon.engine.facts import StoreName
from recon.models import Apply, ApplyState, BulkRepair, BulkRepairItem
from tests.support.bulk import drifted, outcomes, started, with_workers, work, work_to_the_end
from tests.support.stores import Connect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stores_clean", "twin")]

REFUSE = """
create function refuse() returns trigger language plpgsql
as $$ begin raise exception 'no' using errcode = 'check_violation'; end $$;
create trigger refuse before update on entitlements
for each row when (new.account_id = 'acc_6') execute function refuse();
"""


@pytest.fixture
def shut(owner: Connect) -> Callable[[], AbstractContextManager[None]]:
    """`with shut():` cf_prod lets nobody in."""

    @contextmanager
    def closed() -> Iterator[None]:
        conn = owner("cf_prod")
        limit = partial("alter database {} connection limit {}".format, conn.info.dbname)
        conn.execute(limit(0))
        bootstrap.stores()[StoreName.CF_PROD].close()  # type: ignore[attr-defined] # a PostgresStore
        try:
            yield
        finally:
            conn.execute(limit(-1))

    return closed


@pytest.fixture
def refusing(owner: Connect) -> Iterator[None]:
    """cf_prod refuses to write acc_6, and answers everything else."""
    owner("cf_prod").execute(REFUSE)
    yield
    owner("cf_prod").execute("drop function refuse cascade")


def resume(run: BulkRepair) -> None:
    told = {"actor": "user:fin", "groups": {"finance"}, "reason": "it is back", "now": timezone.now()}
    assert steer_bulk_repair(run.id, Steer.RESUME, **told).code == ""


def test_store_that_goes_down_in_the_middle_fails_no_account(told, shut):
    drifted(told, 12)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    work(with_workers())
    work(with_workers()[:2])
    rest = with_workers()
    with shut():
        work(rest)
        run.refresh_from_db()
        assert (run.state, run.stopped_by, run.done, run.problems) == ("paused", "task:bulk", 7, 0)
        assert "cf_prod" in run.stop_reason
        drive_bulk_repairs(now=timezone.now())
        assert with_workers() == []
    resume(run)
    work_to_the_end(run)
    assert (run.state, Counter(outcomes(run).values())) == ("done", {"applied": 12})
    assert Counter(Apply.objects.values_list("state", flat=True)) == {"done": 12}


def test_account_whose_row_is_refused_is_tried_once_more_and_then_has_failed(told, refusing):
    drifted(told, 6)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    work()
    [(item, tries)] = with_workers()
    work([(item, tries)])
    assert outcomes(run)["acc_6"] == ""
    drive_bulk_repairs(now=timezone.now() + timedelta(seconds=6))
    work([(item, tries + 1)])
    assert (outcomes(run)["acc_6"], Apply.objects.filter(account_id="acc_6").count()) == ("failed", 2)


def test_account_whose_apply_never_ends_is_in_doubt_and_not_skipped(told):
    drifted(told, 1)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    [(item, _)] = with_workers()
    half = Apply.objects.create(
        account_id="acc_1", digest="d" * 64, approved_by="user:fin", reason="x", created_at=timezone.now(),
        expires_at=timezone.now(), state=ApplyState.COMMITTING, request_key=f"bulk:{run.id}:{item}:1",
        decided_at=timezone.now(), lease_until=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    BulkRepairItem.objects.update(tries=12)
    work([(item, 12)])
    assert (outcomes(run), BulkRepairItem.objects.get().apply_id) == ({"acc_1": "in_doubt"}, half.id)

"""What is still on its way through the stores is no drift: a drift that is new has to last before it counts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.recompute_dirty import recompute_dirty
from recon.actions.run_sweep import Reports, run_sweep, work_here
from recon.actions.sync_stripe import Pace
from recon.models import AccountState, Dirty, DriftChange, OutboxEvent, Recompute, SweepRun
from recon.queries.looks import latest_look
from recon.queries.runs import looked_at
from tests.actions.conftest import NOW

LAG = timedelta(seconds=10)
LATER = NOW + timedelta(hours=1)
SILENT = Reports(lambda *_: None, lambda *_: None)
ADD = "insert into dunning (account_id, state) values ('acc_1', 'grace')"


def sweep(sweeper, reports: Reports = SILENT) -> dict[str, int]:
    """What became of the accounts."""
    run = run_sweep(sweeper, actor="test", pace=Pace(10_000), work=work_here(lambda: sweeper), reports=reports)
    return {name: number for name, number in looked_at(run.id).items() if number}


def drifted() -> int:
    return AccountState.objects.get(account_id="acc_1").drifted_cells


@pytest.fixture
def unfinished(sweeper_at, told, owner):
    """An account that was clean, and into which somebody is writing; the sweep that came by."""
    told("settled_in_both_stores")
    sweep(sweeper_at())
    owner("subs_dunning").execute(ADD)
    no_waiting = replace(sweeper_at(LATER), lag=timedelta(microseconds=1))
    return sweep(no_waiting)


def test_a_drift_that_is_new_does_not_count_yet(unfinished):
    assert unfinished == {"evaluated": 1, "suspects": 1}
    assert (drifted(), DriftChange.objects.count()) == (0, 0)
    assert Dirty.objects.get().not_before == LATER + timedelta(microseconds=1)


def test_the_sweep_is_no_proof_of_whom_it_suspects(unfinished):
    assert SweepRun.objects.latest("id").proved_at == LATER
    assert latest_look(AccountState.objects.get(account_id="acc_1")).at == NOW


def test_one_that_lasts_counts(unfinished, sweeper_at):
    assert recompute_dirty(sweeper_at(LATER + LAG), limit=9) == 1
    assert drifted() > 0
    assert [one["kind"] for one in Recompute.objects.get().causes] == ["suspect"]


def test_one_that_is_over_was_none(unfinished, sweeper_at, owner):
    owner("subs_dunning").execute("delete from dunning")
    recompute_dirty(sweeper_at(LATER + LAG), limit=9)
    assert (drifted(), DriftChange.objects.count()) == (0, 0)
    assert not OutboxEvent.objects.filter(kind__startswith="drift").exists()


def test_an_account_that_is_seen_for_the_first_time_counts_at_once(sweeper_at, told):
    told("paid_after_suspension")
    assert sweep(replace(sweeper_at(), lag=LAG)) == {"evaluated": 1}
    assert drifted() > 0
    assert sweep(replace(sweeper_at(LATER), lag=LAG)) == {"evaluated": 1}


def test_one_that_is_parked_counts_at_once_because_nobody_would_read_it_again(sweeper_at, told, owner):
    told("settled_in_both_stores")
    sweep(sweeper_at())
    owner("subs_dunning").execute(ADD)
    mark_dirty(["acc_1"], NOW)
    Dirty.objects.update(parked=True)
    assert sweep(replace(sweeper_at(LATER), lag=LAG)) == {"evaluated": 1}
    assert (drifted() > 0, Dirty.objects.get().parked) == (True, True)


def test_a_sweep_from_the_terminal_ends_when_its_suspects_were_read_again(sweeper_at, told, owner):
    told("settled_in_both_stores")
    sweep(sweeper_at())
    owner("subs_dunning").execute(ADD)
    ticks: Iterator[int] = count()
    ticking = replace(
        sweeper_at(LATER), clock=lambda: LATER + timedelta(seconds=next(ticks)), lag=timedelta(milliseconds=1)
    )
    steps: list[tuple[int, int | None]] = []
    reports = replace(SILENT, suspects=lambda done, total=None: steps.append((done, total)))
    assert sweep(ticking, reports) == {"evaluated": 1, "suspects": 1}
    assert (drifted() > 0, steps) == (True, [(0, 1), (1, 1)])


def test_one_that_waited_before_for_another_reason_is_read_again_with_the_others(sweeper_at, told, owner):
    told("settled_in_both_stores")
    sweep(sweeper_at())
    owner("subs_dunning").execute(ADD)
    mark_dirty(["acc_1"], NOW, cause=Cause(CauseKind.APPLY))
    ticks: Iterator[int] = count()
    ticking = replace(
        sweeper_at(LATER), clock=lambda: LATER + timedelta(seconds=next(ticks)), lag=timedelta(milliseconds=1)
    )
    assert sweep(ticking) == {"evaluated": 1, "suspects": 1}
    assert drifted() > 0

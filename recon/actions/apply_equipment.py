"""What applying needs, built from the settings: the coordinator that applies, and the recovery that finishes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from time import sleep
from typing import cast
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from recon import bootstrap
from recon.actions import equipment
from recon.actions.barred import barred_now
from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.evaluate import Rules, evaluation_of
from recon.actions.read_stores import Stores, read_live, read_live_all
from recon.apply.calls import Caller
from recon.apply.coordinator import Coordinator
from recon.apply.order import Barred
from recon.apply.recovery import Recovery
from recon.apply.settle import Settler
from recon.apply.steps import unobserved
from recon.engine.case import facts_from_readings
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.queries.undo import inverse_now
from recon.stores.base import CallableStore, WritableStore


def coordinator() -> Coordinator:
    stores, rules = bootstrap.stores(), equipment.rules()
    settler = _settler()
    return Coordinator(
        instance=settings.RECON_INSTANCE,
        stores=settler.stores,
        recompute_now=lambda account_ids: evaluate_live(account_ids, stores, rules, timezone.now()),
        undo_now=lambda account_id, undoes: undo_live(account_id, undoes, stores, rules, timezone.now()),
        what_bars=what_bars,
        settler=settler,
        clock=timezone.now,
        observe=unobserved,
    )


def recovery() -> Recovery:
    return Recovery(instance=settings.RECON_INSTANCE, settler=_settler(), clock=timezone.now, observe=unobserved)


def evaluate_live(account_ids: Sequence[str], stores: Stores, rules: Rules, now: datetime) -> dict[str, Evaluation]:
    """What the rules say of the stores as they are at this moment; a row that nobody can read is a verdict unknown."""
    read = read_live_all(stores, account_ids)
    return {account_id: evaluation_of(account_id, readings, rules, now) for account_id, readings in read.items()}


def undo_live(account_id: str, undoes: UUID, stores: Stores, rules: Rules, now: datetime) -> Evaluation:
    """The same, with the inverse of a repair for its plan. Of an unknown verdict the plan is empty, as ever."""
    readings = read_live(stores, account_id)
    evaluation = evaluation_of(account_id, readings, rules, now)
    if not evaluation.verdict.known:
        return evaluation
    facts = facts_from_readings(account_id, readings, livemode=rules.livemode)
    return replace(evaluation, plan=inverse_now(undoes, account_id, facts).plan)


def what_bars(evaluation: Evaluation, now: datetime) -> Barred:
    """What stands in everybody's way to its plan."""
    drift = evaluation.drift
    places = {f"{cell.store}.{cell.table}.{cell.column}" for cell in evaluation.plan.writes}
    return barred_now(evaluation.account_id, drift.classes, places, has_cells=bool(drift.cells), now=now)


def databases(stores: Stores) -> Mapping[StoreName, WritableStore]:
    """The five that take part in a two-phase commit."""
    return {name: cast(WritableStore, store) for name, store in stores.items() if name is not StoreName.STRIPE}


def mark(account_ids: Iterable[str], now: datetime) -> None:
    mark_dirty(account_ids, now=now, cause=Cause(CauseKind.APPLY))


def _settler() -> Settler:
    stores = bootstrap.stores()
    stripe = cast(CallableStore, stores[StoreName.STRIPE])
    return Settler(
        stores=databases(stores),
        caller=Caller(stripe=stripe, clock=timezone.now, sleep=sleep, observe=unobserved),
        mark_dirty=mark,
        clock=timezone.now,
        observe=unobserved,
    )

"""Repair without a person what the modes allow, within the limits of the write gate (T16).

Each account is an approval of its own by `task:auto`, carried out like anybody's: the stores are read again, another
digest is refused, and these limits are asked once more. A severe plan needs the same outcome twice, fifteen minutes
apart; too many severe plans in an hour stop all automatic severe repairs until a person has looked. What a person has
undone is left as it is until a person repairs it, or the truth moves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db.models import Exists, OuterRef, QuerySet

from recon.actions.approve import approve_order
from recon.actions.breaker import breaker_is_open
from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.keep_relapses import key_of, place_of
from recon.actors import AUTO
from recon.apply.order import Order, Rights
from recon.engine.gate import CONFIRMED_AFTER, SAME_PLAN_AGAIN_AFTER, is_confirmed
from recon.engine.plan import Risk
from recon.models import LIVE_STATES, STANDS, AccountState, Apply, CaseDecision, CaseKind, ClassMode, Mode, Relapse
from recon.queries.modes import VALUES, mode_names
from recon.queries.read_only import places_of, read_only_places, why_read_only
from recon.queries.undone import standing_undos


@dataclass(frozen=True, slots=True)
class Automatic:
    """What one round did: approvals made, and accounts that wait for their second look."""

    approved: int = 0
    unconfirmed: int = 0


def repair_automatically(*, now: datetime, limit: int = 500) -> Automatic:
    """By the schedule. Nothing is in a mode `auto` unless somebody put it there."""
    classes = _automatic_classes()
    if not classes:
        return Automatic()
    is_stopped = breaker_is_open(now)
    undone, read_only = standing_undos(), read_only_places()
    approved, unconfirmed = 0, []
    for state in _candidates(classes, now).iterator(chunk_size=limit):
        if state.account_id in undone or _has_relapsed(state) or _is_read_only(state, read_only):
            continue
        if state.risk == Risk.SEVERE and not _was_found_twice(state):
            unconfirmed.append(state)
        elif state.risk != Risk.SEVERE or not is_stopped:
            approved += approve_order(_order(state), request_key=str(uuid4())).apply_id is not None
        if approved >= limit:
            break
    _look_twice(unconfirmed, now)
    return Automatic(approved, len(unconfirmed))


def may_still(apply: Apply, now: datetime) -> bool:
    """Asked when it is carried out: modes, relapses, undos, confirmation and breaker as they are then."""
    state = AccountState.objects.select_related("evaluation").filter(account_id=apply.account_id).first()
    if state is None or not set(_classes(state)) <= _automatic_classes() or _has_relapsed(state):
        return False
    if standing_undos([apply.account_id]):
        return False
    return state.risk != Risk.SEVERE or (_was_found_twice(state) and not breaker_is_open(now))


def _was_found_twice(state: AccountState) -> bool:
    return is_confirmed(changed_at=state.changed_at, evaluated_at=state.evaluated_at)


def _automatic_classes() -> frozenset[str]:
    return frozenset(ClassMode.objects.filter(mode=Mode.AUTO).values_list("name", flat=True))


def _candidates(classes: frozenset[str], now: datetime) -> QuerySet[AccountState]:
    """Accounts with a plan of these classes alone that nobody is applying, and that was not just tried in vain."""
    here = Apply.objects.filter(account_id=OuterRef("account_id"))
    tried = here.filter(
        approved_by=AUTO, digest=OuterRef("evaluation__digest"), created_at__gt=now - SAME_PLAN_AGAIN_AFTER
    )
    states = AccountState.objects.filter(writes__gt=0, is_known=True, classes__contained_by=sorted(classes))
    if VALUES not in classes:
        states = states.exclude(classes=[])
    states = states.select_related("evaluation").exclude(Exists(_accepted(now)))
    return states.exclude(Exists(here.filter(state__in=LIVE_STATES))).exclude(Exists(tried)).order_by("drift_since")


def _accepted(now: datetime) -> QuerySet[CaseDecision]:
    """What somebody lets be."""
    return CaseDecision.objects.filter(STANDS, account_id=OuterRef("account_id"), kind=CaseKind.ACCEPT, until__gt=now)


def _classes(state: AccountState) -> tuple[str, ...]:
    return mode_names(state.classes, has_cells=state.drifted_cells > 0)


def _has_relapsed(state: AccountState) -> bool:
    """One of the plan's cells was repaired before and changed back by somebody: two writers, and a person between."""
    standing = Relapse.objects.filter(account_id=state.account_id, released_at__isnull=True)
    places = set(standing.values_list("place", "key"))
    return bool(places) and any((place_of(cell), key_of(cell)) in places for cell in state.evaluation.writes)


def _is_read_only(state: AccountState, read_only: Mapping[str, str]) -> bool:
    return bool(why_read_only(places_of(state.evaluation.writes), read_only))


def _order(state: AccountState) -> Order:
    named = ", ".join(_classes(state))
    return Order(
        account_id=state.account_id,
        digest=state.evaluation.digest,
        actor=AUTO,
        reason=f"Automatic: {named} is in the mode auto.",
        rights=Rights.ALL,
    )


def _look_twice(states: list[AccountState], now: datetime) -> None:
    """Those whose first look is a quarter of an hour old are looked at again now."""
    due = [state.account_id for state in states if now - state.changed_at >= CONFIRMED_AFTER]
    mark_dirty(due, now, once=True, cause=Cause(CauseKind.CONFIRMATION))

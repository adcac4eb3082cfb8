"""What the engine may do by itself: each class's mode with its accounts and what auto would do now, and the breaker."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db import connection

from recon.actors import AUTO
from recon.engine.drift import DriftClass
from recon.engine.gate import CONFIRMED_AFTER, SAME_PLAN_AGAIN_AFTER, SEVERE_WITHIN, is_too_many, most_severe
from recon.engine.plan import Risk
from recon.models import LIVE_STATES, AccountState, ClassMode, Mode, Switch
from recon.queries.modes import VALUES
from recon.queries.read_only import READ_ONLY

# Drifted accounts by their classes, their plan's risk, and what auto would do with it, were all their classes in auto.
STANDING: Final = f"""
with live as (
    select account_id from apply where state = any(%(live)s)
), tried as (
    select apply.account_id from apply
    join account_state state on state.account_id = apply.account_id
    join evaluation on evaluation.id = state.evaluation_id and evaluation.digest = apply.digest
    where apply.approved_by = %(auto)s and apply.created_at > %(tried_since)s
), relapsed as (
    select relapse.account_id from relapse
    join account_state state on state.account_id = relapse.account_id
    join evaluation on evaluation.id = state.evaluation_id
    cross join lateral jsonb_array_elements(evaluation.writes) as cell
    where relapse.released_at is null
      and relapse.place = concat_ws('.', cell ->> 'store', cell ->> 'table', cell ->> 'column')
      and relapse.key = (
          select string_agg(value, ',' order by name) from jsonb_each_text(cell -> 'key') as _ (name, value))
), read_only as (
    select state.account_id from account_state state
    join evaluation on evaluation.id = state.evaluation_id
    where ({READ_ONLY}) <> '{{}}' and state.writes > 0 and exists (
        select from jsonb_object_keys(({READ_ONLY})) as place, jsonb_array_elements(evaluation.writes) as cell
        where starts_with(
            concat_ws('.', cell ->> 'store', cell ->> 'table', cell ->> 'column') || '.', place || '.'
        )
    )
)
select classes, coalesce(risk, ''), writes > 0 and is_known as has_plan, case
    when account_id in (select account_id from live) then 'under_repair'
    when account_id in (select account_id from read_only) then 'read_only'
    when account_id in (select account_id from tried) then 'tried'
    when account_id in (select account_id from relapsed) then 'relapsed'
    when risk = %(severe)s and evaluated_at - changed_at < %(confirmed_after)s then 'unconfirmed'
    else 'ready' end as fate, count(*)
from account_state where drifted_cells > 0
group by 1, 2, 3, 4
"""
SEVERE: Final = """
select count(*) from (
    select account_id from account_state where risk = %(severe)s and writes > 0 and changed_at > %(since)s
    union
    select account_id from apply where approved_by = %(auto)s and risk = %(severe)s and created_at > %(since)s
) as each
"""


class Fate(StrEnum):
    """What becomes of a plan when its classes are in auto."""

    READY = "ready"
    STOPPED = "stopped"  # severe, and the breaker is open
    UNCONFIRMED = "unconfirmed"  # severe, and found only once
    RELAPSED = "relapsed"
    READ_ONLY = "read_only"  # nothing can be written there
    TRIED = "tried"  # within the hour, in vain
    UNDER_REPAIR = "under_repair"
    OTHER_CLASS = "other_class"  # is not in auto, and a plan is written as a whole


@dataclass(frozen=True, slots=True)
class ClassPolicy:
    """One class: its mode (`set_by` empty where nobody set it), the accounts with it, their plans by risk, and the fate
    of those plans were it in auto and the other classes as they are."""

    name: str
    mode: str
    set_by: str
    reason: str
    set_at: datetime | None
    accounts: int
    lenient: int
    severe: int
    fates: Mapping[Fate, int]


@dataclass(frozen=True, slots=True)
class Breaker:
    """Whether automatic severe repairs are stopped for everyone. `severe` accounts came to a severe plan within the
    hour, and `most` may; `would_trip`: with anything in auto, it opens at the next round."""

    is_open: bool
    set_by: str
    reason: str
    set_at: datetime | None
    severe: int
    most: int
    accounts: int

    @property
    def would_trip(self) -> bool:
        return not self.is_open and is_too_many(self.severe, self.accounts)


@dataclass(frozen=True, slots=True)
class Automation:
    classes: tuple[ClassPolicy, ...]
    breaker: Breaker


@dataclass(frozen=True, slots=True)
class _Group:
    """Accounts alike in all that decides."""

    classes: frozenset[str]
    risk: str
    has_plan: bool
    fate: Fate
    number: int


def automation(*, now: datetime) -> Automation:
    breaker = _breaker(now)
    modes = {row.name: row for row in ClassMode.objects.all()}
    automatic = {name for name, row in modes.items() if row.mode == Mode.AUTO}
    groups = _groups(now)
    stops = breaker.is_open or breaker.would_trip
    classes = [_class(name, modes.get(name), groups, automatic, stops) for name in (*DriftClass, VALUES)]
    return Automation(tuple(classes), breaker)


def _groups(now: datetime) -> list[_Group]:
    params: dict[str, Any] = {
        "live": list(LIVE_STATES),
        "auto": AUTO,
        "tried_since": now - SAME_PLAN_AGAIN_AFTER,
        "severe": Risk.SEVERE,
        "confirmed_after": CONFIRMED_AFTER,
    }
    with connection.cursor() as cursor:
        cursor.execute(STANDING, params)
        return [
            _Group(frozenset(classes or [VALUES]), risk, has_plan, Fate(fate), number)
            for classes, risk, has_plan, fate, number in cursor.fetchall()
        ]


def _class(name: str, row: ClassMode | None, groups: Sequence[_Group], automatic: set[str], stops: bool) -> ClassPolicy:
    own = [group for group in groups if name in group.classes]
    planned = [group for group in own if group.has_plan]
    fates: Counter[Fate] = Counter()
    for group in planned:
        fates[_fate(group, automatic | {name}, stops)] += group.number
    return ClassPolicy(
        name=name,
        mode=row.mode if row else Mode.APPROVE,
        set_by=row.set_by if row else "",
        reason=row.reason if row else "",
        set_at=row.set_at if row else None,
        accounts=sum(group.number for group in own),
        lenient=sum(group.number for group in planned if group.risk == Risk.LENIENT),
        severe=sum(group.number for group in planned if group.risk == Risk.SEVERE),
        fates=dict(fates),
    )


def _fate(group: _Group, automatic: set[str], stops: bool) -> Fate:
    if not group.classes <= automatic:
        return Fate.OTHER_CLASS
    if group.fate is Fate.READY and group.risk == Risk.SEVERE and stops:
        return Fate.STOPPED
    return group.fate


def _breaker(now: datetime) -> Breaker:
    row = Switch.objects.filter(name=Switch.AUTOMATIC_SEVERE_STOPPED).first()
    accounts = AccountState.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(SEVERE, {"severe": Risk.SEVERE, "auto": AUTO, "since": now - SEVERE_WITHIN})
        (severe,) = cursor.fetchone()
    return Breaker(
        is_open=row is not None and row.is_on,
        set_by=row.set_by if row else "",
        reason=row.reason if row else "",
        set_at=row.set_at if row else None,
        severe=severe,
        most=most_severe(accounts),
        accounts=accounts,
    )

"""What was seen of each class of drift in the last days, and what it may be trusted with by that."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Q

from recon.engine.drift import DriftClass
from recon.engine.measures import COLUMNS, Measure
from recon.engine.rollout import LOOKS_BACK_DAYS, Advice, Evidence, advise
from recon.engine.shadow import Shadow, classes_of
from recon.models import AccountState, ApplyState, ChangeKind, ClassMode, DriftChange, Mode, Relapse, Switch
from recon.queries.modes import VALUES
from recon.queries.shadow import ClassShadow, Tally, shadow

# A repair counts in each class of its cells, once; its cells in each of theirs.
REPAIRS: Final = """
with of_class (class, name) as (select * from unnest(%(classes)s::text[], %(columns)s::text[])),
ended as (
    select apply.id, apply.code, apply.refused, apply.state = any(%(done)s) as is_done,
        coalesce(of_class.class, %(values)s) as class, count(*) as cells
    from apply cross join lateral jsonb_array_elements(apply.writes) as cell
    left join of_class on of_class.name = cell ->> 'column'
    where apply.created_at > %(since)s and apply.undoes_id is null and apply.state = any(%(states)s)
    group by 1, 2, 3, 4, 5
)
select class, count(*) filter (where is_done), count(*) filter (where code = 'stale'),
    count(*) filter (where not is_done and not refused), coalesce(sum(cells) filter (where is_done), 0)
from ended group by 1
"""
DONE: Final = (ApplyState.DONE, ApplyState.EXCEPTION)
BEGAN: Final = (ChangeKind.NEW, ChangeKind.CAME_BACK)


@dataclass(frozen=True, slots=True)
class Repairs:
    """Of one class, by their end: `refused` because the world had moved; `written` are cells."""

    applied: int = 0
    refused: int = 0
    failed: int = 0
    written: int = 0


@dataclass(frozen=True, slots=True)
class OfAll:
    """What is the same for all classes: whole days compared, accounts, and whether the breaker is open."""

    days: int
    accounts: int
    unknown: int
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class ClassRollout:
    """One class: accounts with it now, and those that came to it in the days looked back, what others write, what was
    seen, and the advice."""

    name: str
    set_at: datetime | None
    accounts: int
    began: int
    shadow: ClassShadow
    evidence: Evidence
    advice: Advice


@dataclass(frozen=True, slots=True)
class Rollout:
    """`since` when outcomes are compared; None: not yet."""

    since: datetime | None
    days: int
    classes: tuple[ClassRollout, ...]


def rollout(*, now: datetime) -> Rollout:
    since = now - timedelta(days=LOOKS_BACK_DAYS)
    seen, modes = shadow(days=LOOKS_BACK_DAYS, now=now), {row.name: row for row in ClassMode.objects.all()}
    of_all, repairs, relapses = _of_all(seen.since, now), _repairs(since), _relapses(since)
    accounts, began = _accounts(), _began(since)
    classes = []
    for one in seen.classes:
        mode, of = modes.get(one.name), repairs.get(one.name, Repairs())
        evidence = _evidence(one.total, mode, of, relapses[one.name], of_all, now)
        set_at = mode.set_at if mode else None
        advice = advise(evidence)
        classes.append(ClassRollout(one.name, set_at, accounts[one.name], began[one.name], one, evidence, advice))
    return Rollout(seen.since, LOOKS_BACK_DAYS, tuple(classes))


def _of_all(compared_since: datetime | None, now: datetime) -> OfAll:
    unknown = Count("account_id", filter=Q(is_known=False))
    counted = AccountState.objects.aggregate(accounts=Count("account_id"), unknown=unknown)
    is_stopped = Switch.objects.filter(name=Switch.AUTOMATIC_SEVERE_STOPPED, is_on=True).exists()
    return OfAll((now - compared_since).days if compared_since else 0, is_stopped=is_stopped, **counted)


def _evidence(
    seen: Tally, mode: ClassMode | None, repairs: Repairs, relapsed: int, of_all: OfAll, now: datetime
) -> Evidence:
    """A class whose mode nobody set has been in approve for as long as it was compared."""
    return Evidence(
        mode=mode.mode if mode else Mode.APPROVE.value,
        days_in_mode=(now - mode.set_at).days if mode else of_all.days,
        days_compared=of_all.days,
        writes=seen.writes,
        agreed=seen[Shadow.AGREED],
        settled=seen.settled,
        right=seen.right,
        applied=repairs.applied,
        refused=repairs.refused,
        failed=repairs.failed,
        written=repairs.written,
        relapsed=relapsed,
        unknown=of_all.unknown,
        accounts=of_all.accounts,
        is_stopped=of_all.is_stopped,
    )


def _repairs(since: datetime) -> Mapping[str, Repairs]:
    of_class = [(one.value, column) for one in DriftClass for column in sorted(COLUMNS[Measure(one.value)])]
    classes, columns = zip(*of_class, strict=True)
    given: dict[str, Any] = {
        "classes": list(classes),
        "columns": list(columns),
        "values": VALUES,
        "since": since,
        "states": [*DONE, ApplyState.ABORTED],
        "done": list(DONE),
    }
    with connection.cursor() as cursor:
        cursor.execute(REPAIRS, given)
        return {name: Repairs(*map(int, numbers)) for name, *numbers in cursor.fetchall()}


def _relapses(since: datetime) -> Counter[str]:
    by_place = Relapse.objects.filter(at__gt=since).values_list("place").annotate(cells=Count("id"))
    counted: Counter[str] = Counter()
    for place, cells in by_place.order_by():
        for name in classes_of(place) or (VALUES,):
            counted[name] += cells
    return counted


def _accounts() -> Counter[str]:
    groups = (
        AccountState.objects.filter(drifted_cells__gt=0).values_list("classes").annotate(number=Count("account_id"))
    )
    counted: Counter[str] = Counter()
    for classes, number in groups.order_by():
        for name in classes or [VALUES]:
            counted[name] += number
    return counted


def _began(since: datetime) -> Counter[str]:
    names = [one.value for one in DriftClass]
    rows = DriftChange.objects.filter(measure__in=names, at__gt=since, kind__in=BEGAN).values_list("measure")
    return Counter(dict(rows.annotate(number=Count("id")).order_by()))

"""Keep the drift's course: which accounts began or ceased to count under a measure, how, and which drift alike.

Runs inside the transaction that keeps the evaluations. Accounts whose measures did not change cost nothing; the others
at most five queries together, however many they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Max, QuerySet

from recon.engine.likeness import Likeness
from recon.engine.measures import COLUMNS, Measure, measures_of
from recon.models import AccountState, Apply, ApplyState, ChangeKind, Cluster, DriftChange

BEGINNINGS = (ChangeKind.NEW, ChangeKind.CAME_BACK, ChangeKind.UNDONE)
HEALINGS = (ChangeKind.HEALED_BY_US, ChangeKind.HEALED_BY_ITSELF)
CARRIED_OUT = (ApplyState.COMMITTING, ApplyState.DONE)
COUNTED = "select pg_advisory_xact_lock_shared(hashtextextended('the drift is counted', 0))"


@dataclass(frozen=True, slots=True)
class Change:
    """One account that began (`begins`) or ceased to count under a measure, at the evaluation's clock."""

    account_id: str
    measure: Measure
    at: datetime
    begins: bool


@dataclass(frozen=True, slots=True)
class Repair:
    """An apply that was carried out, and the columns that it wrote."""

    id: UUID
    decided_at: datetime
    columns: frozenset[str]


def keep_course(
    states: Sequence[AccountState], before: Mapping[str, AccountState], likenesses: Mapping[str, Likeness]
) -> None:
    """`before` are the states that these replace, `likenesses` those of the drifted accounts among them."""
    changes = [change for state in states for change in _changes(before.get(state.account_id), state)]
    if changes:
        with connection.cursor() as cursor:
            cursor.execute(COUNTED)
        _keep_begun([one for one in changes if one.begins], before)
        _keep_healed([one for one in changes if not one.begins], before)
    _keep_clusters(states, before, likenesses)


def measures(state: AccountState | None) -> frozenset[Measure]:
    """Under which measures the account counts, as last known."""
    if state is None:
        return frozenset()
    return measures_of(state.classes, state.details, is_contradictory=state.has_inconsistent_flags)


def _changes(before: AccountState | None, after: AccountState) -> Iterable[Change]:
    """In the order of the measures, so that equal evaluations give equal rows."""
    old, new = measures(before), measures(after)
    for measure in Measure:
        if (measure in old) != (measure in new):
            yield Change(after.account_id, measure, after.evaluated_at, measure in new)


def _keep_begun(begun: list[Change], before: Mapping[str, AccountState]) -> None:
    """An account that was never evaluated before cannot have come back."""
    known = [one for one in begun if one.account_id in before]
    healed, undos = _healed_before(known), _undos(known)
    rows = []
    for one in begun:
        undo, healed_at = undos.get(one.account_id), healed.get((one.account_id, one.measure))
        if undo is not None and _is_by(undo, one, healed_at):
            rows.append(_row(one, ChangeKind.UNDONE, undo))
        else:
            rows.append(_row(one, ChangeKind.NEW if healed_at is None else ChangeKind.CAME_BACK))
    DriftChange.objects.bulk_create(rows)


def _is_by(undo: Repair, one: Change, healed_at: datetime | None) -> bool:
    """What was right again after the undo drifts by something else."""
    is_later = healed_at is None or undo.decided_at >= healed_at
    return is_later and not undo.columns.isdisjoint(COLUMNS[one.measure])


def _healed_before(changes: list[Change]) -> dict[tuple[str, str], datetime]:
    return _latest_of(changes, HEALINGS) if changes else {}


def _undos(changes: list[Change]) -> dict[str, Repair]:
    """Account → the undo that is the last thing we did there."""
    if not changes:
        return {}
    wrote = Apply.objects.filter(
        account_id__in={one.account_id for one in changes}, state__in=CARRIED_OUT, decided_at__isnull=False
    )
    latest = wrote.order_by("account_id", "-decided_at").distinct("account_id")
    return {one.account_id: _repair(one) for one in latest if one.undoes_id is not None}


def _keep_healed(healed: list[Change], before: Mapping[str, AccountState]) -> None:
    if not healed:
        return
    since = _latest_of(healed, BEGINNINGS)
    repairs = _repairs(healed, before)
    rows = []
    for one in healed:
        began = since.get((one.account_id, one.measure)) or before[one.account_id].drift_since
        repair = _healer(one, began, repairs.get(one.account_id, ()))
        rows.append(_row(one, ChangeKind.HEALED_BY_US if repair else ChangeKind.HEALED_BY_ITSELF, repair))
    DriftChange.objects.bulk_create(rows)


def _latest_of(changes: list[Change], kinds: Sequence[ChangeKind]) -> dict[tuple[str, str], datetime]:
    """(account, measure) → when it last changed so."""
    rows = _rows_of(changes).filter(kind__in=kinds).values_list("account_id", "measure").annotate(Max("at"))
    return {(account_id, measure): at for account_id, measure, at in rows}


def _repairs(changes: list[Change], before: Mapping[str, AccountState]) -> dict[str, list[Repair]]:
    """Account → what was carried out for it. From the decision on, the stores hold what was written."""
    accounts = {one.account_id for one in changes}
    earliest = min((at for one in accounts if (at := before[one].drift_since)), default=None)
    found: dict[str, list[Repair]] = {}
    applies = Apply.objects.filter(account_id__in=accounts, state__in=CARRIED_OUT)
    if earliest is not None:
        applies = applies.filter(decided_at__gte=earliest)
    for apply in applies.only("id", "account_id", "decided_at", "writes").order_by("decided_at"):
        if apply.decided_at is not None:
            found.setdefault(apply.account_id, []).append(_repair(apply))
    return found


def _repair(apply: Apply) -> Repair:
    columns = frozenset(write["column"] for write in apply.writes)
    return Repair(apply.id, apply.decided_at or apply.created_at, columns)


def _healer(one: Change, began: datetime | None, repairs: Sequence[Repair]) -> Repair | None:
    """The last repair since the drift began that wrote a column which the measure counts by."""
    touching = [
        repair
        for repair in repairs
        if (began is None or repair.decided_at >= began) and not repair.columns.isdisjoint(COLUMNS[one.measure])
    ]
    return touching[-1] if touching else None


def _rows_of(changes: list[Change]) -> QuerySet[DriftChange]:
    accounts = {one.account_id for one in changes}
    return DriftChange.objects.filter(account_id__in=accounts, measure__in={one.measure for one in changes})


def _row(one: Change, kind: ChangeKind, repair: Repair | None = None) -> DriftChange:
    return DriftChange(
        at=one.at,
        account_id=one.account_id,
        measure=one.measure.value,
        kind=kind,
        apply_id=repair.id if repair else None,
    )


def _keep_clusters(
    states: Sequence[AccountState], before: Mapping[str, AccountState], likenesses: Mapping[str, Likeness]
) -> None:
    """A row for each cluster that an account came into; one that is there already stays as it is."""
    joined = {
        state.cluster: Cluster(
            key=state.cluster,
            pattern=list(likenesses[state.account_id].pattern),
            cause=likenesses[state.account_id].missed.value,
            first_seen_at=state.evaluated_at,
        )
        for state in states
        if state.account_id in likenesses
        and (state.account_id not in before or before[state.account_id].cluster != state.cluster)
    }
    if joined:
        Cluster.objects.bulk_create((joined[key] for key in sorted(joined)), ignore_conflicts=True)

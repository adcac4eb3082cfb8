"""Keep what the engine made of some accounts: snapshots, evaluations, latest states, course and events, all at once.

An evaluation row is added when the answer differs from the account's latest; the state row is always the latest. An
evaluation that was overtaken (a newer one is kept already) changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.db.models import JSONField

from recon.actions.close_decisions import close_decisions
from recon.actions.events_of_change import events_of_change
from recon.actions.keep_course import keep_course
from recon.actions.keep_handles import keep_handles
from recon.actions.keep_relapses import keep_relapses
from recon.actions.keep_snapshots import canonical_json, keep_snapshots, storable_json
from recon.actions.policy_turn import mark_outdated, share_policy_turn
from recon.actions.standing import standing_after
from recon.apply.tell import tell
from recon.engine.facts import Reading, StoreName
from recon.engine.likeness import Likeness
from recon.engine.policy_inputs import ANY
from recon.engine.ranks import harm_rank
from recon.models import AccountState, Evaluation, Trigger

LOCK_NEW = "select pg_advisory_xact_lock(hashtextextended('account ' || id, 0)) from unnest(%s::text[]) as id"
NEXT_IDS = "select nextval(pg_get_serial_sequence('evaluation', 'id')) from generate_series(1, %s)"
EVALUATION_COLUMNS = [field.attname for field in Evaluation._meta.concrete_fields if not field.primary_key]
JSON_COLUMNS = {field.column for field in Evaluation._meta.concrete_fields if isinstance(field, JSONField)}
DRIFT_COLUMNS = (
    "classes",
    "details",
    "drifted_cells",
    "is_stuck_in_bad_debt",
    "has_inconsistent_flags",
    "is_flagged_but_paid",
    "cluster",
    "harm_rank",
)
STATE_COLUMNS = [field.name for field in AccountState._meta.concrete_fields if not field.primary_key]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One account's answer (the JSON of the rules' document) at the clock `at`, and the readings that it came from.

    `likeness` says with whom it drifts alike, where it drifts; `owed_rank` where it stands among those that owe.
    `policy_version` is whose numbers the rules were given (None: numbers that never governed), `policy_inputs` which of
    them its truth depends on. `fingerprint` is of the rows; while it stays, so does the answer by the rules `steady_by`
    until `steady_until`, for ever where that is None, and never where `steady_by` is.
    """

    account_id: str
    at: datetime
    answer: Mapping[str, Any]
    readings: tuple[Reading, ...]
    policy_hash: str
    likeness: Likeness | None = None
    owed_rank: int = 0
    policy_version: int | None = None
    policy_inputs: frozenset[str] = frozenset({ANY})
    fingerprint: int | None = None
    steady_by: int | None = None
    steady_until: datetime | None = None

    @property
    def seen_at(self) -> datetime:
        """As of when it is: no reading of a database is older, though one may be of a replica that lags."""
        databases = (one.as_of for one in self.readings if one.ok and one.store is not StoreName.STRIPE)
        return min([self.at, *filter(None, databases)])


def keep_evaluations(evaluated: Iterable[Evaluated], *, trigger: Trigger, actor: str) -> list[AccountState]:
    """The latest state of each account that was not overtaken, in the order of their ids."""
    rows = sorted(evaluated, key=lambda one: one.account_id)
    with transaction.atomic():
        share_policy_turn()
        mark_outdated({one.account_id: (one.policy_version, one.at) for one in rows})
        before = _locked([one.account_id for one in rows])
        rows = [one for one in rows if not _is_overtaken(one, before.get(one.account_id))]
        kept = keep_snapshots((one.account_id, reading) for one in rows for reading in one.readings)
        keep_handles({one.account_id: one.readings for one in rows}, kept)
        evaluations = _evaluations(rows, before, trigger, actor)
        states = [_state(one, evaluations[one.account_id], before.get(one.account_id)) for one in rows]
        AccountState.objects.bulk_create(
            states, update_conflicts=True, unique_fields=["account_id"], update_fields=STATE_COLUMNS
        )
        keep_course(states, before, {one.account_id: one.likeness for one in rows if one.likeness is not None})
        keep_relapses(state.evaluation for state in states if _is_new(state, before.get(state.account_id)))
        _emit(states, before, trigger)
    return states


def reads_of(readings: Sequence[Reading]) -> dict[str, dict[str, Any]]:
    """Store → {ok, as_of, reason}: how each store was read."""
    return {
        reading.store.value: {
            "ok": reading.ok,
            "as_of": reading.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z") if reading.as_of else None,
            "reason": reading.reason,
        }
        for reading in readings
    }


def _locked(account_ids: list[str]) -> dict[str, AccountState]:
    """The states as they are, locked until the transaction ends; of accounts without one, the right to make it."""
    known = _lock_states(account_ids)
    missing = [account_id for account_id in account_ids if account_id not in known]
    if missing:
        with connection.cursor() as cursor:
            cursor.execute(LOCK_NEW, [missing])
        known |= _lock_states(missing)
    return known


def _lock_states(account_ids: list[str]) -> dict[str, AccountState]:
    """With their evaluations' hashes alone: the JSON of some hundred evaluations is not needed to compare them."""
    states = AccountState.objects.filter(account_id__in=account_ids).order_by("account_id")
    states = states.select_for_update(of=("self",)).select_related("evaluation")
    unread = [f"evaluation__{name}" for name in EVALUATION_COLUMNS if name != "content_hash"]
    return {state.account_id: state for state in states.defer("reads", *unread)}


def _is_overtaken(one: Evaluated, before: AccountState | None) -> bool:
    return before is not None and before.evaluated_at > one.seen_at


def _evaluations(
    rows: list[Evaluated], before: Mapping[str, AccountState], trigger: Trigger, actor: str
) -> dict[str, Evaluation]:
    """Each account's evaluation: the one it has, where the answer is the same; else a new one, added here."""
    evaluations, new = {}, []
    for one in rows:
        evaluation = _evaluation(one, trigger, actor)
        known = before.get(one.account_id)
        if known is not None and known.evaluation.content_hash == evaluation.content_hash:
            evaluation.id = known.evaluation_id
        else:
            new.append(evaluation)
        evaluations[one.account_id] = evaluation
    _add(new)
    return evaluations


def _is_new(state: AccountState, before: AccountState | None) -> bool:
    return before is None or before.evaluation_id != state.evaluation_id


def _add(evaluations: list[Evaluation]) -> None:
    """By COPY, under ids taken from the table's own sequence."""
    if not evaluations:
        return
    with connection.cursor() as cursor:
        cursor.execute(NEXT_IDS, [len(evaluations)])
        for evaluation, (number,) in zip(evaluations, cursor.fetchall(), strict=True):
            evaluation.id = number
        with cursor.copy(f"copy evaluation (id, {', '.join(EVALUATION_COLUMNS)}) from stdin") as copy:
            for evaluation in evaluations:
                copy.write_row((evaluation.id, *(_copied(evaluation, name) for name in EVALUATION_COLUMNS)))


def _copied(evaluation: Evaluation, name: str) -> Any:
    value = getattr(evaluation, name)
    return storable_json(value) if name in JSON_COLUMNS and value is not None else value


def _evaluation(one: Evaluated, trigger: Trigger, actor: str) -> Evaluation:
    answer = one.answer
    drift, plan, truth = answer["drift"], answer["plan"], answer["truth"]
    return Evaluation(
        account_id=one.account_id,
        at=one.at,
        trigger=trigger,
        actor=actor,
        policy_hash=one.policy_hash,
        policy_version=one.policy_version,
        content_hash=sha256(canonical_json(answer).encode()).hexdigest(),
        is_known=is_known(answer),
        reasons=answer["reasons"],
        state=truth["state"] if truth else None,
        truth=truth,
        because=answer["because"],
        classes=drift["classes"],
        details=drift["details"],
        cells=drift["cells"],
        digest=plan["digest"],
        risk=plan["risk"],
        writes=plan["writes"],
        proposals=plan["proposals"],
        findings=answer["findings"],
        next_evaluation_at=moment(answer["next_evaluation_at"]),
        reads=reads_of(one.readings),
    )


def _state(one: Evaluated, evaluation: Evaluation, before: AccountState | None) -> AccountState:
    truth = evaluation.truth
    findings = sorted({finding["class"] for finding in evaluation.findings})
    return AccountState(
        account_id=one.account_id,
        evaluation=evaluation,
        evaluated_at=one.seen_at,
        changed_at=before.changed_at if before and before.evaluation_id == evaluation.id else one.seen_at,
        drift_since=_drift_since(one, evaluation, before),
        is_known=evaluation.is_known,
        state=evaluation.state,
        findings=findings,
        writes=len(evaluation.writes),
        risk=evaluation.risk,
        standing=_standing(one, evaluation, findings, before),
        owed={currency: sums["collectible_minor"] for currency, sums in truth["balances"].items()} if truth else {},
        oldest_due_at=moment(truth["oldest_due_at"]) if truth else None,
        next_evaluation_at=evaluation.next_evaluation_at,
        reads=reads_of(one.readings),
        owed_rank=one.owed_rank,
        policy_version=one.policy_version,
        policy_inputs=sorted(one.policy_inputs),
        fingerprint=one.fingerprint,
        steady_by=one.steady_by,
        fingerprint_until=None if one.steady_by is None else one.steady_until,
        **_drift(one, evaluation, before),
    )


def _drift(one: Evaluated, evaluation: Evaluation, before: AccountState | None) -> dict[str, Any]:
    """A verdict unknown says nothing of the drift: the account goes on counting where it was last known to."""
    if not evaluation.is_known and before is not None:
        return {name: getattr(before, name) for name in DRIFT_COLUMNS}
    classes, details = evaluation.classes, evaluation.details
    return {
        "classes": classes,
        "details": details,
        "drifted_cells": len(evaluation.cells),
        "is_stuck_in_bad_debt": "stuck" in details,
        "has_inconsistent_flags": "inconsistent_debt_flags" in classes and "wrong" not in details,
        "is_flagged_but_paid": "flagged_but_paid" in details,
        "cluster": one.likeness.key if one.likeness else "",
        "harm_rank": harm_rank(details, drifted_cells=len(evaluation.cells)),
    }


def _standing(
    one: Evaluated, evaluation: Evaluation, findings: list[str], before: AccountState | None
) -> dict[str, Any]:
    """A verdict unknown says nothing of the other findings: they go on standing."""
    standing = before.standing if before else {}
    found = set(findings) if evaluation.is_known else {*findings, *standing}
    return standing_after(standing, sorted(found), one.at)


def _drift_since(one: Evaluated, evaluation: Evaluation, before: AccountState | None) -> datetime | None:
    """A verdict unknown is not the end of a drift: it says nothing about the cells."""
    since = before.drift_since if before else None
    if not evaluation.is_known:
        return since
    return (since or one.at) if evaluation.cells else None


def _emit(states: list[AccountState], before: Mapping[str, AccountState], trigger: Trigger) -> None:
    changes = [event for state in states for event in events_of_change(before.get(state.account_id), state)]
    changes += close_decisions(states)
    tell(replace(event, cause=trigger.value) for event in changes)


def is_known(answer: Mapping[str, Any]) -> bool:
    return bool(answer["verdict"] == "known")


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

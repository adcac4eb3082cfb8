"""One account as the inspector shows it: the latest outcome, and beside it what every store said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce, JSONObject

from recon.engine.facts import StoreName
from recon.models import AccountState, Apply, CaseDecision, Evaluation, Recompute, Relapse
from recon.queries.cases import Decision, decision_of
from recon.queries.looks import Look, latest_look
from recon.queries.snapshots import Rows, StoreSaid, latest

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoreView:
    """How one store was read for the evaluation (`ok`, else `reason`), and what it last said: `tables` name → rows, as
    in a case's JSON. It is known to have said so from `since` to `as_of`; None where it never said anything."""

    ok: bool
    reason: str
    since: datetime | None
    as_of: datetime | None
    tables: Mapping[str, Rows]

    def rows(self, table: str) -> Rows:
        return self.tables.get(table, ())


@dataclass(frozen=True, slots=True)
class AccountView:
    """The latest evaluation (`truth`, `because`, `cells`, `writes`, … as in the answer's JSON; `truth` None when the
    verdict is unknown), and each of the six stores by name. `causes` ({kind, ref, at}, and how many more) are what had
    asked for it; none where a sweep came by. `relapses` are cells that somebody changed back after a repair, and that
    nobody has released: {place, key, wrote, found, other, at}. `decisions` are what people decided, the latest first,
    those that stand before the others. `has_undos`: somebody once undid a repair of it."""

    account_id: str
    evaluation_id: int
    evaluated_at: datetime
    changed_at: datetime
    drift_since: datetime | None
    trigger: str
    actor: str
    is_known: bool
    reasons: Sequence[str]
    truth: Json | None
    because: Mapping[str, Json]
    classes: Sequence[str]
    details: Sequence[str]
    cells: Sequence[Json]
    digest: str
    risk: str | None
    writes: Sequence[Json]
    proposals: Sequence[Json]
    findings: Sequence[Json]
    next_evaluation_at: datetime | None
    policy_version: int | None
    causes: Sequence[Json]
    more_causes: int
    relapses: Sequence[Json]
    decisions: Sequence[Decision]
    has_undos: bool
    stores: Mapping[str, StoreView]


@dataclass(frozen=True, slots=True)
class PastEvaluation:
    """One line of an account's course: an outcome, and when it began to hold."""

    evaluation_id: int
    at: datetime
    trigger: str
    actor: str
    is_known: bool
    state: str | None
    classes: Sequence[str]
    drifted_cells: int
    risk: str | None


# Of the latest evaluation alone: one by a sweep was asked for by nobody.
_ASKED = Subquery(
    Recompute.objects.filter(account_id=OuterRef("account_id"), at=OuterRef("evaluated_at"))
    .order_by("-id")
    .values(told=JSONObject(causes="causes", more="more_causes"))[:1]
)
_RELAPSES = ArraySubquery(
    Relapse.objects.filter(account_id=OuterRef("account_id"), released_at__isnull=True)
    .order_by("place", "key", "id")
    .values(told=JSONObject(place="place", key="key", wrote="wrote", found="found", other="other", at="at"))
)

MOST_DECISIONS = 30
_DECISIONS = ArraySubquery(
    CaseDecision.objects.filter(account_id=OuterRef("account_id"))
    .order_by(Coalesce("ended_at", "closed_at").desc(nulls_first=True), "-id")
    .values(told=JSONObject(**{field.attname: field.attname for field in CaseDecision._meta.concrete_fields}))[
        :MOST_DECISIONS
    ]
)
_UNDOS = Exists(Apply.objects.filter(account_id=OuterRef("account_id"), undoes__isnull=False))


def account_view(account_id: str) -> AccountView | None:
    """None when the account was never evaluated."""
    states = AccountState.objects.select_related("evaluation").annotate(
        asked=_ASKED, relapses=_RELAPSES, decisions=_DECISIONS, has_undos=_UNDOS
    )
    state = states.filter(account_id=account_id).first()
    if state is None:
        return None
    decisions = tuple(map(decision_of, state.decisions))
    return _view(
        state, asked=state.asked or {}, relapses=state.relapses, decisions=decisions, has_undos=state.has_undos
    )


def evaluations(account_id: str, *, limit: int = 100) -> list[PastEvaluation]:
    """The account's outcomes, newest first."""
    rows = Evaluation.objects.filter(account_id=account_id).order_by("-at", "-id")[:limit]
    return [
        PastEvaluation(
            evaluation_id=row.id,
            at=row.at,
            trigger=row.trigger,
            actor=row.actor,
            is_known=row.is_known,
            state=row.state,
            classes=row.classes,
            drifted_cells=len(row.cells),
            risk=row.risk,
        )
        for row in rows
    ]


def _view(
    state: AccountState, *, asked: Json, relapses: Sequence[Json], decisions: Sequence[Decision], has_undos: bool
) -> AccountView:
    evaluation, look = state.evaluation, latest_look(state)
    return AccountView(
        account_id=state.account_id,
        evaluation_id=evaluation.id,
        evaluated_at=look.at,
        changed_at=state.changed_at,
        drift_since=state.drift_since,
        trigger=evaluation.trigger,
        actor=evaluation.actor,
        is_known=evaluation.is_known,
        reasons=evaluation.reasons,
        truth=evaluation.truth,
        because=evaluation.because,
        classes=evaluation.classes,
        details=evaluation.details,
        cells=evaluation.cells,
        digest=evaluation.digest,
        risk=evaluation.risk,
        writes=evaluation.writes,
        proposals=evaluation.proposals,
        findings=evaluation.findings,
        next_evaluation_at=evaluation.next_evaluation_at,
        policy_version=state.policy_version,
        causes=asked.get("causes", ()),
        more_causes=asked.get("more", 0),
        relapses=relapses,
        decisions=decisions,
        has_undos=has_undos,
        stores=_stores(state.account_id, look),
    )


def _stores(account_id: str, look: Look) -> dict[str, StoreView]:
    said = latest(account_id)
    return {store.value: _store(look, look.reads.get(store), said.get(store)) for store in StoreName}


def _store(look: Look, read: Json | None, said: StoreSaid | None) -> StoreView:
    """A store that could not be read stands with what it said before."""
    ok = bool(read and read["ok"])
    last = said.last_read_at if said else None
    if ok and read:
        last = datetime.fromisoformat(read["as_of"]) if read["as_of"] else look.at
    return StoreView(
        ok=ok,
        reason="" if ok else (read or {}).get("reason") or "This store was not read.",
        since=said.read_at if said else None,
        as_of=last,
        tables=said.tables if said else {},
    )

"""The undo of a repair: what may be put back of it, out of what the stores say and what was written since."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from recon.engine.case import CaseError, facts_from_readings
from recon.engine.facts import Facts, Reading, StoreName
from recon.engine.inverse import Inverse, Written, cell_of, empty_inverse, inverse_of
from recon.engine.rules.identity import family_of, identify
from recon.models import Apply, ApplyState
from recon.models.repairs import IN_EFFECT
from recon.queries.account import AccountView, account_view

WROTE: Final = (ApplyState.COMMITTING, ApplyState.DONE, ApplyState.EXCEPTION)
SOMEBODY_ELSE: Final = -1
"""Stands for the version of a row that somebody else has written between two repairs: no row has it."""
Place = tuple[str, str, tuple[str, ...]]  # store, table, key


class NoUndo(StrEnum):
    """Why a repair has no inverse to approve."""

    NOT_APPLIED = "not_applied"
    IS_AN_UNDO = "is_an_undo"
    IRREVERSIBLE = "irreversible"  # it wrote no cell: all it did was at Stripe, and cannot be taken back
    UNDONE = "undone"
    NOT_READ_BACK = "not_read_back"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"
    NOTHING = "nothing"  # no cell holds what it wrote


@dataclass(frozen=True, slots=True)
class OtherApply:
    """A repair that this one is linked with: its undo, or what it undoes."""

    id: UUID
    state: str
    approved_by: str
    reason: str
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Undo:
    """How a repair stands to its undo. `undoes` is what it takes back itself, `undone_by` its undo in effect.
    `inverse` is of what the stores last said, None where they were not understood, or where nobody asks for one;
    `reasons` say why a verdict is unknown."""

    apply_id: UUID
    account_id: str
    proposal: str
    undoes: OtherApply | None
    undone_by: OtherApply | None
    inverse: Inverse | None
    why_none: NoUndo | None
    reasons: tuple[str, ...] = ()


def undo_of(apply_id: UUID, view: AccountView | None = None) -> Undo | None:
    """None where there is no such repair. `view` is its account's latest evaluation, asked for where it is needed."""
    apply = Apply.objects.select_related("undoes").filter(id=apply_id).first()
    if apply is None:
        return None
    undone_by = apply.undos.filter(state__in=IN_EFFECT).first()
    why = _why_none(apply, undone_by)
    inverse: Inverse | None = None
    reasons: tuple[str, ...] = ()
    if why is None:
        inverse, why, reasons = _inverse_by(apply, view or account_view(apply.account_id))
    return Undo(
        apply_id=apply.id,
        account_id=apply.account_id,
        proposal=apply.proposal,
        undoes=_other(apply.undoes),
        undone_by=_other(undone_by),
        inverse=inverse,
        why_none=why,
        reasons=reasons,
    )


def inverse_now(apply_id: UUID, account_id: str, facts: Facts) -> Inverse:
    """The inverse of a repair of this account, by what the stores hold; empty where it cannot be undone."""
    apply = Apply.objects.filter(id=apply_id, account_id=account_id).first()
    if apply is None or _why_none(apply, None) is not None:
        return empty_inverse(str(apply_id), account_id)
    return _inverse(apply, facts)


def written_by(apply: Apply) -> list[Written]:
    """What it wrote, cell by cell, and whether a later repair of ours wrote it again."""
    decided_at = apply.decided_at or apply.created_at
    later = Apply.objects.filter(account_id=apply.account_id, state__in=WROTE, decided_at__gt=decided_at)
    since = list(later.prefetch_related("branches").order_by("decided_at"))
    versions = _versions([apply, *since])
    overwritten = {_cell_place(cell) for one in since for cell in one.writes}
    return [
        Written(cell_of(cell, versions.get(_row_place(cell["store"], cell))), _cell_place(cell) in overwritten)
        for cell in apply.writes
    ]


def _why_none(apply: Apply, undone_by: Apply | None) -> NoUndo | None:
    if apply.undoes_id is not None:
        return NoUndo.IS_AN_UNDO
    if apply.state != ApplyState.DONE:
        return NoUndo.NOT_APPLIED
    if undone_by is not None:
        return NoUndo.UNDONE
    return None if apply.writes else NoUndo.IRREVERSIBLE


def _inverse_by(apply: Apply, view: AccountView | None) -> tuple[Inverse | None, NoUndo | None, tuple[str, ...]]:
    """By what the stores said last; a store that said nothing since the repair shows what was before it."""
    if view is None or apply.closed_at is None or view.evaluated_at < apply.closed_at:
        return None, NoUndo.NOT_READ_BACK, ()
    if not view.is_known:
        return None, NoUndo.UNKNOWN, tuple(view.reasons)
    try:
        facts = facts_from_readings(view.account_id, _readings(view), livemode=settings.STRIPE_LIVEMODE)
    except CaseError as error:
        return None, NoUndo.UNKNOWN, (str(error),)
    inverse = _inverse(apply, facts)
    if inverse.is_withheld:
        return inverse, NoUndo.WITHHELD, ()
    return inverse, None if inverse.plan.writes else NoUndo.NOTHING, ()


def _inverse(apply: Apply, facts: Facts) -> Inverse:
    return inverse_of(str(apply.id), written_by(apply), facts, identify(facts, family_of(facts)))


def _readings(view: AccountView) -> Iterator[Reading]:
    for name, store in view.stores.items():
        yield Reading(StoreName(name), store.as_of, store.tables, store.as_of is not None, store.reason)


def _versions(applies: list[Apply]) -> dict[Place, int | None]:
    """The version that each row has if nobody but these wrote it, one after the other; None: there is no row."""
    left: dict[Place, int | None] = {}
    for apply in applies:
        for branch in apply.branches.all():
            for row in branch.rows:
                place, found = _row_place(branch.store, row), row["row_version"]
                is_ours = left.get(place, found) == found
                left[place] = _version_after(row) if is_ours else SOMEBODY_ELSE
    return left


def _version_after(row: Mapping[str, Any]) -> int | None:
    if row["delete"]:
        return None
    return 0 if row["row_version"] is None else row["row_version"] + 1


def _row_place(store: str, row: Mapping[str, Any]) -> Place:
    return store, row["table"], tuple(f"{name}={value}" for name, value in sorted(row["key"].items()))


def _cell_place(cell: Mapping[str, Any]) -> tuple[Place, str]:
    return _row_place(cell["store"], cell), cell["column"]


def _other(apply: Apply | None) -> OtherApply | None:
    if apply is None:
        return None
    return OtherApply(apply.id, apply.state, apply.approved_by, apply.reason, apply.created_at, apply.closed_at)

"""What an account page is made of: one evaluation and what each store said, with JSON values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inspector.display.moments import as_moment
from inspector.display.words import STORES
from recon.queries.account import AccountView
from recon.queries.snapshots import StoreSaid

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoreMaterial:
    """What one store said: `tables` name → rows (a case's JSON); a failed read has ok False and a reason.
    `as_of` is the time for which that holds."""

    ok: bool
    as_of: datetime | None
    reason: str | None
    tables: Mapping[str, Sequence[Json]]

    def rows(self, table: str) -> Sequence[Json]:
        return self.tables.get(table, ())


@dataclass(frozen=True, slots=True)
class AccountMaterial:
    """One account's evaluation in the parts of the rules' answer (`truth` None when the verdict is unknown), and what
    each of the six stores said."""

    account_id: str
    at: datetime
    known: bool
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
    stores: Mapping[str, StoreMaterial]


def material_of(view: AccountView) -> AccountMaterial:
    """The material of an evaluated account: a store whose read failed shows nothing, whatever it said before."""
    said = {store.value: words for store, words in view.stores.items()}
    return AccountMaterial(
        account_id=view.account_id,
        at=view.evaluated_at,
        known=view.is_known,
        reasons=view.reasons,
        truth=view.truth,
        because=view.because,
        classes=view.classes,
        details=view.details,
        cells=view.cells,
        digest=view.digest,
        risk=view.risk,
        writes=view.writes,
        proposals=view.proposals,
        findings=view.findings,
        next_evaluation_at=view.next_evaluation_at,
        stores={name: _store(view.reads.get(name), said.get(name), view.evaluated_at) for name in STORES},
    )


def _store(read: Json | None, said: StoreSaid | None, evaluated_at: datetime) -> StoreMaterial:
    if read is None or not read["ok"]:
        return StoreMaterial(False, None, (read or {}).get("reason") or "This store was not read.", {})
    as_of = as_moment(read.get("as_of")) or evaluated_at
    return StoreMaterial(True, as_of, None, said.tables if said else {})

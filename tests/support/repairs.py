"""Repairs as the journal holds them in each state, and the form that approves one."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from recon.models import Apply, ApplyBranch, ApplyState, BranchState, Evaluation
from tests.support.kept import golden, keep_case

VOID = "invoices.void_invoice:in_1"


def plan_of(account_id: str) -> Evaluation:
    return Evaluation.objects.filter(account_id=account_id).latest("at", "id")


def send(client: Client, account_id: str, **changes: str) -> HttpResponse:
    """The foot's form, filled in right but for the changes."""
    form = {"digest": plan_of(account_id).digest, "request_key": str(uuid4()), "reason": "paid by wire", **changes}
    return client.post(f"/accounts/{account_id}/apply/", form)


def repair_in(state: ApplyState, account_id: str = "acc_1", **changes: Any) -> Apply:
    """A repair of the account's latest plan, as the journal holds it in that state."""
    plan, now = plan_of(account_id), timezone.now()
    row = {
        "account_id": account_id,
        "digest": plan.digest,
        "risk": plan.risk,
        "writes": plan.writes,
        "approved_by": "user:support",
        "reason": "paid by wire",
        "created_at": now,
        "expires_at": now + timedelta(minutes=15),
        "state": state,
    }
    return Apply.objects.create(**{**row, **changes})


def undone_plan(account_id: str, **changes: Any) -> Apply:
    """The account's latest plan as a repair once made it, and as an undo took that back, to what the stores hold."""
    then = timezone.now() - timedelta(hours=1)
    repair = repair_in(ApplyState.DONE, account_id, created_at=then, decided_at=then, closed_at=then)
    back = [{**one, "stored": one["truth"], "truth": one["stored"]} for one in repair.writes]
    later = then + timedelta(minutes=1)
    row = {"writes": back, "created_at": later, "decided_at": later, "closed_at": later, "undoes": repair}
    return repair_in(changes.pop("state", ApplyState.DONE), account_id, **{**row, **changes})


def branches(apply: Apply, **states: BranchState) -> None:
    """How far each store is: `branches(apply, cf_prod=BranchState.PREPARED)`."""
    for store, state in states.items():
        ApplyBranch.objects.create(apply=apply, store=store, gid=f"recon.{apply.id.hex}.{store}", rows=[], state=state)


def repaired(case: dict[str, Any], writes: list[dict[str, Any]]) -> dict[str, Any]:
    """The case as the stores hold it when every write has been made."""
    for write in writes:
        rows = case["stores"][write["store"]][write["table"]]
        mine = [row for row in rows if all(row.get(name) == value for name, value in write["key"].items())]
        if write["table"] == "blocks" and write["truth"] is None:
            rows.remove(mine[0])
        elif write["store"] == "stripe":
            mine[0]["metadata"][write["column"].removeprefix("metadata.")] = write["truth"]
        else:
            mine[0][write["column"]] = write["truth"]
    return case


def done_repair(name: str, account_id: str = "acc_1", **changes: Any) -> Apply:
    """A golden case whose plan every store took, and the account as it was read after that: it can be undone."""
    case = json.loads(json.dumps(golden(name)).replace('"acc_1"', f'"{account_id}"'))
    keep_case(case)
    now = datetime.fromisoformat(case["now"])
    apply = repair_in(ApplyState.DONE, account_id, created_at=now, decided_at=now, closed_at=now, **changes)
    ApplyBranch.objects.bulk_create(_committed(apply))
    after = repaired(case, apply.writes)
    for one in apply.writes:
        rows = after["stores"][one["store"]][one["table"]] if one["store"] != "stripe" else []
        for row in rows:
            if row.items() >= one["key"].items():
                row["row_version"] = 1
    keep_case({**after, "now": (now + timedelta(minutes=1)).isoformat()})
    return apply


def _committed(apply: Apply) -> list[ApplyBranch]:
    """The rows as they were written: each was there in version 0, and a block that is lifted is gone."""
    found: dict[str, dict[str, Any]] = {}
    for one in apply.writes:
        is_gone = one["table"] == "blocks" and one["truth"] is None
        row = {"table": one["table"], "key": one["key"], "after": {}, "row_version": 0, "delete": is_gone}
        if one["store"] != "stripe":
            found.setdefault(one["store"], {})[f"{one['table']}{one['key']}"] = row
    return [
        ApplyBranch(
            apply=apply, store=store, gid=f"{store}.{apply.id}", rows=list(rows.values()), state=BranchState.COMMITTED
        )
        for store, rows in found.items()
    ]

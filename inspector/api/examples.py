"""What the schema shows: answers and problems as they come, of made-up accounts."""

from typing import Any, Final

from recon.engine.enums import StoreName

NOW: Final = "2026-03-20T14:03:21Z"
DIGEST: Final = "8f0c1d6b5a3e4f7290ab1c2d3e4f5061728394a5b6c7d8e9f00112233445566f"
REQUEST: Final = "0199a1f2-7c3e-7d10-9b52-3f6f5d0c1a77"

CELL: Final[dict[str, Any]] = {
    "store": "subs_dunning",
    "table": "dunning",
    "key": {"account_id": "acc_1"},
    "column": "state",
    "stored": "bad_debt",
    "truth": "clear",
    "rule": "T10",
}
WRITE: Final = CELL | {"row_version": 4}
READ: Final = {"ok": True, "as_of": NOW, "reason": None}
LINE: Final[dict[str, Any]] = {
    "account_id": "acc_1",
    "verdict": "known",
    "state": "grace",
    "classes": ["bad_debt_drift", "inconsistent_debt_flags"],
    "details": ["stuck", "wrong"],
    "findings": [],
    "drifted_cells": 1,
    "writes": 1,
    "risk": "lenient",
    "owed": {"eur": 4900},
    "oldest_due_at": "2026-03-19T12:00:00Z",
    "drift_since": "2026-03-20T09:12:00Z",
    "evaluated_at": NOW,
    "next_evaluation_at": "2026-03-25T00:00:00Z",
}
ANSWER: Final[dict[str, Any]] = {
    "account_id": "acc_1",
    "verdict": "known",
    "reasons": [],
    "truth": {
        "state": "clear",
        "raw_state": "clear",
        "has_debt": False,
        "is_bad_debt": False,
        "oldest_due_at": None,
        "balances": {},
        "payment_status": "current",
        "plan_code": "pro",
        "plan_active": True,
        "effective_plan": "pro",
        "restricted": False,
        "suspended": False,
        "billing_block": None,
        "delinquent": False,
        "has_no_successful_payment": False,
        "has_payment_method": True,
        "primary_subscription_id": "sub_1",
    },
    "because": {"state": {"rule": "T10", "text": "No invoice is overdue by more than dust.", "evidence": []}},
    "drift": {"classes": ["bad_debt_drift", "inconsistent_debt_flags"], "details": ["stuck"], "cells": [CELL]},
    "plan": {"digest": DIGEST, "risk": "lenient", "writes": [WRITE], "proposals": []},
    "findings": [],
    "next_evaluation_at": None,
    "evaluated_at": NOW,
    "reads": {store.value: READ for store in StoreName},
}
STORES: Final[dict[str, Any]] = {
    "account_id": "acc_1",
    "evaluated_at": NOW,
    "stores": {
        "subs_dunning": {
            "ok": True,
            "reason": "",
            "since": "2026-03-01T00:00:00Z",
            "as_of": NOW,
            "tables": {
                "dunning": [{"account_id": "acc_1", "state": "bad_debt", "row_version": 4}],
                "balances": [],
                "intents": [],
            },
        }
    },
}
ENTRY: Final[dict[str, Any]] = {
    "at": NOW,
    "kind": "events",
    "source": "recon",
    "what": "event_out",
    "subject": "4711",
    "actor": "",
    "happened_at": NOW,
    "seen_at": NOW,
    "told": {"kind": "drift.detected", "before": None, "after": {"cells": 1}, "cause": "sweep", "audit": 12},
}
ENTITLEMENT: Final[dict[str, Any]] = {
    "account_id": "acc_1",
    "verdict": "known",
    "reasons": [],
    "entitlement": {"plan_active": True, "effective_plan": "pro", "restricted": False, "suspended": False},
    "is_stale": False,
    "as_of": NOW,
    "evaluated_at": NOW,
    "age_seconds": 12,
    "reads": {store.value: {"ok": True, "as_of": NOW} for store in StoreName},
}
APPLY: Final = {"digest": DIGEST, "reason": "the wire of 19 March arrived"}
REPAIR: Final[dict[str, Any]] = {
    "repair_id": "6b1f0a52-3a7e-4b0e-9c55-7d1d5a4f3c21",
    "account_id": "acc_1",
    "state": "applied",
    "code": "",
    "detail": "",
    "digest": DIGEST,
    "risk": "lenient",
    "approved_by": "token:crm",
    "reason": APPLY["reason"],
    "approved_at": NOW,
    "closed_at": "2026-03-20T14:03:22Z",
    "writes": [CELL | {"read_back": {"value": "clear", "agrees": True, "at": "2026-03-20T14:03:22Z"}}],
    "steps": [{"name": "approved", "state": "done"}, {"name": "read_back", "state": "done"}],
    "audit_seqs": [13, 14],
    "request_id": REQUEST,
}
LIVE_REPAIR: Final[dict[str, Any]] = REPAIR | {
    "state": "live",
    "closed_at": None,
    "writes": [CELL | {"read_back": None}],
    "steps": [{"name": "approved", "state": "done"}, {"name": "claimed", "state": "now"}],
}
SPLIT: Final = {"new": 2, "came_back": 0, "undone": 0, "healed_by_us": 3, "healed_by_itself": 1}
DRIFT: Final[dict[str, Any]] = {
    "headlines": {"stuck_in_bad_debt": 906, "inconsistent_debt_flags": 625, "no_successful_payment": 633},
    "classes": {"bad_debt_drift": 930, "inconsistent_debt_flags": 980},
    "details": {"stuck": 906, "missed": 24},
    "findings": {"fact_conflict": 31},
    "states": {"clear": 4200, "grace": 120},
    "verdicts": {"known": 4990, "unknown": 10},
    "accounts": 5000,
    "drifted": 1710,
    "with_a_plan": 1690,
    "withheld": 20,
    "oldest_evaluation_at": NOW,
}
HISTORY: Final[dict[str, Any]] = {
    "window": "24h",
    "start": "2026-03-19T14:03:21Z",
    "end": NOW,
    "measures": {"stuck_in_bad_debt": {"split": SPLIT, "points": [{"at": NOW, "accounts": 906, **SPLIT}]}},
}
AUDIT: Final[dict[str, Any]] = {
    "seq": 13,
    "at": NOW,
    "actor": "token:crm",
    "action": "repair.applied",
    "account_id": "acc_1",
    "reason": APPLY["reason"],
    "request_id": REQUEST,
    "repair_id": REPAIR["repair_id"],
    "before": None,
    "after": None,
}
FEED: Final[dict[str, Any]] = {
    "events": [
        {
            "sequence": 4711,
            "event_id": "0c8f4f2e-57b5-4f0a-8f3f-0f8f6f0f1a2b",
            "kind": "account.state_changed",
            "account_id": "acc_1",
            "at": NOW,
            "before": {"state": "bad_debt"},
            "after": {"state": "clear"},
            "cause": "apply:6b1f0a52-3a7e-4b0e-9c55-7d1d5a4f3c21",
            "audit_seq": 13,
        }
    ],
    "next": "/api/v1/events/?after=4711&limit=100",
    "more": False,
}
STORE_EVENT: Final = {
    "store": "billing_prod",
    "event_id": "ledger-2026-03-20-0001",
    "account_id": "acc_1",
    "occurred_at": NOW,
}
BULK_BEGIN: Final = {"filter": {"class": "bad_debt_drift", "state": "clear"}, "reason": "late webhooks of 19 March"}
STEER: Final = {"reason": "the ledger is being restored"}
BULK: Final[dict[str, Any]] = {
    "bulk_repair_id": 12,
    "kind": "repairs",
    "state": "running",
    "stage": "canary",
    "started_by": "token:jobs",
    "second": None,
    "reason": BULK_BEGIN["reason"],
    "accounts": 90,
    "done": 3,
    "problems": 0,
    "outcomes": {"applied": 3},
    "any_severe": False,
    "totals": {
        "states": {"clear": 90},
        "classes": {"bad_debt_drift": 90},
        "risks": {"lenient": 90},
        "owed": {},
        "writes": 270,
        "events": {"repair.applied": 90},
        "access": {},
    },
    "frozen_at": NOW,
    "began_at": NOW,
    "finished_at": None,
    "stopped_by": None,
    "stop_reason": None,
    "stopped_at": None,
    "page": "/bulk/12/",
}
OUTCOME: Final[dict[str, Any]] = {
    "account_id": "acc_1",
    "digest": DIGEST,
    "outcome": "applied",
    "explanation": "",
    "repair_id": REPAIR["repair_id"],
    "done_at": NOW,
}

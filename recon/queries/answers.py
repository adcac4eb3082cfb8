"""The latest answer about one account, in the contract's JSON: what was computed, and when each store was read."""

from collections.abc import Mapping
from typing import Any

from recon.engine.facts import StoreName
from recon.engine.values import rfc3339
from recon.models import AccountState, Evaluation
from recon.queries.looks import latest_look


def latest_answer(account_id: str) -> dict[str, Any] | None:
    """The keys of `engine.answer`, then `evaluated_at` and `reads`, store → {ok, as_of, reason}. None when the account
    was never evaluated."""
    state = AccountState.objects.select_related("evaluation").filter(account_id=account_id).first()
    if state is None:
        return None
    look = latest_look(state)
    read_at = rfc3339(look.at)
    reads = {store.value: _read(look.reads.get(store), read_at) for store in StoreName}
    return {**_answer(state.account_id, state.evaluation), "evaluated_at": read_at, "reads": reads}


def _answer(account_id: str, one: Evaluation) -> dict[str, Any]:
    moment = one.next_evaluation_at
    return {
        "account_id": account_id,
        "verdict": "known" if one.is_known else "unknown",
        "reasons": one.reasons,
        "truth": one.truth,
        "because": one.because,
        "drift": {"classes": one.classes, "details": one.details, "cells": one.cells},
        "plan": {"digest": one.digest, "risk": one.risk, "writes": one.writes, "proposals": one.proposals},
        "findings": one.findings,
        "next_evaluation_at": None if moment is None else rfc3339(moment),
    }


def _read(read: Mapping[str, Any] | None, evaluated_at: str) -> dict[str, Any]:
    """A store that was read without a time of its own was read for this evaluation."""
    if read is None:
        return {"ok": False, "as_of": None, "reason": "This store was not read."}
    return {
        "ok": read["ok"],
        "as_of": read["as_of"] or (evaluated_at if read["ok"] else None),
        "reason": read["reason"],
    }

"""The JSON of an answer: what `explain` prints a line of, what `recompute --json` says, what the API gives."""

from collections.abc import Mapping
from typing import Any

from recon.engine.drift import Cell
from recon.engine.pipeline import Evaluation
from recon.engine.plan import plain, truth_json
from recon.engine.truth import Reason
from recon.engine.values import rfc3339


def answer(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation in the contract's words; amounts in minor units, times in RFC 3339 UTC."""
    moment = evaluation.next_evaluation_at
    return {
        "account_id": evaluation.account_id,
        "verdict": "known" if evaluation.verdict.known else "unknown",
        "reasons": list(evaluation.verdict.reasons),
        "truth": None if evaluation.truth is None else truth_json(evaluation.truth),
        "because": {field: _reason(reason) for field, reason in evaluation.because.items()},
        "drift": {
            "classes": [str(one) for one in evaluation.drift.classes],
            "details": [str(one) for one in evaluation.drift.details],
            "cells": [cell_json(cell) for cell in evaluation.drift.cells],
        },
        "plan": {
            "digest": evaluation.plan.digest,
            "risk": None if evaluation.plan.risk is None else str(evaluation.plan.risk),
            "writes": [{**cell_json(write), "row_version": write.row_version} for write in evaluation.plan.writes],
            "proposals": [
                {"verb": one.verb, "object": one.object, "params": dict(one.params), "why": one.why}
                for one in evaluation.plan.proposals
            ],
        },
        "findings": [{"class": str(one.kind), "text": one.text, "refs": list(one.refs)} for one in evaluation.findings],
        "next_evaluation_at": None if moment is None else rfc3339(moment),
    }


def failed_answer(account_id: str | None, error: Exception) -> Mapping[str, Any]:
    """The line of a case that could not be read; the error names the path of the bad value."""
    return {"account_id": account_id, "error": str(error)}


def cell_json(cell: Cell) -> dict[str, Any]:
    """One cell: where it is, what is stored and what is true."""
    return {
        "store": str(cell.store),
        "table": cell.table,
        "key": dict(cell.key),
        "column": cell.column,
        "stored": plain(cell.stored),
        "truth": plain(cell.truth),
        "rule": cell.rule,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"rule": reason.rule, "text": reason.text, "evidence": list(reason.evidence)}

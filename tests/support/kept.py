"""Golden cases as the engine's own tables hold them after a sweep: read, evaluated by the real rules, and kept."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from recon.actions.evaluate import Rules, evaluate
from recon.actions.keep_evaluations import keep_evaluations
from recon.engine.enums import StoreName
from recon.engine.facts import Reading
from recon.engine.policy import Policy
from recon.models import Trigger

CASES = Path(__file__).resolve().parent.parent / "cases"


def golden(name: str) -> dict[str, Any]:
    """The case of one golden file, as `drift/flagged_but_paid`."""
    return json.loads((CASES / f"{name}.json").read_text())["case"]


def golden_names() -> list[str]:
    """Every golden case that is well-formed."""
    return [name for name in _names() if not name.startswith("malformed/")]


def malformed_names() -> list[str]:
    """Every golden case in which a store holds what no store may hold."""
    about_the_file = {"malformed/unknown_store", "malformed/unknown_table"}
    return [name for name in _names() if name.startswith("malformed/") and name not in about_the_file]


def _names() -> list[str]:
    return sorted(path.relative_to(CASES).with_suffix("").as_posix() for path in CASES.glob("*/*.json"))


def keep_case(case: Mapping[str, Any], *, account_id: str | None = None) -> str:
    """Keeps the evaluation of a case, under another account id if one is given; the account's id."""
    text = json.dumps(case)
    if account_id is not None:
        text = text.replace(json.dumps(case["account_id"]), json.dumps(account_id))
    case = json.loads(text)
    now = datetime.fromisoformat(case["now"])
    rules = Rules(policy=Policy.from_json(case.get("policy", {})), livemode=case.get("livemode", False))
    evaluated = evaluate(case["account_id"], list(_readings(case, now)), rules, now)
    keep_evaluations([evaluated], trigger=Trigger.SWEEP, actor="sweep")
    return case["account_id"]


def _readings(case: Mapping[str, Any], now: datetime) -> Iterator[Reading]:
    for store in StoreName:
        read = case.get("reads", {}).get(store, {})
        tables = case["stores"].get(store, {})
        ok = read.get("ok", store in case["stores"])
        as_of = datetime.fromisoformat(read["as_of"]) if "as_of" in read else now
        yield Reading(store, as_of, tables if ok else {}, ok, None if ok else read.get("reason", "left out"))

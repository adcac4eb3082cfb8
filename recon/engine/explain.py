"""Cases in, answers out: one JSON object a line. A bad line costs its own answer and no other's."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from recon.engine.answer import answer, failed_answer
from recon.engine.case import read_case
from recon.engine.pipeline import recompute
from recon.engine.values import CaseError


@dataclass(frozen=True, slots=True)
class Explained:
    """One line's answer; `ok` is False where the case could not be read."""

    answer: Mapping[str, Any]
    ok: bool


def explain(lines: Iterable[bytes]) -> Iterator[Explained]:
    """An answer for every line that is not blank, in order, in constant memory."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _explain_line(line, number)


def _explain_line(line: bytes, number: int) -> Explained:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Explained(failed_answer(None, CaseError(f"line {number}", f"not JSON: {error}")), ok=False)
    try:
        case = read_case(value)
        return Explained(answer(recompute(case.facts, case.policy, case.now)), ok=True)
    except (CaseError, RecursionError) as error:
        return Explained(failed_answer(_account_id(value), error), ok=False)


def _account_id(value: object) -> str | None:
    named = value.get("account_id") if isinstance(value, Mapping) else None
    return named if isinstance(named, str) else None

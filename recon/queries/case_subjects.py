"""What a person may decide on: each finding of an account, and the difference between its stores and the truth."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from recon.models.cases import DRIFT

__all__ = ["DRIFT", "Subject", "is_grave", "subjects_of"]

WORST: Final = "paid_but_blocked"


@dataclass(frozen=True, slots=True)
class Subject:
    """`finding` is a finding's kind, or drift. Two that name the same `refs` (sorted) are the same case; `seal` covers
    the sentence too: it is what somebody looked at."""

    finding: str
    text: str
    refs: tuple[str, ...]

    @property
    def refs_hash(self) -> str:
        return _hash([self.finding, *self.refs])

    @property
    def seal(self) -> str:
        return _hash([self.finding, self.text, *self.refs])


def subjects_of(findings: Iterable[Mapping[str, Any]], cells: Sequence[Mapping[str, Any]]) -> tuple[Subject, ...]:
    """Of the answer's JSON: the findings in their order, then the difference where there is one."""
    found = [Subject(one["class"], one["text"], tuple(sorted(one.get("refs", ())))) for one in findings]
    if cells:
        many = f"{len(cells)} stored values differ" if len(cells) > 1 else "1 stored value differs"
        found.append(Subject(DRIFT, f"{many} from the truth.", tuple(sorted(map(_difference, cells)))))
    return tuple(found)


def is_grave(risk: str | None, details: Iterable[str]) -> bool:
    """Is a severe plan withheld by letting it be, or a payer left locked out?"""
    return risk == "severe" or WORST in details


def _difference(cell: Mapping[str, Any]) -> str:
    # Sorted, because the database keeps an object's names in an order of its own.
    key = ",".join(str(value) for _, value in sorted(cell["key"].items()))
    place = f"{cell['store']}.{cell['table']}[{key}].{cell['column']}"
    return f"{place}: {_shown(cell['stored'])} → {_shown(cell['truth'])}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _hash(parts: Sequence[str]) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()

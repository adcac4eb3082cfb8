"""Each file of `tests/cases` tells one thing that happened in a business, and what the contract says of it.

A file holds `title`, `story`, `case` (a case as `explain` reads it) and `expect`: only what the story is about. What
`expect` may hold, and how it is compared:

- `verdict`, `next_evaluation_at`: equal. `reasons_mention`: each word stands somewhere in the verdict's reasons.
- `truth`: each named field is equal; null: there is no truth.
- `drift`: `classes` and `details` are equal as sets; `cells` are equal as sets of lines.
- `plan`: `risk` is equal; `writes` are equal as sets of lines; `proposals` agree one by one in the named members.
- `findings`: equal as a set of classes. `finding_refs`: each reference stands in a finding of that class.
- `error_path_contains`: the case is refused, and each part stands in the path that the error names.

A line is written as the contract writes a cell: `store.table[key].column: stored → true`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from recon.engine.answer import answer
from recon.engine.case import CaseError, read_case
from recon.engine.pipeline import recompute

CASES = Path(__file__).parents[1] / "cases"
FILES = sorted(CASES.rglob("*.json"))
EXPECTABLE = {
    "": {
        "verdict", "reasons_mention", "truth", "drift", "plan", "findings", "finding_refs", "next_evaluation_at",
        "error_path_contains",
    },
    "drift": {"classes", "details", "cells"},
    "plan": {"risk", "writes", "proposals"},
}  # fmt: skip


def line(cell: Mapping[str, Any]) -> str:
    """A cell of an answer as the contract writes it: `store.table[key].column: stored → true`."""
    key = ",".join(str(value) for value in cell["key"].values())
    return f"{cell['store']}.{cell['table']}[{key}].{cell['column']}: {word(cell['stored'])} → {word(cell['truth'])}"


def word(value: Any) -> str:
    """A value as it stands in a line: text bare, everything else as in JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def sets_differ(name: str, want: Sequence[str], got: Sequence[str]) -> list[str]:
    """What one of two sets has and the other has not, a line each."""
    missing = [f"{name}: expected, not there:  {item}" for item in sorted(set(want) - set(got))]
    return missing + [f"{name}: there, not expected: {item}" for item in sorted(set(got) - set(want))]


def values_differ(name: str, want: Any, got: Any) -> list[str]:
    return [] if want == got else [f"{name}: expected {json.dumps(want)}, got {json.dumps(got)}"]


def truth_differs(want: Mapping[str, Any] | None, got: Mapping[str, Any] | None) -> list[str]:
    if want is None or got is None:
        return values_differ("truth", want, got)
    return [text for field, value in want.items() for text in values_differ(f"truth.{field}", value, got[field])]


def drift_differs(want: Mapping[str, Any], got: Mapping[str, Any]) -> list[str]:
    found = []
    for name in ("classes", "details"):
        found += sets_differ(f"drift.{name}", want[name], got[name]) if name in want else []
    if "cells" in want:
        found += sets_differ("drift.cells", want["cells"], [line(cell) for cell in got["cells"]])
    return found


def plan_differs(want: Mapping[str, Any], got: Mapping[str, Any]) -> list[str]:
    found = values_differ("plan.risk", want["risk"], got["risk"]) if "risk" in want else []
    if "writes" in want:
        found += sets_differ("plan.writes", want["writes"], [line(write) for write in got["writes"]])
    if "proposals" in want:
        found += proposals_differ(want["proposals"], got["proposals"])
    return found


def proposals_differ(want: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]]) -> list[str]:
    if len(want) == len(got) and all(w.items() <= dict(g).items() for w, g in zip(want, got, strict=True)):
        return []
    return values_differ("plan.proposals", want, got)


def findings_differ(want: Mapping[str, Any], got: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    if "findings" in want:
        found += sets_differ("findings", want["findings"], [finding["class"] for finding in got])
    for name, refs in want.get("finding_refs", {}).items():
        said = " ".join(str(ref) for finding in got if finding["class"] == name for ref in finding["refs"])
        found += [f"findings.{name}: refers to {said!r}, not to {ref}" for ref in refs if ref not in said]
    return found


def differences(want: Mapping[str, Any], got: Mapping[str, Any]) -> list[str]:
    """Every difference between what a file expects and an answer, a line each; none: the case is as expected."""
    found = []
    for name in ("verdict", "next_evaluation_at"):
        found += values_differ(name, want[name], got[name]) if name in want else []
    reasons = " ".join(got["reasons"])
    found += [
        f"reasons: {word!r} is not in {reasons!r}" for word in want.get("reasons_mention", ()) if word not in reasons
    ]
    found += truth_differs(want["truth"], got["truth"]) if "truth" in want else []
    found += drift_differs(want["drift"], got["drift"]) if "drift" in want else []
    found += plan_differs(want["plan"], got["plan"]) if "plan" in want else []
    return found + findings_differ(want, got["findings"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CASES).with_suffix("")))
def test_the_answer_is_what_the_contract_says(file: Path) -> None:
    golden = json.loads(file.read_text(encoding="utf-8"))
    want = golden["expect"]
    if "error_path_contains" in want:
        with pytest.raises(CaseError) as refused:
            read_case(golden["case"])
        missing = [part for part in want["error_path_contains"] if part not in str(refused.value.path)]
        assert not missing, f"{golden['title']}: the path {refused.value.path!r} does not name {missing}"
        return
    case = read_case(golden["case"])
    found = differences(want, answer(recompute(case.facts, case.policy, case.now)))
    assert not found, "\n  ".join([f"{golden['title']} ({file.relative_to(CASES)})", *found])


def test_every_file_says_only_what_can_be_compared() -> None:
    for file in FILES:
        golden = json.loads(file.read_text(encoding="utf-8"))
        assert set(golden) == {"title", "story", "case", "expect"}, file
        for part, names in EXPECTABLE.items():
            expected = golden["expect"].get(part, {}) if part else golden["expect"]
            assert set(expected) <= names, f"{file}: expect.{part} names {set(expected) - names}"


def test_there_are_enough_cases_and_no_title_twice() -> None:
    titles = [json.loads(file.read_text(encoding="utf-8"))["title"] for file in FILES]
    assert len(titles) >= 75
    assert len(titles) == len(set(titles))

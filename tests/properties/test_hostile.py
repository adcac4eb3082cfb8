"""Golden cases with values torn out, replaced and doubled: an answer or a named error each, never a traceback, and
nothing written where the verdict is unknown."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recon.engine.explain import explain

CASES = [json.loads(path.read_text())["case"] for path in sorted((Path(__file__).parents[1] / "cases").rglob("*.json"))]
ROUNDS = 8

STRANGE = (
    *(None, True, -1, 0, 2**63, 10**30, 1.5, float("nan")),
    *("", "\0", "zombie", "💸" * 50, "'; DROP TABLE accounts; --", "<script>"),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-03-01"),
    *([], [None], {}, {"id": None}),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in list(items):
        yield value, key
        yield from places(below)


def tear(case: dict[str, Any], chance: random.Random) -> None:
    """One to three changes anywhere in the case."""
    for _ in range(chance.randint(1, 3)):
        container, key = chance.choice(list(places(case)))
        if isinstance(container, list) and chance.random() < 0.3:
            container.append(container[key])
        elif chance.random() < 0.3:
            del container[key]
        else:
            container[key] = copy.deepcopy(chance.choice(STRANGE))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_torn_case_gets_an_answer_or_an_error_that_names_a_place(seed: int) -> None:
    chance = random.Random(seed)
    torn = [json.loads(json.dumps(case)) for case in CASES]
    for case in torn:
        tear(case, chance)
    explained = list(explain(json.dumps(case).encode() for case in torn))
    assert len(explained) == len(torn)
    for one in explained:
        if not one.ok:
            assert set(one.answer) == {"account_id", "error"}
            assert ": " in one.answer["error"]
        elif one.answer["verdict"] == "unknown":
            assert one.answer["reasons"]
            assert one.answer["truth"] is None
            assert one.answer["plan"]["writes"] == []
            assert one.answer["plan"]["proposals"] == []


@pytest.mark.parametrize(
    "line", [b"nonsense", b"\xff\xfe", b"[]", b"null", b'{"account_id": 7}', b"[" * 100_000, b'{"now": NaN}', b"{}"]
)
def test_a_line_that_is_no_case_costs_its_own_answer_alone(line: bytes) -> None:
    good = json.dumps(CASES[0]).encode()
    first, second = explain([line, b"", good])
    assert not first.ok
    assert "error" in first.answer
    assert second.ok

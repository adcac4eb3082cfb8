"""The register is whole, and what it names is there."""

import ast
from pathlib import Path

import pytest

from tests.security.register import CHECKS
from tests.support.commands import ROOT


def names_in(file: Path) -> set[str]:
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_no_check_is_missing() -> None:
    assert list(CHECKS) == list(range(1, 46))


@pytest.mark.parametrize("number", CHECKS)
def test_each_check_is_held_by_tests_that_there_are(number: int) -> None:
    named = [one.split("::") for one in CHECKS[number].held_by]
    assert named
    assert [f"{file}::{name}" for file, name in named if name not in names_in(ROOT / "tests" / file)] == []


def test_every_test_here_holds_a_check() -> None:
    here = {
        f"security/{file.name}::{name}"
        for file in Path(__file__).parent.glob("test_*.py")
        for name in names_in(file)
        if name.startswith("test_") and file != Path(__file__)
    }
    assert here - {one for check in CHECKS.values() for one in check.held_by} == set()

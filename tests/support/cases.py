"""Golden cases as test data: one story for as many accounts as a test needs."""

import json
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent / "cases"


@cache
def _text(stem: str) -> str:
    (path,) = ROOT.rglob(f"{stem}.json")
    return json.dumps(json.loads(path.read_text())["case"])


def story(stem: str, number: int = 1) -> dict[str, Any]:
    """The case of that name, told of account `acc_<number>` and its own customer, invoices and payments."""
    return json.loads(_text(stem).replace('_1"', f'_{number}"'))

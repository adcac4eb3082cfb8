"""Loaded by the fuzzer: how often each call was made and how it was answered, written to FUZZ_COUNTS at the end."""

import atexit
import json
import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

import schemathesis

FILE: Final = Path(os.environ["FUZZ_COUNTS"])
_answers: defaultdict[str, Counter[int]] = defaultdict(Counter)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    _answers[case.operation.label][response.status_code] += 1


@atexit.register
def write_counts() -> None:
    FILE.write_text(json.dumps(_answers))

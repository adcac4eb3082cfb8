"""A worker that can be halted where it stands: `celery -A tests.chaos.halting`, for `cut_off.py`.

Where the file `armed` in HALT_DIR names a step, the first process that reaches it says so through the socket there and
goes on when it is answered: by then its host is cut off. `alive` is touched by each task.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from celery.signals import task_prerun

from recon.apply.steps import Step
from tests.chaos.hosts import SEALED
from tests.chaos.hurry import app

__all__ = ["app"]

DIRECTORY: Final = Path(os.environ["HALT_DIR"])


def reach(step: str) -> None:
    armed, taken = DIRECTORY / "armed", DIRECTORY / f"taken.{os.getpid()}"
    with suppress(FileNotFoundError):
        if armed.read_text() == step:
            armed.rename(taken)  # one of several succeeds
            _halt(step)


def _halt(step: str) -> None:
    with socket.socket(socket.AF_UNIX) as told:
        told.connect(str(DIRECTORY / "halt.sock"))
        told.sendall(step.encode())
        told.recv(1)


def _observe(step: Step) -> None:
    reach(step.value)


@task_prerun.connect
def show_life(**_: Any) -> None:
    (DIRECTORY / "alive").touch()


def _then_reach_sealed(seal: Callable[..., Any]) -> Callable[..., Any]:
    def sealed(*told: Any) -> Any:
        numbers = seal(*told)
        reach(SEALED)
        return numbers

    return sealed


def watch() -> None:
    from recon.actions import apply_equipment
    from recon.apply import journal

    apply_equipment.unobserved = _observe
    journal.record_all = _then_reach_sealed(journal.record_all)


watch()

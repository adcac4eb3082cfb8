"""A coordinator, and a recovery, each in a process of its own that is killed or frozen at a step.

The process is a fork of a warmed one, so that a run costs milliseconds; what is done to it is real: SIGKILL, SIGSTOP.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connections

from recon.apply.steps import Observer, Step
from tests.chaos.bugs import Bug
from tests.chaos.scenarios import Scenario
from tests.chaos.world import Subject, World, utc_now
from tests.support import applying

PATIENCE_SECONDS = 60.0
TASKS = Path("/proc/self/task")


@dataclass(frozen=True, slots=True)
class Blow:
    """What hits a process: a signal at its n-th step, or after so many seconds. None of both: it lives."""

    signal: int = signal.SIGKILL
    at_step: int | None = None
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """What a process said before it ended: its steps, and how its order ended (None when it was killed, or broke)."""

    steps: tuple[str, ...]
    outcome: str | None
    error: str | None = None


class Process:
    """A forked process that reports its steps through a pipe."""

    def __init__(self, work: Callable[[Observer], str], blow: Blow, hooks: dict[Step, Callable[[], None]]) -> None:
        self._read, write = os.pipe()
        self._blow = blow
        _wait_for_ended_threads()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._read)
            _live(work, blow, hooks, write)
        os.close(write)

    def strike(self) -> None:
        """The blow that does not wait for a step."""
        if self._blow.after_seconds is not None:
            time.sleep(self._blow.after_seconds)
            os.kill(self.pid, self._blow.signal)

    def is_frozen(self) -> bool:
        """Waits until it is stopped or has ended; True when it is stopped."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        return os.WIFSTOPPED(status)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def trace(self) -> Trace:
        """Waits for its end."""
        with os.fdopen(self._read) as lines:
            said = [json.loads(line) for line in lines if line.endswith("\n")]
        if _still_ours(self.pid):
            os.waitpid(self.pid, 0)
        steps = tuple(line["step"] for line in said if "step" in line)
        return Trace(steps, _last(said, "outcome"), _last(said, "error"))


def coordinate(
    world: World, subject: Subject, others: Sequence[Subject], scenario: Scenario, blow: Blow, bug: Bug
) -> Process:
    """Looks at the accounts, approves what it sees, and applies it; or carries out what was approved before."""
    approved = _approve_before(world, subject, scenario) if scenario.approved_before else None

    def work(observe: Observer) -> str:
        with bug.planted():
            coordinator = applying.coordinator(world.stores, utc_now, observe)
            if approved is not None:
                return applying.carry_out(coordinator, approved).outcome
            seen = coordinator.recompute_now([one.account_id for one in (subject, *others)])
            orders = [applying.order(seen[other.account_id]) for other in others]
            asked = applying.order(seen[subject.account_id], proposal=_proposal(subject, scenario))
            return coordinator.apply_all([*orders, asked])[-1].outcome

    hooks = {step: _bound(hook, world, subject) for step, hook in scenario.hooks.items()}
    return Process(work, blow, hooks)


def _approve_before(world: World, subject: Subject, scenario: Scenario) -> UUID:
    evaluation = applying.evaluation(world.stores, subject.account_id, utc_now())
    return applying.approve(applying.order(evaluation, proposal=_proposal(subject, scenario)), evaluation, utc_now())


def _proposal(subject: Subject, scenario: Scenario) -> str | None:
    return subject.proposal if scenario.with_proposal else None


def recover(world: World, blow: Blow, bug: Bug) -> Process:
    """One recovery that asks for no lease."""

    def work(observe: Observer) -> str:
        with bug.planted():
            applying.recovery(world.stores, utc_now, observe).run(whatever_lease=True)
            return "recovered"

    return Process(work, blow, {})


def _bound(hook: Callable[[World, Subject], None], world: World, subject: Subject) -> Callable[[], None]:
    return lambda: hook(world, subject)


def _last(said: list[dict[str, Any]], key: str) -> str | None:
    return next((line[key] for line in reversed(said) if key in line), None)


def _still_ours(pid: int) -> bool:
    try:
        ended, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return False
    return ended == 0


def _wait_for_ended_threads() -> None:
    """A thread that Python has joined may still be in its C destructors, and OpenSSL's hold a lock that a child forked
    just then would wait for in vain at its first connection."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while TASKS.is_dir() and len(list(TASKS.iterdir())) > len(sys._current_frames()):
        os.sched_yield()
        assert time.monotonic() < patience, "a thread that Python knows nothing of does not end"


def _live(work: Callable[[Observer], str], blow: Blow, hooks: dict[Step, Callable[[], None]], pipe: int) -> None:
    """The child's whole life; it never returns."""
    # The inherited connection is the parent's: forgotten, not closed.
    connections["default"].connection = None
    random.seed(os.getpid())
    signal.alarm(int(PATIENCE_SECONDS))
    steps = 0
    hooked: set[Step] = set()

    def observe(step: Step) -> None:
        nonlocal steps
        steps += 1
        _say(pipe, step=step.value)
        if step in hooks and step not in hooked:
            hooked.add(step)
            hooks[step]()
        if blow.at_step == steps:
            os.kill(os.getpid(), blow.signal)

    try:
        _say(pipe, outcome=work(observe))
    except BaseException:  # noqa: BLE001  the parent has to hear of it, whatever it is
        _say(pipe, error=traceback.format_exc())
    sys.stdout.flush()
    os._exit(0)


def _say(pipe: int, **what: Any) -> None:
    os.write(pipe, json.dumps(what).encode() + b"\n")

"""`python -m tests.chaos.rivals`: two programs approve the same plan at once, and one sends the same call often.

Real processes on servers of their own: granian with two workers, a Celery worker that takes up what is approved, six
stores. Of two rivals one applies and the other is told; of a call that is sent fifty times at once there is one effect,
and whoever is not told so is told that it still runs.
"""

import argparse
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from recon.sandbox.cluster import Sandbox
from tests.chaos.__main__ import alone
from tests.chaos.events import prepare
from tests.chaos.fleet import ROOT, WEB, WORKER, Fleet, environment

VAR: Final = ROOT / "var" / "chaos-rivals"
AT_ONCE: Final = 50
TOLD: Final = frozenset({"busy", "stale"})
REASON: Final = "the rivals"
Plan = tuple[str, str]  # account, digest


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is a refusal's word; of any other answer the repair's state."""

    status: int
    code: str
    body: bytes
    is_replayed: bool


@dataclass(slots=True)
class Seen:
    """How often each pair of answers came, and what ought not to have come."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def expect(self, is_right: bool, account_id: str, what: str) -> None:
        if not is_right:
            self.wrong.append(f"{account_id}: {what}")


class Program:
    """One caller with a token of its own."""

    def __init__(self, port: int, name: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {_token(name)}", "Content-Type": "application/json"}

    def approve(self, plan: Plan, key: str = "") -> Answer:
        account_id, digest = plan
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        body = json.dumps({"digest": digest, "reason": REASON})
        connection.request("POST", f"/api/v1/accounts/{account_id}/apply/", body, headers)
        got = connection.getresponse()
        text = got.read()
        connection.close()
        told = json.loads(text)
        is_replayed = got.getheader("Idempotency-Replayed") == "true"
        return Answer(got.status, told.get("code") or told["state"], text, is_replayed)


def rival(programs: Sequence[Program], plan: Plan, seen: Seen) -> None:
    """Both approve it at once: one applied, one told."""
    answers = _at_once([lambda program=program: program.approve(plan) for program in programs])
    codes = sorted(answer.code for answer in answers)
    seen.answers[" + ".join(codes)] += 1
    seen.expect(codes[0] == "applied" and codes[1] in TOLD, plan[0], f"the answers were {codes}")
    seen.expect(_applied(plan[0]) == 1, plan[0], "it was not applied once")


def repeat(programs: Sequence[Program], plan: Plan, seen: Seen) -> None:
    """One key fifty times at once, once more after that, and once by a program whose key it is not."""
    mine, other = programs
    key = f"rivals-{plan[0]}"
    answers = _at_once([lambda: mine.approve(plan, key)] * AT_ONCE)
    seen.answers.update(answer.code for answer in answers)
    done = {answer.body for answer in answers if answer.status == 200}
    refused = {answer.code for answer in answers if answer.status != 200}
    seen.expect(len(done) == 1 and refused <= {"still_running"}, plan[0], f"{len(done)} answers, {refused}")
    again, strange = mine.approve(plan, key), other.approve(plan, key)
    seen.expect(again.is_replayed and {again.body} == done, plan[0], "its answer was not given again")
    seen.expect(not strange.is_replayed and strange.code == "stale", plan[0], f"another token's: {strange.code}")
    seen.expect(_applied(plan[0]) == 1, plan[0], "it was not applied once")


def _at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """They wait for each other, so that all of them leave at the same moment."""
    ready = threading.Barrier(len(calls))

    def call(one: Callable[[], Answer]) -> Answer:
        ready.wait()
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def _applied(account_id: str) -> int:
    """How many repairs of it were carried out; -1 when not as many were told as events."""
    from recon.models import Apply, ApplyState, EventKind, OutboxEvent

    done = Apply.objects.filter(account_id=account_id, state=ApplyState.DONE).count()
    told = OutboxEvent.objects.filter(account_id=account_id, kind=EventKind.REPAIR_APPLIED).count()
    return done if done == told else -1


def _token(name: str) -> str:
    from recon.actions.make_token import Wanted, make_token

    wanted = Wanted(name=name, purpose=REASON, scopes=["repair"], days=1)
    return make_token(wanted, actor="user:admin", groups=["admin"], now=datetime.now(UTC)).text


def _plans(count: int) -> Iterator[Plan]:
    """Lenient plans: those that a token approves."""
    from recon.models import AccountState

    lenient = AccountState.objects.filter(risk="lenient", writes__gt=0).order_by("account_id")
    found = list(lenient.values_list("account_id", "evaluation__digest")[:count])
    if len(found) < count:
        raise SystemExit(f"The population has {len(found)} lenient plans, not {count}: give it more --accounts.")
    return iter(found)


def _campaign(fleet: Fleet, pairs: int, keys: int) -> tuple[Seen, Seen]:
    programs = [Program(fleet.port, name) for name in ("one", "two")]
    plans = _plans(pairs + keys)
    rivals, repeats = Seen(), Seen()
    for _ in range(pairs):
        rival(programs, next(plans), rivals)
    for _ in range(keys):
        repeat(programs, next(plans), repeats)
    return rivals, repeats


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with alone(options.var):
        return _on(Sandbox(options.var, durable=False), options)


def _on(sandbox: Sandbox, options: argparse.Namespace) -> int:
    sandbox.ensure_started(twin=True)
    env = {**environment(sandbox, hurry=1.0, bug=""), "API_CALLS_PER_MINUTE": "1000000"}
    os.environ.update(env)
    import django  # the settings name servers that run only now

    django.setup()
    fleet = Fleet(sandbox, env, web_workers=2)
    try:
        prepare(sandbox, options.accounts)
        fleet.start_some(WEB, WORKER)
        rivals, repeats = _campaign(fleet, options.pairs, options.keys)
    finally:
        fleet.stop()
        sandbox.stop()
    _tell(f"{options.pairs} plans, each approved by two at once", rivals)
    _tell(f"{options.keys} calls, each sent {AT_ONCE} times at once", repeats)
    return 1 if rivals.wrong or repeats.wrong else 0


def _tell(what: str, seen: Seen) -> None:
    answers: Mapping[str, Any] = dict(sorted(seen.answers.items()))
    print(f"{what}: {answers}, {len(seen.wrong)} wrong")
    for one in seen.wrong[:20]:
        print(f"WRONG {one}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.rivals", description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--keys", type=int, default=10)
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--var", type=Path, default=VAR, help="where its servers live")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

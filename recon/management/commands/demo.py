"""`manage.py demo`: six stores that disagree, the engine, and its pages, from one command and from nothing."""

import fcntl
import json
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from recon.actions.hand_out import NobodyWorks
from recon.management.embedded import is_in_force
from recon.management.signals import stopped_by_signals
from recon.management.words import whole
from recon.queries.drift import Headlines
from recon.sandbox import facts_seal, showcase
from recon.sandbox.cluster import Sandbox
from recon.sandbox.errors import SandboxError
from recon.sandbox.logins import LOGINS, password_of
from recon.sandbox.services import Services
from recon.stores.base import StoreError

WEBHOOK = "api/v1/webhooks/stripe/"
HEADLINES = (
    ("stuck_in_bad_debt", "stuck in bad debt"),
    ("inconsistent_debt_flags", "inconsistent debt flags"),
    ("no_successful_payment", "flagged as never paid"),
)


class Command(BaseCommand):
    help = "Start everything with a seeded population and serve it until Ctrl-C; --headless repairs it all instead."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--headless", action="store_true", help="no web: sweep, repair through Celery, sweep, prove"
        )
        parser.add_argument(
            "--accounts", type=whole(1), help=f"size of the population (default {showcase.DEFAULT_ACCOUNTS})"
        )
        parser.add_argument(
            "--port", type=whole(1, 65_535), default=8000, help="of the web server on 127.0.0.1 (default 8000)"
        )
        parser.add_argument("--reset", action="store_true", help="forget all data of a former demo first")
        parser.add_argument("--json", action="store_true", help="with --headless: the figures as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        sandbox = Sandbox(settings.BASE_DIR / "var" if not settings.EMBEDDED else settings.SANDBOX_DIR)
        try:
            with _only_demo(sandbox.var_dir):
                self._start(sandbox, options)
        except (SandboxError, StoreError, NobodyWorks) as error:
            raise CommandError(str(error)) from error

    def _start(self, sandbox: Sandbox, options: dict[str, Any]) -> None:
        Services(sandbox.var_dir, {}).stop()
        if options["reset"]:
            sandbox.destroy()
        with showcase.timed(self._tell, "Starting PostgreSQL, Valkey and the Stripe twin"):
            sandbox.ensure_started()
        if not is_in_force(sandbox.env()):
            _start_again(sandbox)
        with sandbox.attached(), _ending_gracefully():
            services = Services(sandbox.var_dir, {**os.environ, **sandbox.env()})
            try:
                self._run(sandbox, services, options)
            finally:
                services.stop()

    def _run(self, sandbox: Sandbox, services: Services, options: dict[str, Any]) -> None:
        showcase.ensure_migrated(self._tell)
        showcase.ensure_population(sandbox, options["accounts"], self._tell)
        if options["headless"]:
            self._headless(sandbox, services, as_json=options["json"])
        else:
            self._serve(sandbox, services, options["port"])

    def _serve(self, sandbox: Sandbox, services: Services, port: int) -> None:
        with showcase.timed(self._tell, "Starting the web server, and Stripe's events to it"):
            address = services.start_web(port)
            sandbox.ensure_started(webhook_url=f"{address}{WEBHOOK}")
        showcase.start_worker(services, sandbox, self._tell)
        self._print_headlines("now", showcase.sweep_all("demo"))
        services.start_beat()
        self.stdout.write(f"\n  {self.style.SUCCESS(address)}\n")
        for name in LOGINS:
            self.stdout.write(f"  login {name:<8} password {password_of(name)}")
        self.stdout.write("\n  Ctrl-C stops everything.")
        self.stdout.flush()
        with stopped_by_signals() as asked:
            dead = showcase.wait_for_end(services, asked)
        if dead:
            raise CommandError(
                f"The {', '.join(dead)} ended: read {', '.join(str(services.log(one)) for one in dead)}."
            )
        self.stdout.write("Stopping.")

    def _headless(self, sandbox: Sandbox, services: Services, *, as_json: bool) -> None:
        sealed = facts_seal.seal(sandbox.env())
        showcase.start_worker(services, sandbox, self._tell)
        before = showcase.sweep_all("demo")
        if not as_json:
            self._print_headlines("before", before)
        repaired = showcase.repair_all()
        # Where nothing was written, the sweep of just now stands; the proof reads the stores again in any case.
        after = showcase.sweep_all("demo") if repaired.accounts else before
        outcome = showcase.Outcome(
            before=before,
            after=after,
            repaired=repaired,
            proof=showcase.prove_all(),
            broken_facts=tuple(facts_seal.broken(sealed, facts_seal.seal(sandbox.env()))),
            prepared_left=showcase.prepared_left(sandbox),
        )
        self._report(outcome, as_json=as_json)
        if not outcome.is_clean:
            sys.exit(1)

    def _report(self, outcome: showcase.Outcome, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(_as_json(outcome)))
            return
        self._print_headlines("after", outcome.after)
        self._print_headlines("read again from the six stores", outcome.proof.headlines)
        self.stdout.write(f"repairs: {_outcomes(outcome)}")
        self.stdout.write(f"prepared transactions left: {outcome.prepared_left}")
        facts = ", ".join(outcome.broken_facts)
        self.stdout.write(
            f"FACT and INTENT rows changed: {facts}" if facts else "FACT and INTENT rows: bit for bit as before"
        )

    def _print_headlines(self, when: str, numbers: Headlines) -> None:
        words = " / ".join(f"{getattr(numbers, field):,} {name}" for field, name in HEADLINES)
        self.stdout.write(f"{when}: {words}")

    def _tell(self, line: str) -> None:
        self.stderr.write(line)


def _as_json(outcome: showcase.Outcome) -> dict[str, Any]:
    def numbers(counted: Headlines) -> dict[str, int]:
        return {field: getattr(counted, field) for field, _ in HEADLINES}

    return {
        "before": numbers(outcome.before),
        "after": numbers(outcome.after),
        "proof": {
            "headlines": numbers(outcome.proof.headlines),
            "accounts": outcome.proof.accounts,
            "drifted": outcome.proof.drifted,
            "unknown": outcome.proof.unknown,
        },
        "repairs": dict(outcome.repaired.outcomes),
        "facts_unchanged": not outcome.broken_facts,
        "broken_facts": list(outcome.broken_facts),
        "prepared_left": outcome.prepared_left,
    }


def _outcomes(outcome: showcase.Outcome) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in outcome.repaired.outcomes.items()) or "none needed"


def _start_again(sandbox: Sandbox) -> None:
    """The settings were read before these servers had their ports: read them anew, in this same process."""
    argv = [one for one in sys.orig_argv[1:] if one != "--reset"]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *argv], {**os.environ, **sandbox.env()})


@contextmanager
def _only_demo(var_dir: Path) -> Iterator[IO[str]]:
    """One demo per checkout; the system frees the lock of a killed one."""
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "demo.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SandboxError(f"A demo runs already on {var_dir}: stop it first (Ctrl-C where it runs).") from error
        yield handle


@contextmanager
def _ending_gracefully() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does, with everything stopped."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        signal.signal(signal.SIGTERM, before)

"""The demo's steps: servers, population, sweep, repair, and the proof that it worked. `demo` puts them in order."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from django.core.management import call_command

from recon import bootstrap
from recon.actions import equipment
from recon.actions.run_sweep import run_sweep, work_in_queue
from recon.management.progress import Progress, sweep_progress
from recon.queries.drift import Headlines, headlines
from recon.sandbox.cluster import Sandbox
from recon.sandbox.errors import SandboxError
from recon.sandbox.logins import ensure_logins
from recon.sandbox.population import seed
from recon.sandbox.proof import Proof, prove
from recon.sandbox.repairing import Repaired, repair
from recon.sandbox.services import WORKERS, Services, flush_queue
from recon.tasks.sweep import sweep_chunk

DEFAULT_ACCOUNTS = 5_000
LOOK_SECONDS = 0.5
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a headless run found, did and proved."""

    before: Headlines
    after: Headlines
    repaired: Repaired
    proof: Proof
    broken_facts: tuple[str, ...]
    prepared_left: int

    @property
    def is_clean(self) -> bool:
        left = self.broken_facts or self.prepared_left
        return self.after.are_all_zero and self.proof.headlines.are_all_zero and not left


def ensure_population(sandbox: Sandbox, accounts: int | None, tell: Tell) -> int:
    """Seed unless the stores hold a whole population; how many accounts it has."""
    have = sandbox.seeded_accounts()
    if have is not None:
        if accounts is not None and accounts != have:
            raise SandboxError(f"The stores hold a population of {have:,} already: add --reset to replace it.")
        return have
    wanted = accounts or DEFAULT_ACCOUNTS
    with timed(tell, f"Seeding {wanted:,} accounts into six stores"):
        seed(sandbox.env(), wanted, now=datetime.now(UTC))
    sandbox.mark_seeded(wanted)
    return wanted


def ensure_migrated(tell: Tell) -> None:
    with timed(tell, "Migrating our own database"):
        call_command("migrate", verbosity=0)
        ensure_logins()


def start_worker(services: Services, sandbox: Sandbox, tell: Tell) -> None:
    flush_queue(sandbox.env()["REDIS_URL"])
    with timed(tell, f"Starting Celery, {WORKERS} workers"):
        services.start_worker()


def sweep_all(actor: str) -> Headlines:
    """Read and evaluate every account, chunk by chunk through Celery."""
    with sweep_progress() as reports:
        run_sweep(
            equipment.sweeper(),
            actor=actor,
            pace=equipment.pace(),
            work=work_in_queue(_enqueue_chunk, at_once=2 * WORKERS),
            reports=reports,
        )
    return headlines()


def repair_all() -> Repaired:
    """Every plan, as people repair many: by bulk repairs, through Celery."""
    with Progress("Repair", "accounts") as progress:
        return repair(progress)


def prove_all() -> Proof:
    return prove(bootstrap.stores(), bootstrap.stripe_store(), equipment.rules(), datetime.now(UTC))


def prepared_left(sandbox: Sandbox) -> int:
    """Prepared transactions in the whole cluster."""
    with psycopg.connect(sandbox.env()["SANDBOX_ADMIN_URL"]) as conn:
        row = conn.execute("SELECT count(*) FROM pg_prepared_xacts").fetchone()
    return int(row[0]) if row else 0


def _enqueue_chunk(chunk_id: int) -> None:
    sweep_chunk.delay(chunk_id)


@contextmanager
def timed(tell: Tell, what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    tell(f"{what}: {time.monotonic() - began:.1f} s")


def wait_for_end(services: Services, asked: threading.Event) -> list[str]:
    """Until somebody asks for the end, or a process dies; the names of the dead."""
    while not asked.wait(LOOK_SECONDS):
        if dead := services.dead():
            return dead
    return []

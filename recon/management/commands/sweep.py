"""`manage.py sweep`: look at every account that any store knows; nothing is written to a store."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recon.actions import equipment
from recon.actions.hand_out import NobodyWorks
from recon.actions.run_sweep import Work, run_sweep, work_here, work_in_queue
from recon.bootstrap import task_sender
from recon.management.embedded import EmbeddedCommand
from recon.management.progress import sweep_progress
from recon.management.words import whole
from recon.queries.runs import looked_at
from recon.stores.base import StoreError
from recon.tasks.sweep import sweep_chunk


class Command(EmbeddedCommand):
    help = "Evaluate what changed of all accounts of all stores. An unfinished sweep goes on where it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workers",
            type=whole(0, 1_000),
            default=0,
            help="chunks that Celery's workers have at a time; 0 (default): done here",
        )
        parser.add_argument(
            "--full", action="store_true", help="evaluate everybody; tells how many the other sweeps had missed"
        )
        parser.add_argument("--json", action="store_true", help="the numbers as one JSON object")

    def handle(self, *args: Any, workers: int, full: bool, **options: Any) -> None:
        sweeper = equipment.sweeper()
        with sweep_progress() as reports:
            try:
                run = run_sweep(
                    sweeper,
                    actor="terminal",
                    pace=equipment.pace(),
                    work=self._work(workers),
                    reports=reports,
                    full=full,
                )
            except (StoreError, NobodyWorks) as error:
                raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(run.counts))
            return
        for name, accounts_counted in run.counts["headlines"].items():
            self.stdout.write(f"{name:<28}{accounts_counted:>8,}")
        for name, accounts_counted in looked_at(run.id).items():
            self.stdout.write(f"{name:<28}{accounts_counted:>8,}")

    def _work(self, workers: int) -> Work:
        if workers > 0:
            return work_in_queue(_enqueue, at_once=workers)
        return work_here(equipment.sweeper)


def _enqueue(chunk_id: int) -> None:
    task_sender().send_task(sweep_chunk.name, args=[chunk_id], retry=False)

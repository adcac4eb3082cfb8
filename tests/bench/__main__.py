"""`python -m tests.bench [--quick] [--json] [--keep]`: on servers of its own under var/bench, fsync on."""

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from recon.sandbox.cluster import Sandbox
from tests.bench.report import keep

VAR = Path(__file__).resolve().parents[2] / "var" / "bench"


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything: accounts, commits a kind, pages a round, webhooks and reads a round, rounds."""

    accounts: int
    commits: int
    pages: int
    events: int
    reads: int
    rounds: int
    with_peers: bool


FULL = Size(accounts=2_500, commits=200, pages=10, events=400, reads=2_000, rounds=15, with_peers=True)
QUICK = Size(accounts=60, commits=2, pages=1, events=32, reads=32, rounds=1, with_peers=False)


def main() -> None:
    options = _options()
    size = QUICK if options.quick else FULL
    with _servers(size.accounts) as sandbox:
        # They need settings that name running servers.
        from tests.bench import bulk, commits, entitlement, intake, pages, pipeline

        figures = [*pipeline.figures(), *commits.figures(size.commits), *pages.figures(size.pages)]
        figures += intake.figures(size.events, size.rounds, with_peers=size.with_peers)
        figures += entitlement.figures(size.reads, size.rounds)
        figures += bulk.figures(sandbox, size.commits, size.rounds)
    if options.keep:
        keep(figures, at=datetime.now(UTC))
    if options.json:
        print(json.dumps([figure.as_json() for figure in figures]))
        return
    for figure in figures:
        print(figure.line())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="seconds: shows that all of it runs; its figures say little"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--keep", action="store_true", help="in bench/results.json, bench/ratios.svg and README's table"
    )
    return parser.parse_args()


@contextmanager
def _servers(accounts: int) -> Iterator[Sandbox]:
    sandbox = Sandbox(VAR)
    with sandbox.attached():
        os.environ.update(sandbox.env(), DJANGO_SETTINGS_MODULE="recon.settings")
        import django  # reads the settings, which name the servers of just now

        django.setup()
        from django.core.management import call_command

        from recon.sandbox.population import seed

        sandbox.recreate_ours()
        call_command("migrate", verbosity=0, skip_checks=True)
        seed(sandbox.env(), accounts, now=datetime.now(UTC))
        yield sandbox


if __name__ == "__main__":
    main()

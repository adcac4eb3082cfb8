"""`python -m tests.bench --accounts 1000 [--json]`: on servers of its own under var/bench, fsync on."""

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from recon.sandbox.cluster import Sandbox

VAR = Path(__file__).resolve().parents[2] / "var" / "bench"


def main() -> None:
    options = _options()
    with _servers(options.accounts):
        from tests.bench import commits, intake, pages, pipeline  # they need settings that name running servers

        figures = [*pipeline.figures(), *commits.figures(options.commits), *pages.figures()]
        figures += intake.figures(options.events)
    if options.json:
        print(json.dumps([figure.as_json() for figure in figures]))
        return
    for figure in figures:
        print(figure.line())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000, help="size of the population (default 1000)")
    parser.add_argument("--commits", type=int, default=200, help="commits per kind (default 200)")
    parser.add_argument("--events", type=int, default=1_000, help="webhooks a round (default 1000)")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextmanager
def _servers(accounts: int) -> Iterator[None]:
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
        yield


if __name__ == "__main__":
    main()

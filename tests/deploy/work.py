"""`python -m tests.deploy.work`: sweep, repair all that drifted in bulk, sweep again, and prove it from the six stores,
by whatever workers there are. What it found, as JSON."""

import json
import os
import sys
from dataclasses import asdict

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon.settings")
django.setup()

import recon.celery  # noqa: E402, F401 # by whose broker tasks are sent
from recon.sandbox import showcase  # noqa: E402 # it asks for models
from recon.sandbox.logins import ensure_logins  # noqa: E402 # as above


def main() -> None:
    ensure_logins()
    before = showcase.sweep_all("user:admin")
    repaired = showcase.repair_all()
    after = showcase.sweep_all("user:admin")
    proof = showcase.prove_all()
    headlines = {"before": asdict(before), "after": asdict(after), "proof": asdict(proof.headlines)}
    json.dump({**headlines, "accounts": proof.accounts, "repairs": dict(repaired.outcomes)}, sys.stdout)


if __name__ == "__main__":
    main()

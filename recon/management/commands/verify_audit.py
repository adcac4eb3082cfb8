"""`manage.py verify_audit`: prove the audit's chain, and with the checkpoints that it was not written anew."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from recon.actions.prove_audit import prove_audit
from recon.actions.verify_audit import Checkpoint, read_checkpoints
from recon.management.embedded import EmbeddedCommand


class Command(EmbeddedCommand):
    help = "Walk the audit's chain from its first row; exit 1 at the first row that is not what was sealed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--checkpoints", type=Path, help="the signed checkpoints, JSON lines (default: AUDIT_CHECKPOINTS)"
        )
        parser.add_argument("--json", action="store_true", help="the result as one JSON object")

    def handle(self, *args: Any, checkpoints: Path | None, **options: Any) -> None:
        result = prove_audit(
            _read(checkpoints or _kept()),
            key=settings.AUDIT_KEY.encode(),
            older_keys=[key.encode() for key in settings.AUDIT_KEY_FALLBACKS],
            actor="terminal:verify_audit",
            now=timezone.now(),
        )
        if options["json"]:
            self.stdout.write(json.dumps(asdict(result)))
        elif result.is_sound:
            older = f", {result.by_older_keys} of them signed with an older key" if result.by_older_keys else ""
            self.stdout.write(f"The audit is whole: {result.rows:,} rows, {result.checkpoints} checkpoints met{older}.")
        else:
            self.stdout.write(f"The audit is broken at row {result.bad_seq}: {result.problem}.")
        if not result.is_sound:
            raise SystemExit(1)


def _kept() -> Path | None:
    """Where the settings have them written; None before the first."""
    file = settings.AUDIT_CHECKPOINTS
    return file if file is not None and file.exists() else None


def _read(file: Path | None) -> list[Checkpoint]:
    try:
        return list(read_checkpoints(file.read_text(encoding="utf-8").splitlines())) if file is not None else []
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}: give the file that the checkpoints were written to.") from error

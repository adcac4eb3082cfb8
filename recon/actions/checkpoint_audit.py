"""Send the end of the audit's chain out of the database, signed: into the log, and into a file where one is named."""

import logging
from datetime import datetime
from pathlib import Path

from recon.actions.verify_audit import Checkpoint, checkpoint_line, sign_checkpoint

log = logging.getLogger("recon.audit.checkpoint")


def checkpoint_audit(*, installation: str, key: bytes, now: datetime, file: Path | None) -> Checkpoint | None:
    """The checkpoint that was sent; None while the audit is empty. Whoever keeps the log keeps the proof."""
    checkpoint = sign_checkpoint(installation=installation, key=key, now=now)
    if checkpoint is None:
        return None
    line = checkpoint_line(checkpoint)
    log.info("audit checkpoint %s", line)
    if file is not None:
        with file.open("a", encoding="utf-8") as kept:
            kept.write(line + "\n")
    return checkpoint

"""Walk the audit's chain and keep what was found, so that every page can say when the chain was last proved."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from recon.actions.verify_audit import Checkpoint, Verified, read_checkpoints, verify_audit
from recon.models import AuditVerification

log = logging.getLogger("recon.audit.verification")

SOUND_KEPT: Final = timedelta(days=30)


def prove_audit(
    checkpoints: Iterable[Checkpoint], *, key: bytes, older_keys: Sequence[bytes] = (), actor: str, now: datetime
) -> Verified:
    """What the walk found, now a row of its own. Old walks that found nothing are forgotten; a broken one never is."""
    found = verify_audit(checkpoints, key=key, older_keys=older_keys)
    _keep(found, actor, now, problems=[] if found.is_sound else [f"entry {found.bad_seq}: {found.problem}"])
    return found


def prove_audit_with(
    file: Path | None, *, key: bytes, older_keys: Sequence[bytes] = (), actor: str, now: datetime
) -> Verified | None:
    """The same with the checkpoints of a file. None: the file cannot be read, which is kept as a problem too."""
    try:
        checkpoints = list(read_checkpoints(_lines(file)))
    except (OSError, ValueError) as error:
        unread = Verified(0, 0, problem=f"the checkpoints cannot be read: {type(error).__name__}")
        _keep(unread, actor, now, problems=[unread.problem])
        return None
    return prove_audit(checkpoints, key=key, older_keys=older_keys, actor=actor, now=now)


def _lines(file: Path | None) -> list[str]:
    """No file before the first checkpoint is no problem: the chain is then walked by itself."""
    if file is None or not file.exists():
        return []
    return file.read_text(encoding="utf-8").splitlines()


def _keep(found: Verified, actor: str, now: datetime, *, problems: list[str]) -> None:
    AuditVerification.objects.create(
        at=now, actor=actor, entries=found.rows, checkpoints=found.checkpoints, problems=problems
    )
    AuditVerification.objects.filter(problems=[], at__lt=now - SOUND_KEPT).delete()
    if problems:
        log.critical("the audit is not whole", extra={"problems": problems})

"""Find out that our database is older than what it wrote: a backup of it was restored.

What happened since is not in it: repairs that were carried out, decisions whose branches are prepared in the stores,
entries of the audit. To presume that none of it ever was would be a guess. So nothing is begun, and recovery only
tells, until a person has looked and says so.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction

from recon.actions import apply_equipment
from recon.actions.pause_applies import pause_applies
from recon.actions.verify_audit import Checkpoint, is_signed, read_checkpoints
from recon.actors import RECOVERY
from recon.apply.record import Entry, record
from recon.apply.recovery import Stray
from recon.models import AuditEntry, Pulse, Switch
from recon.queries.place import place
from recon.words import reason_in

log = logging.getLogger(__name__)

TAIL_BYTES: Final = 64 * 1024
TOLD: Final = (
    "Our database is older than what it wrote, as it is after a restore. {signs} Nothing is applied, and recovery only"
    " tells; `manage.py restored` says what there is and how to go on."
)


def why_held(*, now: datetime) -> str:
    """Why nothing may be begun or settled until a person has looked; empty where nothing stands in the way.

    The first who finds it out pauses all applies. To be asked before anything is presumed of the past.
    """
    held = Switch.objects.filter(name=Switch.DATABASE_RESTORED, is_on=True).first()
    if held is not None:
        return held.reason
    found = list(signs())
    if not found:
        _remember(now)
        return ""
    return _hold(TOLD.format(signs=" ".join(found)), now)


def signs() -> Iterator[str]:
    """Each a sentence: what stands outside, or stood here before, that this database does not know."""
    here, known = place(), _known_place()
    moved = sorted(name for name, number in here.items() if number and known.get(name, number) != number)
    if moved:
        yield f"It does not stand where it stood when the engine last ran: {', '.join(moved)} changed."
    newest = _newest_checkpoint()
    if newest is not None:
        entry = AuditEntry.objects.filter(seq=newest.seq).first()
        if entry is None:
            yield f"Its audit ends before entry {newest.seq}, which a signed checkpoint of {newest.at} names."
        elif bytes(entry.hash).hex() != newest.hash:
            yield f"Entry {newest.seq} of its audit is not the one that a signed checkpoint of {newest.at} names."


def accept_restored(*, actor: str, reason: str, now: datetime) -> Sequence[Stray]:
    """A person has looked: recovery settles again. What is prepared in the stores and nobody knows is rolled back, as
    nothing says that it was decided: those. Applies stay paused until somebody lets them go on.

    ValueError without a reason, or where nothing is held. Raises StoreUnreachable: then nothing has changed.
    """
    said = reason_in(reason, "Say what you found: what happened since the backup is in no record of ours.")
    recovery = apply_equipment.recovery()
    strays = recovery.strays()
    with transaction.atomic():
        held = Switch.objects.select_for_update().filter(name=Switch.DATABASE_RESTORED, is_on=True).first()
        if held is None:
            raise ValueError("Nothing is held: this database knows all that it wrote.")
        _set_checkpoints_aside(now)
        _remember(now)
        _switch(False, said, actor, now)
        before = {"why": held.reason}
        record(
            Entry(actor, "restore.accepted", said, before=before, after={"rolled_back": [one.gid for one in strays]})
        )
    recovery.roll_back(strays)
    return strays


def _hold(why: str, now: datetime) -> str:
    log.critical("our database was restored", extra={"why": why})
    with transaction.atomic():
        _switch(True, why, RECOVERY, now)
        pause_applies(actor=RECOVERY, reason=why, now=now)
    return why


def _switch(is_on: bool, reason: str, actor: str, now: datetime) -> None:
    told = {"is_on": is_on, "reason": reason, "set_by": actor, "set_at": now}
    Switch.objects.update_or_create(name=Switch.DATABASE_RESTORED, defaults=told)


def _known_place() -> dict[str, str]:
    known: dict[str, str] | None = Pulse.objects.filter(name=Pulse.PLACE).values_list("detail", flat=True).first()
    return known or {}


def _remember(now: datetime) -> None:
    here = dict(place())
    if _known_place() != here:
        Pulse.objects.update_or_create(name=Pulse.PLACE, defaults={"at": now, "detail": here})


def _newest_checkpoint() -> Checkpoint | None:
    """The highest of the last ones that left this database; lines that are none of ours are `verify_audit`'s affair."""
    file, keys = settings.AUDIT_CHECKPOINTS, [settings.AUDIT_KEY, *settings.AUDIT_KEY_FALLBACKS]
    if file is None or not file.exists():
        return None
    signed = [one for one in _readable(_tail(file)) if is_signed(one, *(key.encode() for key in keys))]
    ours = [one for one in signed if one.installation == settings.RECON_INSTANCE]
    return max(ours, key=lambda one: one.seq, default=None)


def _tail(file: Path) -> list[str]:
    with file.open("rb") as lines:
        lines.seek(max(0, file.stat().st_size - TAIL_BYTES))
        return lines.read().decode(errors="replace").splitlines()


def _readable(lines: Sequence[str]) -> Iterator[Checkpoint]:
    for line in lines:
        try:
            yield from read_checkpoints([line])
        except ValueError:
            continue  # the first may have been cut


def _set_checkpoints_aside(now: datetime) -> None:
    """They prove what is gone; the chain that goes on from here gets a file of its own."""
    file = settings.AUDIT_CHECKPOINTS
    if file is not None and file.exists():
        file.rename(file.with_name(f"{file.name}.before-{now:%Y%m%dT%H%M%SZ}"))

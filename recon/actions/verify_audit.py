"""Prove the audit: every row follows from the one before, and the signed checkpoints are rows of this chain.

The chain alone finds a careless change. Whoever may switch the triggers off can also write the chain anew, or cut its
end off: that is found by the checkpoints, which left the database, signed with a key that is not in it.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from recon.models import AuditEntry, AuditHead
from recon.queries.audit import sealed_text

GENESIS: Final = hashlib.sha256(b"v1").digest()
AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One row's number and seal as they were at `at`, with the signature of the installation."""

    installation: str
    seq: int
    hash: str
    at: str
    signature: str


@dataclass(frozen=True, slots=True)
class Verified:
    """`bad_seq` is the first row at which the chain breaks, None when it does not. Of the checkpoints that were met,
    so many were signed with an older key."""

    rows: int
    checkpoints: int
    bad_seq: int | None = None
    problem: str = ""
    by_older_keys: int = 0

    @property
    def is_sound(self) -> bool:
        return self.bad_seq is None


class _Row(NamedTuple):
    """The columns of one entry as plain text and bytes: a model's instance costs more than its seal."""

    seq: int
    at: datetime
    actor: str
    action: str
    account: str | None
    reason: str
    before: str | None
    after: str | None
    request_id: str
    apply_id: str | None
    body: str
    prev: bytes
    hash: bytes


ROWS: Final = """
select seq, at, actor, action, account, reason, before::text, after::text, request_id, apply_id::text, body, prev, hash
from audit where seq > %s order by seq limit %s
"""


def verify_audit(checkpoints: Iterable[Checkpoint] = (), *, key: bytes, older_keys: Sequence[bytes] = ()) -> Verified:
    """Walks the whole chain once, while others may append to it; the first thing that is wrong ends it.

    A checkpoint does not say which key signed it: whichever of them did will do."""
    wanted, unsigned = _by_row(checkpoints, (key, *older_keys))
    if unsigned is not None:
        return Verified(0, 0, unsigned.seq, "a checkpoint's signature is not ours; was the checkpoint file changed?")
    older = sum(not is_signed(one, key) for one in wanted.values())
    previous, seq, met = GENESIS, 0, 0
    while True:
        for row in _rows_after(seq):
            problem = _problem(row, seq + 1, previous) or _against(wanted.get(row.seq), row.hash)
            if problem:
                return Verified(seq, met, row.seq, problem)
            met += row.seq in wanted
            previous, seq = row.hash, row.seq
        head = AuditHead.objects.filter(one=True).first()
        if head is None or head.seq <= seq or not AuditEntry.objects.filter(seq__gt=seq).exists():
            return Verified(seq, met, *_end(head, seq, previous, wanted), by_older_keys=older)


def sign_checkpoint(*, installation: str, key: bytes, now: datetime) -> Checkpoint | None:
    """The chain's end, signed, to be kept outside the database; None while the audit is empty."""
    head = AuditHead.objects.get()
    if head.seq == 0:
        return None
    unsigned = Checkpoint(installation, head.seq, bytes(head.hash).hex(), now.astimezone(UTC).isoformat(), "")
    return Checkpoint(installation, head.seq, unsigned.hash, unsigned.at, _signature(unsigned, key))


def is_signed(checkpoint: Checkpoint, *keys: bytes) -> bool:
    """Is its signature ours, by any of these keys?"""
    return any(hmac.compare_digest(checkpoint.signature, _signature(checkpoint, key)) for key in keys)


def read_checkpoints(lines: Iterable[str]) -> Iterator[Checkpoint]:
    """JSON lines as `checkpoint_line` writes them. ValueError: a line that is none."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield Checkpoint(**json.loads(line))
        except (TypeError, ValueError) as error:
            raise ValueError(f"line {number} of the checkpoints is no checkpoint") from error


def checkpoint_line(checkpoint: Checkpoint) -> str:
    return json.dumps({name: getattr(checkpoint, name) for name in Checkpoint.__slots__}, sort_keys=True)


def _by_row(
    checkpoints: Iterable[Checkpoint], keys: Sequence[bytes]
) -> tuple[dict[int, Checkpoint], Checkpoint | None]:
    wanted: dict[int, Checkpoint] = {}
    for checkpoint in checkpoints:
        if not is_signed(checkpoint, *keys):
            return {}, checkpoint
        if checkpoint.seq in wanted and wanted[checkpoint.seq].hash != checkpoint.hash:
            return {}, checkpoint
        wanted[checkpoint.seq] = checkpoint
    return wanted, None


def _signature(checkpoint: Checkpoint, key: bytes) -> str:
    text = f"v1|{checkpoint.installation}|{checkpoint.seq}|{checkpoint.hash}|{checkpoint.at}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _rows_after(seq: int) -> Iterator[_Row]:
    """By the key, some at a time: a chain of any length takes the same memory."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(ROWS, [seq, AT_ONCE])
            rows = [_Row(*row) for row in cursor.fetchall()]
            if not rows:
                return
            yield from rows
            seq = rows[-1].seq


def _problem(row: _Row, seq: int, previous: bytes) -> str:
    if row.seq != seq:
        return f"row {seq} is missing"
    if row.prev != previous:
        return "it does not name the seal of the row before it"
    if hashlib.sha256(sealed_text(row.seq, row.at, row.prev, row.body).encode()).digest() != row.hash:
        return "its text, time or number is not what was sealed"
    if _columns(row) != json.loads(row.body):
        return "its columns are not what its sealed text says"
    return ""


def _columns(row: _Row) -> dict[str, Any]:
    return {
        "actor": row.actor,
        "action": row.action,
        "reason": row.reason,
        "account": row.account,
        "before": json.loads(row.before) if row.before is not None else None,
        "after": json.loads(row.after) if row.after is not None else None,
        "request_id": row.request_id,
        "apply_id": row.apply_id,
    }


def _against(checkpoint: Checkpoint | None, seal: bytes) -> str:
    if checkpoint is not None and checkpoint.hash != seal.hex():
        return "its seal is not the one that left the database in a checkpoint"
    return ""


def _end(head: AuditHead | None, seq: int, previous: bytes, wanted: dict[int, Checkpoint]) -> tuple[int | None, str]:
    """`head` was read after the last row: it moves in the transaction that appends, so it may not be behind."""
    if head is None or (head.seq, bytes(head.hash)) != (seq, previous):
        return seq + 1, "the chain's head names other rows than there are"
    beyond = min((number for number in wanted if number > seq), default=None)
    return (beyond, "a checkpoint names a row that is gone") if beyond is not None else (None, "")

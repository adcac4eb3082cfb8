"""Prove the audit: every row follows from the one before, and the signed checkpoints are rows of this chain.

The chain alone finds a careless change. Whoever may switch the triggers off can also write the chain anew, or cut its
end off: that is found by the checkpoints, which left the database, signed with a key that is not in it.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from recon.models import AuditEntry, AuditHead

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
    """`bad_seq` is the first row at which the chain breaks, None when it does not."""

    rows: int
    checkpoints: int
    bad_seq: int | None = None
    problem: str = ""

    @property
    def is_sound(self) -> bool:
        return self.bad_seq is None


def verify_audit(checkpoints: Iterable[Checkpoint] = (), *, key: bytes) -> Verified:
    """Walks the whole chain once; the first thing that is wrong ends it."""
    wanted, unsigned = _by_row(checkpoints, key)
    if unsigned is not None:
        return Verified(0, 0, unsigned.seq, "a checkpoint's signature is not ours; was the checkpoint file changed?")
    previous, seq, met = GENESIS, 0, 0
    for entry in AuditEntry.objects.order_by("seq").iterator(chunk_size=AT_ONCE):
        problem = _problem(entry, seq + 1, previous) or _against(wanted.get(entry.seq), bytes(entry.hash))
        if problem:
            return Verified(seq, met, entry.seq, problem)
        met += entry.seq in wanted
        previous, seq = bytes(entry.hash), entry.seq
    return Verified(seq, met, *_end(seq, previous, wanted))


def sign_checkpoint(*, installation: str, key: bytes, now: datetime) -> Checkpoint | None:
    """The chain's end, signed, to be kept outside the database; None while the audit is empty."""
    head = AuditHead.objects.get()
    if head.seq == 0:
        return None
    unsigned = Checkpoint(installation, head.seq, bytes(head.hash).hex(), now.astimezone(UTC).isoformat(), "")
    return Checkpoint(installation, head.seq, unsigned.hash, unsigned.at, _signature(unsigned, key))


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


def _by_row(checkpoints: Iterable[Checkpoint], key: bytes) -> tuple[dict[int, Checkpoint], Checkpoint | None]:
    wanted: dict[int, Checkpoint] = {}
    for checkpoint in checkpoints:
        if not hmac.compare_digest(checkpoint.signature, _signature(checkpoint, key)):
            return {}, checkpoint
        if checkpoint.seq in wanted and wanted[checkpoint.seq].hash != checkpoint.hash:
            return {}, checkpoint
        wanted[checkpoint.seq] = checkpoint
    return wanted, None


def _signature(checkpoint: Checkpoint, key: bytes) -> str:
    text = f"v1|{checkpoint.installation}|{checkpoint.seq}|{checkpoint.hash}|{checkpoint.at}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _problem(entry: AuditEntry, seq: int, previous: bytes) -> str:
    if entry.seq != seq:
        return f"row {seq} is missing"
    if bytes(entry.prev) != previous:
        return "it does not name the seal of the row before it"
    if _seal(entry, previous) != bytes(entry.hash):
        return "its text, time or number is not what was sealed"
    if _columns(entry) != json.loads(entry.body):
        return "its columns are not what its sealed text says"
    return ""


def _seal(entry: AuditEntry, previous: bytes) -> bytes:
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return hashlib.sha256(f"v1|{entry.seq}|{at}|{previous.hex()}|{entry.body}".encode()).digest()


def _columns(entry: AuditEntry) -> dict[str, Any]:
    return {
        "actor": entry.actor,
        "action": entry.action,
        "reason": entry.reason,
        "account": entry.account,
        "before": entry.before,
        "after": entry.after,
        "request_id": entry.request_id,
        "apply_id": str(entry.apply_id) if entry.apply_id else None,
    }


def _against(checkpoint: Checkpoint | None, seal: bytes) -> str:
    if checkpoint is not None and checkpoint.hash != seal.hex():
        return "its seal is not the one that left the database in a checkpoint"
    return ""


def _end(seq: int, previous: bytes, wanted: dict[int, Checkpoint]) -> tuple[int | None, str]:
    head = AuditHead.objects.filter(one=True).first()
    if head is None or (head.seq, bytes(head.hash)) != (seq, previous):
        return seq + 1, "the chain's head names other rows than there are"
    beyond = min((number for number in wanted if number > seq), default=None)
    return (beyond, "a checkpoint names a row that is gone") if beyond is not None else (None, "")

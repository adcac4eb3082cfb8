"""Write a note on an account: never changed, never taken back. The audit says that it was written, not what it says."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db import transaction

from recon.actions.authority import Right, holds
from recon.apply.record import Entry, record
from recon.models import AccountState, Note
from recon.words import storable

LONGEST_NOTE: Final = 2_000  # characters
TWICE: Final = timedelta(minutes=1)
REASON: Final = "note on the account"


@dataclass(frozen=True, slots=True)
class Noted:
    """The note's number, or why there is none: a word for programs and a sentence for people."""

    note_id: int | None
    code: str = ""
    sentence: str = ""


def add_note(
    account_id: str, text: str, *, actor: str, groups: Iterable[str], now: datetime, request_id: str = ""
) -> Noted:
    """The same text of the same author within a minute is the same note: a form that was sent twice.

    A refusal's code is forbidden, empty, too_long or unknown (an account that was never evaluated).
    """
    if not holds(groups, Right.NOTE):
        return Noted(None, "forbidden", "Your role may read notes and not write them.")
    written = storable(text)
    if not written:
        return Noted(None, "empty", "A note needs words.")
    if len(written) > LONGEST_NOTE:
        too_many = len(written) - LONGEST_NOTE
        return Noted(None, "too_long", f"A note has at most {LONGEST_NOTE} characters: {too_many} too many.")
    with transaction.atomic():
        if not AccountState.objects.select_for_update().filter(account_id=account_id).exists():
            return Noted(None, "unknown", "There is no such account.")
        mine = Note.objects.filter(account_id=account_id, author=actor, text=written, at__gt=now - TWICE, at__lte=now)
        sent_before = mine.first()
        if sent_before is not None:
            return Noted(sent_before.id)
        note = Note.objects.create(account_id=account_id, at=now, author=actor, text=written)
        record(_entry(note, request_id))
    return Noted(note.id)


def _entry(note: Note, request_id: str) -> Entry:
    """Its text may name people, and the audit is never pruned: the hash proves it without saying it."""
    return Entry(
        actor=note.author,
        action="note.added",
        reason=REASON,
        account=note.account_id,
        after={"note": note.id, "characters": len(note.text), "sha256": sha256(note.text.encode()).hexdigest()},
        request_id=request_id,
    )

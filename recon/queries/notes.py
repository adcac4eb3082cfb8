"""What people wrote down about an account, newest first."""

from dataclasses import dataclass
from datetime import datetime

from recon.models import Note

MOST_NOTES = 20


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One note; `author` as user:name."""

    id: int
    at: datetime
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Notes:
    """The latest; `has_more` when there are older ones, which the timeline shows."""

    lines: tuple[NoteLine, ...]
    has_more: bool


def notes_of(account_id: str, *, most: int = MOST_NOTES) -> Notes:
    rows = list(Note.objects.filter(account_id=account_id).order_by("-at", "-id")[: most + 1])
    lines = tuple(NoteLine(row.id, row.at, row.author, row.text) for row in rows[:most])
    return Notes(lines, has_more=len(rows) > most)

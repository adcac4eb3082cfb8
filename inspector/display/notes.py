"""Notes in words, and the form that adds one."""

from dataclasses import dataclass
from datetime import datetime

from inspector.access import Permission
from inspector.display.deeds import actor_words
from inspector.display.moments import age_words, moment_words
from recon.actions.add_note import LONGEST_NOTE
from recon.queries.notes import Notes


@dataclass(frozen=True, slots=True)
class TypedNote:
    """What stands in the form already, and what is wrong with it; `kept` says that a session had ended over it."""

    text: str = ""
    error: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class NoteView:
    """One note; `at` by the clock and `ago` as an age."""

    text: str
    author: str
    at: str
    iso: str
    ago: str


@dataclass(frozen=True, slots=True)
class NotesView:
    lines: tuple[NoteView, ...]
    has_more: bool
    permission: Permission
    typed: TypedNote
    longest: int = LONGEST_NOTE


NOTHING_NOTED = TypedNote()


def notes_view(notes: Notes, permission: Permission, typed: TypedNote, now: datetime) -> NotesView:
    lines = (
        NoteView(
            line.text, actor_words(line.author), moment_words(line.at), line.at.isoformat(), age_words(line.at, now)
        )
        for line in notes.lines
    )
    return NotesView(tuple(lines), notes.has_more, permission, typed)

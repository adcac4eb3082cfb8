"""A note is written once, with its audit entry, and says nothing there."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from recon.actions.add_note import LONGEST_NOTE, Noted, add_note
from recon.models import AuditEntry, Note
from recon.queries.notes import notes_of
from tests.support.kept import golden, keep_case

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def account() -> str:
    return keep_case(golden("drift/flagged_but_paid"))


def written(account: str, text: str = "Called: pays on Friday.", **options: Any) -> Noted:
    given = {"actor": "user:ada", "groups": ["support"], "now": NOON, "request_id": "req_1"} | options
    return add_note(account, text, **given)


def test_a_note_and_its_audit_entry_are_one(account: str) -> None:
    noted = written(account)
    note, entry = Note.objects.get(), AuditEntry.objects.get(action="note.added")
    assert (note.id, note.account_id, note.at, note.author) == (noted.note_id, account, NOON, "user:ada")
    assert (entry.actor, entry.account, entry.request_id) == ("user:ada", account, "req_1")
    assert entry.after == {
        "note": note.id,
        "characters": len(note.text),
        "sha256": sha256(note.text.encode()).hexdigest(),
    }
    assert "Friday" not in entry.body


def test_a_form_sent_twice_is_one_note(account: str) -> None:
    assert written(account) == written(account, now=NOON + timedelta(seconds=5))
    assert Note.objects.count() == 1


def test_the_same_words_later_or_of_somebody_else_are_another_note(account: str) -> None:
    written(account)
    written(account, now=NOON + timedelta(minutes=2))
    written(account, actor="user:bo")
    assert Note.objects.count() == 3


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("", {}, "empty"),
        (" \r\n\x00 ", {}, "empty"),
        ("x" * (LONGEST_NOTE + 1), {}, "too_long"),
        ("Called.", {"groups": ["viewer"]}, "forbidden"),
        ("Called.", {"groups": []}, "forbidden"),
    ],
)
def test_what_may_not_be_written_leaves_nothing(account: str, text: str, options: dict, code: str) -> None:
    noted = written(account, text, **options)
    assert (noted.note_id, noted.code) == (None, code)
    assert noted.sentence
    assert not Note.objects.exists()
    assert not AuditEntry.objects.filter(action="note.added").exists()


def test_an_account_that_nobody_knows_gets_no_note() -> None:
    assert written("acc_none").code == "unknown"


def test_a_browsers_line_ends_count_once(account: str) -> None:
    written(account, "a\r\n" * (LONGEST_NOTE // 2 - 1) + "b")
    assert Note.objects.get().text.count("\n") == LONGEST_NOTE // 2 - 1


def test_notes_are_shown_newest_first_and_say_when_there_are_more(account: str) -> None:
    for minutes in range(3):
        written(account, f"note {minutes}", now=NOON + timedelta(minutes=minutes))
    notes = notes_of(account, most=2)
    assert [line.text for line in notes.lines] == ["note 2", "note 1"]
    assert notes.has_more
    assert not notes_of(account).has_more

"""The parts of the account's page that tell its story: what would clear it, sentences to copy, notes, the timeline."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from inspector.access import may_audit_all, may_note
from inspector.display.clearing import ClearingView, clearing_view
from inspector.display.notes import NOTHING_NOTED, NotesView, TypedNote, notes_view
from inspector.display.sentences import Sentences, sentences
from inspector.display.timeline import TimelineView, asked_for, timeline_view
from recon.queries.account import AccountView
from recon.queries.clearing import account_clearing
from recon.queries.facts import AccountFacts
from recon.queries.happenings import Kind
from recon.queries.notes import notes_of
from recon.queries.timeline import timeline


@dataclass(frozen=True, slots=True)
class Story:
    clearing: ClearingView
    sentences: Sentences
    notes: NotesView
    timeline: TimelineView


def story(
    request: HttpRequest, view: AccountView, known: AccountFacts, now: datetime, noted: TypedNote = NOTHING_NOTED
) -> Story:
    """For one reader; `noted` is what stands in the form for a note already."""
    clearing = account_clearing(view, known)
    asked = asked_for(request.GET)
    link = request.build_absolute_uri(reverse("account", args=[view.account_id]))
    told = timeline(
        view.account_id,
        {name: store.tables for name, store in view.stores.items()},
        now=now,
        kinds=tuple(Kind) if asked.kind is None else (asked.kind,),
        after=asked.after,
    )
    return Story(
        clearing=clearing_view(clearing),
        sentences=sentences(view, clearing, link=link),
        notes=notes_view(notes_of(view.account_id), may_note(request.user), noted, now),
        timeline=timeline_view(view.account_id, told, asked, sees_audit=may_audit_all(request.user).allowed),
    )

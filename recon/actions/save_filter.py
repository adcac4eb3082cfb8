"""Give the queue in the URL a name of one's own; the same name again takes its place."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from recon.models import SavedFilter
from recon.queries.work import MOST_FILTERS

LONGEST_NAME: Final = 60  # characters
LONGEST_QUERY: Final = 2_000
LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('filters of ' || %s, 0))"


@dataclass(frozen=True, slots=True)
class Saved:
    """Whether it was, and if not, why: a word for programs and a sentence for people."""

    done: bool
    code: str = ""
    sentence: str = ""


def save_filter(name: str, query: str, *, person: str, now: datetime) -> Saved:
    """`query` is what stands in the URL after its parts were understood. Codes: empty, too_long, full."""
    called = " ".join(name.replace("\x00", "").split())
    if not called:
        return Saved(False, "empty", "A saved filter needs a name.")
    if len(called) > LONGEST_NAME or len(query) > LONGEST_QUERY:
        return Saved(False, "too_long", f"A saved filter's name has at most {LONGEST_NAME} characters.")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [person])
        mine = SavedFilter.objects.filter(person=person)
        if mine.exclude(name=called).count() >= MOST_FILTERS:
            return Saved(False, "full", f"You have {MOST_FILTERS} saved filters: forget one first.")
        mine.update_or_create(name=called, defaults={"person": person, "query": query, "at": now})
    return Saved(True)

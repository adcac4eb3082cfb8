"""`GET /api/v1/events/?after=<sequence>`: the feed of domain events, in the order of their commits, at least once.

`next` is where to go on: at once while there is `more`, later when there is not. Without `after` it begins with the
oldest event that is kept.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from inspector.access import for_signed
from inspector.api.answers import refuse_other_types
from inspector.api.bearer import given_secret, is_one_of
from inspector.api.known import AN_ACCOUNT, NO_ACCOUNT
from inspector.api.problems import Refusal, answer, asked
from inspector.api.reader import reader
from inspector.api.throttle import counted_call, say_rate
from recon.actions.count_call import Counted
from recon.queries.events import KINDS, FeedEvent, FeedPage, feed

log = logging.getLogger(__name__)

USUAL_LIMIT: Final = 100
MOST_EVENTS: Final = 1_000
PARAMETERS: Final = ("after", "limit", "account", "kind")
A_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
SEND_ONE: Final = "Send a token that may read, or the feed's secret, as Authorization: Bearer."
TAKE_A_COPY: Final = "Take a copy of what you keep, then go on from `next` of this feed without `after`."


@dataclass(frozen=True, slots=True)
class Question:
    """`after` is 0 for everything that is kept."""

    after: int
    limit: int
    account: str
    kind: str

    def href(self, after: int) -> str:
        told = {"after": after, "limit": self.limit, "account": self.account, "kind": self.kind}
        return f"{reverse('events')}?{urlencode({name: value for name, value in told.items() if value != ''})}"


@for_signed
@asked
def events(request: HttpRequest) -> HttpResponse:
    refuse_other_types(request)
    counted = _authenticate(request)
    question = _question(request.GET)
    try:
        page = feed(question.after, limit=question.limit, account_id=question.account, kind=question.kind)
    except (DatabaseError, InterfaceError) as error:
        log.exception("the feed could not be read")
        raise Refusal(503, "not_available", "It could not be read: ask again.", {"Retry-After": "5"}) from error
    _refuse_gap(question.after, page)
    told = {"events": [_told(one) for one in page.events], "next": question.href(page.next_after), "more": page.more}
    response = answer(told)
    if counted is not None:
        say_rate(response, counted)
    return response


def _authenticate(request: HttpRequest) -> Counted | None:
    """By a token that may read, whose calls are counted, or by a secret of the feed's own."""
    if is_one_of(given_secret(request), settings.EVENT_FEED_SECRETS):
        return None
    return counted_call(reader(request, SEND_ONE), "calls")


def _question(given: QueryDict) -> Question:
    errors = [{"parameter": name, "detail": detail} for name, detail in _faults(given)]
    if errors:
        raise Refusal(400, "bad_parameter", "Not every parameter is what the feed takes.", errors=errors)
    limit = int(given.get("limit", USUAL_LIMIT))
    return Question(int(given.get("after", 0)), limit, given.get("account", ""), given.get("kind", ""))


def _faults(given: QueryDict) -> Iterator[tuple[str, str]]:
    """What keeps them from being parameters; a name that is not ours is not repeated."""
    if set(given) - set(PARAMETERS):
        yield "", "not one of " + ", ".join(PARAMETERS)
    for name in PARAMETERS:
        if len(given.getlist(name)) > 1:
            yield name, "given more than once"
    if not A_NUMBER.fullmatch(given.get("after", "0")):
        yield "after", "not a sequence: a whole number from 0"
    limit = given.get("limit", str(USUAL_LIMIT))
    if not A_NUMBER.fullmatch(limit) or not 1 <= int(limit) <= MOST_EVENTS:
        yield "limit", f"not 1 to {MOST_EVENTS:,}"
    if "account" in given and not AN_ACCOUNT.fullmatch(given.get("account", "")):
        yield "account", NO_ACCOUNT
    if "kind" in given and given["kind"] not in KINDS:
        yield "kind", "not one of " + ", ".join(sorted(KINDS))


def _refuse_gap(after: int, page: FeedPage) -> None:
    """Whoever goes on from there would miss events without knowing it."""
    if after == 0 or page.oldest is None or page.newest is None:
        return
    if after < page.oldest - 1:
        detail = f"Events from {after + 1} to {page.oldest - 1} are no longer kept. {TAKE_A_COPY}"
        raise Refusal(410, "no_longer_kept", detail)
    if after > page.newest:
        detail = f"The feed ends at {page.newest}: that sequence is of another database, or of before a restore."
        raise Refusal(410, "ahead", f"{detail} {TAKE_A_COPY}")


def _told(event: FeedEvent) -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "event_id": event.event_id,
        "kind": event.kind,
        "account_id": event.account_id,
        "at": _text(event.at),
        "before": event.before,
        "after": event.after,
        "cause": event.cause,
        "audit_seq": event.audit_seq,
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

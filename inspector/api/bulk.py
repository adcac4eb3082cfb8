"""`bulk-repairs/`: a job begins a repair of many accounts, follows it, and stops it. Above the limits a person approves
it first, and a token never does.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from inspector.api.bulk_bodies import BeginBody, SteerBody, as_in_url
from inspector.api.bulk_json import BulkOutcomeShape, BulkRepairShape, line_json, run_json
from inspector.api.cursors import USUAL, page_json
from inspector.api.idempotency import once
from inspector.api.parameters import one_of, refuse_parameter
from inspector.api.problems import Refusal
from inspector.api.reads import PagesView, ReadView
from inspector.api.token_view import TokenView
from inspector.display.queue_filter import asked_queue
from inspector.request_id import current_request_id
from recon.actions.bulk_settled import BulkDone
from recon.actions.draft_bulk_repair import Drafted, Selection, draft_bulk_repair
from recon.actions.start_bulk_repair import approve_bulk_repair, start_bulk_repair
from recon.actions.steer_bulk_repair import Steer, steer_bulk_repair
from recon.actors import Scope
from recon.queries.bulk import OUTCOMES, BulkRun, bulk_lines, bulk_run
from recon.queries.pauses import applies_paused

PAUSED_SECONDS: Final = "60"
OPEN: Final = "open"
LARGEST: Final = 2**63 - 1


class BeginBulk(TokenView):
    """Freezes the accounts and the digests of their plans, and starts, or waits for a person."""

    scopes = {"POST": Scope.BULK}

    @once
    def post(self, request: Request) -> Response:
        asked, now = self.given(BeginBody, request), timezone.now()
        _refuse_while_paused()
        drafted = draft_bulk_repair(
            _selection(asked, now),
            actor=request.user.actor,
            groups=request.user.groups,
            request_key=self.request_key,
            now=now,
            request_id=current_request_id(),
        )
        run_id = _drafted(drafted)
        _do(start_bulk_repair, run_id, request, asked["reason"])
        return _accepted(run_id)


class SteerBulk(TokenView):
    """Pause, resume, cancel: a token goes on with, and cancels, what it started itself."""

    scopes = {"POST": Scope.BULK}
    deed = Steer.PAUSE

    @once
    def post(self, request: Request, run_id: int) -> Response:
        asked = self.given(SteerBody, request)
        found_run(run_id)
        _do(partial(steer_bulk_repair, deed=self.deed), run_id, request, asked["reason"])
        return Response(run_json(found_run(run_id)))


class ApproveBulk(TokenView):
    """Refused to every token, and recorded: two people answer for such a run."""

    scopes = {"POST": Scope.BULK}

    @once
    def post(self, request: Request, run_id: int) -> Response:
        asked = self.given(SteerBody, request)
        found_run(run_id)
        _do(approve_bulk_repair, run_id, request, asked["reason"])
        return Response(run_json(found_run(run_id)))


class BulkRepair(ReadView):
    """One bulk repair: how far it is, and how it ended."""

    shape = BulkRepairShape

    def read(self, request: Request, asked: Mapping[str, Any], **where: Any) -> Mapping[str, Any]:
        return run_json(found_run(where["run_id"]))


class BulkOutcomes(PagesView):
    """What came of every account, in the order in which they are repaired."""

    shape = BulkOutcomeShape
    parameters = (one_of("outcome", [*OUTCOMES, OPEN], f"Of this outcome alone; {OPEN}: nothing has come of it yet."),)

    def read(self, request: Request, asked: Mapping[str, Any], **where: Any) -> Mapping[str, Any]:
        run = found_run(where["run_id"])
        limit = asked.get("page_size", USUAL)
        lines = bulk_lines(run.id, outcome=asked.get("outcome", ""), after=_after(asked), limit=limit + 1)
        shown = lines[:limit]
        return page_json(request, [line_json(line) for line in shown], str(shown[-1].id) if lines[limit:] else None)


def found_run(run_id: int) -> BulkRun:
    """Raises Http404."""
    run = bulk_run(run_id) if run_id <= LARGEST else None
    if run is None:
        raise Http404
    return run


def _after(asked: Mapping[str, Any]) -> int:
    place = asked.get("cursor", "0")
    if not (place.isascii() and place.isdigit() and len(place) < 19):
        raise refuse_parameter("cursor", "not a cursor of outcomes: take it from `next` of the page before")
    return int(place)


def _selection(asked: Mapping[str, Any], now: datetime) -> Selection:
    if "accounts" in asked:
        return Selection(account_ids=asked["accounts"])
    in_url = as_in_url(asked["filter"])
    queue = asked_queue(in_url, person="", now=now)
    if queue.problems:
        raise Refusal(400, "bad_body", " ".join(queue.problems), errors=[{"pointer": "/filter", "detail": "no filter"}])
    return Selection(wanted=queue.wanted, in_url=queue.in_url)


def _drafted(drafted: Drafted) -> int:
    if drafted.run_id is None:
        raise Refusal(403 if drafted.code == "forbidden" else 409, drafted.code, drafted.sentence)
    return drafted.run_id


def _do(deed: Callable[..., BulkDone], run_id: int, request: Request, reason: str) -> None:
    done = deed(
        run_id,
        actor=request.user.actor,
        groups=request.user.groups,
        reason=reason,
        now=timezone.now(),
        request_id=current_request_id(),
    )
    if done.code == "paused":
        raise Refusal(503, "paused", done.sentence, {"Retry-After": PAUSED_SECONDS})
    if done.code:
        raise Refusal(403 if done.code == "forbidden" else 409, done.code, done.sentence)


def _refuse_while_paused() -> None:
    """Before a list is frozen that nobody would start."""
    pause = applies_paused()
    if pause is not None:
        raise Refusal(503, "paused", f"All applies are paused: {pause.reason}", {"Retry-After": PAUSED_SECONDS})


def _accepted(run_id: int) -> Response:
    where = reverse("api_bulk_repair", args=[run_id])
    return Response(run_json(found_run(run_id)), status=202, headers={"Location": where})

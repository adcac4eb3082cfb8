"""`POST accounts/{id}/apply/`: approve the plan with this digest and carry it out; `GET repairs/{id}/`: what came of
one that took longer.

A token approves lenient plans. What is severe, and what is asked of Stripe, is approved by people.
"""

from typing import Any, Final
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inspector.api.bodies import Body, Reason, Text
from inspector.api.idempotency import once
from inspector.api.known import known_answer
from inspector.api.problems import Refusal
from inspector.api.repair_json import repair_json, state_of
from inspector.api.token_view import TokenView
from inspector.look_log import log_look
from inspector.request_id import current_request_id
from recon.actions.approve_and_wait import SeenThrough, approve_and_wait
from recon.actors import Scope
from recon.queries.pauses import applies_paused
from recon.queries.repairs import Repair, repair

FOR_A_PERSON: Final = "This plan is severe: somebody of finance or admin approves it on the account's page."
NEW_KEY: Final = "Nothing was written: look at the plan, and approve it with a new Idempotency-Key."
BUSY_SECONDS: Final = "2"
PAUSED_SECONDS: Final = "60"


class ApplyBody(Body):
    """Which plan, and why."""

    digest = Text(min_length=64, max_length=64, help_text="Of the plan that was looked at.")
    reason = Reason()

    def validate_digest(self, digest: str) -> str:
        if not set(digest) <= set("0123456789abcdef"):
            raise serializers.ValidationError("not 64 hexadecimal digits in lower case")
        return digest


class Apply(TokenView):
    """Approve a plan by its digest, and carry it out."""

    scopes = {"POST": Scope.REPAIR}

    @once
    def post(self, request: Request, account_id: str) -> Response:
        asked = self.given(ApplyBody, request)
        known_answer(account_id)
        log_look(request, account_id, by="api_repair")
        seen = approve_and_wait(
            account_id,
            digest=asked["digest"],
            actor=request.user.actor,
            groups=request.user.groups,
            reason=asked["reason"],
            request_key=self.request_key,
            request_id=current_request_id(),
        )
        if seen.repair is None:
            raise _refused(seen, account_id)
        return _told(seen.repair)


class RepairView(TokenView):
    """One repair, by its id."""

    scopes = {"GET": Scope.READ}

    def get(self, request: Request, repair_id: UUID) -> Response:
        found = repair(repair_id)
        if found is None:
            raise Http404
        log_look(request, found.account_id, by="api_repair")
        return Response(repair_json(found))


def _told(done: Repair) -> Response:
    """Applied: 200; still under way, or decided and not finished: 202 with where to look."""
    state = state_of(done)
    if state == "applied":
        return Response(repair_json(done))
    if state == "live":
        return Response(repair_json(done), status=202, headers={"Location": reverse("api_repair", args=[done.id])})
    more: dict[str, Any] = {"repair": repair_json(done)}
    if state == "needs_person":
        raise Refusal(409, "needs_person", f"It was begun, and a person has to look: {done.explanation}", more=more)
    if done.code == "forbidden":
        raise Refusal(403, "forbidden", FOR_A_PERSON)
    code = done.code or ("stale" if done.refused else "failed")
    raise Refusal(409, code, f"{done.explanation} {NEW_KEY}".strip(), more=more | _plan(code, done.account_id))


def _refused(seen: SeenThrough, account_id: str) -> Refusal:
    if seen.code == "forbidden":
        return Refusal(403, "forbidden", FOR_A_PERSON)
    if seen.code == "busy":
        return Refusal(409, "busy", seen.sentence, {"Retry-After": BUSY_SECONDS})
    if seen.code == "paused":
        return Refusal(503, "paused", _paused(seen.sentence), {"Retry-After": PAUSED_SECONDS})
    return Refusal(409, seen.code, seen.sentence, more=_plan(seen.code, account_id))


def _paused(otherwise: str) -> str:
    pause = applies_paused()
    return f"All applies are paused: {pause.reason}" if pause is not None else otherwise


def _plan(code: str, account_id: str) -> dict[str, Any]:
    """Whoever is told that a plan is stale is given the one that holds now, and the account on which it rests."""
    if code != "stale":
        return {}
    account = known_answer(account_id)
    return {"plan": account["plan"], "account": account}

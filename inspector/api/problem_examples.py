"""Every problem that a call may be answered with, by the word that the calls' descriptions name it by."""

from collections.abc import Mapping
from typing import Any, Final

from inspector.api.answers import SEND_A_TOKEN
from inspector.api.examples import ANSWER
from inspector.api.problems import TITLES


def _problem(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    told = {"type": "about:blank", "title": TITLES[status], "status": status, "code": code, "detail": detail}
    return {**told, **more}


BAD_FIELDS: Final = [{"pointer": "/reason", "detail": "empty"}]
BAD_PARAMETER: Final = [{"parameter": "page_size", "detail": "not a whole number from 1 to 200"}]
STALE: Final = "The stores have changed since the plan was made. Nothing was written."

PROBLEMS: Final[Mapping[str, dict[str, Any]]] = {
    "bad_parameter": _problem(
        400, "bad_parameter", "Not every parameter is what this call takes.", errors=BAD_PARAMETER
    ),
    "bad_body": _problem(400, "bad_body", "Not every field is what this call takes.", errors=BAD_FIELDS),
    "not_json": _problem(400, "not_json", "The body is no JSON that can be read."),
    "bad_key": _problem(400, "bad_key", "Idempotency-Key has 1 to 255 printable ASCII characters without spaces."),
    "bad_signature": _problem(400, "wrong_signature", "It is not signed with a secret of this endpoint."),
    "not_authenticated": _problem(401, "not_authenticated", SEND_A_TOKEN),
    "scope": _problem(403, "scope", "This asks for a token with the scope read."),
    "forbidden": _problem(403, "forbidden", "This plan is severe: somebody of finance or admin approves it."),
    "not_yours": _problem(403, "forbidden", "This bulk repair is approved by somebody of finance or admin."),
    "other_store": _problem(403, "other_store", "This secret does not speak for that store."),
    "not_found": _problem(404, "not_found", "There is nothing here."),
    "not_allowed": _problem(405, "method_not_allowed", "This address has no such method."),
    "json_only": _problem(406, "json_only", "The answer is application/json, or application/problem+json."),
    "stale": _problem(409, "stale", STALE, plan=ANSWER["plan"], account=ANSWER),
    "busy": _problem(409, "busy", "The account is being repaired already: ask again."),
    "still_running": _problem(409, "still_running", "The same call is still running: ask again for its answer."),
    "not_now": _problem(409, "state", "This bulk repair is over."),
    "needs_person": _problem(409, "needs_person", "It was begun, and a person has to look."),
    "no_longer_kept": _problem(410, "no_longer_kept", "Events from 1 to 900 are no longer kept."),
    "too_large": _problem(413, "too_large", "The body may have 1,048,576 bytes."),
    "media_type": _problem(415, "not_json", "Send it as application/json."),
    "other_call": _problem(422, "other_call", "This Idempotency-Key was given with another call: take a new one."),
    "too_many": _problem(429, "too_many", "Too many calls with this token in this minute."),
    "paused": _problem(503, "paused", "All applies are paused: the ledger is being restored."),
    "not_available": _problem(503, "not_available", "Nothing is known to have changed: ask again."),
}

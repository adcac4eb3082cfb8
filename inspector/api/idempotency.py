"""`Idempotency-Key`: the same key with the same call is answered the same, and acts once.

An answer that says when to come again (`Retry-After`) did nothing and is not kept.
"""

import re
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from inspector.api.problems import Refusal
from inspector.api.token_view import TokenView
from recon.actions.idempotent_request import Answer, Call, Claimed, Taken, claim_request, keep_answer, let_go

HEADER: Final = "Idempotency-Key"
A_KEY: Final = re.compile(r"[!-~]{1,255}")
KEPT_HEADERS: Final = ("Content-Type", "Location")
Post = Callable[..., HttpResponse]


def once(post: Post) -> Post:
    """For a method of a TokenView: with a key in the header it acts once. `view.request_key` tells it to the actions,
    and is the same at each try."""

    @wraps(post)
    def answered(view: TokenView, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None:
            return post(view, request, *args, **kwargs)
        claimed = claim_request(_call(view, request, key), now=timezone.now())
        if isinstance(claimed, Answer):
            again = {**claimed.headers, "Idempotency-Replayed": "true"}
            return HttpResponse(claimed.body, status=claimed.status, headers=again)
        if isinstance(claimed, Taken):
            raise _taken(claimed)
        view.request_key = f"api:{claimed.number}"
        try:
            response = _rendered(view, request, post(view, request, *args, **kwargs))
        except Exception as error:  # noqa: BLE001 # a refusal is an answer too; what broke is logged there
            response = view.handle_exception(error)
        _settle(claimed, response)
        return response

    return answered


def _call(view: TokenView, request: Request, key: str) -> Call:
    if not A_KEY.fullmatch(key):
        raise Refusal(400, "bad_key", f"{HEADER} has 1 to 255 printable ASCII characters without spaces.")
    hashed = sha256(view.text.encode()).hexdigest()
    return Call(request.user.token_id, key, f"{request.method} {request.path}", hashed)


def _taken(taken: Taken) -> Refusal:
    if taken.is_other:
        return Refusal(422, "other_call", f"This {HEADER} was given with another call: take a new one.")
    detail = "The same call is still running: ask again for its answer."
    return Refusal(409, "still_running", detail, {"Retry-After": "1"})


def _rendered(view: TokenView, request: Request, response: HttpResponse) -> HttpResponse:
    """In the bytes in which it is kept."""
    if not isinstance(response, Response):
        return response
    renderer = view.get_renderers()[0]
    given = HttpResponse(renderer.render(response.data), status=response.status_code, headers=response.headers)
    given["Content-Type"] = "application/json"
    return given


def _settle(claimed: Claimed, response: HttpResponse) -> None:
    if "Retry-After" in response or response.status_code >= 500:
        return let_go(claimed.number, now=timezone.now())
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    return keep_answer(claimed.number, Answer(response.status_code, headers, response.content.decode()))

"""`Authorization: Bearer …`: which secret was given, compared in a time that tells nothing of it."""

import hmac
from collections.abc import Iterable
from typing import Final

from django.http import HttpRequest

from inspector.api.problems import Refusal

SCHEME: Final = "Bearer "


def given_secret(request: HttpRequest) -> bytes:
    """Empty when there is none."""
    authorization = request.META.get("HTTP_AUTHORIZATION", "")
    return authorization.removeprefix(SCHEME).encode() if authorization.startswith(SCHEME) else b""


def is_one_of(given: bytes, secrets: Iterable[str]) -> bool:
    """All are compared, whichever is the one."""
    matches = [hmac.compare_digest(given, secret.encode()) for secret in secrets if secret]
    return any(matches)


def not_authenticated(detail: str) -> Refusal:
    return Refusal(401, "not_authenticated", detail, {"WWW-Authenticate": "Bearer"})

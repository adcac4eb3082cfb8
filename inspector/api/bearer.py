"""`Authorization: Bearer …`: which secret was given, compared in a time that tells nothing of it."""

import hmac
from collections.abc import Iterable
from typing import Final

from django.http import HttpRequest

from inspector.api.problems import Refusal

SCHEME: Final = "bearer"


def given_secret(request: HttpRequest) -> bytes:
    """Empty when there is none; a scheme is the same in capitals (RFC 9110)."""
    scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return secret.strip().encode() if scheme.lower() == SCHEME else b""


def is_one_of(given: bytes, secrets: Iterable[str]) -> bool:
    """All are compared, whichever is the one."""
    matches = [hmac.compare_digest(given, secret.encode()) for secret in secrets if secret]
    return any(matches)


def not_authenticated(detail: str) -> Refusal:
    return Refusal(401, "not_authenticated", detail, {"WWW-Authenticate": "Bearer"})

"""Who calls the API: programs with a token of ours in `Authorization: Bearer`, and nobody by a cookie.

A missing, unknown, expired and revoked token are answered alike.
"""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from inspector.api.bearer import given_secret
from recon.actions.use_token import Caller, use_token


class TokenAuthentication(BaseAuthentication):  # type: ignore[misc] # rest_framework has no types
    """`request.user` and `request.auth` are the Caller."""

    def authenticate(self, request: Request) -> tuple[Caller, Caller]:
        caller = use_token(given_secret(request).decode(errors="replace"), now=timezone.now())
        if caller is None:
            raise AuthenticationFailed
        return caller, caller

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

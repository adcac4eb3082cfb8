"""A program that may read, where the framework of the other calls is left out."""

from django.http import HttpRequest
from django.utils import timezone

from inspector.api.answers import SEND_A_TOKEN
from inspector.api.bearer import given_secret, not_authenticated
from inspector.api.scopes import refuse_without
from recon.actions.use_token import Caller, use_token
from recon.actors import Scope


def reader(request: HttpRequest, send: str = SEND_A_TOKEN) -> Caller:
    """Refusal: of whoever is none; `send` says what would help."""
    caller = use_token(given_secret(request).decode(errors="replace"), now=timezone.now())
    if caller is None:
        raise not_authenticated(send)
    refuse_without(Scope.READ, caller)
    return caller

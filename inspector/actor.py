"""Who asks, as the audit names them."""

from django.http import HttpRequest

from inspector.access import Person
from recon import actors
from recon.actions.use_token import Caller


def actor_of(request: HttpRequest) -> str:
    """`user:name` of whoever is logged in, `token:name` of a program."""
    caller: Caller | Person = request.user
    return caller.actor if isinstance(caller, Caller) else actors.person(caller.get_username())

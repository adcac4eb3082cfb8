"""Who asks, as the audit names them."""

from django.http import HttpRequest

from recon import actors


def actor_of(request: HttpRequest) -> str:
    """`user:name` of whoever is logged in."""
    return actors.person(request.user.get_username())

"""The groups of an actor: a person's roles, a token's scopes."""

from django.contrib.auth import get_user_model
from django.utils import timezone

from recon import actors
from recon.models import ApiToken


def groups_now(actor: str) -> frozenset[str]:
    """As they are at this moment; none for whoever is switched off, revoked, expired, or neither person nor token."""
    if actors.is_token(actor):
        return _scopes_now(actors.token_name_of(actor))
    if not actors.is_person(actor):
        return frozenset()
    someone = get_user_model().objects.filter(username=actors.name_of(actor), is_active=True).first()
    return frozenset(someone.groups.values_list("name", flat=True)) if someone is not None else frozenset()


def _scopes_now(name: str) -> frozenset[str]:
    in_force = ApiToken.objects.filter(name=name, revoked_at__isnull=True, expires_at__gt=timezone.now())
    return actors.groups_of_scopes(in_force.values_list("scopes", flat=True).first() or ())

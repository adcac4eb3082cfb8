"""The groups of an actor, which are a person's roles."""

from django.contrib.auth import get_user_model

from recon import actors


def groups_now(actor: str) -> frozenset[str]:
    """As they are at this moment; none for whoever is no person, or is switched off."""
    if not actors.is_person(actor):
        return frozenset()
    someone = get_user_model().objects.filter(username=actors.name_of(actor), is_active=True).first()
    return frozenset(someone.groups.values_list("name", flat=True)) if someone is not None else frozenset()

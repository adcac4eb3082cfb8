"""Let somebody in whom the OpenID provider vouches for, with the roles that it names now, and no others."""

from collections.abc import Iterable

from django.contrib.auth.models import Group, User
from django.db import transaction

from recon.actions.authority import ROLES
from recon.apply.record import Entry, record

ACTOR = "task:openid"


def admit(username: str, roles: Iterable[str], *, request_id: str = "") -> User | None:
    """The person's user; None when no role is left, or the user was switched off. What changed is in the audit.

    A name of the provider's never meets one of ours: `sso:` cannot be typed where our own logins are made.
    """
    wanted = sorted(set(roles) & set(ROLES))
    with transaction.atomic():
        user = _user(username, create=bool(wanted))
        if user is None:
            return None
        before = sorted(user.groups.select_for_update().values_list("name", flat=True))
        if before != wanted:
            user.groups.set([Group.objects.get_or_create(name=role)[0] for role in wanted])
            record(
                Entry(
                    actor=ACTOR,
                    action="login.roles_changed",
                    reason="The OpenID provider named these roles at login.",
                    before={"user": username, "roles": before},
                    after={"user": username, "roles": wanted},
                    request_id=request_id,
                )
            )
    return user if wanted and user.is_active else None


def _user(username: str, *, create: bool) -> User | None:
    found = User.objects.select_for_update().filter(username=username).first()
    if found is None and create:
        User.objects.bulk_create([_without_password(username)], ignore_conflicts=True)
        found = User.objects.select_for_update().get(username=username)
    return found


def _without_password(username: str) -> User:
    user = User(username=username)
    user.set_unusable_password()
    return user

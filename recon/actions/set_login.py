"""Give somebody a name and a password of our own, with the roles that are theirs; or, without any, shut them out."""

from collections.abc import Collection

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from recon.actions.authority import ROLES
from recon.apply.record import Entry, record


def set_login(name: str, *, roles: Collection[str], password: str | None, actor: str, reason: str) -> bool:
    """Whether the login is new. `password` None leaves that of a login that is there.

    Raises ValidationError: the name is none, or the password may be guessed. A provider's names (`sso:…`) are none.
    """
    User.username_validator(name)
    wanted = [role for role in ROLES if role in roles]
    with transaction.atomic():
        user = User.objects.select_for_update().filter(username=name).first()
        before = None if user is None else {"user": name, "roles": _roles_of(user), "active": user.is_active}
        user = user or User(username=name)
        if password is not None:
            validate_password(password, user)
            user.set_password(password)
        user.is_active = bool(wanted)
        user.save()
        user.groups.set([Group.objects.get_or_create(name=role)[0] for role in wanted])
        after = {"user": name, "roles": sorted(wanted), "active": user.is_active, "password": password is not None}
        record(Entry(actor, "login.set", reason, before=before, after=after))
    return before is None


def _roles_of(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))

"""The demo's logins, on the loopback, over made-up accounts: so the passwords may be known to all.

One for each role, named after it, and a second admin: some things take two of them.
"""

from collections.abc import Mapping
from typing import Final

LOGINS: Final[Mapping[str, str]] = {  # name → role
    "viewer": "viewer",
    "support": "support",
    "finance": "finance",
    "admin": "admin",
    "admin-2": "admin",
}


def password_of(name: str) -> str:
    return f"{name}-demo"


def ensure_logins() -> None:
    """One that exists is left as it is, with whatever password it got since."""
    from django.contrib.auth.models import Group, User  # the servers' environment names the logins before Django is up

    for name, role in LOGINS.items():
        group, _ = Group.objects.get_or_create(name=role)
        user, is_new = User.objects.get_or_create(username=name)
        if is_new:
            user.set_password(password_of(name))
            user.save(update_fields=["password"])
        user.groups.add(group)

"""One login per role for the demo, on the loopback, over made-up accounts: so the password may be known to all."""

from typing import Final

ROLES: Final = ("viewer", "support", "finance", "admin")


def password_of(role: str) -> str:
    return f"{role}-demo"


def ensure_logins() -> None:
    """A user of each role, named after it. One that exists is left as it is, with whatever password it got since."""
    from django.contrib.auth.models import Group, User  # the servers' environment names the logins before Django is up

    for role in ROLES:
        group, _ = Group.objects.get_or_create(name=role)
        user, is_new = User.objects.get_or_create(username=role)
        if is_new:
            user.set_password(password_of(role))
            user.save(update_fields=["password"])
        user.groups.add(group)

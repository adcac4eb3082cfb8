"""The demo's people: one login for each role, with a password that says itself what it is for."""

from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import Group, User

GROUPS: Final = ("viewer", "support", "finance", "admin", "tool")
DEMO_PEOPLE: Final = ("viewer", "support", "finance", "admin")
DEMO_PASSWORD: Final = "demo-only-password"


@dataclass(frozen=True, slots=True)
class Login:
    """What the demo prints: a name, a password, and the group that it is in."""

    username: str
    password: str
    group: str


def ensure_demo_people() -> list[Login]:
    """Every group, and one person in each that people are in; again, it sets the passwords and groups back."""
    groups = {name: Group.objects.get_or_create(name=name)[0] for name in GROUPS}
    for name in DEMO_PEOPLE:
        person, _ = User.objects.get_or_create(username=name)
        if not person.check_password(DEMO_PASSWORD):
            person.set_password(DEMO_PASSWORD)
            person.save(update_fields=["password"])
        person.groups.set([groups[name]])
    return [Login(name, DEMO_PASSWORD, name) for name in DEMO_PEOPLE]

"""Who may look, approve and apply: the one place that knows, for pages and actions alike.

The groups are Django's. What a group may approve is the engine's own rule (`recon.actions.authority`); this module
words the answer for a page, where what one may not do is shown with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]
Person = AbstractBaseUser | AnonymousUser
LOOKERS = frozenset({"viewer", "support", "finance", "admin"})
APPROVERS = {
    "lenient": frozenset({"support", "finance", "admin"}),
    "severe": frozenset({"finance", "admin"}),
}


@dataclass(frozen=True, slots=True)
class Permission:
    """An answer to "may I?"; `why_not` is empty when allowed."""

    allowed: bool
    why_not: str = ""


def groups_of(person: Person) -> frozenset[str]:
    """The names of the person's groups, read once for a request."""
    if not person.is_authenticated:
        return frozenset()
    if not hasattr(person, "_group_names"):
        person._group_names = frozenset(person.groups.values_list("name", flat=True))  # type: ignore[attr-defined,union-attr]
    return person._group_names  # type: ignore[union-attr,no-any-return]


def may_look(person: Person) -> Permission:
    """Look, search and recompute."""
    if groups_of(person) & LOOKERS:
        return Permission(True)
    return Permission(
        False, "Your login is in none of the groups viewer, support, finance and admin: ask an admin for one."
    )


def lookers_only(page: View) -> View:
    """A page for whoever may look; others get a 403 that says what to ask for."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        permission = may_look(request.user)
        if not permission.allowed:
            raise PermissionDenied(permission.why_not)
        return page(request, *args, **kwargs)

    return guarded


def may_apply(person: Person, risk: str | None) -> Permission:
    """Approve and apply a plan of this risk; none is lenient or severe only when there is something to write."""
    if risk is None:
        return Permission(False, "There is nothing to apply.")
    groups = groups_of(person)
    if groups & APPROVERS[risk]:
        return Permission(True)
    needed = ", ".join(sorted(APPROVERS[risk]))
    return Permission(
        False, f"A {risk} plan is approved by: {needed}. You are in: {', '.join(sorted(groups)) or 'no group'}."
    )

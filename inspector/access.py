"""Who may look, approve and apply: the one place that knows, for pages and actions alike.

The groups are Django's. What a group may approve is the engine's own rule (`recon.actions.authority`); this module
words the answer for a page, where what one may not do is shown with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse

from recon.actions.authority import APPROVES_LENIENT, APPROVES_SEVERE, LOOKS, may_approve

View = Callable[..., HttpResponse]
Person = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class Permission:
    """An answer to "may I?"; `why_not` is empty when allowed."""

    allowed: bool
    why_not: str = ""


def groups_of(person: Person) -> frozenset[str]:
    """The names of the person's groups, read once for a request."""
    if not isinstance(person, User):
        return frozenset()
    prefetch_related_objects([person], "groups")
    return frozenset(group.name for group in person.groups.all())


def may_look(person: Person) -> Permission:
    """Look, search and recompute."""
    if groups_of(person) & LOOKS:
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
    """Approve and apply a plan of this risk; no risk means that there is nothing to write."""
    if risk is None:
        return Permission(False, "There is nothing to apply.")
    groups = groups_of(person)
    if may_approve(groups, risk):
        return Permission(True)
    approvers = APPROVES_SEVERE if risk == "severe" else APPROVES_LENIENT
    own = ", ".join(sorted(groups)) or "no group"
    return Permission(False, f"A {risk} plan is approved by {' or '.join(sorted(approvers))}. You are in: {own}.")

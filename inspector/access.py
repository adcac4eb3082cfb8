"""May I? Each answer in words, for pages and actions alike: what one may not do is shown with the reason.

The table of roles is `recon.actions.authority`, where the actions ask it again: a page only spares people the refusal.
Every page names the right that it asks for by `needs`, or says that it is `open_to_all`, `for_signed` or
`for_any_login`; a test walks the addresses and fails on one that says nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from recon.actions.authority import (
    HOLDERS,
    ROLES,
    SMALL_BULK,
    Right,
    holds,
    may_second,
    right_to_decide,
    right_to_start,
)

View = Callable[..., Any]
Person = User | AnonymousUser

OPEN: Final = "open"  # no login asked
SIGNED: Final = "signed"  # programs, which prove themselves by a signature or a secret in the request
ANY_LOGIN: Final = "any login"  # a login in no group too: leaving, one's own password
KEPT_GROUPS: Final = "_group_names"  # with the person, who is a request's own
DEEDS: Final = {
    Right.LOOK: "Accounts are shown to",
    Right.NOTE: "Notes are written by",
    Right.APPROVE_LENIENT: "A lenient plan is approved by",
    Right.APPROVE_SEVERE: "A severe plan is approved by",
    Right.START_SMALL_BULK: "A bulk repair is started by",
    Right.START_BULK: f"A bulk repair of more than {SMALL_BULK} accounts, or with a severe plan, is started by",
    Right.SECOND_BULK: "A bulk repair is approved by",
    Right.GOVERN: "Policy, tokens and the freeze are changed by",
    Right.REPLAY: "What failed is replayed by",
    Right.IGNORE: "What failed is ignored by",
    Right.BODIES: "The bodies of events are shown to",
    Right.RELEASE: "A cell that was changed back is released by",
    Right.WORK: "Queues are worked through by",
    Right.DECIDE: "A case is handed over, and a lenient difference accepted, by",
    Right.DECIDE_FACTS: "Whose customer it is and which store is right is decided, and severe harm accepted, by",
    Right.AUDIT_OWN: "The audit is shown to",
    Right.AUDIT_ALL: "What others did is shown to",
    Right.LOOK_UPS_ALL: "What others looked at is shown to",
    Right.ROLLOUT: "The rollout is shown to",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """An answer to "may I?"; `why_not` is empty when allowed."""

    allowed: bool
    why_not: str = ""


def groups_of(person: Person) -> frozenset[str]:
    """The names of the person's groups, read once for a request."""
    if not isinstance(person, User):
        return frozenset()
    kept = vars(person)
    if KEPT_GROUPS not in kept:
        kept[KEPT_GROUPS] = frozenset(person.groups.values_list("name", flat=True))
    names: frozenset[str] = kept[KEPT_GROUPS]
    return names


def may(person: Person, right: Right) -> Permission:
    """Has the person that right?"""
    groups = groups_of(person)
    return Permission(True) if holds(groups, right) else Permission(False, _why_not(DEEDS[right], right, groups))


def may_look(person: Person) -> Permission:
    """Look, search and recompute."""
    return may(person, Right.LOOK)


def may_note(person: Person) -> Permission:
    """Write a note on an account."""
    return may(person, Right.NOTE)


def may_apply(person: Person, risk: str | None) -> Permission:
    """Approve and apply a plan of this risk; no risk means that there is nothing to write."""
    if risk is None:
        return Permission(False, "There is nothing to apply.")
    return may(person, Right.APPROVE_SEVERE if risk == "severe" else Right.APPROVE_LENIENT)


def may_propose(person: Person) -> Permission:
    """Approve a proposal to Stripe."""
    groups = groups_of(person)
    if holds(groups, Right.APPROVE_SEVERE):
        return Permission(True)
    return Permission(False, _why_not("A proposal to Stripe is approved by", Right.APPROVE_SEVERE, groups))


def may_start_bulk(person: Person, *, accounts: int, any_severe: bool) -> Permission:
    """Start a bulk repair of so many accounts."""
    return may(person, right_to_start(accounts=accounts, any_severe=any_severe))


def may_second_bulk(person: Person, *, starter: str) -> Permission:
    """Approve the bulk repair that the person named `starter` started."""
    allowed = may(person, Right.SECOND_BULK)
    if allowed.allowed and not may_second(groups_of(person), person=person.get_username(), starter=starter):
        return Permission(False, "You started it: somebody else of finance or admin approves it.")
    return allowed


def may_govern(person: Person) -> Permission:
    """Change policy and tokens, freeze and unfreeze."""
    return may(person, Right.GOVERN)


def may_replay(person: Person) -> Permission:
    """Try again what failed."""
    return may(person, Right.REPLAY)


def may_ignore(person: Person) -> Permission:
    """Leave undone what failed."""
    return may(person, Right.IGNORE)


def may_see_bodies(person: Person) -> Permission:
    """See the body of an event, which may hold personal data."""
    return may(person, Right.BODIES)


def may_release(person: Person) -> Permission:
    """Let a cell that somebody had changed back be written automatically again."""
    return may(person, Right.RELEASE)


def may_work(person: Person) -> Permission:
    """Take accounts of a queue in hand, put them off, save a queue as a file."""
    return may(person, Right.WORK)


def may_decide(person: Person, *, is_of_facts: bool = False, is_grave: bool = False) -> Permission:
    """Decide on a case."""
    return may(person, right_to_decide(is_of_facts=is_of_facts, is_grave=is_grave))


def may_audit_all(person: Person) -> Permission:
    """See what others did; one's own entries are shown to whoever may look."""
    return may(person, Right.AUDIT_ALL)


def may_see_look_ups(person: Person) -> Permission:
    """See whom others looked at; one's own looks are shown to whoever may look."""
    return may(person, Right.LOOK_UPS_ALL)


def needs(right: Right) -> Callable[[View], View]:
    """A page for whoever has that right; others get a 403 that says what to ask for."""

    def guard(page: View) -> View:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            permission = may(request.user, right)
            if not permission.allowed:
                raise PermissionDenied(permission.why_not)
            response: HttpResponse = page(request, *args, **kwargs)
            return response

        return _stated(guarded, right)

    return guard


lookers_only: Final = needs(Right.LOOK)


def open_to_all(page: View) -> View:
    """A page that asks for no login."""
    return _stated(login_not_required(page), OPEN)


def for_signed(endpoint: View) -> View:
    """An address for programs that asks for a signature or a secret itself, and never for a login."""
    return _stated(login_not_required(endpoint), SIGNED)


def for_any_login(page: View) -> View:
    """A page for everybody who is logged in, a login in no group too."""
    return _stated(page, ANY_LOGIN)


def need_of(page: View) -> str | None:
    """What a page said that it asks for: a right, OPEN, SIGNED, ANY_LOGIN; None when it said nothing."""
    return getattr(page, "need", None)


def _stated(page: View, need: str) -> View:
    page.need = need  # type: ignore[attr-defined] # functions hold attributes
    return page


def _why_not(deed: str, right: Right, groups: Iterable[str]) -> str:
    allowed = [role for role in ROLES if role in HOLDERS[right]]
    own = [role for role in ROLES if role in set(groups)]
    if not own:
        return f"Your login is in none of the groups {_listed(ROLES, 'and')}: ask an admin for one."
    return f"{deed} {_listed(allowed, 'or')}. You are in: {', '.join(own)}."


def _listed(names: Sequence[str], word: str) -> str:
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))

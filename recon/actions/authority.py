"""Who may do what: the one table of roles, for pages, API and terminal alike. Roles are the names of Django's groups;
a token has its scopes instead, and never a right to what is severe, to Stripe, or to approve as a second.

Actions ask here themselves, so that no way in can forget to; `inspector.access` words the answers for people.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from recon.actors import Scope
from recon.apply.order import Rights


class Right(StrEnum):
    """Something that one may or may not do."""

    LOOK = "look"  # look, search, recompute
    NOTE = "note"
    APPROVE_LENIENT = "approve_lenient"
    APPROVE_SEVERE = "approve_severe"  # and Stripe proposals
    START_SMALL_BULK = "start_small_bulk"
    START_BULK = "start_bulk"
    SECOND_BULK = "second_bulk"  # approve what somebody else started
    GOVERN = "govern"  # policy, tokens, freeze
    REPLAY = "replay"  # try again what failed
    IGNORE = "ignore"  # leave undone what failed
    BODIES = "bodies"  # see what a sender wrote, which may name people
    RELEASE = "release"  # let a cell that was changed back be written automatically again
    WORK = "work"  # take accounts of a queue in hand, put them off, give them out as a file
    DECIDE = "decide"  # hand a case over to a store's owner, accept a difference that harms nobody much
    DECIDE_FACTS = "decide_facts"  # which store is right, whose customer it is; accept a severe difference
    AUDIT_OWN = "audit_own"
    AUDIT_ALL = "audit_all"
    LOOK_UPS_ALL = "look_ups_all"  # who looked at whom
    ROLLOUT = "rollout"  # what a class of drift may be trusted with


ROLES: Final = ("viewer", "support", "finance", "admin")
_EVERYBODY: Final = frozenset(ROLES)
_STAFF: Final = frozenset({"support", "finance", "admin"})
_SENIOR: Final = frozenset({"finance", "admin"})
HOLDERS: Final[Mapping[Right, frozenset[str]]] = {
    Right.LOOK: _EVERYBODY | {Scope.READ.group},
    Right.NOTE: _STAFF,
    Right.APPROVE_LENIENT: _STAFF | {Scope.REPAIR.group},
    Right.APPROVE_SEVERE: _SENIOR,
    Right.START_SMALL_BULK: _STAFF | {Scope.BULK.group},
    Right.START_BULK: _SENIOR | {Scope.BULK.group},
    Right.SECOND_BULK: _SENIOR,
    Right.GOVERN: frozenset({"admin"}),
    Right.REPLAY: _STAFF,
    Right.IGNORE: _SENIOR,
    Right.BODIES: _SENIOR,
    Right.RELEASE: _SENIOR,
    Right.WORK: _STAFF,
    Right.DECIDE: _STAFF,
    Right.DECIDE_FACTS: _SENIOR,
    Right.AUDIT_OWN: _EVERYBODY | {Scope.AUDIT.group},
    Right.AUDIT_ALL: _STAFF | {Scope.AUDIT.group},
    Right.LOOK_UPS_ALL: _SENIOR,
    Right.ROLLOUT: _STAFF,
}
SMALL_BULK: Final = 25  # accounts, all of them lenient
ALONE_BULK: Final = 100  # accounts that one person may repair; more, or any severe one, asks for a second


def holds(groups: Iterable[str], right: Right) -> bool:
    """Has somebody in these groups that right?"""
    return not HOLDERS[right].isdisjoint(groups)


def rights_of(groups: Iterable[str]) -> Rights:
    """What somebody in these groups may approve."""
    named = frozenset(groups)
    if holds(named, Right.APPROVE_SEVERE):
        return Rights.ALL
    return Rights.LENIENT if holds(named, Right.APPROVE_LENIENT) else Rights.NONE


def rights_in_run(starter: Iterable[str], second: Iterable[str]) -> Rights:
    """What the plans of a bulk repair may do, whose starter and second are in these groups: the starter's own rights. A
    token may start lenient ones; what is severe in its run rests on the person who approved that."""
    started = frozenset(starter)
    if Scope.BULK.group not in started:
        return rights_of(started)
    return Rights.ALL if rights_of(second) is Rights.ALL else Rights.LENIENT


def right_to_decide(*, is_of_facts: bool, is_grave: bool) -> Right:
    """What deciding on a case asks for: `is_of_facts` says whose customer it is or which store is right, `is_grave`
    lets a severe difference be, or a payer locked out."""
    return Right.DECIDE_FACTS if is_of_facts or is_grave else Right.DECIDE


def right_to_start(*, accounts: int, any_severe: bool) -> Right:
    """What starting a bulk repair of that size asks for."""
    return Right.START_BULK if any_severe or accounts > SMALL_BULK else Right.START_SMALL_BULK


def needs_second(*, accounts: int, any_severe: bool) -> bool:
    """Does such a bulk repair wait for somebody else's approval?"""
    return any_severe or accounts > ALONE_BULK


def may_second(groups: Iterable[str], *, person: str, starter: str) -> bool:
    """May this person approve what `starter` started? Never one's own."""
    return person != starter and holds(groups, Right.SECOND_BULK)

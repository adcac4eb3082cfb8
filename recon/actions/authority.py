"""Who may approve what: the one table, for pages, API and terminal alike."""

from collections.abc import Iterable
from typing import Final

from recon.apply.order import Rights
from recon.engine.plan import Risk

LOOKS: Final = frozenset({"viewer", "support", "finance", "admin"})
APPROVES_LENIENT: Final = frozenset({"support", "finance", "admin"})
APPROVES_SEVERE: Final = frozenset({"finance", "admin"})  # and Stripe proposals


def rights_of(groups: Iterable[str]) -> Rights:
    """What somebody in these groups may approve."""
    named = frozenset(groups)
    if named & APPROVES_SEVERE:
        return Rights.ALL
    return Rights.LENIENT if named & APPROVES_LENIENT else Rights.NONE


def may_approve(groups: Iterable[str], risk: Risk | str | None, *, with_proposal: bool = False) -> bool:
    """May somebody in these groups approve such a plan?"""
    return rights_of(groups).cover(risk == Risk.SEVERE or with_proposal)

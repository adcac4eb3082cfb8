"""What stands in everybody's way to an account's plan at one moment, as an apply asks for it."""

from collections.abc import Collection
from datetime import UTC, datetime

from recon.actors import name_of
from recon.apply.order import Barred
from recon.queries.barred import Acceptance, bars_of


def barred_now(account_id: str, classes: Collection[str], *, has_cells: bool, now: datetime) -> Barred:
    """`classes` are those of its drift."""
    bars = bars_of(account_id, classes, has_cells=has_cells, now=now)
    return Barred(bars.observed, _words(bars.acceptance) if bars.acceptance else "")


def _words(acceptance: Acceptance) -> str:
    return f"until {acceptance.until.astimezone(UTC):%Y-%m-%d} by {name_of(acceptance.by)}: “{acceptance.reason}”"
